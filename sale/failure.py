"""A call to an agent that brought no result, as the auction and its bill see it."""

from __future__ import annotations

from dataclasses import dataclass

from sale.types import Bid, Call, Ratings, Stage, Step


@dataclass(frozen=True, slots=True)
class Failure:
    """A call without a result. One that was lost may have cost something that nobody knows."""

    reason: str
    lost: bool

    def as_bid(self, agent: str, stage: Stage) -> Bid:
        """The bid of an agent that made none."""
        round_ = 1 if stage is Stage.BID else 2
        return Bid(agent, round_, "", 0, None, self._calls(agent, stage), self.reason)

    def as_ratings(self, juror: str, round: int) -> Ratings:
        """The ratings of a juror that gave none."""
        return Ratings(juror, round, {}, self._calls(juror, Stage.RATE), self.reason)

    def as_step(self, agent: str) -> Step:
        """The step in which an execution broke off."""
        return Step(0, "", "", "", self.reason, self._calls(agent, Stage.EXECUTE))

    def _calls(self, agent: str, stage: Stage) -> tuple[Call, ...]:
        return (Call(agent, stage, 0, 0, 0, 0.0, None, self.reason),) if self.lost else ()
