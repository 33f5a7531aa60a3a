"""Cost, value and winner determination on plain arrays."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sale.auction.appraisal import (
    appraise,
    award_cost,
    award_ratio,
    heard,
    jury_weights,
    neutral,
    plan_cost,
    winner,
)

nan = float("nan")
amounts = st.floats(0.0, 1e6)
maybe = amounts | st.just(nan)


def test_a_plan_costs_its_tokens_at_the_output_price() -> None:
    assert plan_cost(np.array([2.0, 0.5]), np.array([10.0, 10.0])).tolist() == [20.0, 5.0]


def test_an_unknown_price_is_taken_for_the_dearest_known_one() -> None:
    assert plan_cost(np.array([2.0, nan, 5.0]), np.ones(3)).tolist() == [2.0, 5.0, 5.0]


def test_where_no_price_is_known_plans_cost_nothing() -> None:
    assert plan_cost(np.array([nan, nan]), np.ones(2)).tolist() == [0.0, 0.0]


@given(st.lists(amounts, min_size=1, max_size=6), st.floats(1.0, 1000.0))
def test_an_unknown_price_never_costs_less_than_a_known_one(
    known: list[float], tokens: float
) -> None:
    costs = plan_cost(np.array([*known, nan]), np.full(len(known) + 1, tokens))
    assert costs[-1] == max(costs)


def test_what_was_not_measured_takes_the_mean_of_the_rest() -> None:
    assert neutral(np.array([1.0, nan, 3.0])).tolist() == [1.0, 2.0, 3.0]
    assert neutral(np.array([nan, nan])).tolist() == [0.0, 0.0]


@given(st.lists(maybe, min_size=1, max_size=8))
def test_filling_in_keeps_the_mean_and_leaves_no_gap(feature: list[float]) -> None:
    raw, filled = np.array(feature), neutral(np.array(feature))
    assume(not np.isnan(raw).all())
    assert np.isfinite(filled).all()
    assert filled.mean() == pytest.approx(np.nanmean(raw))


weights = st.floats(-3, 3).filter(lambda weight: weight == 0 or abs(weight) > 1e-3)


@given(st.lists(st.tuples(weights, st.booleans()), min_size=1, max_size=8))
def test_the_jury_as_a_whole_keeps_its_weight_when_jurors_fail(
    jurors: list[tuple[float, bool]],
) -> None:
    weights = np.array([weight for weight, _ in jurors])
    present = np.array([there for _, there in jurors])
    total = float(np.abs(weights).sum())
    (shares,) = jury_weights(weights, present[None, :], total=total)
    assert not shares[~present].any()
    assume(weights[present].any())
    assert np.abs(shares).sum() == pytest.approx(total)
    assert (np.sign(shares[present]) == np.sign(weights[present])).all()


def test_a_jury_of_nobody_weighs_nothing() -> None:
    nobody = jury_weights(np.array([1.0, 2.0]), np.zeros((3, 2), dtype=bool), total=3.0)
    assert nobody.tolist() == [[0.0, 0.0]] * 3


def test_a_juror_that_may_not_rate_one_bid_hands_its_weight_there_to_the_others() -> None:
    shares = jury_weights(np.array([1.0, 3.0]), np.array([[True, False], [True, True]]), total=4.0)
    assert shares.tolist() == [[4.0, 0.0], [1.0, 3.0]]


def test_a_bid_without_a_voice_is_taken_for_an_average_one() -> None:
    ratings = np.array([[1.0, nan, nan], [nan, nan, nan], [3.0, nan, 5.0]])
    filled, counts = heard(ratings, np.ones((3, 3), dtype=bool))
    assert filled[1].tolist() == [3.0, 3.0, 3.0]
    assert counts.tolist() == [[True, False, False], [True, False, True], [True, False, True]]


def test_without_a_past_an_award_costs_what_its_plan_does() -> None:
    plan, none = np.array([4.0, 10.0]), np.zeros(2)
    assert award_ratio(none, none) == 1.0
    assert award_cost(plan, none, none, ratio=1.0).tolist() == [4.0, 10.0]


def test_past_awards_outweigh_the_price_of_a_plan_as_they_grow() -> None:
    ratio = award_ratio(np.array([60.0, 40.0]), np.array([6.0, 4.0]))
    assert ratio == 10.0
    plan, past = np.array([2.0, 2.0, 2.0]), np.array([60.0, 40.0, 0.0])
    cost = award_cost(plan, np.array([2.0, 98.0, 0.0]), past, ratio=ratio)
    assert cost.tolist() == [25.0, 0.8, 20.0]


def test_a_weight_of_zero_hides_what_was_not_measured() -> None:
    scores = appraise(
        np.array([[10.0, nan], [30.0, nan]]),
        np.array([[0.5, 0.0], [0.5, 0.0]]),
        np.array([10.0, 0.0]),
        np.array([50.0, 1.0]),
    )
    assert scores.score.tolist() == [0.0, 0.25]
    assert scores.value.tolist() == [0.0, 0.0]


def test_a_thousand_bids_and_sixteen_jurors_are_one_matrix() -> None:
    rng = np.random.default_rng(0)
    features, weights = rng.random((1000, 18)), rng.random((1000, 18))
    scores = appraise(features, weights, np.zeros(18), np.ones(18))
    by_hand = weights[7, 0] * features[7, 0] - weights[7, 1:] @ features[7, 1:]
    assert scores.score[7] == pytest.approx(by_hand)


def test_ties_go_to_the_lower_price_then_to_the_first_and_unknown_prices_lose() -> None:
    assert winner(np.array([1.0, 1.0, 2.0]), np.array([3.0, 2.0, 1.0])) == 1
    assert winner(np.array([1.0, 1.0]), np.array([2.0, 2.0])) == 0
    assert winner(np.array([1.0, 1.0]), np.array([nan, 9.0])) == 1


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), maybe), min_size=1, max_size=10))
def test_the_winner_never_has_a_higher_score_than_a_rival(
    bids: list[tuple[float, float]],
) -> None:
    scores = np.array([score for score, _ in bids])
    assert scores[winner(scores, np.array([price for _, price in bids]))] == scores.min()
