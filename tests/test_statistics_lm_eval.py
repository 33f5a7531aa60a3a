"""results.json in the keys of lm-evaluation-harness, read by it where it is installed."""

import json

import pytest
from made_samples import ROSTER, run

from sale import __version__
from sale.bench.statistics import summarise

ROWS = {"single:large": [1, 1, 0, 0, 1, 0], "sale": [1, 1, 1, 0, 1, 0]}
USD = {"single:large": 2.0, "sale": 1.0}


def written(outcomes=ROWS, **more):
    return summarise(run(outcomes, USD, **more), roster=ROSTER, draws=50, seed=7).lm_eval()


def test_every_suite_and_policy_is_a_line_of_its_own():
    found = written()
    names = ["s/single:large", "s/sale", "all/single:large", "all/sale"]
    assert list(found["results"]) == names
    assert found["group_subtasks"] == {"s": names[:2], "all": names[2:]}
    for key in ("configs", "versions", "n-shot", "higher_is_better", "n-samples"):
        assert list(found[key]) == names


def test_a_line_holds_what_the_harness_would_write():
    found = written()
    line = found["results"]["s/sale"]
    assert (line["name"], line["alias"], line["sample_len"]) == ("s/sale", "s/sale", 6)
    assert line["pass@1,none"] == pytest.approx(4 / 6)
    assert line["pass@1_stderr,none"] == pytest.approx((4 / 6 * 2 / 6 / 5) ** 0.5)
    assert line["usd_per_task,none"] == 1.0
    assert line["usd_per_solved,none"] == pytest.approx(6 / 4)
    assert found["n-samples"]["s/sale"] == {"original": 6, "effective": 6}
    assert found["versions"]["s/sale"] == __version__
    assert found["configs"]["s/sale"]["metadata"] == {"bootstrap_draws": 50, "seed": 7}
    assert found["higher_is_better"]["s/sale"] == {
        "pass@1": True,
        "usd_per_task": False,
        "usd_per_solved": False,
    }


def test_unknown_figures_are_left_out_and_unknown_errors_are_not_available():
    line = written({"sale": [None, None]})["results"]["s/sale"]
    assert "pass@1,none" not in line
    assert "usd_per_solved,none" not in line
    assert written({"sale": [1]})["results"]["s/sale"]["pass@1_stderr,none"] == "N/A"


def test_it_is_plain_json_without_nan():
    found = written()
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_suite_without_a_name_has_a_line_too():
    assert "-/single:large" in written(suite="")["results"]


def test_the_harness_prints_it_as_a_table():
    make_table = pytest.importorskip("lm_eval.utils").make_table
    pytest.importorskip("pytablewriter")
    table = make_table(written())
    assert "s/sale" in table
    assert "pass@1" in table
    assert "0.6667" in table
