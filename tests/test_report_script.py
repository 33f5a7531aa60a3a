"""The script of the report's page: how it sorts, run in node where there is one."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import sale.bench.report
from sale.bench.report.words import NONE, UNKNOWN

SCRIPT = (Path(sale.bench.report.__file__).parent / "report.js").read_text()
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here")


def run(call):
    """What a call of the script gives, as JSON."""
    program = f"{SCRIPT}\nprocess.stdout.write(JSON.stringify({call}));"
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def ordered(texts, *, down=False):
    places = run(f"order({json.dumps(texts)}, {json.dumps(down)})")
    return [texts[place] for place in places]


@needs_node
def test_amounts_are_sorted_by_what_they_are_worth():
    texts = ["$0.0230 0.0198, 0.0265", "$0.00110", "$1,200", "$0", "-$2.50"]
    assert ordered(texts) == ["-$2.50", "$0", "$0.00110", "$0.0230 0.0198, 0.0265", "$1,200"]
    assert ordered(["9.5", "+10.1 -2, +3", "-3.0"]) == ["-3.0", "9.5", "+10.1 -2, +3"]


@needs_node
def test_what_is_unknown_comes_last_whichever_way_it_is_sorted():
    texts = [NONE, "2", UNKNOWN, "1"]
    assert ordered(texts) == ["1", "2", NONE, UNKNOWN]
    assert ordered(texts, down=True) == ["2", "1", NONE, UNKNOWN]


@needs_node
def test_marks_are_sorted_by_the_share_that_was_solved():
    texts = ["✗", "2/3", "·", "✓", "1/3", "?"]
    assert ordered(texts, down=True) == ["✓", "2/3", "1/3", "✗", "·", "?"]


@needs_node
def test_names_are_sorted_as_people_do():
    assert ordered(["HumanEval/10", "humaneval/9", "coding"]) == [
        "coding",
        "humaneval/9",
        "HumanEval/10",
    ]


@needs_node
def test_a_name_that_begins_with_a_digit_is_no_number():
    assert run('worth("3sum")') == "3sum"
    assert run('worth("2.5b")') == "2.5b"
    assert run('worth("2026-11-22")') == "2026-11-22"


@needs_node
def test_rows_that_are_equal_stay_in_their_order():
    places = run('order(["1", "0", "1", "0"], false)')
    assert places == [1, 3, 0, 2]
    assert run('order(["1", "0", "1", "0"], true)') == [0, 2, 1, 3]


@needs_node
def test_numbers_come_before_texts():
    assert ordered(["b", "2", "a", "1"]) == ["1", "2", "a", "b"]


def test_the_script_reaches_for_nothing_outside_the_page():
    for word in ("http", "fetch(", "XMLHttp", "import", "eval(", "innerHTML", "insertAdjacent"):
        assert word not in SCRIPT
    assert "</" not in SCRIPT
