"""The OpenAI chat format, as HTTP servers speak it and llama.cpp speaks it in-process.

A reply is untrusted: it is parsed whole before a token of it is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field, FiniteFloat, NonNegativeInt, ValidationError

from sale.errors import BackendError
from sale.types import Completion, Message, TokenChoice

CONTROL = re.compile(r"<\|(?=\w{1,64}\|>)")
MESSAGE_LIMIT = 300
"""Characters of a foreign error message that reach the user."""


class _Likely(BaseModel):
    token: str
    logprob: FiniteFloat


class _Token(_Likely):
    top_logprobs: list[_Likely] | None = None


class _Logprobs(BaseModel):
    content: list[_Token] | None = None


class _Message(BaseModel):
    content: str


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Details(BaseModel):
    cached_tokens: NonNegativeInt | None = None


class _Usage(BaseModel):
    prompt_tokens: NonNegativeInt
    completion_tokens: NonNegativeInt
    prompt_tokens_details: _Details | None = None


class _Reply(BaseModel):
    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Usage


def chat_request(
    messages: Sequence[Message],
    *,
    max_tokens: int,
    logprobs: int,
    temperature: float,
    seed: int | None,
    stop: Sequence[str],
) -> dict[str, Any]:
    """Write a request in the fields that every server of the format knows."""
    request: dict[str, Any] = {
        "messages": [{"role": m.role, "content": defused(m.content)} for m in messages],
        "max_tokens": max_tokens,
        "temperature": temperature,
    }
    if logprobs:
        request |= {"logprobs": True, "top_logprobs": logprobs}
    if seed is not None:
        request["seed"] = seed
    if stop:
        request["stop"] = list(stop)
    return request


def read_completion(body: bytes | Mapping[str, Any], *, wall_s: float) -> Completion:
    """Read a reply, or raise a `BackendError` that says what is wrong with it."""
    try:
        if isinstance(body, bytes):
            reply = _Reply.model_validate_json(body)
        else:
            reply = _Reply.model_validate(body)
    except ValidationError as error:
        raise BackendError(_complaint(error)) from None
    choice, usage = reply.choices[0], reply.usage
    cached = (usage.prompt_tokens_details or _Details()).cached_tokens or 0
    return Completion(
        text=choice.message.content,
        prompt_tokens=usage.prompt_tokens,
        cached_tokens=min(cached, usage.prompt_tokens),
        completion_tokens=usage.completion_tokens,
        truncated=choice.finish_reason == "length",
        wall_s=wall_s,
        choices=_token_choices(choice.logprobs),
    )


def defused(text: str) -> str:
    """Make a text safe to put into a turn: it can't end the turn or start one of its own.

    Servers read control tokens such as `<|im_end|>` wherever they stand, so each gets a space
    inside. A lone surrogate, from a badly decoded file, becomes a question mark.
    """
    return CONTROL.sub("< |", text.encode(errors="replace").decode())


def one_line(text: object) -> str:
    """Fold a foreign message into one line of bounded length."""
    line = " ".join(str(text).split())
    return line if len(line) <= MESSAGE_LIMIT else line[:MESSAGE_LIMIT] + "..."


def _token_choices(logprobs: _Logprobs | None) -> tuple[TokenChoice, ...] | None:
    if logprobs is None or logprobs.content is None:
        return None
    return tuple(
        TokenChoice(
            token.token,
            token.logprob,
            tuple((likely.token, likely.logprob) for likely in token.top_logprobs or ()),
        )
        for token in logprobs.content
    )


def _complaint(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    if place.startswith("usage"):
        return (
            f"the reply counts no tokens ({place}: {first['msg']}); "
            "the server must report usage, or its agent can't be priced"
        )
    return one_line(f"the reply is not a chat completion ({place or 'body'}: {first['msg']})")
