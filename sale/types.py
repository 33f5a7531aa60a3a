"""The values that pass through the market: frozen, picklable, and free of behaviour that does I/O.

Units: tokens are counted by the model's own tokenizer, prices are dollars per million tokens,
wall times are seconds, entropies are nats a token, ratings run from 0 to 5.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MILLION = 1_000_000


class Kind(StrEnum):
    """What a task asks for."""

    CODING = "coding"
    """Write or change code."""
    SEARCH = "search"
    """Answer a question from documents, with the passages that support it."""


class Stage(StrEnum):
    """Where in an auction a cost arises."""

    BID = "bid"
    RATE = "rate"
    REFINE = "refine"
    EXECUTE = "execute"
    VERIFY = "verify"


class State(StrEnum):
    """Where an auction stands."""

    ANNOUNCED = "announced"
    """Its process is still at work on it."""
    FINISHED = "finished"
    """An outcome is recorded."""
    INTERRUPTED = "interrupted"
    """Stopped by the user, or its process died."""
    FAILED = "failed"
    """It ended without an award: no bid, or no budget."""


class Verdict(StrEnum):
    """What the visible checks of a task said of an answer."""

    PASSED = "passed"
    FAILED = "failed"
    NONE = "none"
    """The task shows nothing that could be checked."""


class StopReason(StrEnum):
    """Why an execution ended."""

    ANSWERED = "answered"
    """The agent gave an answer of its own accord."""
    NOT_FOUND = "not_found"
    """A search agent says that its documents do not hold the answer."""
    STEPS = "step_limit"
    TOKENS = "token_limit"
    BUDGET = "budget"
    WALL = "wall_limit"
    FORMAT = "format_errors"
    """Too many replies in a row held no action."""
    STUCK = "stuck"
    """The same action again and again."""
    CRASHED = "crashed"
    """The agent's process died, hung past its deadline, or its back end failed."""
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens of one model."""

    input: float
    cached: float
    """For prompt tokens found in the prefix cache."""
    output: float

    def dollars(self, prompt_tokens: int, cached_tokens: int, completion_tokens: int) -> float:
        """Price one call; `cached_tokens` is the part of `prompt_tokens` that was cached."""
        fresh = prompt_tokens - cached_tokens
        return (
            fresh * self.input + cached_tokens * self.cached + completion_tokens * self.output
        ) / MILLION


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """One entry of the roster: who may bid, on what model, at what price."""

    name: str
    model: str
    """A catalogue name, a path of a GGUF file, or the model's name at its server."""
    backend: str
    """A name in `sale.agents.backends.BACKENDS`, or the dotted path of a class."""
    price: Price | None
    """None: unknown. It is shown as unknown and never counted as 0."""
    kinds: frozenset[Kind] = frozenset(Kind)
    replicas: int = 1
    slots: int = 1
    """Calls that one replica serves at the same time."""
    context: int = 4096
    """Tokens of context for each slot."""
    adapter: str | None = None
    """A LoRA adapter for the model, where the back end knows adapters."""
    plan_tokens: int = 120
    """Cap on the length of a plan."""
    gpus: float = 0.0
    """GPUs that each replica reserves."""
    options: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    """Settings for the back end alone, e.g. `base_url`, `api_key_env`, `threads`."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation with a model."""

    role: str
    """`system`, `user` or `assistant`."""
    content: str


@dataclass(frozen=True, slots=True)
class TokenChoice:
    """One generated token and the likeliest tokens at its place, before any constraint."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()
    """(token, log-probability), likeliest first; may or may not include `token` itself."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a back end returns for one call."""

    text: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    truncated: bool
    """True when the model was cut off at `max_tokens`."""
    wall_s: float
    choices: tuple[TokenChoice, ...] | None = None
    """None where the back end gives no log-probabilities or none were asked for."""


@dataclass(frozen=True, slots=True)
class Call:
    """One model call as it is charged and logged; a failed call is charged too."""

    agent: str
    stage: Stage
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    wall_s: float
    usd: float | None
    """None: the agent's price is unknown."""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What one stage, or a whole auction, has used."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    calls: int = 0
    tool_calls: int = 0
    wall_s: float = 0.0
    """Elapsed seconds, not the sum of calls that ran side by side."""
    usd: float | None = 0.0
    """None as soon as one call had no known price."""

    @staticmethod
    def of(calls: Iterable[Call], *, wall_s: float = 0.0, tool_calls: int = 0) -> Usage:
        """Add up model calls; elapsed time and tool calls are the caller's to know."""
        calls = tuple(calls)
        dollars = [call.usd for call in calls]
        return Usage(
            prompt_tokens=sum(call.prompt_tokens for call in calls),
            cached_tokens=sum(call.cached_tokens for call in calls),
            completion_tokens=sum(call.completion_tokens for call in calls),
            calls=len(calls),
            tool_calls=tool_calls,
            wall_s=wall_s,
            usd=None if None in dollars else sum(d for d in dollars if d is not None),
        )

    def __add__(self, other: Usage) -> Usage:
        """Add two usages; an unknown amount of dollars stays unknown."""
        unknown = self.usd is None or other.usd is None
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            calls=self.calls + other.calls,
            tool_calls=self.tool_calls + other.tool_calls,
            wall_s=self.wall_s + other.wall_s,
            usd=None if unknown else (self.usd or 0.0) + (other.usd or 0.0),
        )


@dataclass(frozen=True, slots=True)
class Task:
    """What is put up for auction."""

    kind: Kind
    text: str
    workspace: str | None = None
    """A folder whose copy the coding agent works in."""
    corpus: str | None = None
    """A folder of documents that the search agent reads."""
    suite: str | None = None

    @property
    def id(self) -> str:
        """A content hash: the same work has the same id, wherever it was submitted."""
        parts = (self.kind, self.text, self.workspace or "", self.corpus or "")
        return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:16]


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


@dataclass(frozen=True, slots=True)
class Term:
    """One summand of a score, as it is explained to the user."""

    name: str
    feature: float
    """The quantity in its own unit."""
    weight: float
    contribution: float
    """What it adds to cost (for cost) or to value (for all others)."""


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


@dataclass(frozen=True, slots=True)
class Award:
    """Who executes, and who led before the refinement."""

    agent: str
    round: int
    score: float
    provisional: str


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
class Step:
    """One turn of an executing agent: what it did and what came back."""

    index: int
    action: str
    """The tool's name; empty when the reply held no action."""
    argument: str
    reply: str
    """The model's whole reply."""
    observation: str
    calls: tuple[Call, ...] = ()
    wall_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Check:
    """One visible check of a task, run on an answer."""

    name: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage that supports an answer."""

    ref: str
    title: str
    source: str
    """Where it stands: a path inside the corpus, or an address."""
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended."""

    agent: str
    answer: str | None
    stop_reason: StopReason
    verified: Verdict = Verdict.NONE
    checks: tuple[Check, ...] = ()
    citations: tuple[Citation, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What an execution may use; a share is kept for a last, forced answer."""

    steps: int = 12
    tokens: int = 40_000
    """Prompt and completion tokens, cached ones included."""
    usd: float | None = None
    wall_s: float = 600.0
    reply_tokens: int = 700
    """Cap on one reply."""
    format_errors: int = 3
    repeats: int = 3
    reserve: float = 0.12


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
    appraisals: tuple[Appraisal, ...] = ()
    award: Award | None = None
    outcome: Outcome | None = None
    steps: tuple[Step, ...] = ()
    usage: Mapping[Stage, Usage] = field(default_factory=dict)
    error: str | None = None

    @property
    def total(self) -> Usage:
        """The usage of all stages together."""
        return sum(self.usage.values(), Usage())
