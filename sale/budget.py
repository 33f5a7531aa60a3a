"""What calls could cost at most, before they are made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sale.types import AgentSpec

PROMPT_TOKENS = 600
"""More than our own instructions add to a prompt."""
QUOTE_TOKENS = 40
"""More than the marks around one quoted text add to it."""


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """Who will be called, the texts that the prompt quotes, and the cap on the reply."""

    spec: AgentSpec
    texts: Sequence[str]
    reply_tokens: int


def most_dollars(calls: Iterable[PlannedCall]) -> float:
    """The most that these calls can cost together; a call without a price counts nothing."""
    return sum(
        call.spec.price.dollars(_most_tokens(call.texts), 0, call.reply_tokens)
        for call in calls
        if call.spec.price
    )


def _most_tokens(texts: Sequence[str]) -> int:
    """The most tokens of a prompt that quotes these texts: a token is at least one byte."""
    return PROMPT_TOKENS + sum(len(text.encode()) + QUOTE_TOKENS for text in texts)
