"""What the market needs of the world: running agents, a memory, and somebody who checks answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from sale.auction.terms import Ballot
from sale.rules import Brief
from sale.types import (
    AgentSpec,
    Auction,
    Bid,
    Check,
    Experience,
    Kind,
    Lesson,
    Limits,
    Outcome,
    Ratings,
    Spent,
    Step,
    Task,
    Verdict,
)


class Pool(Protocol):
    """The running agents. Results come as they arrive; a failure is a result with an error."""

    def solicit(
        self, task: Task, *, seed: int, usd: float | None, only: str | None = None
    ) -> Iterator[Bid]:
        """One bid from every agent that takes this kind of task, or from one of them `only`."""
        ...

    def rate(
        self,
        task: Task,
        plans: Mapping[str, str],
        *,
        round: int,
        seed: int,
        ballot: Ballot,
        usd: float | None,
    ) -> Iterator[Ratings]:
        """One set of ratings from every juror."""
        ...

    def refine(
        self, task: Task, briefs: Mapping[str, Brief], *, seed: int, usd: float | None
    ) -> Iterator[Bid]:
        """One refined bid from every agent that has a brief."""
        ...

    def execute(
        self, task: Task, agent: str, plan: str | None, *, limits: Limits, seed: int
    ) -> Iterator[Step | Outcome]:
        """The steps of one agent at work; the outcome comes last."""
        ...


class OpenPool(Pool, Protocol):
    """A pool that was opened for one command."""

    def close(self) -> None:
        """End what was started for it, or leave what was joined."""
        ...


class Memory(Protocol):
    """What the market asks of the auction memory."""

    def announce(self, auction: Auction, *, wall_s: float) -> None:
        """Note that an auction has begun and should end within `wall_s` seconds."""
        ...

    def advance(self, auction: Auction) -> None:
        """Note that an auction is bidding, awarded or executing now, and what it has cost."""
        ...

    def record(self, auction: Auction) -> None:
        """Keep a whole auction, all or nothing."""
        ...

    def spent(self, kind: Kind, roster: Sequence[AgentSpec]) -> Mapping[str, Spent]:
        """What each agent's awards on tasks of this kind have cost; their plans at its price."""
        ...

    def experience(self, task: Task) -> Experience:
        """What came of earlier work on tasks of this kind."""
        ...

    def lessons(self, task: Task, *, agent: str, k: int) -> Sequence[Lesson]:
        """What lost and won on similar tasks in which the agent had a plan."""
        ...


Verifier = Callable[[Task, Outcome], tuple[Verdict, tuple[Check, ...]]]
"""Runs the visible checks of a task on an answer, away from the agent that gave it."""

Grader = Callable[[Task, Outcome], float | None]
"""Says how right an outcome is, 0 to 1, by what no bidder is shown; None where nothing tells."""
