"""Model calls and what they cost: tokens, seconds, dollars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sale.types.words import Stage

MILLION = 1_000_000


class Tokens(NamedTuple):
    """What is paid for; shares of a bill may be broken numbers."""

    prompt: float
    cached: float
    """The part of `prompt` that was found in the prefix cache."""
    completion: float


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens of one model."""

    input: float
    cached: float
    """For prompt tokens found in the prefix cache."""
    output: float

    def dollars(
        self, prompt_tokens: float, cached_tokens: float, completion_tokens: float
    ) -> float:
        """Price one call; `cached_tokens` is the part of `prompt_tokens` that was cached."""
        fresh = prompt_tokens - cached_tokens
        return (
            fresh * self.input + cached_tokens * self.cached + completion_tokens * self.output
        ) / MILLION


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that a model calls in the form of its server, not in its text; nothing is checked."""

    name: str
    arguments: str
    """As the model wrote them: JSON text, if all is well."""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation with a model."""

    role: str
    """`system`, `user`, `assistant`, or `tool`: what a tool call brought."""
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an assistant's turn; a turn of the role `tool` follows for each of them."""
    call_id: str = ""
    """Of the tool call that a turn of the role `tool` answers."""

    @property
    def text(self) -> str:
        """All that the turn says, its tool calls included."""
        return _told(self.content, self.tool_calls)


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
    tool_calls: tuple[ToolCall, ...] = ()

    @property
    def reply(self) -> str:
        """All that the model said, its tool calls included."""
        return _told(self.text, self.tool_calls)


def _told(text: str, calls: Iterable[ToolCall]) -> str:
    parts = [text, *(f"{call.name}({call.arguments})" for call in calls)]
    return "\n".join(part for part in parts if part)


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
