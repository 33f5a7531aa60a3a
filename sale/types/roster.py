"""Who may bid: the agents of a market."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sale.types.usage import Price
from sale.types.words import Kind, ToolUse

INDIFFERENT = frozenset({"threads", "timeout_s", "api_key_env"})
"""Options of back ends that change how soon a reply comes, or who may ask, and not what it says."""


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """One entry of the roster: who may bid, on what model, at what price."""

    name: str
    model: str
    """A catalogue name, a path of a GGUF file, or the model's name at its server or hub."""
    backend: str
    """A name in `sale.agents.backends.BACKENDS`, or the dotted path of a class."""
    price: Price | None
    """None: unknown. It is shown as unknown and never counted as 0."""
    kinds: frozenset[Kind] = frozenset(Kind)
    replicas: int = 1
    """How many there may be."""
    min_replicas: int | None = None
    """How many there always are; None: as many as there may be."""
    idle_s: float = 300.0
    """Seconds after which a replica with nothing to do ends, if fewer than all have to be there."""
    queue: int | None = None
    """Calls that may wait at each replica, beyond those in its slots; None: any number."""
    slots: int = 1
    """Calls that one replica serves at the same time."""
    context: int = 4096
    """Tokens of context for each slot."""
    adapter: str | None = None
    """A LoRA adapter for the model, where the back end knows adapters."""
    plan_tokens: int = 120
    """Cap on the length of a plan."""
    gpus: float = 0.0
    """GPUs that each replica reserves."""
    tools: ToolUse = ToolUse.TEXT
    options: Mapping[str, Any] = field(default_factory=dict)
    """Settings for the back end alone, e.g. `base_url`, `threads`: values of JSON."""
    prompt: str = ""
    """What this agent alone is told, behind the system prompt that all share."""
    engine: str | None = None
    """The agent whose process and model it shares; None: its own."""
    adapters: tuple[str, ...] = ()
    """The adapters of all agents that share its model, its own included."""

    @property
    def least_replicas(self) -> int:
        """How many replicas there always are."""
        return self.replicas if self.min_replicas is None else self.min_replicas

    @property
    def version(self) -> str:
        """Names what answers under the agent's name; with another model it is another one.

        The model goes by the name that the market gives it, and its price is no part of it.
        """
        options = {name: one for name, one in self.options.items() if name not in INDIFFERENT}
        parts = [self.backend, self.model, self.adapter, self.tools, self.prompt, options]
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:12]
