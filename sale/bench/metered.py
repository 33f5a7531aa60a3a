"""What a run may cost, and what live agents do while recorded auctions ask them for more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from sale.errors import BudgetError
from sale.seams import Pool
from sale.types import Bid, Outcome, Ratings, Step

_Event = TypeVar("_Event", Bid, Ratings, Step | Outcome)


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run may spend."""

    usd: float | None
    """None: as much as it takes."""

    def is_spent(self, spent: float) -> bool:
        """Whether nothing more is to be begun."""
        return self.usd is not None and spent >= self.usd

    def check(self, spent: float, *, left: int, of: str) -> None:
        """Raise `BudgetError` where it is spent and something is left to do."""
        if self.is_spent(spent) and left:
            raise BudgetError(
                f"the run has spent ${spent:.6f} of its budget of ${self.usd:g}, and {left} "
                f"{of} are left; what is done is kept: go on with --resume and a larger --budget"
            )


@dataclass(slots=True)
class MeteredPool:
    """A pool that counts the dollars of every call that goes through it."""

    pool: Callable[[], Pool]
    usd: float = 0.0
    """As far as prices are known."""

    def solicit(self, *asked: Any, **options: Any) -> Iterator[Bid]:
        """The bids of the pool behind."""
        return self._counted(self.pool().solicit(*asked, **options))

    def rate(self, *asked: Any, **options: Any) -> Iterator[Ratings]:
        """The ratings of the pool behind."""
        return self._counted(self.pool().rate(*asked, **options))

    def refine(self, *asked: Any, **options: Any) -> Iterator[Bid]:
        """The refined bids of the pool behind."""
        return self._counted(self.pool().refine(*asked, **options))

    def execute(self, *asked: Any, **options: Any) -> Iterator[Step | Outcome]:
        """The work of the pool behind."""
        return self._counted(self.pool().execute(*asked, **options))

    def _counted(self, events: Iterator[_Event]) -> Iterator[_Event]:
        for event in events:
            if not isinstance(event, Outcome):
                self.usd += sum(call.usd or 0.0 for call in event.calls)
            yield event
