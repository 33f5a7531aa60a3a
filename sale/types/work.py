"""A task and the work on it: limits, steps, checks, the outcome."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sale.types.usage import Call
from sale.types.words import Kind, StopReason, Verdict


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
    name: str | None = None
    """What its suite calls it, where it is worked on as the suite has it."""

    @property
    def in_one_reply(self) -> bool:
        """Whether its answer is one piece of code, of which samples may be drawn."""
        return self.kind is Kind.CODING and self.workspace is None

    @property
    def id(self) -> str:
        """A content hash: the same work has the same id, wherever it was submitted.

        A suite's task is known by its text and its names there, as its folders lie elsewhere on
        each machine; any other task by its text and the paths of its folders.
        """
        where = [self.workspace or "", self.corpus or ""]
        if self.suite is not None and self.name is not None:
            where = ["suite", self.suite, self.name]
        parts = (self.kind, self.text, *where)
        return hashlib.sha256("\x00".join(parts).encode(errors="replace")).hexdigest()[:16]


FRESH_TEMPERATURE = 0.8
"""Of samples after one that failed, or that was the same again; mechanism.md's trial had it."""


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
    samples: int = 3
    """Answers to a task in one reply that an agent tries by itself while visible checks fail."""
    format_errors: int = 3
    repeats: int = 3
    reserve: float = 0.12
    temperature: float = 0.0
    """Of the first samples; 0 is greedy, and the same every time."""


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
    round: int = 1
    """Of the bid that was awarded the work."""
    grade: float | None = None
    """0 to 1, what hidden tests or a key said; None where the task has neither."""
    planner: str | None = None
    """Whose plan was in sight of the work; None: nobody's."""
    version: str | None = None
    """Of the agent, as `AgentSpec.version`; None where nobody noted it."""
    feedback: bool | None = None
    """Whether the user said that the answer is right; None: nothing was said."""

    @property
    def right(self) -> bool | None:
        """Whether the answer is right by the user's word, else by what was seen of it.

        No answer is not right; None where nothing is known. Hidden tests are not looked at.
        """
        if self.feedback is not None:
            return self.feedback
        if self.answer is None:
            return False
        return None if self.verified is Verdict.NONE else self.verified is Verdict.PASSED
