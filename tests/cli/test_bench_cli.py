"""`sale bench` and what is left of it when it is killed."""

import json
import signal
import time

import pytest

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
    return [json.loads(line) for line in (sale.folder / "run/samples.jsonl").open()]


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


def test_a_killed_run_goes_on_where_it_stopped(sale, suite):
    process = sale.start(*suite)
    samples = sale.folder / "run/samples.jsonl"
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
        ("", "holds no task"),
        ('{"id": "a", "prompt": "x"}\n' * 2, "'a' is there twice"),
        ('{"id": "a", "prompt": " "}', "task 'a': the task is empty"),
        ('{"id": "a"}', "task 1: prompt: field required"),
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
