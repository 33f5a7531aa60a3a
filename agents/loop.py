"""One agent at work: ask the model, act, observe, until it answers or a limit is reached.

The loop owns limits, the stuck detector and the forced last answer; what an action does is up
to the `Work` in hand (coding or search). A share of the budget is kept back, so that an agent
that runs out still gets one call to answer with what it has: in text, as it may call no more tools.

A model is told of the tools natively, or taught the text protocol. Both are read in every reply.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sale.agents import turns
from sale.agents.meter import Meter, estimate_tokens
from sale.agents.protocol import Action, Tool, ToolChoice, offered
from sale.agents.turns import Turn
from sale.errors import BudgetError, SaleError
from sale.types import (
    FRESH_TEMPERATURE,
    Citation,
    Completion,
    Limits,
    Message,
    Outcome,
    Step,
    StopReason,
)

ELIDED = "[earlier output removed to save room]"
TOGETHER = "Carried out with the call before, whose result tells of both."
TOO_LATE = "Not carried out: the work ended before."
UNTOLD = "No tool was called; asked again in the text protocol."

_FINAL = frozenset({StopReason.ANSWERED, StopReason.NOT_FOUND})
"""The agent ended of its own accord: no last answer is forced."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What an action brought back; `stop` ends the work."""

    text: str
    stop: StopReason | None = None
    fresh: bool = False
    """True: forget the conversation and draw another sample from its opening."""
    covers: int = 1
    """So many actions of the reply were carried out together."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a piece of work."""

    text: str
    citations: tuple[Citation, ...] = ()


class Work(Protocol):
    """One opened task: the tools it offers and the answer that it gathers."""

    tools: Mapping[str, Tool]
    """By the names that a reply may call them."""
    fallback: str | None
    """The tool that takes a reply in which no tool is named."""
    hint: str
    """Shown to the model when its reply held no action."""
    weighs: bool
    """Whether it looks at how sure the model was."""

    def act(self, action: Action) -> Observation:
        """Carry out one action; a tool's failure is an observation, not an error."""
        ...

    def answer(self) -> Answer | None:
        """The best answer so far."""
        ...

    def last_call(self) -> str:
        """Ask for an answer at once, as a limit is near: only one more action follows."""
        ...


def run(
    meter: Meter,
    work: Work,
    opening: Sequence[Message],
    *,
    agent: str,
    limits: Limits,
    seed: int,
    native: Sequence[Message] = (),
) -> Iterator[Step | Outcome]:
    """Work until done; yields every step as it ends, and the outcome last.

    `native` is the opening for a model that is told of the tools by its server. `opening`, which
    teaches the text protocol, then is for the case that the server told it nothing.
    """
    episode = _Episode(meter, work, opening, native, limits, seed)
    error = None
    try:
        while (stop := episode.limit()) is None:
            step = episode.step()
            yield step
            if (stop := episode.stopped) is not None:
                break
        if stop not in _FINAL and work.answer() is None:
            yield episode.step(last=True)
    except BudgetError as caught:
        stop, error = StopReason.BUDGET, str(caught)
    except SaleError as caught:
        stop, error = StopReason.CRASHED, str(caught)
        if lost := episode.lost():
            yield lost
    answer = work.answer()
    if episode.stopped is StopReason.NOT_FOUND:
        stop = StopReason.NOT_FOUND
    yield Outcome(
        agent=agent,
        answer=None if answer is None else answer.text,
        stop_reason=stop,
        citations=() if answer is None else answer.citations,
        error=error,
    )


class _Episode:
    """The state of one run: the conversation, the counters and the clock."""

    def __init__(
        self,
        meter: Meter,
        work: Work,
        opening: Sequence[Message],
        native: Sequence[Message],
        limits: Limits,
        seed: int,
    ) -> None:
        self._meter = meter
        self._work = work
        self._opening = native or opening
        self._spare = opening if native else ()  # for a server that tells its model of no tools
        self._tools = offered(work.tools) if native else ()
        self._messages = list(self._opening)
        self._temperature = limits.temperature
        self._limits = limits
        self._seed = seed
        self._began = time.monotonic()
        self._index = 0
        self._format_errors = 0
        self._samples = 0
        self._seen: Counter[tuple[Action, ...]] = Counter()
        self.stopped: StopReason | None = None

    def limit(self) -> StopReason | None:
        """The limit that is reached once the reserve is set aside, if any."""
        share = 1.0 - self._limits.reserve
        if self._index >= self._limits.steps:
            return StopReason.STEPS
        if self._meter.tokens >= self._limits.tokens * share:
            return StopReason.TOKENS
        if time.monotonic() - self._began >= self._limits.wall_s * share:
            return StopReason.WALL
        if self._limits.usd is not None and self._meter.spent >= self._limits.usd * share:
            return StopReason.BUDGET
        return None

    def step(self, *, last: bool = False) -> Step:
        """One call and the action it asks for; the last one is told to answer."""
        began = time.monotonic()
        self._index += 1
        if last:
            self._messages.append(Message("user", self._work.last_call()))
        completion = self._ask("none" if last else "auto")
        turn = turns.read(
            completion,
            self._work.tools,
            fallback=self._work.fallback,
            conversation=self._messages,
            told=self._tools,
        )
        seen = self._observe(turn, truncated=completion.truncated)
        self._remember(turn, seen, truncated=completion.truncated)
        self.stopped = next((one.stop for one in seen if one.stop is not None), None)
        self._samples += any(one.fresh for one in seen)
        if self.stopped is None and self._samples >= self._limits.samples:
            self.stopped = StopReason.STEPS
        first = next(iter(turn.actions), None)
        return Step(
            index=self._index,
            action="" if first is None else first.tool,
            argument="" if first is None else first.argument,
            reply=completion.reply,
            observation="\n\n".join(one.text for one in seen),
            calls=self._meter.take(),
            wall_s=time.monotonic() - began,
        )

    def _ask(self, tool_choice: ToolChoice) -> Completion:
        taken = self._limits.reply_tokens + estimate_tokens((), self._tools)
        return self._meter.complete(
            fit(self._messages, room=self._meter.context - taken),
            max_tokens=self._limits.reply_tokens,
            temperature=self._temperature,
            seed=self._seed + self._index,
            logprobs=int(self._work.weighs and not self._tools),
            tools=self._tools,
            tool_choice=tool_choice,
        )

    def _remember(self, turn: Turn, seen: Sequence[Observation], *, truncated: bool) -> None:
        if turn.said.tool_calls:
            self._spare = ()
        elif self._spare and not turn.asked and not truncated:
            self._opening, self._spare, self._tools = self._spare, (), ()
            self._messages = list(self._opening)
            return
        if any(one.fresh for one in seen):
            self._messages = list(self._opening)
            self._temperature = FRESH_TEMPERATURE
            return
        self._messages += turn.answered([one.text for one in seen])

    def lost(self) -> Step | None:
        """A step for calls that were charged and brought no reply."""
        calls = self._meter.take()
        if not calls:
            return None
        wall = sum(call.wall_s for call in calls)
        return Step(self._index, "", "", "", calls[-1].error or "", calls, wall)

    def _observe(self, turn: Turn, *, truncated: bool) -> list[Observation]:
        """Carry out what a reply asks for; an observation for each call, or one for the text."""
        actions = turn.actions
        if not actions:
            self._format_errors += 1
            cut = "Your reply was cut off: be shorter. " if truncated else ""
            over = self._format_errors >= self._limits.format_errors
            stop = StopReason.FORMAT if over else None
            return [Observation(cut + fault, stop) for fault in turn.faults or (self._hint(),)]
        self._format_errors = 0
        self._seen[actions] += 1
        if self._seen[actions] >= self._limits.repeats:
            stuck = Observation("The same action again changes nothing.", StopReason.STUCK)
            return [stuck] * len(turn.asked)
        if self._seen[actions] > 1:  # a greedy model would only say it a third time
            self._temperature = FRESH_TEMPERATURE
        return self._carry_out(turn.asked)

    def _carry_out(self, asked: Sequence[Action | str]) -> list[Observation]:
        """Carry out one action after the other; those that a work does together it sees as one."""
        seen: list[Observation] = []
        last: Observation | None = None
        together = 0
        for one in asked:
            if isinstance(one, str):
                seen.append(Observation(one))
            elif together:
                together -= 1
                seen.append(Observation(TOGETHER))
            elif last is not None and (last.stop or last.fresh or self._late()):
                seen.append(Observation(TOO_LATE))
            else:
                last = self._work.act(one)
                together = last.covers - 1
                seen.append(last)
        return seen

    def _late(self) -> bool:
        return time.monotonic() - self._began >= self._limits.wall_s

    def _hint(self) -> str:
        if not self._tools:
            return self._work.hint
        if self._spare:
            return UNTOLD
        return f"No tool was called. Call one of: {', '.join(tool.name for tool in self._tools)}."


def fit(messages: Sequence[Message], *, room: int) -> list[Message]:
    """Drop the oldest observations until the estimate fits into `room` tokens.

    The opening and the last exchange always stay, so the shared prefix stays cached.
    """
    kept = list(messages)
    for index in range(2, len(kept) - 2):
        if estimate_tokens(kept) <= room:
            break
        kept[index] = turns.elided(kept[index], ELIDED)
    return kept
