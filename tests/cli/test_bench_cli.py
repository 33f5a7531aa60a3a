"""`sale bench` and what is left of it when it is killed."""

import json
import signal
import time

import pytest
from made_suites import laid

pytestmark = pytest.mark.slow

WRONG = "```python\ndef add(a, b):\n    return a - b\n```"
TASKS = [
    {"id": f"add-{n}", "prompt": f"Write add(a, b).\n\n>>> add({n}, 2)\n{n + 2}"}
    for n in range(1, 5)
]


@pytest.fixture
def suite(sale):
    (sale.folder / "suite.jsonl").write_text("".join(json.dumps(task) + "\n" for task in TASKS))
    market = sale.market(
        {
            "small": [sale.plan(), sale.work(WRONG)],
            "large": [sale.plan("Return a + b."), sale.work()],
        }
    )
    return ("bench", "suite.jsonl", "--out", "run", "--market", market)


def rows(sale):
    return [json.loads(line) for line in (sale.folder / "run/trials.jsonl").open()]


def test_every_agent_does_every_task_and_the_run_says_how_it_went(sale, suite):
    said = sale.json(*suite)
    small, large = said["policies"]
    assert (small["policy"], small["n"], small["pass@1"]) == ("single:small", 4, 0.0)
    assert (large["policy"], large["n"], large["pass@1"]) == ("single:large", 4, 1.0)
    assert large["usd_per_solved"] == pytest.approx(large["usd_per_task"])
    assert {(row["task"], row["agent"]) for row in rows(sale)} == {
        (task["id"], agent) for task in TASKS for agent in ("small", "large")
    }
    again = sale(*suite)
    assert again.returncode == 2
    assert "--resume" in again.stderr
    assert sale.json(*suite, "--resume") == said
    other = sale(*suite, "--resume", "--seed", "9")
    assert (other.returncode, "was made with other seed" in other.stderr) == (2, True)


def test_hidden_tests_decide_where_a_suite_has_some(sale):
    hidden = {"function": "add", "cases": [{"args": [n, 2], "returns": n + 2} for n in (1, 7)]}
    text = "".join(json.dumps(task | {"tests": hidden}) + "\n" for task in TASKS[:2])
    (sale.folder / "suite.jsonl").write_text(text)
    by_heart = "```python\ndef add(a, b):\n    return {1: 3, 2: 4}[a]\n```"
    market = sale.market(
        {
            "parrot": [sale.plan(), sale.work(by_heart)],
            "honest": [sale.plan("Return a + b."), sale.work()],
        }
    )
    arguments = ("bench", "suite.jsonl", "--out", "run", "--market", market)
    parrot, honest = sale.json(*arguments)["policies"]
    assert (parrot["pass@1"], honest["pass@1"]) == (0.0, 1.0)
    assert parrot["visible_checks"] == {"passed_but_wrong": 2, "failed_but_right": 0}
    assert {row["agent"]: (row["verified"], row["grade"]) for row in rows(sale)} == {
        "parrot": ("passed", 0.5),
        "honest": ("passed", 1.0),
    }
    (sale.folder / "suite.jsonl").write_text(text.replace('"returns": 9', '"returns": 8'))
    other = sale(*arguments, "--resume")
    assert (other.returncode, "was made with other contents" in other.stderr) == (2, True)


def test_a_change_in_a_folder_is_graded_apart_from_its_own_tests(sale):
    laid(
        sale.folder / "own",
        {
            "fix/task.toml": 'kind = "coding"\n',
            "fix/instruction.md": "Make add(a, b) right.\n",
            "fix/workspace/answer.py": "def add(a, b):\n    return a\n",
            "fix/tests/calls.json": json.dumps(
                {"function": "add", "cases": [{"args": [1, 2], "returns": 3}]}
            ),
        },
    )
    work = {
        "when": "answer.py",
        "reply": "```write answer.py\ndef add(a, b):\n    return a + b\n```\n```done\n```",
    }
    market = sale.market({"small": [sale.plan(), work]})
    (small,) = sale.json("bench", "own", "--out", "run", "--market", market)["policies"]
    assert small["pass@1"] == 1.0
    (row,) = rows(sale)
    assert (row["verified"], row["grade"]) == ("none", 1.0)


def test_a_killed_run_goes_on_where_it_stopped(sale, suite):
    process = sale.start(*suite)
    samples = sale.folder / "run/trials.jsonl"
    until = time.monotonic() + 120
    while not samples.exists() and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = samples.read_text().splitlines()
    said = sale.json(*suite, "--resume")
    assert [policy["n"] for policy in said["policies"]] == [4, 4]
    assert samples.read_text().splitlines()[: len(before)] == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "suite.jsonl is empty"),
        ('{"id": "a", "prompt": "x"}\n' * 2, "'a' is there twice"),
        ('{"id": "a", "prompt": " "}', "line 1: prompt: the task is empty"),
        ('{"id": "a"}', "line 1: no known format has just the keys 'id'"),
        ("{", "not valid JSON"),
    ],
)
def test_a_suite_that_cannot_be_used_is_refused_before_anything_starts(sale, suite, text, words):
    (sale.folder / "suite.jsonl").write_text(text)
    done = sale(*suite)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (sale.folder / "run").exists()
