"""A back end that makes every call once: what was asked before is answered from the cache."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sale.agents.backends import Backend, load_backend
from sale.agents.calls.key import key, revision
from sale.agents.calls.store import CallStore
from sale.agents.calls.written import read, write
from sale.agents.protocol import Tool, ToolChoice
from sale.errors import StoreError
from sale.types import AgentSpec, Completion, Message

Load = Callable[[AgentSpec], Backend]


class CachedBackend:
    """Answers from the cache where it can; the model behind is loaded at the first call it can't.

    An answer costs what it cost when it was made: tokens and seconds are those on record. A cache
    that can't be read or written costs its use and nothing else, as `sale bench` looks at it first.
    """

    def __init__(self, spec: AgentSpec, calls: CallStore, *, load: Load = load_backend) -> None:
        self._spec = spec
        self._calls = calls
        self._load = load
        self._loading = threading.Lock()
        self._loaded: Backend | None = None
        self._revision = revision(spec)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        logprobs: int = 0,
        schema: Mapping[str, Any] | None = None,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
        tools: Sequence[Tool] = (),
        tool_choice: ToolChoice = "auto",
    ) -> Completion:
        """Complete as the back end behind does; raises what it raises, and keeps no failure."""
        asked: dict[str, Any] = {
            "max_tokens": max_tokens,
            "logprobs": logprobs,
            "schema": schema,
            "temperature": temperature,
            "seed": seed,
            "stop": stop,
        }
        calling: dict[str, Any] = {"tools": tools, "tool_choice": tool_choice} if tools else {}
        name = key(self._revision, messages, **asked, **calling)
        if (known := self._known(name)) is not None:
            return known
        made = write(self._backend().complete(messages, **asked, **calling))
        try:
            return read(self._calls.put(name, self._spec.model, made))
        except StoreError:
            return read(made)

    def close(self) -> None:
        """Free the model, where one was loaded."""
        with self._loading:
            if self._loaded is not None:
                self._loaded.close()
                self._loaded = None

    def _known(self, name: bytes) -> Completion | None:
        try:
            packed = self._calls.get(name)
            if packed is None:
                return None
            try:
                return read(packed)
            except ValueError:  # damaged on disk: it is made again
                self._calls.drop(name)
        except StoreError:
            pass
        return None

    def _backend(self) -> Backend:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load(self._spec)
            return self._loaded


def load_cached(spec: AgentSpec, *, path: Path, load: Load = load_backend) -> Backend:
    """Load the back end of an agent behind the cache in a file; without it where it can't open."""
    try:
        return CachedBackend(spec, CallStore(path), load=load)
    except StoreError:  # on another machine than the one that looked
        return load(spec)
