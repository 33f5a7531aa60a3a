"""Auctions as OpenTelemetry traces, in the terms of its conventions for generative AI.

A trace is an auction: below it a span for every model call (`chat`), and one for every agent at
work (`invoke_agent`) with its calls and tools (`execute_tool`). What is ours alone is `sale.*`.
Calls tell how long they took and not when they began; a span ends when its result came.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sale.telemetry.loading import load
from sale.types import AgentSpec, Auction, Call, State, Step

_load = partial(load, key="traces")
NAME_LENGTH = 64
PATIENCE_S = 4
"""How long a collector may take that does not answer, retries included."""
SECOND = 1_000_000_000
"""Nanoseconds."""


@dataclass(slots=True)
class _Open:
    """An auction whose trace has begun, and how much of it has been told."""

    root: Any
    bids: int = 0
    ratings: int = 0
    steps: int = 0
    work: Any = None
    """The span of the agent at work."""
    worker: str = ""
    award: str = ""


class _Watched:
    """An exporter, and how many spans it could not send."""

    def __init__(self, exporter: Any) -> None:
        self._exporter = exporter
        self.unsent = 0

    def export(self, spans: Sequence[Any]) -> Any:
        result = self._exporter.export(spans)
        if result.name != "SUCCESS":
            self.unsent += len(spans)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 0) -> bool:
        return bool(self._exporter.force_flush(timeout_millis))


class Tracing:
    """An observer of auctions that exports their traces; `close` sends what is left."""

    def __init__(self, roster: Iterable[AgentSpec], exporter: Any) -> None:
        sdk, api = _load("opentelemetry.sdk.trace"), _load("opentelemetry.trace")
        resource = _load("opentelemetry.sdk.resources").Resource.create({"service.name": "sale"})
        self._exporter = _Watched(exporter)
        batches = _load("opentelemetry.sdk.trace.export").BatchSpanProcessor(self._exporter)
        self._roster = {spec.name: spec for spec in roster}
        self._provider = sdk.TracerProvider(resource=resource)
        self._provider.add_span_processor(batches)
        self._tracer = self._provider.get_tracer("sale")
        self._api = api
        self._open: dict[str, _Open] = {}

    def observe(self, auction: Auction, _doing: str) -> None:
        """Take in how an auction stands."""
        now = time.time()
        trace = self._open.get(auction.id)
        if trace is None:
            trace = self._open[auction.id] = _Open(self._root(auction))
        for bid in auction.bids[trace.bids :]:
            self._calls(trace.root, bid.calls, now)
        for ratings in auction.ratings[trace.ratings :]:
            self._calls(trace.root, ratings.calls, now)
        for step in auction.steps[trace.steps :]:
            self._step(trace, step, now)
        trace.bids, trace.ratings = len(auction.bids), len(auction.ratings)
        trace.steps = len(auction.steps)
        self._award(trace, auction)
        if auction.ended is not None and (auction.state is not State.FAILED or auction.error):
            self._end(trace, auction)

    def close(self) -> int:
        """Send what is left; returns how many spans could not be sent.

        An auction that never ended is left out.
        """
        self._provider.shutdown()
        return self._exporter.unsent

    def _root(self, auction: Auction) -> Any:
        task = auction.task
        attributes = {
            "gen_ai.operation.name": "invoke_workflow",
            "sale.auction.id": auction.id,
            "sale.auction.seed": auction.seed,
            "sale.auction.market": auction.market,
            "sale.task.id": task.id,
            "sale.task.kind": str(task.kind),
            "sale.task.suite": task.suite,
            "sale.task.name": task.name,
            "sale.run": auction.run,
        }
        return self._tracer.start_span(
            "auction", attributes=_known(attributes), start_time=_ns(auction.started)
        )

    def _calls(self, parent: Any, calls: Iterable[Call], end: float) -> float:
        """A span for each of some calls that were made one after the other; returns their begin."""
        for call in reversed(tuple(calls)):
            begin = end - call.wall_s
            spec = self._roster.get(call.agent)
            attributes = {
                "gen_ai.operation.name": "chat",
                "gen_ai.agent.name": call.agent,
                "gen_ai.request.model": spec and spec.model,
                "gen_ai.provider.name": spec and spec.backend,
                "gen_ai.usage.input_tokens": call.prompt_tokens,
                "gen_ai.usage.output_tokens": call.completion_tokens,
                "gen_ai.usage.cache_read.input_tokens": call.cached_tokens,
                "sale.stage": str(call.stage),
                "sale.usd": call.usd,
                "error.type": "failed" if call.error else None,
            }
            span = self._span(f"chat {spec.model if spec else call.agent}", parent, begin)
            span.set_attributes(_known(attributes))
            if call.error:
                span.set_status(self._api.StatusCode.ERROR)
            span.end(_ns(end))
            end = begin
        return end

    def _step(self, trace: _Open, step: Step, now: float) -> None:
        worker = step.calls[0].agent if step.calls else trace.worker
        begin = now - max(step.wall_s, sum(call.wall_s for call in step.calls))
        if trace.work is None or worker != trace.worker:
            self._end_work(trace, begin)
            trace.worker, trace.work = (
                worker,
                self._span(f"invoke_agent {worker}", trace.root, begin),
            )
            trace.work.set_attributes(
                {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": worker}
            )
        called = begin + sum(call.wall_s for call in step.calls)
        self._calls(trace.work, step.calls, called)
        if step.action:
            name = step.action[:NAME_LENGTH]  # a model wrote it
            tool = self._span(f"execute_tool {name}", trace.work, called)
            named = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
            tool.set_attributes(named)
            tool.end(_ns(now))

    def _award(self, trace: _Open, auction: Auction) -> None:
        award = auction.award
        if award is not None and award.agent != trace.award:
            trace.award = award.agent
            trace.root.add_event("sale.award", {"sale.agent": award.agent})

    def _end_work(self, trace: _Open, when: float) -> None:
        if trace.work is not None:
            trace.work.end(_ns(when))
            trace.work = None

    def _end(self, trace: _Open, auction: Auction) -> None:
        outcome, award, total = auction.outcome, auction.award, auction.total
        attributes = {
            "sale.state": str(auction.state),
            "sale.award.agent": award and award.agent,
            "sale.award.from_memory": auction.foreseen,
            "sale.outcome.stop_reason": outcome and str(outcome.stop_reason),
            "sale.outcome.verified": outcome and str(outcome.verified),
            "sale.outcome.grade": outcome and outcome.grade,
            "sale.usd": total.usd,
            "gen_ai.usage.input_tokens": total.prompt_tokens,
            "gen_ai.usage.output_tokens": total.completion_tokens,
        }
        trace.root.set_attributes(_known(attributes))
        if auction.error:
            trace.root.set_status(self._api.StatusCode.ERROR)
        self._end_work(trace, auction.ended or time.time())
        trace.root.end(_ns(auction.ended or time.time()))
        del self._open[auction.id]

    def _span(self, name: str, parent: Any, begin: float) -> Any:
        context = self._api.set_span_in_context(parent)
        return self._tracer.start_span(name, context=context, start_time=_ns(begin))


def otlp(endpoint: str) -> Any:
    """What sends spans to an OpenTelemetry collector over HTTP; raises `ConfigError`."""
    exporter = _load("opentelemetry.exporter.otlp.proto.http.trace_exporter").OTLPSpanExporter
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # `close` tells what failed
    return exporter(endpoint=endpoint, timeout=PATIENCE_S)


def _known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}


def _ns(seconds: float) -> int:
    return int(seconds * SECOND)
