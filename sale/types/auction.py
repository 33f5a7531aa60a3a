"""What is bid, how it is appraised, and the record of it all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sale.types.usage import Call, Usage
from sale.types.words import Stage, State, Verdict
from sale.types.work import Outcome, Step, Task


@dataclass(frozen=True, slots=True)
class Bid:
    """An agent's plan in one round, or the reason why it made none."""

    agent: str
    round: int
    """1 for the first plans, 2 for refined ones."""
    plan: str
    tokens: int
    entropy: float | None
    """Mean entropy of the plan's tokens; None where the back end gives no log-probabilities."""
    calls: tuple[Call, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Ratings:
    """What one juror thinks of the plans of one round."""

    juror: str
    round: int
    by_agent: Mapping[str, float]
    """0 to 5, for each bidder that the juror rated."""
    calls: tuple[Call, ...] = ()
    error: str | None = None


DOLLARS, SOLVES = "dollars", "solves"
"""The terms of an award by what came of earlier work."""


@dataclass(frozen=True, slots=True)
class Term:
    """One summand of a score, as it is explained to the user."""

    name: str
    feature: float
    """The quantity in its own unit."""
    weight: float
    contribution: float
    """weight * (feature - low) / (high - low): added to cost or, all others, to value."""
    low: float = 0.0
    """The feature that counts as 0."""
    high: float = 1.0
    """The feature that counts as 1."""


@dataclass(frozen=True, slots=True)
class Appraisal:
    """The auctioneer's view of one bid; the lowest score wins."""

    agent: str
    round: int
    cost: float
    value: float
    score: float
    """cost - value."""
    terms: tuple[Term, ...]
    planner: str | None = None
    """Whose plan would be in sight of the work; None: nobody's, or nobody looked at that."""


@dataclass(frozen=True, slots=True)
class Award:
    """Who executes, and who led before the refinement."""

    agent: str
    round: int
    score: float
    provisional: str
    propensity: float = 1.0
    """The probability with which the rule of award chose as it did, in all awards up to this."""
    planner: str | None = None
    """Whose plan is in sight of the work; None: nobody's."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A stage that could be bought before an award, and is where it adds more than it costs."""

    stage: Stage
    gain: float
    """Dollars of profit that it was expected to add."""
    usd: float
    """What it was expected to cost."""
    bought: bool


@dataclass(frozen=True, slots=True)
class Spent:
    """What an agent's awards on one kind of task have cost so far."""

    awards: int
    usd: float
    """Of its work in all of them."""
    plan_usd: float
    """Of the plans that won them, at today's price."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lost and a won plan for a similar task."""

    task: str
    lost: str
    won: str
    similarity: float
    """Cosine of the two tasks' embeddings."""
    verified: Verdict
    """What the checks said of the won plan's execution."""


@dataclass(frozen=True, slots=True)
class Auction:
    """The whole record of one auction, as memory keeps it."""

    id: str
    task: Task
    state: State
    seed: int
    market: str
    """Where its market file was read from."""
    sandbox: str
    """The sandbox tier that was in force."""
    started: float
    """Seconds since the epoch."""
    ended: float | None = None
    bids: tuple[Bid, ...] = ()
    ratings: tuple[Ratings, ...] = ()
    offers: tuple[Offer, ...] = ()
    """The stages that awards from memory had to choose from, in order."""
    appraisals: tuple[Appraisal, ...] = ()
    award: Award | None = None
    outcome: Outcome | None = None
    """The one that is kept: the best verified, the earliest of equals."""
    discarded: tuple[Outcome, ...] = ()
    """Of the other agents that worked on it, in the order of their work."""
    steps: tuple[Step, ...] = ()
    usage: Mapping[Stage, Usage] = field(default_factory=dict)
    error: str | None = None
    weights: str = ""
    """Names the weights of the appraisals by their content; empty where nobody noted them."""
    run: str | None = None
    """The run that it belongs to."""

    @property
    def total(self) -> Usage:
        """The usage of all stages together, the same to the last bit in whatever order they are."""
        return sum((self.usage[stage] for stage in Stage if stage in self.usage), Usage())

    @property
    def foreseen(self) -> bool:
        """Whether it was awarded by what came of earlier work, in dollars, and not by its bids."""
        return any(term.name == DOLLARS for one in self.appraisals for term in one.terms)

    @property
    def workers(self) -> tuple[str, ...]:
        """Everybody who worked, in order; who crashed before the first step comes last."""
        at_work = [call.agent for step in self.steps for call in step.calls]
        outcomes = [*self.discarded, *([] if self.outcome is None else [self.outcome])]
        return tuple(dict.fromkeys([*at_work, *(one.agent for one in outcomes)]))
