"""Where completions come from: one class a back end, found by its name in a market file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from inspect import signature
from typing import Any, Protocol

from sale.agents.protocol import Tool, ToolChoice
from sale.errors import ConfigError
from sale.types import AgentSpec, Completion, Message, ToolUse

BACKENDS: Mapping[str, str] = {
    "llama_cpp": "sale.agents.backends.llama_cpp:LlamaCpp",
    "openai": "sale.agents.backends.openai:OpenAICompatible",
    "scripted": "sale.agents.backends.scripted:Scripted",
    "vllm": "sale.agents.backends.vllm:VLLM",
}
"""Name -> `module:Class`. A dotted path of the same shape works in a market file as it is."""


class Backend(Protocol):
    """A model that completes conversations. Thread-safe: one replica serves several slots."""

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
    ) -> Completion:
        """Complete a conversation.

        `logprobs` asks for that many likeliest tokens a place; 0 asks for none. `schema` is a
        JSON schema that the reply has to meet, ignored by a back end that can't constrain.
        Raises `BackendError`, and nothing else, when no usable completion came back.
        """
        ...

    def close(self) -> None:
        """Free what the back end holds."""
        ...


class CallingBackend(Backend, Protocol):
    """A back end that tells its model of tools, for agents with `tools = "native"`."""

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
        """Complete a conversation, as `Backend` does; what the model calls is `tool_calls`.

        A server that knows no tools is asked without them, and then the reply is text alone.
        """
        ...


def load_backend(spec: AgentSpec) -> Backend:
    """Build the back end that a roster entry names; heavy imports happen here, not before."""
    path = BACKENDS.get(spec.backend, spec.backend)
    module, _, name = path.partition(":")
    if not name:
        known = ", ".join(sorted(BACKENDS))
        raise ConfigError(
            f"agent {spec.name!r}: unknown back end {spec.backend!r}; "
            f"choose from {known}, or give a path like 'package.module:Class'"
        )
    try:
        kind = getattr(import_module(module), name)
        if spec.tools is ToolUse.NATIVE and "tools" not in signature(kind.complete).parameters:
            raise ConfigError(
                f"agent {spec.name!r}: back end {spec.backend!r} has no native tool calls; "
                f'set tools = "text", or take a back end that has them, such as openai'
            )
        backend: Backend = kind(spec)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"agent {spec.name!r}: back end {spec.backend!r} can't be loaded: {error}"
        ) from error
    return backend
