"""A run as logs of Inspect: with the package installed, read by it; else by their JSON."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from made_runs import World, made_run, samples, write_run

from sale.bench.listed import Listed
from sale.bench.report import read_run
from sale.bench.report.inspect_log import export_inspect
from sale.bench.samples import Sample, Spending
from sale.bench.statistics import summarise
from sale.errors import InputError
from sale.types import Auction, Kind, Outcome, Stage, State, Step, StopReason, Task

WHEN = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def export(folder, out, *, records=None):
    run = read_run(folder)
    results = summarise(run.samples, roster=run.roster, draws=20)
    return run, results, export_inspect(run, results, out, created=WHEN, records=records)


def test_there_is_a_log_for_each_policy_and_suite_with_every_sample(tmp_path):
    run, results, written = export(made_run(tmp_path / "one", tasks=6, orders=2), tmp_path / "logs")
    logs = [json.loads(path.read_text()) for path in written]
    told = {(log["eval"]["task"], log["eval"]["model"]): len(log["samples"]) for log in logs}
    counted = Counter((one.suite, f"sale/{one.policy}") for one in run.samples)
    assert told == dict(counted)
    for log in logs:
        held = [(one["id"], one["epoch"]) for one in log["samples"]]
        assert len(set(held)) == len(held)
        [score] = log["results"]["scores"]
        policy = log["eval"]["model"].removeprefix("sale/")
        figure = results.suite(log["eval"]["task"]).policy(policy).quality
        assert score["metrics"]["accuracy"]["value"] == pytest.approx(figure.value)


def test_the_same_run_gives_the_same_files(tmp_path):
    folder = made_run(tmp_path / "one", tasks=3, orders=1)
    _, _, first = export(folder, tmp_path / "a")
    _, _, second = export(folder, tmp_path / "b")
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_a_name_leads_to_no_other_folder(tmp_path):
    one = Sample(policy="../../../x/y", suite="/etc", task="t", agent="a", solved=True, usd=0.0)
    folder = write_run(tmp_path / "run", [one])
    _, _, [path] = export(folder, tmp_path / "logs")
    assert path.parent == tmp_path / "logs"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["logs", "run"]
    assert "/" not in path.name
    assert ".." not in path.name


def test_a_folder_that_can_t_be_written_is_named(tmp_path):
    folder = made_run(tmp_path / "one", tasks=1, orders=1)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"--out '.*file' can't be written"):
        export(folder, tmp_path / "file")


class Spoken:
    """A memory that has every auction."""

    def url(self, sample):
        return None

    def find(self, sample):
        steps = (Step(1, "python", "1 + 1", "I try it.", "2"), Step(2, "answer", "x", "Done.", ""))
        return Auction(
            id=sample.auction,
            task=Task(Kind.CODING, "Write add(a, b)."),
            state=State.FINISHED,
            seed=1,
            market="",
            sandbox="",
            started=0.0,
            steps=steps,
            outcome=Outcome("a", "def add(a, b): ...", StopReason.ANSWERED),
        )


def logged(tmp_path, *, listed=(), **more):
    spent = {
        Stage.EXECUTE: Spending(prompt_tokens=10, cached_tokens=4, completion_tokens=3, calls=1)
    }
    held = [
        Sample(policy="sale", suite="s", task="t1", agent="a", solved=True, usd=0.1, auction="f00"),
        Sample(policy="sale", suite="s", task="t2", agent="a", solved=None, usd=None, stages=spent),
        Sample(policy="sale", suite="s", task="t2", order=1, agent="a", solved=False, usd=0.0),
    ]
    _, _, [path] = export(
        write_run(tmp_path / "run", held, listed=listed), tmp_path / "logs", **more
    )
    return path


def test_texts_are_there_as_far_as_the_memory_has_them(tmp_path):
    first, second, _ = json.loads(logged(tmp_path, records=Spoken()).read_text())["samples"]
    assert first["input"] == "Write add(a, b)."
    assert [(one["role"], one["content"]) for one in first["messages"]] == [
        ("user", "Write add(a, b)."),
        ("assistant", "I try it."),
        ("user", "2"),
        ("assistant", "Done."),
    ]
    assert first["output"]["choices"][0]["message"]["content"] == "def add(a, b): ..."
    assert (second["input"], second["messages"]) == ("t2", [])


def test_the_text_of_a_secret_task_is_in_no_log(tmp_path):
    listed = [
        Listed(name="t1", id="1", suite="s", kind=Kind.CODING, text=None),
        Listed(name="t2", id="2", suite="s", kind=Kind.CODING, text="Write sub(a, b)."),
    ]
    text = logged(tmp_path, listed=listed, records=Spoken()).read_text()
    assert [one["input"] for one in json.loads(text)["samples"]] == [
        "t1",
        "Write sub(a, b).",
        "Write sub(a, b).",
    ]
    assert "add(a, b)" not in text


def test_inspect_reads_the_logs(tmp_path):
    inspect_log = pytest.importorskip("inspect_ai.log")
    path = logged(tmp_path, records=Spoken())
    [listed] = inspect_log.list_eval_logs(str(tmp_path / "logs"))
    assert (listed.task, listed.task_id) != (None, None)
    log = inspect_log.read_eval_log(str(path))
    assert (log.status, log.eval.task, log.eval.model) == ("success", "s", "sale/sale")
    assert log.eval.config.epochs == 2
    assert [(one.id, one.epoch) for one in log.samples] == [("t1", 1), ("t2", 1), ("t2", 2)]
    assert [one.scores["solved"].value for one in log.samples if one.scores] == ["C", "I"]
    assert log.samples[0].output.completion == "def add(a, b): ..."
    usage = log.samples[1].model_usage["sale/sale"]
    assert (usage.input_tokens, usage.input_tokens_cache_read, usage.output_tokens) == (6, 4, 3)
    assert log.results.scores[0].scored_samples == 2
    assert log.results.scores[0].unscored_samples == 1
    assert inspect_log.read_eval_log_sample(str(path), "t2", 2).scores["solved"].value == "I"


@pytest.mark.slow
def test_inspect_reads_the_logs_of_a_whole_run(tmp_path):
    inspect_log = pytest.importorskip("inspect_ai.log")
    folder = write_run(tmp_path / "run", samples(World.of(9), orders=2))
    run, _, written = export(folder, tmp_path / "logs")
    logs = [inspect_log.read_eval_log(str(path)) for path in written]
    assert sum(len(log.samples) for log in logs) == len(run.samples)
    assert {log.results.scores[0].metrics["accuracy"].name for log in logs} == {"accuracy"}
