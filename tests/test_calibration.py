"""The measures of a jury: worked examples, properties, and planted biases that are found."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import brier_score_loss, roc_auc_score

from sale.auction import calibration as measure
from sale.auction.jury import letters
from sale.auction.quality import quality
from sale.auction.votes import Vote, was_solved
from sale.types import StopReason, Verdict

AGENTS = ("large", "medium", "small")
pytestmark = pytest.mark.filterwarnings("error")


def own(n: int) -> np.ndarray:
    """A task of its own for each of n plans."""
    return np.arange(n)


def log(n: int = 200, *, letter_a: float = 0.0, own_plan: float = 0.0, seed=None) -> list[Vote]:
    """Auctions of three agents that rate each other; each has one executed plan."""
    rng = np.random.default_rng(1)
    found = []
    for number in range(n):
        quality_of = dict(zip(AGENTS, rng.uniform(1, 4, size=3), strict=True))
        tried = AGENTS[number % 3]
        solved = {tried: bool(rng.uniform(0, 5) < quality_of[tried])}
        for juror in AGENTS:
            drawn = number if seed is None else seed
            first = letters(AGENTS, seed=drawn, juror=juror, round=1)["A"]
            ratings = {
                agent: float(
                    np.clip(
                        worth
                        + rng.normal(0, 0.3)
                        + letter_a * (agent == first)
                        + own_plan * (agent == juror),
                        0,
                        5,
                    )
                )
                for agent, worth in quality_of.items()
            }
            found.append(Vote(f"t{number}", f"p{number}", juror, ratings, solved, 1, drawn))
    return found


def test_brier_and_ece_are_those_worked_by_hand():
    said, came = np.array([0.0, 0.6, 0.6, 1.0]), np.array([False, True, False, True])
    assert measure.brier(said, came) == pytest.approx((0 + 0.16 + 0.36 + 0) / 4)
    assert measure.brier(said, came) == pytest.approx(brier_score_loss(came, said))
    assert measure.base_brier(came) == 0.25
    bins = measure.reliability(said, came)
    assert [one.n for one in bins] == [1, 0, 0, 2, 0, 1]
    assert (bins[3].probability, bins[3].solved) == (pytest.approx(0.6), 0.5)
    assert bins[1].probability is None
    assert measure.calibration_error(bins) == pytest.approx(0.1 * 2 / 4)


def test_each_digit_has_a_bin_of_its_own():
    bins = measure.reliability(np.arange(6) / 5, np.ones(6, dtype=bool))
    assert [one.n for one in bins] == [1] * 6


def test_auc_and_correlation_are_those_worked_by_hand():
    x, y = np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, False, True, True])
    assert measure.auc(x, y, own(4)).value == pytest.approx(3.5 / 4)
    assert measure.correlation(x, y, own(4)).value == pytest.approx(1 / math.sqrt(2))


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_auc_and_correlation_agree_with_the_libraries(rows):
    x = np.array([float(rating) for rating, _ in rows])
    y = np.array([solved for _, solved in rows])
    area, r = measure.auc(x, y, own(len(x))), measure.correlation(x, y, own(len(x)))
    if y.all() or not y.any():
        assert area is None
        assert r is None
        return
    assert area.value == pytest.approx(roc_auc_score(y, x))
    if np.ptp(x) == 0:
        assert r is None
    else:
        assert r.value == pytest.approx(stats.pearsonr(x, y).statistic)
        assert r.low is None or -1 <= r.low <= r.value <= r.high <= 1
    assert area.low is None or 0 <= area.low <= area.value <= area.high <= 1


def test_intervals_are_those_of_a_bootstrap():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 5, 300)
    y = rng.uniform(0, 5, 300) < x
    r = measure.correlation(x, y, own(300))
    drawn = [stats.pearsonr(x[rows], y[rows])[0] for rows in rng.integers(300, size=(600, 300))]
    assert (r.low, r.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.03)
    area = measure.auc(x, y, own(300))
    drawn = [roc_auc_score(y[rows], x[rows]) for rows in rng.integers(300, size=(300, 300))]
    assert (area.low, area.high) == pytest.approx(
        tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.03
    )


def test_copies_of_a_task_make_no_interval_narrower():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 5, 60)
    y = rng.uniform(0, 5, 60) < x
    once = measure.auc(x, y, own(60))
    copied = measure.auc(np.tile(x, 9), np.tile(y, 9), np.tile(own(60), 9))
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))


@given(st.lists(st.booleans(), min_size=20, max_size=60).filter(lambda y: 5 <= sum(y) <= 15))
def test_a_perfect_juror_has_brier_0_and_auc_1(came):
    votes = [
        Vote(f"t{n}", f"p{n}", "j", {"a": 5.0 * solved}, {"a": solved})
        for n, solved in enumerate(came)
    ]
    for one in quality(votes):
        assert (one.brier, one.calibration_error) == (0, 0)
        assert one.auc == measure.Estimate(1.0)
        assert one.correlation.value == pytest.approx(1)


def test_a_constant_juror_has_an_unknown_correlation_and_no_warning():
    votes = [replace(one, ratings=dict.fromkeys(AGENTS, 3.0)) for one in log(60)]
    for one in quality(votes):
        assert one.correlation is None
        assert one.auc.value == 0.5
        assert one.position.p_value is None
        assert one.position.spread == 0
        assert one.self_preference.value == 0


def test_the_order_of_the_auctions_changes_nothing():
    votes = log(60)
    for one, other in zip(quality(votes), quality(votes[::-1]), strict=True):
        assert one.auc.value == pytest.approx(other.auc.value)
        assert one.auc.high == pytest.approx(other.auc.high)
        assert one.position.p_value == pytest.approx(other.position.p_value)
        assert one.self_preference.low == pytest.approx(other.self_preference.low)


def test_too_little_data_gives_no_number():
    for one in quality(log(6)):
        assert (one.correlation, one.auc, one.brier, one.calibration_error) == (None,) * 4
        assert one.reliability == ()
    assert quality([]) == ()


def test_a_planted_position_bias_is_found_and_an_absent_one_is_not():
    jury, *jurors = quality(log(letter_a=0.5))
    assert jury.position.p_value < 0.001
    assert jury.position.letters[0].deviation == pytest.approx(0.5 * 2 / 3, abs=0.08)
    assert all(one.position.p_value < 0.05 for one in jurors)
    assert quality(log())[0].position.p_value > 0.05


def test_false_alarms_on_position_are_as_rare_as_they_should_be():
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(100):
        votes = [
            Vote(f"{n}", f"{n}", "j", dict(zip("ab", rng.uniform(0, 5, 2), strict=True)), {}, 1, n)
            for n in range(30)
        ]
        alarms += quality(votes)[0].position.p_value < 0.05
    assert alarms <= 12


def test_one_seed_for_all_auctions_tells_nothing_of_position():
    assert all(one.position is None for one in quality(log(seed=7)))


def test_a_planted_self_preference_is_found_once_and_an_absent_one_is_not():
    for one in quality(log(own_plan=0.5)):
        assert one.self_preference.low > 0
        assert one.self_preference.value == pytest.approx(0.5, abs=0.1)
    jury = quality(log())[0].self_preference
    assert jury.low < 0 < jury.high


def test_two_jurors_who_alone_bid_show_no_self_preference():
    votes = [Vote(str(n), str(n), j, {"a": 3, "b": 2}, {}) for n in range(30) for j in "ab"]
    assert all(one.self_preference is None for one in quality(votes))


@pytest.mark.parametrize("rating", [math.nan, math.inf, -1, 5.1])
def test_a_vote_that_no_juror_can_cast_is_left_out(rating):
    good = log(30)
    bad = Vote("t", "p", "large", {"large": rating, "small": 1}, {"large": True}, 1, 1)
    assert quality([*good, bad]) == quality(good)
    assert quality([bad]) == ()


@pytest.mark.parametrize(
    ("verified", "stop", "answered", "grade", "right"),
    [
        (Verdict.PASSED, StopReason.ANSWERED, True, None, True),
        (Verdict.FAILED, StopReason.ANSWERED, True, None, False),
        (Verdict.PASSED, StopReason.ANSWERED, True, 0.5, False),
        (Verdict.NONE, StopReason.ANSWERED, True, 1.0, True),
        (Verdict.NONE, StopReason.ANSWERED, True, None, None),
        (Verdict.NONE, StopReason.STEPS, False, None, False),
        (Verdict.NONE, StopReason.CRASHED, False, None, None),
        (Verdict.NONE, StopReason.INTERRUPTED, False, None, None),
        (Verdict.NONE, StopReason.NOT_FOUND, False, None, None),
    ],
)
def test_the_record_tells_whether_a_plan_was_good(verified, stop, answered, grade, right):
    assert was_solved(verified, stop, answered=answered, grade=grade) is right
