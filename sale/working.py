"""Awards and the work that follows them: who works, who takes over, and which answer is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sale.draft import Draft
from sale.rules import Rules
from sale.seams import Grader, Pool, Verifier
from sale.types import FRESH_TEMPERATURE, Award, Outcome, Stage, State, Step

Done = Sequence[tuple[Award, Outcome | None]]
"""The awards of an auction so far, each with what came of it."""
APART = 7_654_321
"""Between the seeds of two works of one agent on one task."""
Following = Callable[[Done], Award | None]
"""Who takes over after these; nobody where that makes no sense."""


@dataclass(frozen=True, slots=True)
class Working:
    """Lets the winner work and verifies its answer; others take over where it fails."""

    pool: Pool
    verifier: Verifier
    grader: Grader
    rules: Rules
    versions: Mapping[str, str]
    """Of the agents, by name."""

    def execute(self, draft: Draft, award: Award, following: Following) -> None:
        """Work off an award, and those that follow it while the rules pass the work on.

        The outcome that is kept is the best verified one, the earliest of equals.
        """
        draft.update(f"awarded to {award.agent}", award=award, state=State.AWARDED)
        done: list[tuple[Award, Outcome | None]] = []
        current: Award | None = award
        draft.advance(State.EXECUTING)
        try:
            while current is not None:
                self._work(draft, current, again=_works(done, current.agent))
                done.append((current, draft.auction.outcome))
                next_ = following(done) if self._passes_on(done) else None
                if next_ is not None:
                    next_ = replace(next_, propensity=current.propensity * next_.propensity)
                    doing = f"passed on to {next_.agent}"
                    draft.update(doing, award=next_, outcome=None)
                current = next_
        finally:  # an interruption leaves the answer that is there
            draft.keep_best(done)

    def _passes_on(self, done: Done) -> bool:
        return len(done) <= self.rules.fallbacks and self.rules.falls_back(done[-1][1])

    def _work(self, draft: Draft, award: Award, *, again: int) -> None:
        """Let an agent work; `again`, after so many works in vain, what it does is drawn anew."""
        auction, limits = draft.auction, replace(self.rules.limits, usd=draft.left())
        if again:
            limits = replace(limits, temperature=max(limits.temperature, FRESH_TEMPERATURE))
        draft.worst = {award.agent: draft.left() or 0.0}
        with draft.stage(Stage.EXECUTE, f"{award.agent} is working"):
            for event in self.pool.execute(
                auction.task,
                award.agent,
                _plan(draft, award),
                limits=limits,
                seed=auction.seed + APART * again,
            ):
                draft.add_event(event, award, version=self.versions.get(award.agent))
                if isinstance(event, Step):
                    draft.advance(State.EXECUTING)
        self._verify(draft)
        draft.grade(self.grader)

    def _verify(self, draft: Draft) -> None:
        outcome = draft.auction.outcome
        if outcome is None or outcome.answer is None:
            return
        with draft.stage(Stage.VERIFY, "verifying"):
            verdict, checks = self.verifier(draft.auction.task, outcome)
        outcome = replace(outcome, verified=verdict, checks=checks)
        draft.update(f"verified: {verdict}", outcome=outcome)


def _works(done: Done, agent: str) -> int:
    return sum(award.agent == agent for award, _ in done)


def _plan(draft: Draft, award: Award) -> str | None:
    """The plan that is to be in sight; None for an award that was made without one."""
    # An award from memory alone, of no round, may ask for a first plan all the same.
    chosen = (award.planner, award.round or 1)
    plans = (bid.plan for bid in draft.auction.bids if (bid.agent, bid.round) == chosen)
    return next(plans, None)
