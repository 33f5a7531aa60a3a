"""Cost, value and winner determination on plain arrays."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sale.auction.appraisal import jury_weights, neutral, plan_cost, winner

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
    shares = jury_weights(weights, present)
    assert not shares[~present].any()
    assume(weights[present].any())
    assert np.abs(shares).sum() == pytest.approx(np.abs(weights).sum())
    assert (np.sign(shares[present]) == np.sign(weights[present])).all()


def test_a_jury_of_nobody_weighs_nothing() -> None:
    assert jury_weights(np.array([1.0, 2.0]), np.array([False, False])).tolist() == [0.0, 0.0]


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
