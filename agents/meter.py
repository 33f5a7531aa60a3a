"""The meter between an agent and its model: every call is priced, logged and kept in budget."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sale.agents.backends import Backend
from sale.agents.protocol import Tool, ToolChoice
from sale.errors import BackendError, BudgetError, UnreachableError
from sale.types import AgentSpec, Call, Completion, Message, Stage

CHARACTERS_A_TOKEN = 2.5
"""Low on purpose: estimates made with it are upper bounds for ordinary text."""


TURN = 8
"""Tokens of the marks around a turn or a tool; native calls have marks of their own."""
FRAME = 256
"""Tokens of what servers write around the tools, at most; Qwen2.5's template takes about 80."""


def estimate_tokens(messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
    """An upper estimate of the prompt's tokens, made without the model's tokenizer."""
    parts = _parts(messages, tools)
    return sum(int(len(text) / CHARACTERS_A_TOKEN) + TURN for text in parts) + _frame(tools)


def most_tokens(messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
    """The most tokens a prompt can have: one for each byte, and some for the marks of a turn."""
    parts = _parts(messages, tools)
    return sum(len(text.encode(errors="replace")) + TURN for text in parts) + _frame(tools)


def _parts(messages: Sequence[Message], tools: Sequence[Tool]) -> Iterator[str]:
    for message in messages:
        yield message.content
        for call in message.tool_calls:
            yield call.name + call.arguments + call.id
    for tool in tools:
        yield tool.name + tool.description + json.dumps(tool.schema)


def _frame(tools: Sequence[Tool]) -> int:
    return FRAME if tools else 0


def addressed(messages: Sequence[Message], prompt: str) -> Sequence[Message]:
    """A conversation with an agent's own prompt at the end of what its system is told."""
    if not prompt:
        return messages
    first, rest = messages[0], messages[1:]
    if first.role != "system":
        return [Message("system", prompt), *messages]
    return [replace(first, content=f"{first.content}\n\n{prompt}"), *rest]


class Meter:
    """Completes conversations on one back end for one stage and keeps the bill.

    Raises `BudgetError` before a call that could cost more than what is left.
    """

    def __init__(
        self, backend: Backend, spec: AgentSpec, stage: Stage, *, usd: float | None = None
    ) -> None:
        self._backend = backend
        self._spec = spec
        self._stage = stage
        self._usd = usd
        self._fresh: list[Call] = []
        self.tokens = 0
        """Prompt and completion tokens so far."""
        self.spent = 0.0
        """Dollars so far, as far as the price is known."""

    @property
    def context(self) -> int:
        """Tokens of context that a call may fill."""
        return self._spec.context

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        logprobs: int = 0,
        schema: Mapping[str, Any] | None = None,
        temperature: float = 0.0,
        seed: int | None = None,
        tools: Sequence[Tool] = (),
        tool_choice: ToolChoice = "auto",
    ) -> Completion:
        """Complete and charge; a call that fails after it was sent is charged by estimate.

        `tools` are for a back end that takes them, as `load_backend` sees to.
        """
        messages = addressed(messages, self._spec.prompt)
        self._check_budget(messages, tools, max_tokens)
        calling: dict[str, Any] = {"tools": tools, "tool_choice": tool_choice} if tools else {}
        began = time.monotonic()
        try:
            completion = self._backend.complete(
                messages,
                max_tokens=max_tokens,
                logprobs=logprobs,
                schema=schema,
                temperature=temperature,
                seed=seed,
                **calling,
            )
        except UnreachableError:
            raise
        except BackendError as error:
            tokens = estimate_tokens(messages, tools)
            self._charge(tokens, 0, 0, time.monotonic() - began, error=str(error))
            raise
        self._charge(
            completion.prompt_tokens,
            completion.cached_tokens,
            completion.completion_tokens,
            completion.wall_s,
        )
        return completion

    def take(self) -> tuple[Call, ...]:
        """The calls made since the last take."""
        calls, self._fresh = tuple(self._fresh), []
        return calls

    def _check_budget(
        self, messages: Sequence[Message], tools: Sequence[Tool], max_tokens: int
    ) -> None:
        if self._usd is None or self._spec.price is None:
            return
        worst = self._spec.price.dollars(most_tokens(messages, tools), 0, max_tokens)
        if self.spent + worst > self._usd:
            raise BudgetError(
                f"agent {self._spec.name!r}: the next {self._stage} call could cost ${worst:.7f}, "
                f"and ${max(self._usd - self.spent, 0):.7f} is left of its budget"
            )

    def _charge(
        self, prompt: int, cached: int, completion: int, wall_s: float, *, error: str | None = None
    ) -> None:
        price = self._spec.price
        usd = None if price is None else price.dollars(prompt, cached, completion)
        self.tokens += prompt + completion
        self.spent += usd or 0.0
        self._fresh.append(
            Call(self._spec.name, self._stage, prompt, cached, completion, wall_s, usd, error)
        )
