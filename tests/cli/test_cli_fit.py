"""`sale fit` as its users meet it."""

import json

import pytest

pytestmark = pytest.mark.slow


def line(task, agent, solved, **more):
    price = 1 + len(agent)
    values = {
        "task": f"t{task}",
        "kind": "coding",
        "agent": agent,
        "price": price,
        "tokens": 100 + task * price % 17,
        "entropy": 0.5,
        "ratings": {"big": 2 + 2 * solved + task % 2, "wee": task % 5},
        "verified": "passed" if solved else "failed",
        "stop_reason": "answered",
        "usd": 0.001 * price,
        "auction_usd": 0.0001,
        "wall_s": 1.0,
    }
    return json.dumps(values | more) + "\n"


def write_run(folder, solved, agents=("big", "small")):
    run = folder / "run"
    run.mkdir(exist_ok=True)
    lines = [line(t, agent, solved(t, agent)) for t in range(20) for agent in agents]
    (run / "trials.jsonl").write_text("".join(lines))
    return run


def refused(done, *words):
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("sale: ")
    assert not [word for word in words if word not in done.stderr], done.stderr


def who(task, agent):
    return (task % 3 == 0) == (agent == "big")


def test_a_run_becomes_a_weights_file_and_its_figures(sale):
    run = write_run(sale.folder, who)
    told = sale.json("fit", "run", "--time-limit", "3", "--market", "embedded")
    written = json.loads((run / "weights.json").read_text())
    assert told == {"file": "run/weights.json", **written}
    assert written["fitted"]["tasks"] == 20
    assert written["fitted"]["run"] == "run"
    assert written["cross_validation"]["fitted"]["solved"] >= 0.9
    assert written["cross_validation"]["market"] is not None


def test_the_table_for_people_says_what_is_held_out(sale):
    write_run(sale.folder, who)
    done = sale("fit", "run", "--time-limit", "2", "--folds", "2", "--out", "w.json")
    assert done.returncode == 0, done.stderr
    assert "On held-out tasks (20 tasks, 2 folds)" in done.stdout
    assert (sale.folder / "w.json").is_file()


@pytest.mark.parametrize(
    ("solved", "words"),
    [
        (lambda task, agent: True, ("nothing to learn", "every agent solved")),
        (lambda task, agent: False, ("nothing to learn", "no agent solved")),
    ],
)
def test_a_run_that_teaches_nothing_is_refused(sale, solved, words):
    write_run(sale.folder, solved)
    refused(sale("fit", "run"), *words)
    assert not (sale.folder / "run" / "weights.json").exists()


def test_one_agent_is_refused(sale):
    write_run(sale.folder, who, agents=("big",))
    refused(sale("fit", "run"), "1 agent", "sale bench")


def test_a_broken_line_is_named(sale):
    run = write_run(sale.folder, who)
    with (run / "trials.jsonl").open("a") as file:
        file.write(line(1, "big", True, tokens=-1))
    refused(sale("fit", "run"), "trials.jsonl:41", "tokens")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gone",), ("'gone'", "sale bench")),
        (("run", "--value", "0"), ("--value", "positive")),
        (("run", "--value", "nan"), ("--value", "positive")),
        (("run", "--folds", "1"), ("--folds",)),
        (("run", "--folds", "11"), ("20 tasks", "22")),
        (("run", "--time-limit", "0"), ("--time-limit",)),
        (("run", "--objective", "best"), ("minmax", "margin", "utility")),
        (("run", "--out", "no/such/w.json"), ("--out", "no/such/w.json")),
        (("run", "--out", "run"), ("--out",)),
        (("run", "--market", "gone.toml"), ("gone.toml",)),
    ],
)
def test_a_bad_argument_is_one_line(sale, arguments, words):
    write_run(sale.folder, who)
    refused(sale("fit", *arguments), *words)
