"""The meter between an agent and its model: every call is priced, logged and kept in budget."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sale.agents.backends import Backend
from sale.errors import BackendError, BudgetError, UnreachableError
from sale.types import AgentSpec, Call, Completion, Message, Stage

CHARACTERS_A_TOKEN = 2.5
"""Low on purpose: estimates made with it are upper bounds for ordinary text."""


def estimate_tokens(messages: Sequence[Message]) -> int:
    """An upper estimate of the prompt's tokens, made without the model's tokenizer."""
    return sum(int(len(m.content) / CHARACTERS_A_TOKEN) + 8 for m in messages)


def most_tokens(messages: Sequence[Message]) -> int:
    """The most tokens a prompt can have: one for each byte, and some for the marks of a turn."""
    return sum(len(m.content.encode(errors="replace")) + 8 for m in messages)


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
    ) -> Completion:
        """Complete and charge; a call that fails after it was sent is charged by estimate."""
        self._check_budget(messages, max_tokens)
        began = time.monotonic()
        try:
            completion = self._backend.complete(
                messages,
                max_tokens=max_tokens,
                logprobs=logprobs,
                schema=schema,
                temperature=temperature,
                seed=seed,
            )
        except UnreachableError:
            raise
        except BackendError as error:
            tokens = estimate_tokens(messages)
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

    def _check_budget(self, messages: Sequence[Message], max_tokens: int) -> None:
        if self._usd is None or self._spec.price is None:
            return
        worst = self._spec.price.dollars(most_tokens(messages), 0, max_tokens)
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
