"""Ended auctions in short: who worked, what came of it, and by what chance it was sent."""

from __future__ import annotations

from dataclasses import dataclass

from sale.types.usage import Price
from sale.types.words import Kind, Verdict


@dataclass(frozen=True, slots=True)
class PastWork:
    """One agent's work in an auction that has ended."""

    agent: str
    verified: Verdict
    """What its visible checks said; failed without an answer."""
    grade: float | None
    """What hidden tests or a key said, 0 to 1; None where there was neither."""
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    usd: float | None
    planner: str | None = None
    """Whose plan was in sight of the work; None: nobody's."""

    @property
    def passed(self) -> bool | None:
        """What could be seen of it; None where nothing could."""
        return None if self.verified is Verdict.NONE else self.verified is Verdict.PASSED

    @property
    def solved(self) -> bool | None:
        """Whether it was right, by the best that is known."""
        return self.passed if self.grade is None else self.grade >= 1.0

    def dollars(self, price: Price | None) -> float | None:
        """What it would have cost at another price; as it was without one."""
        if price is None:
            return self.usd
        return price.dollars(self.prompt_tokens, self.cached_tokens, self.completion_tokens)


@dataclass(frozen=True, slots=True)
class PastAuction:
    """An auction that has ended, with its works in order."""

    id: str
    kind: Kind
    works: tuple[PastWork, ...]
    propensity: float
    """How likely its awards were, all together."""
    asked_usd: float | None
    """Dollars of all that was not work: bids, ratings, refinement."""

    @property
    def checkable(self) -> bool:
        """Whether a wrong answer could be seen to be wrong."""
        return any(one.verified is not Verdict.NONE for one in self.works)
