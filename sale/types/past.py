"""The past in short: who worked, what came of it, and by what chance it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sale.types.usage import Price, Tokens
from sale.types.words import Kind, Verdict
from sale.types.work import Task


@dataclass(frozen=True, slots=True)
class Signs:
    """What can be told of a plan without understanding it; None where nobody knows."""

    tokens: int | None = None
    entropy: float | None = None
    rating: float | None = None
    """The mean of what its jurors gave, 0 to 5."""


@dataclass(frozen=True, slots=True)
class Precedent:
    """One agent's earlier work on a task of the same kind, and what is known of its answer."""

    agent: str
    nearness: float
    """Cosine of the two tasks; 0 where it can't be told."""
    solved: bool | None
    """None where nothing could be checked, and nobody said anything."""
    before: tuple[str, ...]
    """Who had worked on that task in vain before, in order, itself included."""
    usd: float | None
    """Of the work, at the price of its time."""
    signs: Signs = Signs()
    """Of the plan that it was sent with."""
    planner: str | None = None
    """Whose plan was in sight of the work; None: nobody's."""
    version: str | None = None
    """Of the agent; None where nobody noted it."""
    tokens: Tokens | None = None
    """Of the work; None where nobody knows."""
    certain: bool = False
    """Whether `solved` is the truth, by hidden tests, a key or the user's word."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One agent's work on a task outside any auction, as a run of trials made it."""

    task: Task
    agent: str
    version: str | None
    solved: bool | None
    """None where nothing tells."""
    certain: bool
    """Whether `solved` is the truth, by hidden tests or a key."""
    failed: bool
    """Whether it was seen to be wrong, by a visible check or as there is no answer."""
    tokens: Tokens
    usd: float | None
    attempt: int = 0
    """Which one of several independent tries."""
    again: int = 0
    """Works of the agent in this try before, all in vain."""


@dataclass(frozen=True, slots=True)
class Experience:
    """What memory tells of a task before anybody is asked."""

    works: tuple[Precedent, ...] = ()
    """On near tasks, and the newest ones, of its kind."""
    plan_usd: Mapping[str, float] = field(default_factory=dict)
    """Agent -> mean dollars of its first plans."""
    ratings_usd: float | None = None
    """Mean dollars of an auction's ratings; None where no auction had any."""
    refine_usd: float | None = None
    """The same of refined plans."""


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
    feedback: bool | None = None
    """Whether the user said that it was right."""

    @property
    def passed(self) -> bool | None:
        """What could be seen of it; None where nothing could."""
        return None if self.verified is Verdict.NONE else self.verified is Verdict.PASSED

    @property
    def seen(self) -> bool | None:
        """Whether it was right by the user's word, else by what could be seen."""
        return self.passed if self.feedback is None else self.feedback

    @property
    def solved(self) -> bool | None:
        """Whether it was right, by the best that is known."""
        if self.feedback is None and self.grade is not None:
            return self.grade >= 1.0
        return self.seen

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
