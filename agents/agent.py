"""An agent: one entry of the roster that plans, rates, refines and, when it wins, works."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from sale.agents import loop, prompting
from sale.agents.backends import Backend, load_backend
from sale.agents.calls.cached import load_cached
from sale.agents.meter import Meter
from sale.auction import jury
from sale.auction.signals import mean_entropy
from sale.auction.terms import Ballot
from sale.errors import BackendError, SaleError
from sale.types import (
    AgentSpec,
    Bid,
    Call,
    Lesson,
    Limits,
    Outcome,
    Ratings,
    Stage,
    Step,
    Task,
    ToolUse,
)

TOP_LOGPROBS = 20
"""Asked for at each place; enough for every digit of a rating to be among them."""
RATING_TOKENS = 8
"""Room for one `"A": 3,` in a juror's reply."""


@dataclass(frozen=True, slots=True)
class OpenedWork:
    """A piece of work and the instruction that opens it."""

    work: loop.Work
    instruction: str
    """Teaches the text protocol."""
    native: str = ""
    """The same for an agent that calls tools natively; empty: `instruction` does for both."""
    bare: bool = False
    """An agent that is shown no plan is asked in the task's own words, without `instruction`."""


class Opener(Protocol):
    """Opens a task for work: a workspace copy or a corpus, closed when the work ends."""

    def __call__(self, task: Task, meter: Meter) -> AbstractContextManager[OpenedWork]:
        """Open the task; raises `SaleError` when its workspace or corpus can't be used.

        The work may put questions of its own to the agent's model through `meter`.
        """
        ...


class Agent:
    """One bidder. Its model is loaded at the first call, once, whoever calls first.

    Thread-safe: a replica serves as many calls side by side as its roster entry has slots.
    """

    def __init__(
        self,
        spec: AgentSpec,
        *,
        opener: Opener,
        load: Callable[[AgentSpec], Backend] = load_backend,
    ) -> None:
        self._spec = spec
        self._opener = opener
        self._load = load
        self._loading = threading.Lock()
        self._loaded: Backend | None = None
        self._fault: SaleError | None = None

    def load(self) -> None:
        """Load its model now; what goes wrong is told by the next call that needs it."""
        try:
            self._backend()
        except SaleError as error:
            self._fault = error

    def keeping(self, calls: Path) -> Agent:
        """The same agent on the same model, but calls are kept in a file and not made twice."""
        load = partial(load_cached, path=calls, load=lambda _: self._backend())
        return Agent(self._spec, opener=self._opener, load=load)

    def bid(self, task: Task, *, seed: int, usd: float | None = None) -> Bid:
        """Write a plan; whatever goes wrong becomes a bid with an error."""
        instruction = prompting.plan(task, tokens=self._spec.plan_tokens)
        return self._plan(task, instruction, stage=Stage.BID, seed=seed, usd=usd)

    def refine(
        self,
        task: Task,
        own: str,
        lessons: Sequence[Lesson],
        *,
        seed: int,
        usd: float | None = None,
    ) -> Bid:
        """Rewrite a plan in the light of what won and lost before."""
        instruction = prompting.refine(own, lessons, tokens=self._spec.plan_tokens)
        return self._plan(task, instruction, stage=Stage.REFINE, seed=seed, usd=usd)

    def rate(
        self,
        task: Task,
        plans: Mapping[str, str],
        *,
        round: int,
        seed: int,
        ballot: Ballot = Ballot.JOINT,
        usd: float | None = None,
    ) -> Ratings:
        """Rate the plans of a round (agent -> plan): all in one call, or each in its own."""
        name = self._spec.name
        calls: list[Call] = []
        by_agent: dict[str, float] = {}
        error = None
        ballots = [plans] if ballot is Ballot.JOINT else [{who: plans[who]} for who in plans]
        try:
            meter = self._meter(Stage.RATE, usd=usd)
            try:
                for shown in ballots:
                    order = jury.letters(tuple(shown), seed=seed, juror=name, round=round)
                    by_agent |= self._rate(meter, task, shown, order, seed=seed)
            finally:
                calls = list(meter.take())
        except (SaleError, ValueError) as caught:
            by_agent, error = {}, str(caught)
        return Ratings(name, round, by_agent, tuple(calls), error)

    @staticmethod
    def _rate(
        meter: Meter, task: Task, plans: Mapping[str, str], order: Mapping[str, str], *, seed: int
    ) -> dict[str, float]:
        """Have one ballot filled in; `order` maps its letters to the bidders."""
        instruction = prompting.rate({letter: plans[who] for letter, who in order.items()})
        completion = meter.complete(
            prompting.conversation(task, instruction),
            max_tokens=RATING_TOKENS * len(plans) + RATING_TOKENS,
            logprobs=TOP_LOGPROBS,
            schema=jury.schema(tuple(order)),
            seed=seed,
        )
        ratings = jury.read(completion, tuple(order))
        return {order[letter]: rating for letter, rating in ratings.items()}

    def execute(
        self, task: Task, plan: str | None, *, limits: Limits, seed: int
    ) -> Iterator[Step | Outcome]:
        """Do the work with tools; yields every step, and the outcome last.

        `plan` is shown to the model when given. Raises `SaleError` when the task's workspace
        or corpus can't be opened.
        """
        meter = self._meter(Stage.EXECUTE, usd=limits.usd)
        with self._opener(task, meter) as opened:
            shown = prompting.own_plan(plan) if plan else ""
            native = self._spec.tools is ToolUse.NATIVE
            calling = shown + (opened.native or opened.instruction)
            bare = opened.bare and not shown
            yield from loop.run(
                meter,
                opened.work,
                prompting.bare(task)
                if bare
                else prompting.conversation(task, shown + opened.instruction),
                agent=self._spec.name,
                limits=limits,
                seed=seed,
                native=prompting.conversation(task, calling) if native else (),
            )

    def close(self) -> None:
        """Free the model."""
        with self._loading:
            if self._loaded is not None:
                self._loaded.close()
                self._loaded = None

    def _plan(
        self, task: Task, instruction: str, *, stage: Stage, seed: int, usd: float | None
    ) -> Bid:
        calls, error, text, tokens, entropy = [], None, "", 0, None
        try:
            meter = self._meter(stage, usd=usd)
            try:
                completion = meter.complete(
                    prompting.conversation(task, instruction),
                    max_tokens=self._spec.plan_tokens,
                    logprobs=TOP_LOGPROBS,
                    seed=seed,
                )
            finally:
                calls = list(meter.take())
            text = prompting.clean(completion.text, limit=prompting.PLAN_CHARACTERS).strip()
            tokens, entropy = completion.completion_tokens, mean_entropy(completion.choices)
            if not text:
                raise BackendError(f"agent {self._spec.name!r} wrote an empty plan")
        except SaleError as caught:
            error = str(caught)
        round_ = 1 if stage is Stage.BID else 2
        return Bid(self._spec.name, round_, text, tokens, entropy, tuple(calls), error)

    def _meter(self, stage: Stage, *, usd: float | None) -> Meter:
        return Meter(self._backend(), self._spec, stage, usd=usd)

    def _backend(self) -> Backend:
        with self._loading:
            if self._fault is not None:
                fault, self._fault = self._fault, None
                raise fault
            if self._loaded is None:
                self._loaded = self._load(self._spec)
            return self._loaded
