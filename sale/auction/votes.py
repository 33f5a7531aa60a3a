"""What a juror said of the plans of one round, beside what came of those that were carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sale.auction.jury import MAX_PLANS, letters
from sale.auction.signals import HIGHEST, LOWEST
from sale.types import StopReason, Verdict

_UNTOLD = frozenset({StopReason.CRASHED, StopReason.INTERRUPTED, StopReason.NOT_FOUND})
"""Ends without an answer that say nothing of the plan."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One juror's ratings of the plans of one round."""

    task: str
    panel: str
    """The same for all jurors that rated the same plans."""
    juror: str
    ratings: Mapping[str, float]
    """Agent -> rating of its plan, 0 to 5."""
    solved: Mapping[str, bool]
    """Agent -> whether its work was right, for those whose work is known."""
    round: int = 1
    seed: int | None = None
    """The auction's, where the juror saw all these plans side by side, under letters; else None."""

    @property
    def valid(self) -> bool:
        """Whether there are ratings and all are between 0 and 5; a foreign record may hold more."""
        ratings = self.ratings.values()
        return bool(ratings) and all(LOWEST <= rating <= HIGHEST for rating in ratings)

    @property
    def lettered(self) -> bool:
        """Whether it is known which letter each plan stood under."""
        return self.seed is not None and self.seed >= 0 and 2 <= len(self.ratings) <= MAX_PLANS

    def by_letter(self) -> list[float]:
        """The ratings in the order of the letters A, B, C, ...; only of a lettered vote."""
        order = letters(
            tuple(self.ratings), seed=self.seed or 0, juror=self.juror, round=self.round
        )
        return [self.ratings[agent] for agent in order.values()]


def was_solved(
    verified: Verdict, stop_reason: StopReason, *, answered: bool, grade: float | None = None
) -> bool | None:
    """Whether an execution solved its task; None where the record doesn't tell.

    The grade decides, else the visible checks. Without either, who ran into a limit and left no
    answer did not solve it; an answer that nothing could check, an interruption, a crash of
    process or back end and an honest "not found" tell nothing.
    """
    if grade is not None:
        return grade >= 1.0
    if verified is not Verdict.NONE:
        return verified is Verdict.PASSED
    return None if answered or stop_reason in _UNTOLD else False
