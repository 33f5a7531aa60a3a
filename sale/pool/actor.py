"""What runs inside a Ray actor: an agent, or several that share a model; calls are passed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import ray

from sale.types import AgentSpec, Bid, Outcome, Ratings, Step

E = TypeVar("E")


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

    def alive(self) -> bool:
        """Answer at all."""
        return True

    def load(self, agent: str) -> None:
        """Load the model of an agent; what goes wrong is told by its next call."""
        self._agents[agent].load()

    def bid(self, agent: str, *arguments: Any, **options: Any) -> Bid:
        """One bid."""
        bid: Bid = self._agents[agent].bid(*arguments, **options)
        return bid

    def rate(self, agent: str, *arguments: Any, **options: Any) -> Ratings:
        """One set of ratings."""
        ratings: Ratings = self._agents[agent].rate(*arguments, **options)
        return ratings

    def refine(self, agent: str, *arguments: Any, **options: Any) -> Bid:
        """One refined bid."""
        bid: Bid = self._agents[agent].refine(*arguments, **options)
        return bid

    def execute(self, agent: str, *arguments: Any, **options: Any) -> Iterator[Step | Outcome]:
        """The steps of the work, and the outcome last; nothing more once nobody listens."""
        yield from while_heard(self._agents[agent].execute(*arguments, **options))
