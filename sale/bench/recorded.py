"""A market whose agents have already worked: trials are played again, and nothing runs twice.

Every policy so sees the same bids, ratings and executions. What was never tried (a refined plan,
its ratings, work with another plan) goes on to the live pool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sale.auction.terms import Ballot
from sale.bench.collect import APART
from sale.bench.trials import UNASKED, Played, Trial
from sale.errors import InputError
from sale.rules import Brief
from sale.seams import Pool, Verifier
from sale.types import (
    Bid,
    Check,
    Limits,
    Outcome,
    Ratings,
    Stage,
    Step,
    Task,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The trials of one task that can be played again, by agent."""

    trials: Mapping[str, tuple[Trial, Played]]

    @staticmethod
    def of(trials: Sequence[Trial]) -> Recorded:
        """Those of some trials of a task that can be played again."""
        return Recorded({one.agent: (one, one.played) for one in trials if one.played is not None})

    def bids(self) -> Iterator[Bid]:
        """Every agent's bid."""
        for agent, (trial, played) in self.trials.items():
            yield Bid(
                agent,
                round=1,
                plan=played.plan,
                tokens=trial.tokens,
                entropy=trial.entropy,
                calls=tuple(used.by(agent, Stage.BID) for used in played.bid_calls),
                error=trial.bid_error,
            )

    def ratings(self) -> Iterator[Ratings]:
        """Every juror's ratings of the first bids."""
        for juror, (_, played) in self.trials.items():
            if played.rate_calls or played.rate_error:
                by_agent = {
                    agent: trial.ratings[juror]
                    for agent, (trial, _) in self.trials.items()
                    if juror in trial.ratings
                }
                calls = tuple(used.by(juror, Stage.RATE) for used in played.rate_calls)
                yield Ratings(juror, 1, by_agent, calls, played.rate_error)

    def outcome(self, agent: str) -> Outcome:
        """How an agent's work ended."""
        trial, played = self.trials[agent]
        return Outcome(
            agent,
            played.answer,
            trial.stop_reason,
            citations=played.citations,
            error=played.error,
        )

    def work(self, agent: str) -> Iterator[Step | Outcome]:
        """An agent's work as it was charged, its texts left out, and its outcome last."""
        _, played = self.trials[agent]
        for index, used in enumerate(played.work_calls):
            call = used.by(agent, Stage.EXECUTE)
            action = "played again" if index < played.tool_calls else ""
            yield Step(index + 1, action, "", "", "", (call,), call.wall_s)
        yield self.outcome(agent)

    @property
    def is_work_alone(self) -> bool:
        """Whether nobody was asked for a bid."""
        return all(trial.bid_error == UNASKED for trial, _ in self.trials.values())

    @property
    def plans(self) -> dict[str, str]:
        """The plans that were rated, by agent."""
        return {bid.agent: bid.plan for bid in self.bids() if bid.error is None}


@dataclass(frozen=True, slots=True)
class RecordedPool:
    """Plays trials again; what else is asked goes to the live pool, which starts when needed."""

    tasks: Mapping[str, Recorded]
    """By the id of the task."""
    jury: Sequence[str]
    ballot: Ballot
    """Of the ratings on record."""
    live: Callable[[], Pool]
    attempt: int = 0
    """Which one of several tries this is: live work differs by its seed."""

    def solicit(
        self, task: Task, *, seed: int, usd: float | None, only: str | None = None
    ) -> Iterator[Bid]:
        """The bids on record, or the live agents' where none was asked for; one agent's `only`.

        A task that was never tried is an `InputError`.
        """
        recorded = self._recorded(task)
        if recorded.is_work_alone:
            return self.live().solicit(task, seed=seed, usd=usd, only=only)
        return (bid for bid in recorded.bids() if only in {None, bid.agent})

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
        """The ratings on record of the first plans; of others the live jury's."""
        recorded = self._recorded(task)
        if round == 1 and ballot is self.ballot and dict(plans) == recorded.plans:
            return (one for one in recorded.ratings() if one.juror in self.jury)
        return self.live().rate(task, plans, round=round, seed=seed, ballot=ballot, usd=usd)

    def refine(
        self, task: Task, briefs: Mapping[str, Brief], *, seed: int, usd: float | None
    ) -> Iterator[Bid]:
        """Refined bids are the live agents'."""
        return self.live().refine(task, briefs, seed=seed, usd=usd)

    def execute(
        self, task: Task, agent: str, plan: str | None, *, limits: Limits, seed: int
    ) -> Iterator[Step | Outcome]:
        """The work on record where it is the agent's first, with the same plan in sight or none.

        Of an agent that may try less by itself than it then did, the work is live.
        """
        recorded = self._recorded(task)
        _, played = recorded.trials.get(agent, (None, None))
        if (
            played is not None
            and (seed, plan) == (played.seed, played.plan_in_sight)
            and (not task.in_one_reply or len(played.work_calls) <= limits.samples)
        ):
            return recorded.work(agent)
        seed += APART * self.attempt
        return self.live().execute(task, agent, plan, limits=limits, seed=seed)

    def _recorded(self, task: Task) -> Recorded:
        try:
            return self.tasks[task.id]
        except KeyError:
            raise InputError(f"task {task.name or task.id!r} was never tried in this run") from None


@dataclass(frozen=True, slots=True)
class RecordedChecks:
    """What was said of answers on record; other answers are checked, and graded, anew."""

    tasks: Mapping[str, Recorded]
    verifier: Verifier
    grader: Callable[[Task, Outcome], float | None]

    def verify(self, task: Task, outcome: Outcome) -> tuple[Verdict, tuple[Check, ...]]:
        """Give the verdict on an answer, and its checks."""
        found = self._trial(task, outcome)
        return (
            self.verifier(task, outcome) if found is None else (found[0].verified, found[1].checks)
        )

    def grade(self, task: Task, outcome: Outcome) -> float | None:
        """Give the grade of an answer; None where nothing tells."""
        found = self._trial(task, outcome)
        return self.grader(task, outcome) if found is None else found[0].grade

    def _trial(self, task: Task, outcome: Outcome) -> tuple[Trial, Played] | None:
        """The trial that an outcome is of, where it is one on record."""
        recorded = self.tasks.get(task.id)
        if recorded is None or outcome.agent not in recorded.trials:
            return None
        alone: dict[str, Any] = {"round": 1, "grade": None, "planner": None, "version": None}
        bare = replace(outcome, verified=Verdict.NONE, checks=(), **alone)
        return recorded.trials[outcome.agent] if bare == recorded.outcome(outcome.agent) else None
