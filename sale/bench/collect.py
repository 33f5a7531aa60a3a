"""Trying every agent on every task: what `sale fit` and every comparison of policies begin with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sale.bench.trials import UNASKED, Played, Trial, Used
from sale.errors import SaleError
from sale.rules import Rules
from sale.seams import Pool, Verifier
from sale.types import (
    AgentSpec,
    Bid,
    Call,
    Check,
    Outcome,
    Ratings,
    Step,
    StopReason,
    Task,
    Verdict,
)

APART = 1_000_003
"""Between the seeds of two attempts, so that none of a task is that of another task."""

Doing = Callable[[str], None]
"""Told in a few words what is going on."""


@dataclass(frozen=True, slots=True)
class Marks:
    """How right an answer is, by what no bidder is shown."""

    grade: float | None = None
    """The share of hidden tests that it passes, or 1 where it is as the key; None without any."""
    f1: float | None = None
    """How far its words are those of the key; None where a task has none."""
    judge: str | None = None
    """The agent whose word the grade is, as nothing else tells."""
    judge_usd: float | None = 0.0
    """Dollars of its judging; None where its price is unknown."""


Grader = Callable[[str, Outcome], Marks]
"""Marks an outcome; the task goes by its name in the run. No answer passes no test."""


@dataclass(frozen=True, slots=True)
class Collector:
    """Has every agent bid on a task, the jury rate the bids, and then every agent do the task."""

    pool: Pool
    verifier: Verifier
    rules: Rules
    roster: tuple[AgentSpec, ...]
    grader: Grader = lambda _name, _outcome: Marks()
    doing: Doing = lambda _: None
    bidding: bool = True
    """Whether there are to be auctions; else nobody bids or rates, and the work is all there is."""
    in_clear: bool = True
    """Whether texts may be kept; without them no auction can be held over the trials."""

    def collect(self, name: str, task: Task, *, seed: int, attempt: int = 0) -> tuple[Trial, ...]:
        """Try every agent that takes this kind of task; nobody's trial depends on another's.

        Attempts differ in the seeds of their work alone; the bids and ratings are the same.
        """
        bids = self._bids(name, task, seed=seed)
        plans = {agent: bid.plan for agent, bid in bids.items() if bid.error is None}
        ratings = list(self._rate(name, task, plans, seed=seed))
        return tuple(
            self._trial(name, task, spec, bids[spec.name], ratings, seed=seed, attempt=attempt)
            for spec in self.roster
            if spec.name in bids
        )

    def _bids(self, name: str, task: Task, *, seed: int) -> dict[str, Bid]:
        if not self.bidding:
            able = [spec.name for spec in self.roster if task.kind in spec.kinds]
            return {agent: Bid(agent, 1, "", 0, None, (), UNASKED) for agent in able}
        self.doing(f"{name}: bids")
        return {bid.agent: bid for bid in self.pool.solicit(task, seed=seed, usd=None)}

    def _rate(
        self, name: str, task: Task, plans: Mapping[str, str], *, seed: int
    ) -> Iterator[Ratings]:
        if plans:
            self.doing(f"{name}: ratings")
            ballot = self.rules.ballot
            yield from self.pool.rate(task, plans, round=1, seed=seed, ballot=ballot, usd=None)

    def _trial(
        self,
        name: str,
        task: Task,
        spec: AgentSpec,
        bid: Bid,
        ratings: Sequence[Ratings],
        *,
        seed: int,
        attempt: int,
    ) -> Trial:
        self.doing(f"{name}: {spec.name} is working")
        plan = bid.plan if self.rules.plan_in_prompt and bid.error is None else None
        outcome, steps = self._work(task, spec.name, plan, seed=seed + APART * attempt)
        calls = [call for step in steps for call in step.calls]
        self.doing(f"{name}: {spec.name} is graded")
        marks, grade_error = self._marks(name, outcome)
        own = next((entry for entry in ratings if entry.juror == spec.name), None)
        rating = () if own is None else own.calls
        return Trial(
            task=name,
            kind=task.kind,
            agent=spec.name,
            attempt=attempt,
            price=spec.price and spec.price.output,
            tokens=bid.tokens,
            entropy=bid.entropy,
            ratings={
                entry.juror: entry.by_agent[spec.name]
                for entry in ratings
                if entry.error is None and spec.name in entry.by_agent
            },
            bid_error=bid.error,
            verified=outcome.verified,
            grade=marks.grade,
            f1=marks.f1,
            judge=marks.judge,
            judge_usd=marks.judge_usd,
            grade_error=grade_error,
            stop_reason=outcome.stop_reason,
            usd=_dollars(calls),
            auction_usd=_dollars([*bid.calls, *rating]),
            wall_s=sum(call.wall_s for call in calls),
            played=(
                _played(seed, bid, plan is not None, own, outcome, steps) if self.in_clear else None
            ),
        )

    def _marks(self, name: str, outcome: Outcome) -> tuple[Marks, str | None]:
        """The marks of an outcome, or why there are none."""
        try:
            return self.grader(name, outcome), None
        except SaleError as error:
            return Marks(), str(error)

    def _work(
        self, task: Task, agent: str, plan: str | None, *, seed: int
    ) -> tuple[Outcome, list[Step]]:
        """One agent's work, verified: its outcome and its steps."""
        outcome = Outcome(agent, None, StopReason.CRASHED)
        steps: list[Step] = []
        for event in self.pool.execute(task, agent, plan, limits=self.rules.limits, seed=seed):
            if isinstance(event, Step):
                steps.append(event)
            else:
                outcome = event
        if outcome.answer is None:
            # Without an answer the work failed, whatever there would have been to check.
            return replace(outcome, verified=Verdict.FAILED), steps
        verdict, checks = self.verifier(task, outcome)
        return replace(outcome, verified=verdict, checks=checks), steps


def _played(
    seed: int,
    bid: Bid,
    plan_shown: bool,
    rated: Ratings | None,
    outcome: Outcome,
    steps: Sequence[Step],
) -> Played:
    return Played(
        seed=seed,
        plan=bid.plan,
        plan_shown=plan_shown,
        bid_calls=tuple(map(Used.of, bid.calls)),
        rate_error=None if rated is None else rated.error,
        rate_calls=() if rated is None else tuple(map(Used.of, rated.calls)),
        answer=outcome.answer,
        citations=outcome.citations,
        checks=tuple(_portable(check) for check in outcome.checks),
        error=outcome.error,
        steps=len(steps),
        tool_calls=sum(bool(step.action) for step in steps),
        work_calls=tuple(Used.of(call) for step in steps for call in step.calls),
    )


def _portable(check: Check) -> Check:
    """A check without the place of this machine's Python, cut off or not: runs are published."""
    place = f"{sys.base_prefix}/"
    detail = check.detail.replace(place, "")
    ends = (place[:size] for size in range(len(place), 1, -1))
    cut = next((end for end in ends if detail.endswith(f'"{end}')), "")
    return replace(check, detail=detail.removesuffix(cut))


def _dollars(calls: Sequence[Call]) -> float | None:
    dollars = [call.usd for call in calls if call.usd is not None]
    return sum(dollars) if len(dollars) == len(calls) else None
