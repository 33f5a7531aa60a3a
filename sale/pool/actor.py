"""What runs inside a Ray actor: an agent, or several that share a model; calls are passed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import ray

from sale.types import AgentSpec

E = TypeVar("E")

Ask = tuple[str, str, tuple[Any, ...], dict[str, Any]]
"""Method, agent, arguments and options: one value, as Ray takes its time for each."""


def while_heard(events: Iterator[E]) -> Iterator[E]:
    """The events of a streaming call, until its reader has left."""
    here = ray.get_runtime_context()
    for event in events:
        yield event
        if here.is_canceled():
            return


class Actor:
    """Agents inside a process of their own, by name; each loads its model at its first call."""

    def __init__(self, specs: Sequence[AgentSpec], build: Callable[[AgentSpec], Any]) -> None:
        self._agents = {spec.name: build(spec) for spec in specs}

    @ray.method(concurrency_group="health")
    def alive(self) -> bool:
        """Answer at all, however many calls are in hand."""
        return True

    def call(self, ask: Ask) -> Any:
        """Have an agent bid, rate, refine or load its model."""
        method, agent, arguments, options = ask
        return getattr(self._agents[agent], method)(*arguments, **options)

    def stream(self, ask: Ask) -> Iterator[Any]:
        """Have an agent work: the steps, and the outcome last; no more once nobody listens."""
        yield from while_heard(self.call(ask))
