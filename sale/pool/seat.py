"""One replica: an actor of one agent, or of several that share a model, and its calls in flight."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import ray
from ray.exceptions import RayError

from sale.pool.actor import Actor
from sale.types import AgentSpec

Build = Callable[[AgentSpec], Any]

SLIVER = 0.0001
"""The least share of a CPU that Ray counts. It begins actors that need nothing on a random node,
whose turns in spreading know nothing of the other nodes' turns, and also on heads without CPUs."""


class Seat:
    """One actor and the calls it has in hand, which its `Crew` counts.

    Actors reserve as good as no CPU: the back ends share the cores among themselves.
    """

    def __init__(self, specs: Sequence[AgentSpec], build: Build) -> None:
        self.load = 0
        self.idle_since = time.monotonic()
        self._loading: dict[str, Any] = {}
        options = {
            "num_cpus": SLIVER,
            "num_gpus": specs[0].gpus,
            "max_restarts": 0,
            "scheduling_strategy": "SPREAD",  # replicas of one agent on as many nodes as there are
        }
        # One more than slots: work that nobody listens to any more goes on to the end of its step.
        threads = sum(spec.slots for spec in specs) + 1
        grouped: Any = {"concurrency_groups": {"health": 1}}
        remote = ray.remote(**grouped)(Actor)
        self._actor: Any = remote.options(max_concurrency=threads, **options).remote(specs, build)

    def alive(self) -> Any:
        """A reference that is ready while the actor lives."""
        return self._actor.alive.remote()

    def call(self, method: str, agent: str, *arguments: Any, **options: Any) -> Any:
        """Begin a call of an agent; returns a reference to its result."""
        return self._actor.call.remote((method, agent, arguments, options))

    def stream(self, method: str, agent: str, *arguments: Any, **options: Any) -> Any:
        """Begin a call of an agent that yields; returns the stream of references."""
        streaming = self._actor.stream.options(num_returns="streaming")
        return streaming.remote((method, agent, arguments, options))

    def loading(self, agent: str) -> Any | None:
        """A reference, ready once the agent's model is loaded or can't be; None: that is known."""
        if agent not in self._loading:
            self._loading[agent] = self.call("load", agent)
        return self._loading[agent]

    def has_loaded(self, agent: str) -> None:
        """Note that nobody has to wait for the agent's model any more."""
        self._loading[agent] = None

    def end(self) -> None:
        """End the actor at once."""
        with contextlib.suppress(RayError):
            ray.kill(self._actor)
