"""Weights and the scales that make features comparable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.auction.weights import even, plan_cost_scale
from sale.types import AgentSpec, Price


def spec(price: float | None, plan_tokens: int = 100) -> AgentSpec:
    prices = None if price is None else Price(9.0, 9.0, price)
    return AgentSpec("a", "m", "scripted", prices, plan_tokens=plan_tokens)


def test_the_scale_is_the_dearest_plan_that_the_roster_could_bid() -> None:
    assert plan_cost_scale([spec(1.0, 50), spec(0.4, 200), spec(None)]) == 80.0


@pytest.mark.parametrize("roster", [[], [spec(None)], [spec(0.0)]])
def test_without_a_price_the_scale_is_one(roster: list[AgentSpec]) -> None:
    assert plan_cost_scale(roster) == 1.0


@given(st.sets(st.text(), min_size=1), st.floats(-5, 5))
def test_an_even_jury_shares_the_whole_weight(jurors: set[str], total: float) -> None:
    assert sum(even(jurors, total=total).values()) == pytest.approx(total)


def test_a_jury_of_nobody_has_no_weight() -> None:
    assert even((), total=0.7) == {}
