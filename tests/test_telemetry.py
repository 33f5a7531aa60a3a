"""What leaves a market while it runs: traces, metrics and events, and no text of anybody's."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from prometheus_client.parser import text_string_to_metric_families

from sale.config import parse_market
from sale.errors import BackendError, ConfigError, NoBidsError
from sale.memory.store import Store
from sale.telemetry.metrics import MarketCollector, serve
from sale.telemetry.observers import observing
from sale.telemetry.traces import Tracing
from sale.types import Auction, Kind, Stage, Task

Make = Callable[..., Any]
TASK = Task(Kind.CODING, "Count the words of a text.")
MARKET = '[[agent]]\nname = "a"\nmodel = "a"\nbackend = "scripted"\n'


@pytest.fixture
def traced(agent: Make, market: Make) -> tuple[Auction, list[Any]]:
    """An auction of two agents, and its spans."""
    roster = [agent("small", 1.0), agent("large", 3.0)]
    exporter = InMemorySpanExporter()
    tracing = Tracing(roster, exporter)
    with market(roster, jury=["large"]) as open_market:
        auction = replace(open_market, observe=tracing.observe).auction(TASK, seed=5)
    tracing.close()
    return auction, list(exporter.get_finished_spans())


def test_an_auction_is_one_trace_with_a_span_for_every_call(traced):
    auction, spans = traced
    (root,) = [span for span in spans if span.name == "auction"]
    assert {span.context.trace_id for span in spans} == {root.context.trace_id}
    assert root.attributes["sale.auction.id"] == auction.id
    assert root.attributes["sale.award.agent"] == auction.award.agent
    assert root.attributes["sale.usd"] == auction.total.usd
    assert [event.name for event in root.events] == ["sale.award"]
    chats = [span for span in spans if span.attributes["gen_ai.operation.name"] == "chat"]
    assert len(chats) == auction.total.calls
    for stage in (Stage.BID, Stage.RATE, Stage.EXECUTE):
        of_stage = [chat for chat in chats if chat.attributes["sale.stage"] == stage]
        assert of_stage
        paid = sum(chat.attributes["sale.usd"] for chat in of_stage)
        assert paid == pytest.approx(auction.usage[stage].usd)
    tokens = sum(chat.attributes["gen_ai.usage.input_tokens"] for chat in chats)
    assert tokens == auction.total.prompt_tokens


def test_work_stands_below_the_agent_that_did_it(traced):
    auction, spans = traced
    (work,) = [s for s in spans if s.attributes["gen_ai.operation.name"] == "invoke_agent"]
    assert work.name == f"invoke_agent {auction.award.agent}"
    below = [span for span in spans if span.parent and span.parent.span_id == work.context.span_id]
    assert {span.attributes["gen_ai.operation.name"] for span in below} >= {"chat"}
    assert all(work.start_time <= span.end_time for span in below)
    assert all(span.start_time <= span.end_time for span in spans)


def test_no_text_of_the_task_or_of_a_model_is_told(traced):
    auction, spans = traced
    told = " ".join(f"{span.name} {dict(span.attributes)}" for span in spans)
    for text in (TASK.text, auction.outcome.answer, *(bid.plan for bid in auction.bids)):
        assert text not in told


def test_a_failed_auction_ends_its_trace_as_one(agent: Make, market: Make):
    exporter = InMemorySpanExporter()
    roster = [agent("mute", 1.0, plan={"error": "gone"})]
    tracing = Tracing(roster, exporter)
    with market(roster) as open_market, pytest.raises(NoBidsError):
        replace(open_market, observe=tracing.observe).auction(TASK)
    tracing.close()
    (root,) = [span for span in exporter.get_finished_spans() if span.name == "auction"]
    assert root.status.status_code is StatusCode.ERROR
    assert root.attributes["sale.state"] == "failed"


@pytest.fixture
def collector_at() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """The address of a collector, and what it was sent."""
    sent: list[ExportTraceServiceRequest] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            sent.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/traces", sent
    server.shutdown()
    server.server_close()


def test_a_market_file_sends_traces_to_a_collector_and_events_to_a_file(
    agent: Make, market: Make, tmp_path: Path, collector_at: Any
):
    address, sent = collector_at
    log = tmp_path / "events.jsonl"
    told = f'[telemetry]\ntraces = "{address}"\nlog = "{log}"\n'
    file = parse_market(told + MARKET, name="m.toml")
    seen: list[str] = []
    with (
        observing(file, lambda _auction, doing: seen.append(doing), tell=pytest.fail) as observe,
        market([agent("small", 1.0)]) as open_market,
    ):
        auction = replace(open_market, observe=observe).auction(TASK)
    scopes = [scope for one in sent for each in one.resource_spans for scope in each.scope_spans]
    assert "auction" in {span.name for scope in scopes for span in scope.spans}
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert [event["event"] for event in events] == seen
    assert {event["auction"] for event in events} == {auction.id}
    assert events[-1]["usd"] == auction.total.usd
    assert TASK.text not in log.read_text()


def test_a_market_file_that_asks_for_nothing_has_nothing():
    file = parse_market(MARKET, name="m.toml")
    assert file.telemetry.model_dump() == {"traces": None, "metrics_port": None, "log": None}


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('traces = "collector:4317"', "telemetry.traces"),
        ("metrics_port = 0", "telemetry.metrics_port"),
        ("metrics = 1", "telemetry.metrics: unknown key; did you mean 'metrics_port'"),
    ],
)
def test_a_wrong_key_is_named(table: str, told: str):
    with pytest.raises(ConfigError, match=told):
        parse_market(f"[telemetry]\n{table}\n{MARKET}", name="m.toml")


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path):
    file = parse_market(f'[telemetry]\nlog = "{tmp_path}"\n{MARKET}', name="m.toml")
    with pytest.raises(ConfigError, match=r"telemetry.log: .* can't be written"):
        observing(file, lambda *_: None, tell=pytest.fail).__enter__()


def test_a_collector_that_is_not_there_costs_a_line_and_no_auction(agent: Make, market: Make):
    address = f"http://127.0.0.1:{free_port()}/v1/traces"
    file = parse_market(f'[telemetry]\ntraces = "{address}"\n{MARKET}', name="m.toml")
    lines: list[str] = []
    with (
        observing(file, lambda *_: None, tell=lines.append) as observe,
        market([agent("small", 1.0)]) as open_market,
    ):
        replace(open_market, observe=observe).auction(TASK)
    (line,) = lines
    assert line.endswith(f"could not be sent to {address}")


def scraped(port: int) -> dict[tuple[str, tuple[str, ...]], float]:
    text = httpx2.get(f"http://127.0.0.1:{port}/metrics").text
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def test_prometheus_reads_replicas_and_the_sums_of_the_memory(
    agent: Make, market: Make, tmp_path: Path
):
    state = {"small": {"replicas": 2, "most": 4, "in_hand": 3, "waiting": 1}}
    with Store.open(f"sqlite:///{tmp_path / 'memory.db'}") as store:
        port = free_port()
        end = serve(MarketCollector(lambda: state, store.stats), port)
        with market([agent("small", 1.0)], memory=store) as open_market:
            before = scraped(port)
            auction = open_market.auction(TASK)
            after = scraped(port)
        end()
    assert before[("sale_up", ())] == 1
    assert before[("sale_replicas", ("small",))] == 2
    assert (before[("sale_in_hand", ("small",))], before[("sale_waiting", ("small",))]) == (3, 1)
    assert after[("sale_auctions_total", ("finished",))] == 1
    assert after[("sale_awards_total", ("small",))] == 1
    assert after[("sale_usd_total", ("small",))] == pytest.approx(auction.total.usd)
    assert after[("sale_tokens_total", ("small", "prompt"))] == auction.total.prompt_tokens


def test_agents_that_do_not_answer_are_a_market_that_is_not_up(tmp_path: Path):
    def gone() -> dict[str, dict[str, int]]:
        raise BackendError("the market's switchboard does not answer")

    with Store.open(f"sqlite:///{tmp_path / 'memory.db'}") as store:
        port = free_port()
        end = serve(MarketCollector(gone, store.stats), port)
        assert scraped(port)[("sale_up", ())] == 0
        with pytest.raises(ConfigError, match=f"port {port} can't be had"):
            serve(MarketCollector(gone, store.stats), port)
        end()
