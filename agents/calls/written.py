"""A completion as it is kept: small, and the same every time it is read."""

from __future__ import annotations

import json
import zlib
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, NonNegativeInt, ValidationError

from sale.types import Completion, TokenChoice, ToolCall

DECIMALS = 3
"""Of a log-probability; what is below says nothing about a plan's entropy or a juror's digit."""


Top = tuple[str, FiniteFloat | None]


class _Body(BaseModel):
    model_config = ConfigDict(defer_build=True, extra="forbid", strict=True, frozen=True)

    text: str
    prompt: NonNegativeInt
    cached: NonNegativeInt
    completion: NonNegativeInt
    truncated: bool
    wall_s: Annotated[FiniteFloat, Field(ge=0)]
    tools: list[tuple[str, str, str]]
    choices: list[tuple[str, FiniteFloat | None, list[Top]]] | None = None


def write(completion: Completion) -> bytes:
    """Write a completion."""
    body: dict[str, Any] = {
        "text": completion.text,
        "prompt": completion.prompt_tokens,
        "cached": completion.cached_tokens,
        "completion": completion.completion_tokens,
        "truncated": completion.truncated,
        "wall_s": round(completion.wall_s, DECIMALS),
        "tools": [[call.name, call.arguments, call.id] for call in completion.tool_calls],
    }
    if completion.choices is not None:
        body["choices"] = [
            [one.token, _short(one.logprob), [[token, _short(lp)] for token, lp in one.top]]
            for one in completion.choices
        ]
    return pack(json.dumps(body, separators=(",", ":"), ensure_ascii=False))


def pack(text: str) -> bytes:
    """Make a kept completion of its JSON text; half a surrogate pair becomes a question mark."""
    return zlib.compress(text.encode(errors="replace"))


def unpack(packed: bytes) -> str:
    """The JSON text of a kept completion; raises `ValueError` for other bytes."""
    try:
        return zlib.decompress(packed).decode()
    except zlib.error as error:
        raise ValueError(f"not a kept completion: {error}") from error


def read(packed: bytes) -> Completion:
    """Read a completion; raises `ValueError` for bytes that `write` did not make."""
    try:
        body = _Body.model_validate_json(unpack(packed))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"not a kept completion: {place}: {first['msg']}") from None
    return Completion(
        text=body.text,
        prompt_tokens=body.prompt,
        cached_tokens=body.cached,
        completion_tokens=body.completion,
        truncated=body.truncated,
        wall_s=body.wall_s,
        choices=None if body.choices is None else tuple(map(_choice, body.choices)),
        tool_calls=tuple(ToolCall(*call) for call in body.tools),
    )


def _choice(parts: tuple[str, float | None, list[Top]]) -> TokenChoice:
    token, logprob, top = parts
    return TokenChoice(token, _long(logprob), tuple((word, _long(lp)) for word, lp in top))


def _short(logprob: float) -> float | None:
    """JSON knows no infinity: None is a token that can't come."""
    return None if logprob == float("-inf") else round(logprob, DECIMALS)


def _long(logprob: float | None) -> float:
    return float("-inf") if logprob is None else logprob
