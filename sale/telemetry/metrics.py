"""A market that is up, for Prometheus: what its replicas do, and the sums of its memory.

Figures are read when they are asked for; nothing is counted twice or lost with a process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from sale.errors import ConfigError, SaleError
from sale.telemetry.loading import load
from sale.types import State, Usage

HERE = "127.0.0.1"
"""Nobody but this machine is told; a proxy may tell others."""


class AgentSums(Protocol):
    """What one agent did in all auctions."""

    agent: str
    wins: int
    passed: int
    failed: int
    unchecked: int
    usage: Usage


class Sums(Protocol):
    """What all auctions of a memory come to."""

    @property
    def agents(self) -> tuple[Any, ...]:
        """An `AgentSums` each."""
        ...

    @property
    def states(self) -> Mapping[State, int]:
        """How many auctions are in each state."""
        ...


T = TypeVar("T")
Replicas = Callable[[], Mapping[str, Mapping[str, int]]]


class MarketCollector:
    """Collects the figures of one market; what can't be had now is left out."""

    def __init__(self, replicas: Replicas, sums: Callable[[], Sums]) -> None:
        self._replicas = replicas
        self._sums = sums
        self._core = load("prometheus_client.core", key="metrics_port")

    def collect(self) -> Iterator[Any]:
        """Every family of metrics."""
        replicas, sums = _had(self._replicas), _had(self._sums)
        answers = {(): float(replicas is not None)}
        yield self._gauge("sale_up", "Whether the market's agents answer.", answers)
        if replicas is not None:
            yield from self._of_replicas(replicas)
        if sums is not None:
            yield from self._of_memory(sums)

    def _of_replicas(self, found: Mapping[str, Mapping[str, int]]) -> Iterator[Any]:
        told = {
            "replicas": "Replicas that run.",
            "in_hand": "Calls that replicas serve now.",
            "waiting": "Calls that wait for a replica.",
        }
        for key, text in told.items():
            values = {(agent,): float(state[key]) for agent, state in found.items()}
            yield self._gauge(f"sale_{key}", text, values, ("agent",))

    def _of_memory(self, sums: Sums) -> Iterator[Any]:
        states = {(str(state),): float(count) for state, count in sums.states.items()}
        yield self._counter("sale_auctions", "Auctions by state.", states, ("state",))
        agents: tuple[AgentSums, ...] = sums.agents
        wins = {(one.agent,): float(one.wins) for one in agents}
        yield self._counter("sale_awards", "Awards won.", wins, ("agent",))
        work = {
            (one.agent, verdict): float(getattr(one, verdict))
            for one in agents
            for verdict in ("passed", "failed", "unchecked")
        }
        yield self._counter(
            "sale_work", "Work by what its checks said.", work, ("agent", "verdict")
        )
        tokens = {
            (one.agent, kind): float(getattr(one.usage, f"{kind}_tokens"))
            for one in agents
            for kind in ("prompt", "cached", "completion")
        }
        yield self._counter("sale_tokens", "Tokens used.", tokens, ("agent", "kind"))
        dollars = {(one.agent,): one.usage.usd for one in agents if one.usage.usd is not None}
        yield self._counter("sale_usd", "Dollars, where they are known.", dollars, ("agent",))

    def _gauge(self, name: str, text: str, values: Mapping[Any, float], labels: Any = ()) -> Any:
        return _filled(self._core.GaugeMetricFamily(name, text, labels=labels), values)

    def _counter(self, name: str, text: str, values: Mapping[Any, float], labels: Any) -> Any:
        return _filled(self._core.CounterMetricFamily(name, text, labels=labels), values)


def serve(collector: MarketCollector, port: int) -> Callable[[], None]:
    """Answer Prometheus at a port of this machine; returns what ends it. Raises `ConfigError`."""
    client = load("prometheus_client", key="metrics_port")
    registry = client.CollectorRegistry()
    registry.register(collector)
    try:
        server, thread = client.start_http_server(port, addr=HERE, registry=registry)
    except OSError as error:
        raise ConfigError(
            f"telemetry.metrics_port: port {port} can't be had ({error.strerror}); take another"
        ) from None

    def end() -> None:
        server.shutdown()
        thread.join()

    return end


def _had(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except SaleError:
        return None


def _filled(family: Any, values: Mapping[Any, float]) -> Any:
    for labels, value in values.items():
        family.add_metric(list(labels), value)
    return family
