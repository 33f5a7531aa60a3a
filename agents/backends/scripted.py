"""A back end that says what a script tells it: for tests, rehearsals and demonstrations.

The first rule whose `when` occurs in the last message answers. Where no rule does, a schema gets
the same valid JSON for the same agent and message, and a plain request gets the option `reply`.
A token is a word or a sign together with the white space before it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, TypeAdapter, ValidationError

from sale.agents.backends.options import Options, read_options
from sale.agents.backends.sample import sample_json
from sale.agents.protocol import Tool, ToolChoice
from sale.errors import BackendError, ConfigError
from sale.types import AgentSpec, Completion, Message, TokenChoice, ToolCall

TOKEN = re.compile(r"\s*\w+|\s*[^\w\s]|\s+$")


class Called(BaseModel):
    """A tool that the script calls."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True)

    name: str
    arguments: dict[str, str] | str
    """A text stands for itself, so a script can play a model that writes no JSON."""
    id: str = ""

    def call(self) -> ToolCall:
        """The call as a server would pass it on."""
        written = self.arguments
        return ToolCall(
            self.name, written if isinstance(written, str) else json.dumps(written), self.id
        )


class Rule(BaseModel):
    """What happens when the last message contains `when`; an empty `when` fits every message."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True)

    when: str = ""
    reply: str | None = None
    replies: tuple[str, ...] = ()
    """One after the other; the last one is repeated."""
    calls: tuple[Called, ...] = ()
    """What goes with the reply where the model may call tools."""
    confidence: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    """How sure the model seems to be of this reply; None: as the options say."""
    error: str | None = None
    """Raised as a `BackendError`."""
    delay_s: NonNegativeFloat = 0.0
    hang: bool = False
    """Answer nothing until the back end is closed."""
    exit: int | None = None
    """End the process with this code, as a crash would."""


class ScriptedOptions(Options):
    """Where the rules are, and how sure the model seems to be."""

    script: str | None = None
    """The path of a JSON file: a list of rules."""
    rules: str = "[]"
    """Rules as JSON text; they go before those of the file."""
    reply: str = "1. Read the task. 2. Do it in small steps. 3. Check the result."
    confidence: float = Field(default=0.8, gt=0.0, lt=1.0)
    """The probability that every token is reported to have had."""
    load_s: NonNegativeFloat = 0.0
    """What a model would take to load."""


class Scripted:
    """A deterministic stand-in for a model, with tokens, prefix cache and log-probabilities."""

    def __init__(self, spec: AgentSpec) -> None:
        self._spec = spec
        self._options = read_options(spec, ScriptedOptions)
        time.sleep(self._options.load_s)
        self._rules = _read_rules(spec, self._options)
        self._used = [itertools.count() for _ in self._rules]
        self._previous: list[str] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        logprobs: int = 0,
        schema: Mapping[str, Any] | None = None,
        temperature: float = 0.0,  # noqa: ARG002
        seed: int | None = None,  # noqa: ARG002
        stop: Sequence[str] = (),
        tools: Sequence[Tool] = (),
        tool_choice: ToolChoice = "auto",
    ) -> Completion:
        """Answer from the script; temperature and seed change nothing."""
        started = time.monotonic()
        told = [*map(str, tools), *(f"{m.role}\n{m.text}" for m in messages)]
        prompt = TOKEN.findall("\n".join(told))
        cached = self._remember(prompt)
        rule, answer = self._answer(messages[-1].content if messages else "", schema)
        tokens = TOKEN.findall(_before(answer, stop))
        kept = tokens[:max_tokens]
        asked = [each.call() for each in rule.calls] if tools and tool_choice == "auto" else []
        calls, used = _within(asked, max_tokens - len(kept))
        sure = self._options.confidence if rule.confidence is None else rule.confidence
        return Completion(
            text="".join(kept),
            prompt_tokens=len(prompt),
            cached_tokens=cached,
            completion_tokens=len(kept) + used,
            truncated=len(kept) < len(tokens) or calls != asked,
            wall_s=time.monotonic() - started,
            choices=tuple(_choice(t, sure, logprobs) for t in kept) if logprobs else None,
            tool_calls=tuple(calls),
        )

    def close(self) -> None:
        """Let every hanging call fail."""
        self._closed.set()

    def _remember(self, prompt: list[str]) -> int:
        with self._lock:
            pairs = zip(prompt, self._previous, strict=False)
            cached = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
            self._previous = prompt
        return cached

    def _answer(self, message: str, schema: Mapping[str, Any] | None) -> tuple[Rule, str]:
        for rule, used in zip(self._rules, self._used, strict=True):
            if rule.when in message:
                return rule, self._obey(rule, used, message, schema)
        return Rule(), self._unscripted(message, schema)

    def _obey(
        self, rule: Rule, used: itertools.count[int], message: str, schema: Mapping[str, Any] | None
    ) -> str:
        if rule.hang or rule.delay_s:
            self._closed.wait(None if rule.hang else rule.delay_s)
        if rule.hang or self._closed.is_set():
            raise BackendError(f"agent {self._spec.name!r}: the back end was closed")
        if rule.exit is not None:
            os._exit(rule.exit)
        if rule.error is not None:
            raise BackendError(f"agent {self._spec.name!r}: {rule.error}")
        if rule.replies:
            return rule.replies[min(next(used), len(rule.replies) - 1)]
        return self._unscripted(message, schema) if rule.reply is None else rule.reply

    def _unscripted(self, message: str, schema: Mapping[str, Any] | None) -> str:
        if schema is None:
            return self._options.reply
        return sample_json(schema, key=f"{self._spec.name}\n{message}")


def _choice(token: str, sure: float, width: int) -> TokenChoice:
    """Give a token its confidence, and share the rest among its rivals."""
    rivals = _rivals(token)[: width - 1]
    rest = math.log((1 - sure) / max(1, len(rivals)))
    top = ((token, math.log(sure)), *((rival, rest) for rival in rivals))
    return TokenChoice(token, math.log(sure), tuple(sorted(top, key=lambda t: -t[1])))


def _read_rules(spec: AgentSpec, options: ScriptedOptions) -> tuple[Rule, ...]:
    texts = {"rules": options.rules}
    if options.script is not None:
        try:
            texts["script"] = Path(options.script).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"agent {spec.name!r}: script {options.script!r} can't be read: {error}"
            ) from None
    form = TypeAdapter(tuple[Rule, ...])
    rules: list[Rule] = []
    for name, text in texts.items():
        try:
            rules += form.validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise ConfigError(
                f"agent {spec.name!r}: option {name!r}: rule {place}: {first['msg']}; "
                f"give a JSON list of rules with the fields {', '.join(Rule.model_fields)}"
            ) from None
    return tuple(rules)


def _rivals(token: str) -> list[str]:
    """Other digits rival a digit; another word is as good as any for a word."""
    if token.strip().isdigit() and len(token.strip()) == 1:
        space = token[:-1]
        return [space + digit for digit in "0123456789" if digit != token[-1]]
    seed = hashlib.sha256(token.encode(errors="replace")).hexdigest()
    return [f" {seed[4 * i : 4 * i + 4]}" for i in range(16)]


def _within(calls: Sequence[ToolCall], room: int) -> tuple[list[ToolCall], int]:
    """The calls as far as so many tokens go, and how many they are."""
    written, used = [], 0
    for call in calls:
        tokens = TOKEN.findall(call.arguments)[: room - used]
        used += len(tokens)
        written.append(replace(call, arguments="".join(tokens)))
    return written, used


def _before(text: str, stop: Sequence[str]) -> str:
    ends = [text.index(mark) for mark in stop if mark and mark in text]
    return text[: min(ends)] if ends else text
