"""Weights and the scales that make features comparable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.auction.terms import Part
from sale.auction.weights import Scale, Weights, cost_scale, even
from sale.types import AgentSpec, Price


def spec(price: float | None, plan_tokens: int = 100) -> AgentSpec:
    prices = None if price is None else Price(9.0, 9.0, price)
    return AgentSpec("a", "m", "scripted", prices, plan_tokens=plan_tokens)


def test_the_scale_is_the_dearest_plan_that_the_roster_could_bid() -> None:
    roster = [spec(1.0, 50), spec(0.4, 200), spec(None)]
    assert cost_scale(roster) == Scale(0.0, 80.0)
    assert cost_scale(roster, without={Part.PRICE}) == Scale(0.0, 200.0)
    assert cost_scale(roster, without={Part.LENGTH}) == Scale(0.0, 1.0)


@pytest.mark.parametrize("roster", [[], [spec(None)], [spec(0.0)]])
def test_without_a_price_the_scale_is_one(roster: list[AgentSpec]) -> None:
    assert cost_scale(roster) == Scale()


@given(st.sets(st.text(), min_size=1), st.floats(-5, 5))
def test_an_even_jury_shares_the_whole_weight(jurors: set[str], total: float) -> None:
    assert sum(even(jurors, total=total).values()) == pytest.approx(total)


def test_weights_are_named_by_their_content() -> None:
    weights = Weights(0.3, 0.1, {"a": 0.2, "b": 0.4}, Scale(0.0, 5.0))
    assert weights.id == Weights(0.3, 0.1, {"b": 0.4, "a": 0.2}, Scale(0.0, 5.0)).id
    assert weights.id != Weights(0.3, 0.1, {"a": 0.2, "b": 0.4}, Scale(0.0, 6.0)).id


def test_a_jury_of_nobody_has_no_weight() -> None:
    assert even((), total=0.7) == {}
