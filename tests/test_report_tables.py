"""What stands in the tables of a report: values, intervals, and what is undefined or unknown."""

import pytest

from sale.auction.calibration import Estimate
from sale.bench.report.cells import dollars_cell, points_cell, share_cell
from sale.bench.report.tables import (
    agents_table,
    differences,
    differences_table,
    policies_table,
    verdict,
)
from sale.bench.report.words import NONE, UNKNOWN, money, percent, plain, points, task_name, tick
from sale.bench.samples import Sample
from sale.bench.statistics import Comparison, summarise


def whole(outcomes, *, usd=None, roster=None):
    """Policy -> whether it solved each task; every task costs the same."""
    held = [
        Sample(
            policy=policy,
            task=f"t{n}",
            agent=policy.removeprefix("single:"),
            awards=(policy.removeprefix("single:"),),
            solved=right,
            usd=(usd or {}).get(policy, 0.001),
        )
        for policy, solved in outcomes.items()
        for n, right in enumerate(solved)
    ]
    roster = roster or {"small": 0.1, "large": 1.0}
    return summarise(held, roster=roster, draws=200).suites[-1]


def column(table, heading):
    place = [name for name, _ in table.columns].index(heading)
    return [row[place].text for row in table.rows]


@pytest.mark.parametrize(
    ("usd", "told"),
    [
        (None, "unknown"),
        (0, "$0"),
        (0.0000532, "$0.0000532"),
        (0.001, "$0.00100"),
        (0.99999, "$1.00"),
        (1, "$1.00"),
        (12.345, "$12.3"),
        (99.96, "$100"),
        (1234.5, "$1,234"),
        (-0.25, "-$0.250"),
        (1e-20, "$0.0000000000000000000100"),
    ],
)
def test_dollars_have_the_digits_that_tell(usd, told):
    assert money(usd) == told


def test_ticks_have_no_zeros_that_tell_nothing():
    assert [tick(usd) for usd in (0.001, 0.00005, 20, 1.25, 0)] == [
        "$0.001",
        "$0.00005",
        "$20",
        "$1.25",
        "$0",
    ]


def test_a_difference_that_rounds_to_nothing_has_no_minus():
    assert (points(-0.00001), points(0.0), points(-0.01)) == ("+0.0", "+0.0", "-1.0")
    assert (percent(-0.000001), percent(-0.5)) == ("0.0", "-50.0")


def test_an_interval_stands_beside_its_value_as_fine_as_it():
    assert dollars_cell(Estimate(0.0000532, 0.00005, 0.0000561)).interval == "0.0500, 0.0561"
    assert share_cell(Estimate(0.5)).interval == ""
    assert points_cell(None).text == NONE


def test_text_is_one_line_without_faceless_letters():
    assert plain("a\n b\t\u202ec\x00") == "a b \ufffdc\ufffd"
    assert plain("x" * 200, limit=5) == "xxxx…"


def test_a_task_is_named_with_its_suite_once():
    assert task_name("s", "t") == "s/t"
    assert task_name("s", "s/t") == "s/t"
    assert task_name("", "t") == "t"


def test_without_a_solved_task_dollars_for_one_are_undefined_and_without_prices_unknown():
    found = whole({"single:small": [False, False], "single:large": [True, False]})
    table = policies_table(found, ("small", "large"))
    assert column(table, "$ per 1,000 solved") == [NONE, "$2.00"]
    unpriced = {"single:small": None}
    table = policies_table(whole({"single:small": [False]}, usd=unpriced), ("small",))
    assert column(table, "$ per 1,000 solved") == [UNKNOWN]
    assert column(table, "$ per 1,000") == [UNKNOWN]


def test_the_frontier_leaves_out_who_is_dearer_and_worse():
    found = whole(
        {"single:small": [True, False], "single:large": [True, True], "worse": [True, False]},
        usd={"single:small": 0.001, "single:large": 0.005, "worse": 0.004},
    )
    table = policies_table(found, ("small", "large"))
    assert dict(zip(column(table, "policy"), column(table, "frontier"), strict=True)) == {
        "single:small": "yes",
        "single:large": "yes",
        "worse": NONE,
    }


def test_two_baselines_that_are_one_agent_are_one_row():
    found = whole(
        {"single:small": [False] * 8, "single:large": [True] * 8, "sale": [True] * 7 + [False]},
        usd={"single:small": 0.001, "single:large": 0.004, "sale": 0.002},
    )
    named = differences(found.policy("sale"))
    assert list(named) == ["the largest and the best single", "the mixture hull"]
    assert "the mixture hull" not in differences(found.policy("single:small"))
    assert differences(found.policy("single:large")) == {}
    [alone, *_] = differences_table([found.policy("sale")], ()).rows
    assert [cell.text for cell in alone][3:5] == ["-12.5", "50"]


@pytest.mark.parametrize(
    ("quality", "usd", "told"),
    [
        (Estimate(0.1, 0.05, 0.2), Estimate(-1.0, -2.0, -0.5), "cheaper and better"),
        (Estimate(-0.1, -0.2, -0.05), Estimate(1.0, 0.5, 2.0), "dearer and worse"),
        (Estimate(0.1, -0.1, 0.2), Estimate(-1.0, -2.0, -0.5), "cheaper"),
        (Estimate(0.0, -0.1, 0.1), Estimate(0.0, -0.1, 0.1), "no difference shown"),
        (Estimate(0.5), None, "no difference shown"),
        (None, None, "no difference shown"),
    ],
)
def test_only_what_the_interval_leaves_no_doubt_of_is_shown(quality, usd, told):
    found = Comparison(
        policy="a",
        against="b",
        tasks=9,
        usd_tasks=9,
        of=9,
        quality=quality,
        usd=usd,
        saving=None,
        sentence="",
    )
    assert verdict(found) == told


def test_agents_stand_in_the_order_of_the_roster_with_what_they_are_worth():
    found = whole({"single:small": [True, False, False], "single:large": [True, True, False]})
    table = agents_table(found, ("small", "large"), {"small": 0.1, "large": None})
    assert column(table, "agent") == ["small", "large"]
    assert column(table, "$ per M") == ["0.100", UNKNOWN]
    assert [row[0].agent for row in table.rows] == [0, 1]
    worth = [float(text) for text in column(table, "worth (oracle)")]
    assert sum(worth) == pytest.approx(66.7, abs=0.2)
