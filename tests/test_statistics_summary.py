"""All figures of a run: worked by hand on small ones, and what is odd or unknown."""

import math
import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_samples import ROSTER, run, sample

from sale.bench.samples import Spending
from sale.bench.statistics import Baseline, compare, summarise
from sale.errors import InputError
from sale.types import Stage, Verdict

USD = {"single:small": 1.0, "single:medium": 2.0, "single:large": 4.0, "sale": 2.5, "oracle": 1.5}
TEN = {
    "single:small": [1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
    "single:medium": [1, 1, 0, 1, 1, 0, 1, 0, 0, 0],
    "single:large": [1, 1, 1, 1, 1, 1, 0, 0, 0, 0],
    "sale": [1, 1, 1, 1, 1, 1, 1, 0, 0, 0],
    "oracle": [1, 1, 1, 1, 1, 1, 1, 1, 0, 0],
}


def summed(samples, *, draws=300, roster=ROSTER, seed=0):
    return summarise(samples, roster=roster, seed=seed, draws=draws)


def ten():
    return summed(run(TEN, USD))


def against(result, policy, baseline, suite="all"):
    compared = result.suite(suite).policy(policy).comparisons
    return next((one for one in compared if one.baseline is baseline), None)


def test_a_run_of_ten_tasks_is_that_worked_by_hand():
    suite = ten().suite()
    found = suite.policy("sale")
    assert (suite.tasks, suite.common, suite.best) == (10, 10, "large")
    assert found.quality.value == pytest.approx(0.7)
    assert found.stderr == pytest.approx(np.std(TEN["sale"], ddof=1) / math.sqrt(10))
    assert found.usd_per_task.value == 2.5
    assert found.usd_per_solved.value == pytest.approx(25 / 7)
    assert found.oracle_capture == pytest.approx((0.7 - 0.6) / (0.8 - 0.6))
    assert found.arena == 0
    assert [one.policy for one in suite.hull] == ["single:small", "single:medium", "single:large"]
    assert found.hull_gain.value == pytest.approx(0.7 - (0.5 + 0.1 * 0.25))


def test_the_examples_of_the_documentation_hold():
    suite = ten().suite()
    quality = suite.policy("sale").quality
    assert (quality.low, quality.high) == pytest.approx((0.40, 0.89), abs=0.005)
    assert suite.policy("sale").usd_per_solved.value == pytest.approx(3.57, abs=0.005)
    assert suite.hull_aiq == pytest.approx(0.375)
    assert suite.worth[0].values == pytest.approx(
        {"small": 0.117, "medium": 0.267, "large": 0.317}, abs=0.0005
    )
    assert suite.worth[0].total == pytest.approx(0.7)


def test_differences_are_paired_and_told_in_plain_words():
    found = against(ten(), "sale", Baseline.LARGEST)
    assert (found.policy, found.against, found.tasks, found.of) == ("sale", "single:large", 10, 10)
    assert found.quality.value == pytest.approx(0.1)
    assert found.usd.value == pytest.approx(-1.5)
    assert found.saving.value == pytest.approx(0.375)
    assert found.sentence == (
        "cheaper than large alone by 38 % [38, 38], "
        "quality +10.0 points [0.0, 30.0]: no difference shown"
    )


def test_a_policy_is_not_held_against_itself():
    assert against(ten(), "single:large", Baseline.LARGEST) is None
    assert against(ten(), "single:small", Baseline.LARGEST).against == "single:large"


def test_the_best_single_need_not_be_the_largest_and_among_equals_is_the_cheaper():
    rows = TEN | {"single:medium": TEN["single:large"]}
    suite = summed(run(rows, USD)).suite()
    assert suite.best == "medium"
    rows |= {"single:small": [1] * 10}
    assert summed(run(rows, USD)).suite().best == "small"


def test_copies_of_a_task_by_order_and_attempt_make_no_interval_narrower():
    once = summed(run(TEN, USD))
    copied = [
        one.model_copy(update={"order": order, "attempt": attempt})
        for one in run(TEN, USD)
        for order in range(3 if one.policy == "sale" else 1)
        for attempt in range(2)
    ]
    many = summed(copied)
    first, second = (against(one, "sale", Baseline.LARGEST) for one in (once, many))
    assert second.quality == first.quality
    assert second.saving == first.saving
    assert many.suite().policy("sale").quality == once.suite().policy("sale").quality
    assert many.suite().policy("sale").hull_gain == once.suite().policy("sale").hull_gain
    assert (many.suite().policy("sale").orders, many.suite().policy("sale").attempts) == (3, 2)


def test_pass_at_k_averages_tasks_and_orders():
    """Task 0: 1 of 2 right, then 0 of 2; task 1: 2 of 2 in both orders."""
    right = {(0, 0): [1, 0], (0, 1): [0, 0], (1, 0): [1, 1], (1, 1): [1, 1]}
    samples = [
        sample("p", task, bool(one), 1.0, order=order, attempt=attempt)
        for (task, order), row in right.items()
        for attempt, one in enumerate(row)
    ]
    found = summed(samples).suite().policy("p")
    assert {k: one.value for k, one in found.pass_at.items()} == pytest.approx(
        {1: (0.25 + 1) / 2, 2: (0.5 + 1) / 2}
    )


def test_suites_are_summed_up_apart_and_together():
    samples = [*run(TEN, USD, suite="a"), *run({"sale": [0] * 10}, USD, suite="b")]
    found = summed(samples)
    assert [one.suite for one in found.suites] == ["a", "b", "all"]
    assert [found.suite(name).policy("sale").quality.value for name in ("a", "b", "all")] == (
        pytest.approx([0.7, 0.0, 0.35])
    )
    assert found.suite("b").policy("oracle") is None
    assert found.suite("all").policy("sale").suite == "all"
    assert against(found, "sale", Baseline.LARGEST).tasks == 10
    assert against(found, "sale", Baseline.LARGEST).of == 20


def test_only_common_tasks_are_compared_and_their_number_is_told():
    samples = run(TEN, USD) + [sample("sale", f"more{n}", False, 9.0) for n in range(10)]
    found = summed(samples)
    compared = against(found, "sale", Baseline.LARGEST)
    assert (compared.tasks, compared.usd_tasks, compared.of) == (10, 10, 20)
    assert compared.quality.value == against(ten(), "sale", Baseline.LARGEST).quality.value
    assert compared.sentence.endswith(" (quality on 10 of 20 tasks, dollars on 10)")
    assert (found.suite().tasks, found.suite().common) == (20, 10)


def test_policies_without_a_common_task_are_not_compared():
    samples = [*run({"single:large": [1] * 6}, USD), sample("sale", "other", True, 1.0)]
    compared = against(summed(samples), "sale", Baseline.LARGEST)
    assert (compared.quality, compared.usd, compared.tasks) == (None, None, 0)
    assert compared.sentence.startswith("cost against large alone unknown, quality unknown")


def test_one_task_gives_figures_without_bootstrap_intervals():
    found = summed(run({name: row[:1] for name, row in TEN.items()}, USD)).suite().policy("sale")
    assert found.quality.value == 1
    assert found.quality.low < 0.3
    assert (found.usd_per_task.value, found.usd_per_task.low) == (2.5, None)
    assert found.stderr is None
    assert "too few tasks to tell" in found.comparisons[0].sentence


def test_where_all_are_equal_no_difference_is_shown():
    rows = dict.fromkeys(TEN, [1] * 10)
    found = summed(run(rows, dict.fromkeys(USD, 1.0))).suite().policy("sale")
    assert found.comparisons[0].sentence == (
        "as dear as large alone, quality +0.0 points [0.0, 0.0]: no difference shown"
    )
    assert found.oracle_capture is None
    assert found.hull_gain.value == 0


def test_unknown_dollars_stay_unknown_and_do_not_count_as_nothing():
    samples = [
        one.model_copy(update={"usd": None}) if one.policy == "sale" and one.task == "t0" else one
        for one in run(TEN, USD)
    ]
    found = summed(samples).suite().policy("sale")
    assert (found.usd_per_task, found.usd_per_solved, found.arena) == (None, None, None)
    assert (found.usd_known, found.tasks) == (9, 10)
    assert found.usd_per_known_task.value == 2.5
    compared = found.comparisons[0]
    assert (compared.tasks, compared.usd_tasks) == (10, 9)
    assert compared.sentence.endswith(" (dollars on 9 of 10 tasks)")


def test_dollars_unknown_in_one_order_are_unknown_of_the_task():
    samples = run(TEN, USD) + run({"sale": [1] * 10}, {"sale": 9.0}, order=1)
    samples[-1] = samples[-1].model_copy(update={"usd": None})
    found = summed(samples).suite().policy("sale")
    assert (found.usd_known, found.comparisons[0].usd_tasks) == (9, 9)
    assert found.usd_per_known_task.value == pytest.approx((2.5 + 9.0) / 2)


def test_a_policy_that_awards_to_an_agent_without_a_price_has_unknown_dollars_throughout():
    """Its priced tasks are those it gave to somebody else: no fair sample."""
    samples = run(TEN, USD)
    samples += [
        sample("free", task, True, None if task < 3 else 1.0, agent="x" if task < 3 else "small")
        for task in range(10)
    ]
    found = summed(samples, roster=ROSTER | {"x": None}).suite().policy("free")
    assert (found.usd_known, found.usd_per_known_task, found.hull_gain) == (0, None, None)
    assert found.comparisons[0].sentence.startswith("cost against large alone unknown, quality +")


def test_unknown_outcomes_are_left_out_and_counted():
    rows = TEN | {"sale": [None, None, 1, 1, 1, 1, 1, 0, 0, 0]}
    found = summed(run(rows, USD)).suite().policy("sale")
    assert (found.known, found.tasks) == (8, 10)
    assert found.quality.value == pytest.approx(5 / 8)
    assert found.usd_per_solved.value == pytest.approx(8 * 2.5 / 5)
    assert found.comparisons[0].tasks == 8


def test_a_run_whose_outcomes_nobody_knows_still_has_dollars():
    found = summed(run({name: [None] * 6 for name in TEN}, USD))
    suite = found.suite()
    assert (suite.best, suite.hull, suite.hull_aiq, suite.worth) == (None, (), None, ())
    assert suite.policy("sale").pass_at == {}
    assert suite.policy("sale").usd_per_task.value == 2.5
    assert against(found, "sale", Baseline.LARGEST).sentence == (
        "cheaper than large alone by 38 % [38, 38], quality unknown (quality on 0 of 6 tasks)"
    )


def test_one_single_agent_with_gaps_takes_no_task_from_the_others():
    """Medium lacks 2 of 20 tasks and is no corner; tiny lacks 3, too many to be held against."""
    rows = {name: row * 2 for name, row in TEN.items()} | {"single:tiny": [1] * 17 + [None] * 3}
    rows["single:medium"] = [None, None] + [0] * 18
    suite = summed(run(rows, USD | {"single:tiny": 0.1})).suite()
    assert (suite.best, suite.left_out, suite.hull_tasks) == ("large", ("tiny",), 20)
    assert [one.policy for one in suite.hull] == ["single:small", "single:large"]
    assert suite.policy("single:medium").comparisons[-1].tasks == 18


def test_where_no_single_agent_did_most_of_the_tasks_there_is_no_best_one():
    samples = [
        *run({"single:small": [1] * 6}, USD),
        *run({"single:large": [1] * 6}, USD, suite="b"),
    ]
    found = summed(samples)
    assert (found.suite("b").best, found.suite().best, found.suite().hull) == ("large", None, ())
    assert found.suite().left_out == ("small", "large")


def test_without_the_largest_single_in_the_run_there_is_no_such_comparison():
    found = summed(run({name: TEN[name] for name in ("single:small", "sale")}, USD))
    assert found.largest == "large"
    assert against(found, "sale", Baseline.LARGEST) is None
    assert against(found, "sale", Baseline.BEST).against == "single:small"


def test_without_prices_there_is_no_largest():
    found = summed(run(TEN, USD), roster=dict.fromkeys(ROSTER))
    assert found.largest is None
    assert found.suite().policy("sale").reliance is None
    assert against(found, "sale", Baseline.LARGEST) is None


def test_no_sample_is_no_suite():
    assert summed([]).suites == ()
    assert summed([]).suite() is None


def test_nobody_solved_anything():
    suite = summed(run({name: [0] * 6 for name in TEN}, USD)).suite()
    assert suite.policy("sale").usd_per_solved is None
    assert suite.best == "small"
    assert suite.worth[0].total == 0


def test_what_costs_nothing_is_not_divided_by():
    suite = summed(run(TEN, dict.fromkeys(USD, 0.0))).suite()
    found = suite.policy("sale")
    assert found.comparisons[0].saving is None
    assert found.comparisons[0].sentence.startswith("as dear as large alone, quality")
    assert suite.hull_aiq is None
    assert found.hull_gain.value == pytest.approx(0.1)
    assert found.arena == pytest.approx(1.1 * 0.7 / 1.07)
    paid = summed(run(TEN, dict.fromkeys(USD, 0.0) | {"sale": 0.5}))
    assert against(paid, "sale", Baseline.LARGEST).sentence.startswith(
        "dearer than large alone, which costs nothing, by $0.5 a task"
    )


def test_the_same_sample_twice_is_refused_in_a_line():
    with pytest.raises(InputError, match=r"^2 samples of policy 'sale' on task 't0' .* once$"):
        summed([*run(TEN, USD), sample("sale", 0, True, 1.0)])


def test_a_suite_with_the_name_of_all_suites_is_refused():
    with pytest.raises(InputError, match="'all', which means all suites; give it another name"):
        summed(run(TEN, USD, suite="all"))


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False), st.data())
def test_the_order_of_the_samples_changes_nothing(shuffler, data):
    solved = st.lists(st.sampled_from([0, 1, None]), min_size=6, max_size=6)
    rows = {name: data.draw(solved) for name in TEN}
    samples = [
        one.model_copy(update={"usd": (one.usd or 0) * (1 + number % 7 / 10)})
        for number, one in enumerate(run(rows, USD))
    ]
    other = samples.copy()
    shuffler.shuffle(other)
    first, second = (summed(one, draws=50).suite() for one in (samples, other))
    assert first.model_copy(update={"policies": ()}) == second.model_copy(update={"policies": ()})
    for one in first.policies:
        assert one == second.policy(one.policy)


def test_figures_are_written_as_json_and_read_back():
    found = ten()
    assert type(found).model_validate_json(found.model_dump_json()) == found


def test_stages_are_summed_up_and_the_auction_is_their_overhead():
    stages = {
        Stage.BID: Spending(
            prompt_tokens=60, cached_tokens=40, completion_tokens=40, usd=1.0, wall_s=2
        ),
        Stage.RATE: Spending(prompt_tokens=95, completion_tokens=5, usd=2.0, wall_s=1),
        Stage.EXECUTE: Spending(prompt_tokens=150, completion_tokens=50, usd=1.0, wall_s=7),
    }
    found = summed([sample("sale", n, True, 4.0, stages=stages) for n in range(3)])
    one = found.suite().policy("sale")
    assert (one.overhead.tokens, one.overhead.usd, one.overhead.wall) == pytest.approx(
        (0.5, 0.75, 0.3)
    )
    assert list(one.stages) == [Stage.BID, Stage.RATE, Stage.EXECUTE]
    assert one.stages[Stage.BID].tokens == 300
    assert one.stages[Stage.BID].tokens_share == 0.25
    assert (one.tokens_per_task, one.wall_s_per_task) == (400, 10)


def test_an_unknown_price_leaves_the_overhead_in_dollars_unknown_and_the_tokens_known():
    stages = {
        Stage.BID: Spending(completion_tokens=10, usd=None),
        Stage.EXECUTE: Spending(completion_tokens=30, usd=1.0),
    }
    one = summed([sample("sale", 0, True, None, stages=stages)]).suite().policy("sale")
    assert (one.overhead.tokens, one.overhead.usd, one.overhead.wall) == (0.25, None, None)


def test_a_table_of_outcomes_has_no_overhead_and_no_tokens():
    one = ten().suite().policy("sale")
    assert (one.overhead.tokens, one.overhead.usd, one.overhead.wall) == (None, None, None)
    assert (one.tokens_per_task, one.wall_s_per_task) == (None, None)


def test_the_settings_of_a_policy_are_a_curve():
    """Shares of the large agent 0.2 and 0.6; small solves 0.2, large 0.8 of ten tasks."""
    rows = {"single:small": [1] * 2 + [0] * 8, "single:large": [1] * 8 + [0] * 2}
    samples = run(rows, USD)
    for name, large, solved in (("mf@0.9", 2, 5), ("mf@0.1", 6, 8)):
        samples += [
            sample(
                name,
                n,
                n < solved,
                4.0 if n < large else 1.0,
                agent="large" if n < large else "small",
            )
            for n in range(10)
        ]
    (curve,) = summed(samples).suite().curves
    assert curve.name == "mf"
    assert [(one.policy, one.usd, one.quality) for one in curve.points] == [
        ("mf@0.9", pytest.approx(1.6), 0.5),
        ("mf@0.1", pytest.approx(2.8), 0.8),
    ]
    area = 0.2 * 0.35 + 0.4 * 0.65 + 0.4 * 0.8
    assert curve.apgr == pytest.approx((area - 0.2) / 0.6)
    assert curve.cpt == pytest.approx({20: 0.2 * 0.12 / 0.3, 50: 0.2, 80: 0.2 + 0.4 * 0.18 / 0.3})
    assert curve.aiq == pytest.approx((1.2 * 0.65 + 1.2 * 0.8) / 4.0)


def settings_of_a_policy(usd=1.0):
    rows = {"mf@1": [1] * 3 + [0] * 3, "mf@2": [1] * 6}
    return [one.model_copy(update={"usd": usd}) for one in run(rows, dict.fromkeys(rows, 1.0))]


def test_a_curve_of_unknown_dollars_has_no_points_and_one_without_ends_no_gap():
    (curve,) = summed(settings_of_a_policy(usd=None)).suite().curves
    assert (curve.points, curve.aiq, curve.apgr) == ((), None, None)
    assert curve.cpt == {20: None, 50: None, 80: None}
    (curve,) = summed(settings_of_a_policy()).suite().curves
    assert (len(curve.points), curve.aiq, curve.apgr) == (2, pytest.approx(0.0), None)


def test_one_agent_alone_leaves_no_gap_to_close():
    samples = [*settings_of_a_policy(), *run({"single:large": [1] * 6}, USD)]
    (curve,) = summed(samples, roster={"large": 1.0}).suite().curves
    assert curve.apgr is None


def test_agents_with_the_sign_of_a_setting_in_their_names_are_no_curve():
    rows = {"single:q@4": [1, 0], "single:q@8": [1, 1]}
    assert summed(run(rows, dict.fromkeys(rows, 1.0))).suite().curves == ()


def test_the_worth_of_agents_comes_by_the_oracle_and_by_checks_where_there_are_any():
    rows = {"single:small": [1, 0, 0], "single:large": [1, 1, 0]}
    (oracle,) = summed(run(rows, USD)).suite().worth
    assert oracle.values == pytest.approx({"small": 1 / 6, "large": 1 / 2})
    assert (oracle.rule, oracle.total, oracle.tasks) == ("oracle", pytest.approx(2 / 3), 3)
    checked = [
        one.model_copy(update={"verified": Verdict.PASSED if one.solved else Verdict.FAILED})
        for one in run(rows, USD)
    ]
    rules = {one.rule: one for one in summed(checked).suite().worth}
    assert rules["checks"].values == pytest.approx(oracle.values)


def test_a_task_with_more_attempts_is_worth_no_more_than_another():
    samples = run({"single:small": [1, 0], "single:large": [0, 1]}, USD)
    samples += [sample("single:large", 0, False, 4.0, attempt=n) for n in (1, 2)]
    samples += [sample("single:small", 0, True, 1.0, attempt=n) for n in (1, 2)]
    (oracle,) = summed(samples).suite().worth
    assert oracle.values == pytest.approx({"small": 0.5, "large": 0.5})


def test_two_runs_of_a_policy_are_compared_on_what_both_hold():
    ours = run({"sale": TEN["sale"]}, {"sale": 1.0})
    theirs = run({"sale": TEN["single:large"][:8]}, {"sale": 2.0})
    found = compare(ours, theirs, names=("sale (A)", "sale (B)"), draws=300)
    assert (found.tasks, found.of) == (8, 10)
    assert found.saving.value == pytest.approx(0.5)
    assert found.quality.value == pytest.approx(1 / 8)
    assert found.sentence.startswith("cheaper than sale (B) by 50 % [50, 50], quality +12.5 points")
    back = compare(theirs, ours, names=("sale (B)", "sale (A)"), draws=300)
    assert (back.quality.low, back.quality.high) == pytest.approx(
        (-found.quality.high, -found.quality.low)
    )


@pytest.mark.parametrize(("ours", "theirs"), [(0, 3), (3, 0), (0, 0)])
def test_a_run_without_samples_is_compared_with_nothing(ours, theirs):
    sides = [run({"sale": [1] * many}, USD) for many in (ours, theirs)]
    found = compare(*sides, names=("a", "b"))
    assert (found.tasks, found.of, found.quality) == (0, ours, None)
    assert found.sentence == "no task in common with b"


@pytest.mark.slow
def test_twenty_policies_on_a_thousand_tasks_take_less_than_five_seconds():
    rng = random.Random(0)
    names = [*(f"single:{agent}" for agent in ROSTER), "oracle", *(f"p{n}" for n in range(16))]
    stages = {Stage.BID: Spending(completion_tokens=9, usd=0.1), Stage.EXECUTE: Spending(usd=0.9)}
    samples = [
        sample(
            name, task, rng.random() < 0.5, rng.random(), stages=stages, place=task, minutes=task
        )
        for name in names
        for task in range(1000)
    ]
    began = time.process_time()
    found = summed(samples, draws=10_000)
    assert time.process_time() - began < 5
    assert len(found.suite().policies) == 20
