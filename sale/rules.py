"""How auctions are held in a market, and what its memory hands to a refining agent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from sale.auction.terms import Ballot
from sale.types import Lesson, Limits, Outcome, StopReason, Task, Verdict


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds that each kind of call may take."""

    bid: float = 120.0
    rate: float = 120.0
    load: float = 600.0
    """For a model to load; the time of a call begins afterwards."""


class Rank(IntEnum):
    """Outcomes from the worst to the best; an honest "not found" beats a refuted answer."""

    NO_ANSWER = 0
    FAILED = 1
    NOT_FOUND = 2
    UNCHECKED = 3
    PASSED = 4


@dataclass(frozen=True, slots=True)
class Brief:
    """What an agent gets to refine its plan with."""

    own: str
    lessons: tuple[Lesson, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that it quotes."""
        return (self.own, *(text for one in self.lessons for text in (one.lost, one.won)))


@dataclass(frozen=True, slots=True)
class Rules:
    """How auctions are held here, as the market file says."""

    name: str
    """Where the market file was read from."""
    sandbox: str
    limits: Limits
    refine: bool = True
    lessons: int = 8
    ballot: Ballot = Ballot.JOINT
    recall: bool = True
    """Whether anything is read from memory."""
    plan_in_prompt: bool = True
    """Whether the winner by its bid sees its plan; awards from memory say it themselves."""
    fallbacks: int = 1
    """How often the work may pass to the next best bid."""
    fallback_on_failure: bool = False
    """Also when an answer fails its visible checks or there is none, not just after a crash."""
    wall_s: float = 3600.0
    """An auction that is not over by then is dead."""

    def sample_by_sample(self, task: Task) -> Rules:
        """The same where each sample of a task in one reply is an award of its own.

        As many samples in all as the agents would try by themselves. Where nothing passes on, who
        is sent tries by itself.
        """
        if not (task.in_one_reply and self.fallback_on_failure and self.fallbacks):
            return self
        works = (1 + self.fallbacks) * self.limits.samples
        return replace(self, fallbacks=works - 1, limits=replace(self.limits, samples=1))

    def falls_back(self, outcome: Outcome | None) -> bool:
        """Whether the work passes on after this outcome."""
        if outcome is None or outcome.stop_reason is StopReason.CRASHED:
            return True
        if outcome.stop_reason is StopReason.BUDGET:
            return False
        return self.fallback_on_failure and rank(outcome) <= Rank.NOT_FOUND


def rank(outcome: Outcome | None) -> Rank:
    """Say how much an outcome is worth."""
    if outcome is None or outcome.answer is None:
        honest = outcome is not None and outcome.stop_reason is StopReason.NOT_FOUND
        return Rank.NOT_FOUND if honest else Rank.NO_ANSWER
    return {
        Verdict.FAILED: Rank.FAILED,
        Verdict.NONE: Rank.UNCHECKED,
        Verdict.PASSED: Rank.PASSED,
    }[outcome.verified]
