"""The auction as a policy: a stream of tasks goes through a market whose memory grows with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sale.bench.listed import Listed
from sale.bench.samples import Sample, Spending
from sale.bench.trials import Trial
from sale.errors import BudgetError, NoBidsError
from sale.market import Market
from sale.seams import Memory
from sale.types import (
    AgentSpec,
    Auction,
    Call,
    Experience,
    Kind,
    Lesson,
    Outcome,
    Spent,
    Stage,
    Task,
    Usage,
    Verdict,
)

Doing = Callable[[str], None]


@dataclass(slots=True)
class Watcher:
    """Sees the auctions of a market, those that fail as well."""

    auction: Auction | None = None

    def __call__(self, auction: Auction, _doing: str) -> None:
        """Keep the auction as it is now."""
        self.auction = auction


@dataclass(frozen=True, slots=True)
class Ended:
    """A memory that is told of auctions once they have ended: a stream that stops begins anew."""

    memory: Memory

    def announce(self, auction: Auction, *, wall_s: float) -> None:
        """Wait for the end."""

    def advance(self, auction: Auction) -> None:
        """Wait for the end."""

    def record(self, auction: Auction) -> None:
        """Keep a whole auction."""
        self.memory.record(auction)

    def spent(self, kind: Kind, roster: Sequence[AgentSpec]) -> Mapping[str, Spent]:
        """What the memory says."""
        return self.memory.spent(kind, roster)

    def experience(self, task: Task) -> Experience:
        """What the memory says."""
        return self.memory.experience(task)

    def lessons(self, task: Task, *, agent: str, k: int) -> Sequence[Lesson]:
        """What the memory says."""
        return self.memory.lessons(task, agent=agent, k=k)


@dataclass(frozen=True, slots=True)
class Stop:
    """One task of a stream."""

    listed: Listed
    task: Task
    seed: int


def order_of(tasks: int, *, order: int, seed: int) -> list[int]:
    """The places of the tasks in one order of the stream; order 0 is the suite's own."""
    if order == 0:
        return list(range(tasks))
    return [int(one) for one in np.random.default_rng([seed, order]).permutation(tasks)]


def flow(
    market: Market,
    watcher: Watcher,
    stops: Sequence[Stop],
    *,
    policy: str,
    order: int,
    seed: int,
    usd: float | None = None,
    doing: Doing = lambda _: None,
) -> Iterator[Sample]:
    """Hold an auction for each task, one after the other, and tell what it came to.

    `usd` is what each auction may cost. The market has `watcher` as its observer. An auction
    without a bid solves nothing and costs what it cost.
    """
    for place, chosen in enumerate(order_of(len(stops), order=order, seed=seed)):
        stop = stops[chosen]
        doing(f"{policy}, order {order}: {stop.listed.name}")
        try:
            auction = market.auction(stop.task, seed=stop.seed, usd=usd, explore=True)
        except (NoBidsError, BudgetError):
            if watcher.auction is None:
                raise
            auction = watcher.auction
        yield sample_of(auction, stop.listed, policy=policy, order=order, place=place)


def sample_of(auction: Auction, listed: Listed, *, policy: str, order: int, place: int) -> Sample:
    """What an auction came to, everything paid."""
    outcome = auction.outcome
    grade = None if outcome is None else outcome.grade
    return Sample(
        policy=policy,
        order=order,
        suite=listed.suite,
        task=listed.name,
        kind=listed.kind,
        minutes=listed.minutes,
        place=place,
        agent=None if outcome is None else outcome.agent,
        awards=auction.workers,
        solved=_solved(outcome, grade),
        grade=grade,
        verified=Verdict.NONE if outcome is None else outcome.verified,
        usd=auction.total.usd,
        stages=stages_of(auction),
        auction=auction.id,
        propensity=1.0 if auction.award is None else auction.award.propensity,
    )


def stages_of(auction: Auction) -> Mapping[Stage, Spending]:
    """What each stage used. Its seconds are those of the calls when they were made.

    Agents bid, rate and refine side by side, round by round; they work one after the other.
    """
    seconds = {
        Stage.BID: _longest(bid.calls for bid in auction.bids if bid.round == 1),
        Stage.RATE: sum(
            _longest(one.calls for one in auction.ratings if one.round == round_)
            for round_ in {one.round for one in auction.ratings}
        ),
        Stage.REFINE: _longest(bid.calls for bid in auction.bids if bid.round > 1),
        Stage.EXECUTE: sum(call.wall_s for step in auction.steps for call in step.calls),
    }
    return {
        stage: Spending.of(usage).model_copy(update={"wall_s": seconds.get(stage, 0.0)})
        for stage, usage in auction.usage.items()
    }


def work_of(trials: Iterable[Trial]) -> Spending:
    """What the work of some trials used, one after the other."""
    calls = [
        used.by("", Stage.EXECUTE) for one in trials if one.played for used in one.played.work_calls
    ]
    return Spending.of(Usage.of(calls, wall_s=sum(call.wall_s for call in calls)))


def _longest(calls: Iterable[Sequence[Call]]) -> float:
    return max((sum(call.wall_s for call in one) for one in calls), default=0.0)


def _solved(outcome: Outcome | None, grade: float | None) -> bool | None:
    """Whether the task is solved: by its grade, else by the visible checks; never by nobody."""
    if outcome is None:
        return False
    return outcome.right if grade is None else grade >= 1.0
