"""An auction in the making: everything that has happened and cost so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sale.budget import PlannedCall, most_dollars
from sale.errors import BackendError, BudgetError, SaleError, StoreError
from sale.rules import rank
from sale.seams import Grader
from sale.types import Auction, Award, Bid, Call, Outcome, Ratings, Stage, State, Step, Usage

Observer = Callable[[Auction, str], None]
"""Told after every change: the auction so far, and a few words on what is going on."""


class Draft:
    """Grows one auction step by step, keeps its bill, and tells the observer."""

    def __init__(
        self,
        auction: Auction,
        budget: float | None,
        observe: Observer,
        note: Callable[[Auction], None] = lambda _auction: None,
    ) -> None:
        self.auction = auction
        self.budget = budget
        self.worst: dict[str, float] = {}
        """The most that each agent's next call can cost."""
        self._used = 0.0
        self._observe = observe
        self._note = note

    def left(self) -> float | None:
        """Dollars left of the budget; None without one.

        A call that was lost, so that nobody knows what it cost, counts with its worst case.
        """
        if self.budget is None:
            return None
        return max(self.budget - self._used, 0.0)

    def update(self, doing: str, **changes: Any) -> None:
        """Change fields of the auction and say what is going on."""
        self.auction = replace(self.auction, **changes)
        self._observe(self.auction, doing)

    def advance(self, state: State) -> None:
        """Put on record how far the auction is and what it has cost, before it costs more.

        It doesn't stop where that can't be noted.
        """
        self.auction = replace(self.auction, state=state)
        try:
            self._note(self.auction)
        except StoreError as error:
            self.update(f"not noted that it is {state}: {error}")

    def afford(self, calls: Sequence[PlannedCall]) -> None:
        """Raise `BudgetError` when these calls could cost more than what is left."""
        left, worst = self.left(), most_dollars(calls)
        self.worst = {
            name: most_dollars([call for call in calls if call.spec.name == name])
            for name in {call.spec.name for call in calls}
        }
        if left is not None and worst > left:
            raise BudgetError(
                f"the next round of calls could cost ${worst:.7f}, and ${left:.7f} is left of the "
                f"budget of ${self.budget:.7f}; raise --budget or leave it out"
            )

    def settle(self, roster: Sequence[str]) -> None:
        """Put bids and ratings, which came as they were ready, in the order of the roster."""
        place = {name: index for index, name in enumerate(roster)}
        auction = self.auction
        self.auction = replace(
            auction,
            bids=tuple(sorted(auction.bids, key=lambda bid: (bid.round, place[bid.agent]))),
            ratings=tuple(sorted(auction.ratings, key=lambda r: (r.round, place[r.juror]))),
        )

    @contextmanager
    def stage(self, stage: Stage, doing: str) -> Iterator[None]:
        """Add the elapsed time of the block to a stage, however the block ends."""
        began = time.monotonic()
        self._observe(self.auction, doing)
        try:
            yield
        except (KeyboardInterrupt, BackendError):  # what the calls under way have cost is lost
            self._charge(stage, Usage(usd=None))
            raise
        finally:
            self._charge(stage, Usage(wall_s=time.monotonic() - began))

    def add_bid(self, bid: Bid) -> None:
        """Take in a bid and what it cost."""
        self._bill(bid.calls)
        what = "could not bid" if bid.error else "has bid"
        self.update(f"{bid.agent} {what}", bids=(*self.auction.bids, bid))

    def add_ratings(self, ratings: Ratings) -> None:
        """Take in a juror's ratings and what they cost."""
        self._bill(ratings.calls)
        what = "could not rate" if ratings.error else "has rated"
        self.update(f"{ratings.juror} {what}", ratings=(*self.auction.ratings, ratings))

    def add_event(self, event: Step | Outcome, award: Award, *, version: str | None = None) -> None:
        """Take in a step of the execution that was awarded to a version, or its outcome."""
        if isinstance(event, Outcome):
            outcome = replace(event, round=award.round, planner=award.planner, version=version)
            self.update(f"{event.agent} stopped: {event.stop_reason}", outcome=outcome)
            return
        self._bill(event.calls)
        self._charge(Stage.EXECUTE, Usage(tool_calls=1 if event.action else 0))
        steps = (*self.auction.steps, replace(event, index=len(self.auction.steps) + 1))
        self.update(f"step {len(steps)}: {event.action or 'no action'}", steps=steps)

    def grade(self, grader: Grader) -> None:
        """Note how right an outcome is, where that can be told; nothing else depends on it."""
        outcome = self.auction.outcome
        if outcome is None:
            return
        try:
            grade = grader(self.auction.task, outcome)
        except SaleError as error:  # the answer is there all the same
            self.update(f"not graded: {error}")
            return
        if grade is not None:
            self.update(f"graded: {grade:.2f}", outcome=replace(outcome, grade=grade))

    def keep_best(self, done: Iterable[tuple[Award, Outcome | None]]) -> None:
        """Keep the best verified outcome, the earliest of equals, and put the others by."""
        done = tuple(done)
        if not done:
            return
        award, kept = max(done, key=lambda one: rank(one[1]))
        others = tuple(one for _, one in done if one is not None and one is not kept)
        self.update("executed", award=award, outcome=kept, discarded=others)

    def _bill(self, calls: Iterable[Call]) -> None:
        for call in calls:
            lost = call.usd is None
            self._used += self.worst.get(call.agent, 0.0) if lost else call.usd or 0.0
            self._charge(call.stage, Usage.of([call]))

    def _charge(self, stage: Stage, amount: Usage) -> None:
        usage = dict(self.auction.usage)
        usage[stage] = usage.get(stage, Usage()) + amount
        self.auction = replace(self.auction, usage=usage)
