"""The paired bootstrap: one drawing for all figures, exact where it can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sale.bench.statistics.bootstrap import CHUNK, Question, answers, ratio

values = st.lists(st.integers(-9, 9).map(float), min_size=5, max_size=40).map(np.array)


def mean(column):
    ones = np.ones(len(column))
    return ratio(column, ones, ones)


def interval(column, *, draws=2000, seed=0):
    return answers({"it": mean(column)}, draws=draws, seed=seed)["it"]


def test_the_interval_is_that_of_scipy():
    column = np.random.default_rng(0).normal(size=80)
    found = interval(column, draws=10_000)
    theirs = stats.bootstrap(
        (column,), np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert found.value == pytest.approx(column.mean())
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_an_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(200):
        found = interval((rng.random(60) < 0.3).astype(float), draws=500, seed=seed)
        held += found.low <= 0.3 <= found.high
    assert 176 <= held <= 199


@given(values)
def test_the_interval_holds_the_estimate(column):
    found = interval(column, draws=200)
    assert found.low <= found.value <= found.high


@given(values)
def test_swapping_two_sides_mirrors_the_interval(column):
    one, other = interval(column, draws=200), interval(-column, draws=200)
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low))


def test_an_estimate_outside_its_own_draws_is_held_all_the_same():
    """The most of many equal means is larger in nearly every draw than in the sample."""
    columns = tuple(np.roll(np.tile([0.0, 1.0], 20), shift) for shift in range(2))
    question = Question(columns, lambda sums: sums.max(axis=1), 40)
    found = answers({"it": question}, draws=500, seed=0)["it"]
    assert found.low == found.value


def test_two_figures_see_the_same_tasks_in_every_draw():
    column = np.random.default_rng(0).normal(size=50)
    both = Question((column, 3 * column), lambda sums: 3 * sums[:, 0] - sums[:, 1], 50)
    found = answers({"it": both, "other": mean(column)}, draws=500, seed=0)["it"]
    assert (found.low, found.high) == pytest.approx((0, 0), abs=1e-9)


def test_a_seed_repeats_itself_and_another_one_differs():
    column = np.random.default_rng(0).normal(size=50)
    assert interval(column, seed=3) == interval(column, seed=3)
    assert interval(column, seed=3) != interval(column, seed=4)


def test_more_tasks_than_fit_into_memory_at_once_are_drawn_in_parts():
    column = np.zeros(CHUNK // 3)
    column[::2] = 1
    found = interval(column, draws=8)
    assert 0.497 < found.low < found.value < found.high < 0.503


@pytest.mark.parametrize("many", [1, 4])
def test_fewer_than_five_tasks_have_no_interval(many):
    found = interval(np.arange(many, dtype=float))
    assert (found.low, found.high) == (None, None)


def test_a_share_of_nothing_is_unknown_and_a_seldom_infinite_one_has_no_interval():
    ones, none, one = np.ones(6), np.zeros(6), np.eye(6)[0]
    found = answers(
        {"none": ratio(ones, none, ones), "seldom": ratio(ones, one, ones)}, draws=500, seed=0
    )
    assert found["none"] is None
    assert found["seldom"].value == 6
    assert found["seldom"].high is None


def test_an_unknown_value_makes_its_own_figure_unknown_and_no_other():
    ones = np.ones(6)
    unknown = np.array([1, 2, 3, 4, 5, np.nan])
    found = answers({"it": mean(unknown), "other": mean(ones)}, draws=100, seed=0)
    assert found["it"] is None
    assert found["other"].value == 1


def test_without_questions_or_draws_there_is_nothing_to_estimate():
    assert answers({}, draws=10, seed=0) == {}
    assert interval(np.arange(9.0), draws=0).low is None
