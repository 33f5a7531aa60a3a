"""`sale memory learn`, `sale feedback`, `sale bench --warm`: awards by what is known elsewhere."""

import json

import pytest

pytestmark = pytest.mark.slow

RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"
WRONG = RIGHT.replace("+", "-")
TASKS = [
    {"id": f"add-{n}", "prompt": f"Write add(a, b).\n\n>>> add({n}, 2)\n{n + 2}"}
    for n in range(1, 5)
]
OTHER = "Write add(a, b), which adds.\n\n>>> add(1, 1)\n2"


@pytest.fixture
def market(sale):
    for name, part in (("before", TASKS[:2]), ("after", TASKS[2:])):
        lines = "".join(json.dumps(task) + "\n" for task in part)
        (sale.folder / f"{name}.jsonl").write_text(lines)
    scripts = {
        "small": [sale.plan(), {"when": ">>> add", "reply": WRONG}],
        "large": [sale.plan(), {"when": ">>> add", "reply": RIGHT}],
    }
    auction = '[auction]\nstages = "auto"\nplan_in_prompt = "none"\nprefer = "cheap"\n'
    return "--market", sale.market(scripts, more=auction)


@pytest.fixture
def run(sale, market):
    sale.json("bench", "before.jsonl", "--out", "run", "--policy", "single", *market)
    return "run"


def test_a_market_that_has_learnt_from_a_run_awards_at_once(sale, market, run):
    assert len(sale.json("submit", OTHER, *market, "--seed", "1")["bids"]) == 2
    told = sale.json("memory", "learn", run, *market)
    assert (told["tasks"], told["works"], told["left_out"]) == (2, 8, {})  # small tried thrice
    fresh = ("--db", f"sqlite:///{sale.folder / 'fresh.db'}")
    assert sale("memory", "learn", run, *market, *fresh).returncode == 0
    first = sale.json("submit", OTHER, *market, *fresh, "--seed", "1")
    assert (first["bids"], first["award"]["agent"]) == ([], "large")
    assert [one["usage"]["total"]["usd"] for one in [first]] == [first["usage"]["execute"]["usd"]]
    assert sale.json("memory", "learn", run, *market, *fresh, "--forget")["forgotten"] == 8
    again = sale("memory", "learn", run, *market, *fresh, "--forget")
    assert (again.returncode, "nothing was learnt" in again.stderr) == (2, True)


def test_what_teaches_nothing_is_told_in_one_line(sale, market, run):
    other = sale.market({"stranger": [sale.plan()]})
    refused = sale("memory", "learn", run, "--market", other)
    assert refused.returncode == 2
    assert "teaches this market nothing" in refused.stderr
    assert "small: the market has no such agent" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    lost = sale("memory", "learn", "nowhere", "--market", other)
    assert (lost.returncode, lost.stderr.count("\n")) == (2, 1)


def test_a_warm_memory_begins_with_another_run(sale, market, run):
    asked = ("bench", "after.jsonl", "--out", "next", "--policy", "sale-auto", "--no-report")
    said = sale.json(*asked, "--warm", run, *market)
    found = {one["policy"]: one for one in said["policies"] if one["suite"] == "all"}
    assert found["sale-warm"]["pass@1"] == 1.0
    assert found["sale-warm"]["overhead"]["usd"] == 0.0  # nobody has to bid
    assert found["sale-auto"]["overhead"]["usd"] > 0.0
    described = json.loads((sale.folder / "next/run.json").read_text())
    assert described["warm"].startswith("bench-")
    assert sale(*asked, "--resume", *market).returncode == 0
    assert json.loads((sale.folder / "next/run.json").read_text())["warm"] == described["warm"]
    alone = sale("bench", "after.jsonl", "--out", "third", "--policy", "sale-warm", *market)
    assert "name a run with --warm" in alone.stderr


def test_the_users_word_is_kept_shown_and_goes_into_awards(sale, market):
    held = sale.json("submit", OTHER, *market, "--seed", "1")
    name, agent = held["auction_id"], held["outcome"]["agent"]
    assert held["outcome"]["feedback"] is None

    def chance():
        told = sale.json("submit", OTHER, *market, "--seed", "1", "--stages", "auto")
        return {one["agent"]: one["chance"] for one in told["foreseen"]}[agent]

    before = chance()
    said = sale("feedback", name[:8], "wrong")
    assert (said.returncode, "as you say" in said.stdout) == (0, True)
    assert sale.json("show", name)["outcome"]["feedback"] is False
    for asked in (("show", name), ("log",)):
        assert "wrong, as you say" in sale(*asked).stdout
    assert name in [one["auction_id"] for one in sale.json("log") if one["feedback"] is False]
    assert chance() < before
    assert sale.json("feedback", name, "nothing")["feedback"] is None


def test_feedback_on_nothing_is_refused_in_one_line(sale, market):
    for asked, words in (
        (("feedback", "ffff", "wrong"), "no auction 'ffff'"),
        (("feedback", "ffff", "maybe"), "'maybe' is not one of"),
    ):
        refused = sale(*asked)
        assert (refused.returncode, words in refused.stderr) == (2, True)
        assert len(refused.stderr.splitlines()) == 1
