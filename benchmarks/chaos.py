"""A scripted agent that solves some tasks and not others, and whose calls fail at random.

Named in a market file as `backend = "chaos:Chaos"`, with this folder on PYTHONPATH.
"""

from __future__ import annotations

import hashlib
import os
import random
import threading
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from sale.agents.backends.options import Options, read_options
from sale.agents.backends.scripted import Scripted
from sale.errors import BackendError
from sale.types import AgentSpec, Completion, Message

RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"
WRONG = "```python\ndef add(a, b):\n    return a - b\n```"
KINDS = (("error", 0.55), ("garbage", 0.35), ("exit", 0.05), ("hang", 0.05))
"""What a failing call does, and how often."""


class ChaosOptions(Options):
    """How good the agent is, and how unreliable."""

    skill: float = Field(default=1.0, ge=0, le=1)
    """Share of the tasks that it solves, the same ones every time."""
    failing: float = Field(default=0.3, ge=0, le=1)
    """Share of its calls that fail."""


class Chaos(Scripted):
    """A scripted back end that errs, babbles, dies and hangs."""

    def __init__(self, spec: AgentSpec) -> None:
        self._chaos = read_options(spec, ChaosOptions)
        plain = {"reply": "1. Add them. 2. Check it."}
        super().__init__(AgentSpec(spec.name, spec.model, spec.backend, spec.price, options=plain))
        self._random = random.Random()
        self._drawing = threading.Lock()
        self._reply = threading.local()  # calls run side by side

    def complete(self, messages: list[Message], **asked: Any) -> Completion:
        """Complete as scripted, or fail in one of four ways."""
        with self._drawing:
            fails = self._random.random() < self._chaos.failing
            how = self._random.choices(*zip(*KINDS, strict=True))[0] if fails else ""
        if how == "exit":
            os._exit(3)
        if how == "hang":
            threading.Event().wait()
        if how == "error":
            raise BackendError(f"agent {self._spec.name!r}: out of luck")
        if how == "garbage":
            self._reply.text = "\x00 %% {[ no"
            return super().complete([Message("user", "")], **asked | {"schema": None})
        works = "plan" not in messages[-1].content
        right = self._solves(" ".join(message.content for message in messages))
        self._reply.text = (RIGHT if right else WRONG) if works else "1. Add. 2. Check."
        return super().complete(messages, **asked)

    def _unscripted(self, message: str, schema: Mapping[str, Any] | None) -> str:
        return self._reply.text if schema is None else super()._unscripted(message, schema)

    def _solves(self, text: str) -> bool:
        number = next((word for word in text.split() if word.startswith("#")), "")
        drawn = hashlib.sha256(f"{self._spec.name} {number}".encode()).digest()
        return int.from_bytes(drawn[:4]) / 2**32 < self._chaos.skill
