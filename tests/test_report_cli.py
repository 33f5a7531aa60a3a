"""`report`, `compare` and `export-inspect` as commands: what they print, write and refuse."""

import json
import shutil
import time
from contextlib import closing
from pathlib import Path

import pytest
import typer
from lxml import html
from made_runs import made_run, write_run
from typer.testing import CliRunner

from sale.bench.report import read_run
from sale.bench.samples import Sample
from sale.cli import bench_report
from sale.errors import SaleError
from sale.memory.store import Store
from sale.types import Auction, Award, Bid, Kind, Outcome, Ratings, State, StopReason, Task


@pytest.fixture(scope="module")
def app():
    app = typer.Typer(rich_markup_mode=None)
    for name, command in (
        ("report", bench_report.report),
        ("compare", bench_report.compare),
        ("export-inspect", bench_report.export_inspect),
    ):
        app.command(name=name)(command)
    return app


@pytest.fixture
def call(app):
    """Run a command; what it printed on stdout."""

    def call(*words):
        done = CliRunner().invoke(app, [str(word) for word in words])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    return call


def held(name):
    """An auction as the memory keeps it."""
    return Auction(
        id=name,
        task=Task(Kind.CODING, "Write add(a, b)."),
        state=State.FINISHED,
        seed=1,
        market="",
        sandbox="",
        started=time.time(),
        ended=time.time(),
        bids=(Bid("a", 1, "Return a + b.", 5, 0.5), Bid("b", 1, "Guess.", 2, 0.1)),
        ratings=(Ratings("a", 1, {"a": 4.0, "b": 1.5}),),
        award=Award("a", 1, -0.4, "a"),
        outcome=Outcome("a", "def add(a, b): return a + b", StopReason.ANSWERED),
    )


@pytest.fixture(scope="module")
def remembered(tmp_path_factory):
    """A run of two tasks whose auctions are in its memory.db, but for one that is lost."""
    folder = tmp_path_factory.mktemp("runs") / "one"
    samples = [
        Sample(
            policy=policy, task=task, agent="a", awards=("a",), solved=True, usd=0.1, auction=id_
        )
        for policy, task, id_ in (
            ("sale", "t1", "0123456789abcdef"),
            ("sale", "t2", "fedcba9876543210"),
            ("single:a", "t1", None),
        )
    ]
    write_run(folder, samples, described=False)
    with Store.open(f"sqlite:///{folder / 'memory.db'}") as store:
        auction = held("0123456789abcdef")
        store.announce(auction, wall_s=60.0)
        store.record(auction)
    return folder


def test_a_report_is_written_into_the_run_with_the_bids_of_its_memory(call, remembered):
    told = call("report", remembered)
    assert told.endswith(f"{remembered / 'report.html'}\n")
    assert "Every policy, all paid" in told
    tree = html.document_fromstring((remembered / "report.html").read_text())
    first, second = tree.xpath("//section[@id='auctions']/details")
    assert "Return a + b." in first.text_content()
    assert "a 4.0" in first.text_content()
    assert first.xpath(".//tr[.//span[@class='won']]//bdi")[0].text == "a"
    assert "Return a + b." not in second.text_content()
    [line] = second.xpath(".//code")
    assert line.text == f"sale show fedcba9876543210 --db sqlite:///{remembered / 'memory.db'}"
    assert (remembered / "plane.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.slow
def test_the_files_of_a_report_are_told_as_json(call, remembered, tmp_path):
    told = json.loads(call("report", remembered, "--out", tmp_path / "p.html", "--json"))
    assert told["run"] == str(remembered)
    assert told["files"][0] == str(tmp_path / "p.html")
    assert set(told["files"]) == {str(path) for path in tmp_path.iterdir()}


@pytest.mark.slow
def test_a_memory_can_be_named(call, remembered, tmp_path):
    url = f"sqlite:///{tmp_path / 'other.db'}"
    call("report", remembered, "--db", url, "--out", tmp_path / "p.html")
    assert f"--db {url}" in (tmp_path / "p.html").read_text()


def test_the_auction_of_a_secret_task_is_not_looked_up(remembered, tmp_path):
    named = {"name": "t1", "id": "1", "suite": "s", "kind": "coding"}
    shutil.copytree(remembered, tmp_path / "run")
    for text, known in (("Write add(a, b).", True), (None, False)):
        (tmp_path / "run" / "tasks.jsonl").write_text(json.dumps(named | {"text": text}) + "\n")
        run = read_run(tmp_path / "run")
        with closing(bench_report.RunRecords(run, None)) as records:
            assert (records.find(run.samples[0]) is not None) is known


def test_a_password_of_a_memory_is_on_no_page():
    shown = bench_report.shown_url("postgresql+psycopg://ann:secret@db.example/sale")
    assert shown == "postgresql+psycopg://ann:***@db.example/sale"
    assert bench_report.shown_url("sqlite:///a b.db") == "sqlite:///a b.db"


def test_two_runs_are_compared_in_a_table_and_sentences(call, tmp_path):
    first, second = (made_run(tmp_path / name, 12, seed=n) for n, name in enumerate("ab"))
    told = call("compare", first, second, "--policy", "sale")
    assert "From a to b, on 12 common tasks" in told
    assert "sale: " in told
    assert "knn" not in told
    value = json.loads(call("compare", first, second, "--json"))
    assert value["runs"] == ["a", "b"]
    [sale] = [one for one in value["policies"] if one["policy"] == "sale"]
    assert set(sale) == {"policy", "pass@1", "usd_per_task", "n", "difference", "gained", "lost"}
    before, after = sale["pass@1"]
    assert sale["difference"]["quality"]["value"] == pytest.approx(after - before)


def test_names_of_a_run_are_no_markup_for_the_terminal(call, tmp_path):
    bad = Sample(policy="[red]x[/red]\x1b[2J", task="t\x1b[2J", agent="a", solved=True, usd=0.0)
    other = bad.model_copy(update={"solved": False})
    runs = [write_run(tmp_path / n, [one]) for n, one in (("a", bad), ("b", other))]
    told = call("compare", *runs)
    assert "[red]x[/red]" in told
    assert "\x1b" not in told


def test_logs_for_inspect_hold_the_texts_of_the_memory(call, remembered, tmp_path):
    told = json.loads(call("export-inspect", remembered, "--out", tmp_path / "logs", "--json"))
    logs = [json.loads(Path(path).read_text()) for path in told["files"]]
    [sale] = [log for log in logs if log["eval"]["model"] == "sale/sale"]
    assert sale["samples"][0]["input"] == "Write add(a, b)."
    assert "inspect view" in call("export-inspect", remembered, "--out", tmp_path / "logs")


def test_what_is_no_run_is_refused_in_one_line(call, tmp_path):
    for words in (
        ("report", tmp_path),
        ("compare", tmp_path, tmp_path),
        ("export-inspect", tmp_path, "--out", tmp_path / "x"),
    ):
        with pytest.raises(SaleError) as caught:
            call(*words)
        assert "\n" not in str(caught.value)
        assert "samples.jsonl" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_report_that_can_t_be_written_is_refused(call, remembered, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SaleError, match="can't be written"):
        call("report", remembered, "--out", tmp_path / "file" / "p.html")
