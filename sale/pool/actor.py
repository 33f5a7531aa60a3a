"""What runs inside a Ray actor: an agent, or several that share a model; calls are passed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import ray

from sale.types import AgentSpec

E = TypeVar("E")

Ask = tuple[str, str, tuple[Any, ...], dict[str, Any]]
"""Method, agent, arguments and options: one value, as Ray takes its time for each.

The option `calls` names a file where an agent keeps its calls and doesn't make them twice."""


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
        self._keeping: dict[tuple[str, Path], Any] = {}

    @ray.method(concurrency_group="health")
    def alive(self) -> bool:
        """Answer at all, however many calls are in hand."""
        return True

    def call(self, ask: Ask) -> Any:
        """Have an agent bid, rate, refine or load its model."""
        method, name, arguments, options = ask
        agent = self._agent(name, options.pop("calls", None))
        return getattr(agent, method)(*arguments, **options)

    def stream(self, ask: Ask) -> Iterator[Any]:
        """Have an agent work: the steps, and the outcome last; no more once nobody listens."""
        yield from while_heard(self.call(ask))

    def _agent(self, name: str, calls: Path | None) -> Any:
        """An agent, or the one on the same model whose calls are kept in a file."""
        if calls is None:
            return self._agents[name]
        if (name, calls) not in self._keeping:
            self._keeping.setdefault((name, calls), self._agents[name].keeping(calls))
        return self._keeping[name, calls]
