"""Run folders that are broken get one clear line; what is merely missing is said."""

import json

import pytest
from made_runs import AGENTS, PRICES, World, made_run, samples, write_run

from sale.bench.report import read_run, read_samples
from sale.bench.samples import Sample
from sale.errors import InputError

LINE = Sample(policy="p", task="t", agent="a", solved=True, usd=0.1).model_dump_json() + "\n"


def folder(path, text, *, described=None):
    path.mkdir(parents=True, exist_ok=True)
    (path / "samples.jsonl").write_bytes(text if isinstance(text, bytes) else text.encode())
    if described is not None:
        (path / "run.json").write_bytes(described)
    return path


def complaint(path):
    with pytest.raises(InputError) as caught:
        read_run(path)
    told = str(caught.value)
    assert "\n" not in told
    return told


def test_a_whole_run_is_read(tmp_path):
    run = read_run(made_run(tmp_path / "one", tasks=5, orders=2))
    assert len(run.trials) == 15
    assert run.roster == dict(zip(AGENTS, PRICES, strict=True))
    assert ("made on", "cpu cores 2") in run.settings
    assert run.notes == ()
    assert run.lengths == {one.task: place + 1 for place, one in enumerate(run.samples[:5])}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no samples yet"),
        ("not json\n", "samples.jsonl:1: line: invalid json"),
        (LINE + '{"policy": "p"}\n', "samples.jsonl:2: task: field required"),
        (LINE.replace("0.1", "-1"), "samples.jsonl:1: usd: input should be greater"),
        (LINE.replace('"p"', "3"), "samples.jsonl:1: policy: input should be a valid string"),
        (LINE.replace("{", '{"extra": 1, ', 1), "samples.jsonl:1: extra: extra inputs"),
        ("\n" + LINE, "samples.jsonl:1: line: invalid json"),
        (LINE.replace("0.1", "1e300"), "samples.jsonl:1: usd: beyond 1e+15, so no measurement"),
        (LINE.replace('"place":0', f'"place":1{"0" * 400}'), "samples.jsonl:1: place: beyond"),
        (LINE.replace('"minutes":null', '"minutes":1e16'), "samples.jsonl:1: minutes: beyond"),
        (
            LINE.replace('"stages":{}', '"stages":{"bid":{"wall_s":1e300}}'),
            "samples.jsonl:1: wall_s: beyond",
        ),
        (b"\xff\xfe\n", "it is not UTF-8 text"),
    ],
)
def test_a_broken_line_is_named_with_its_field(tmp_path, text, words):
    assert words in complaint(folder(tmp_path / "run", text))


@pytest.mark.parametrize(
    ("described", "words"),
    [
        (b"{", "can't be read as JSON"),
        (b"\xff", "can't be read as JSON"),
        (b"[1]", "expected a JSON object"),
        (b"[" * 100_000, "can't be read as JSON"),
    ],
)
def test_a_broken_description_is_named(tmp_path, described, words):
    assert words in complaint(folder(tmp_path / "run", LINE, described=described))


def test_a_folder_that_is_none_or_holds_another_file_is_named(tmp_path):
    assert "No such file" in complaint(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    assert "Not a directory" in complaint(tmp_path / "file")
    (tmp_path / "odd" / "samples.jsonl").mkdir(parents=True)
    assert "Is a directory" in complaint(tmp_path / "odd")


def test_an_auction_is_looked_for_where_its_policy_and_order_were_remembered(tmp_path):
    sample = Sample(policy="sale", order=1, task="t", agent="a", solved=True, usd=0.1)
    run = read_run(folder(tmp_path / "run", LINE))
    assert run.memory(sample) is None
    (run.path / "memory.db").touch()
    assert run.memory(sample) == run.path / "memory.db"
    (run.path / "memory").mkdir()
    (run.path / "memory" / "sale-1.db").touch()
    assert run.memory(sample) == run.path / "memory" / "sale-1.db"
    (run.path / "x-1.db").touch()
    for policy in ("../x", "/x", "a\0b", ".."):
        assert run.memory(sample.model_copy(update={"policy": policy})) == run.path / "memory.db"


def test_tasks_that_are_broken_are_named(tmp_path):
    path = folder(tmp_path / "run", LINE)
    (path / "tasks.jsonl").write_text('{"name": "t"}\n')
    assert "tasks.jsonl:1: id: field required" in complaint(path)


def test_trials_that_are_broken_are_named(tmp_path):
    path = folder(tmp_path / "run", LINE)
    (path / "trials.jsonl").write_text("{}\n")
    assert "trials.jsonl:1: task" in complaint(path)


def test_a_line_that_a_crash_has_torn_is_left_out(tmp_path):
    path = folder(tmp_path / "run", LINE + LINE.replace('"t"', '"u"')[:-5])
    assert [one.task for one in read_samples(path)] == ["t"]


def test_of_the_same_sample_twice_the_later_one_counts(tmp_path):
    path = folder(tmp_path / "run", LINE + LINE.replace("0.1", "0.2"))
    assert [one.usd for one in read_samples(path)] == [0.2]


def test_a_line_may_hold_letters_that_end_lines_elsewhere(tmp_path):
    named = LINE.replace('"t"', '"a\u2028b\x85c"')
    assert [one.task for one in read_samples(folder(tmp_path / "run", named))] == ["a\u2028b\x85c"]


def test_settings_inside_settings_are_told_to_some_depth(tmp_path):
    deep: dict = {}
    for _ in range(500):
        deep = {"x": deep}
    told = json.dumps({"seed": 3, "made_on": {"cores": [1, 2], "deep": deep}}).encode()
    run = read_run(folder(tmp_path / "run", LINE, described=told))
    assert run.settings == (("seed", "3"), ("made on", "cores 1, 2, deep x x x …"))


def test_prices_come_from_the_description_then_from_the_trials_and_unknown_ones_are_last(tmp_path):
    world = World.of(2)
    path = write_run(tmp_path / "run", samples(world, orders=1), described=False)
    assert set(read_run(path).roster.values()) == {None}
    odd = [
        {"name": "dear", "price": [1, 1, 9]},
        {"name": "odd", "price": ["x"]},
        {"name": "true", "price": True},
        {"name": "cheap", "price": 0.5},
        {"price": [1]},
        "nobody",
    ]
    (path / "run.json").write_text(json.dumps({"agents": odd}))
    roster = read_run(path).roster
    assert list(roster)[:2] == ["cheap", "dear"]
    assert roster["odd"] is None
    assert roster["true"] is None
