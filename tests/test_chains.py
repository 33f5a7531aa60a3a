"""The chain of awards with the largest expected profit."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.auction.chains import MOST, best_chain

NAN = float("nan")


def worth(order, solves, dollars, *, value, checked) -> float:
    """The expected profit of one order, step by step."""
    profit, reach = 0.0, 1.0
    for step, agent in enumerate(order):
        chance = solves[min(step, len(solves) - 1)][agent]
        profit += reach * (value * chance - dollars[agent])
        reach *= checked * (1 - chance)
    return profit


agents = st.integers(1, 5)
chances = st.floats(0, 1)


@st.composite
def cases(draw):
    n = draw(agents)
    solves = [[draw(chances) for _ in range(n)] for _ in range(draw(st.integers(1, 3)))]
    dollars = [draw(st.floats(0.01, 5)) for _ in range(n)]
    given_ = {"value": draw(st.floats(0, 20)), "checked": draw(chances)}
    return solves, dollars, given_, draw(st.integers(1, n))


@given(cases())
def test_no_order_of_any_agents_earns_more(case) -> None:
    solves, dollars, given_, longest = case
    found = best_chain(np.array(solves), np.array(dollars), longest=longest, **given_)
    orders = [
        order for size in range(longest + 1) for order in permutations(range(len(dollars)), size)
    ]
    most = max(worth(order, solves, dollars, **given_) for order in orders)
    assert found.profit == pytest.approx(most, abs=1e-9)
    assert worth(found.agents, solves, dollars, **given_) == pytest.approx(found.profit, abs=1e-9)
    assert given_["value"] * found.solves - found.dollars == pytest.approx(found.profit, abs=1e-9)


def test_with_checks_a_cheap_agent_goes_first_and_without_them_the_best_goes_alone() -> None:
    solves, dollars = np.array([[0.7, 0.9]]), np.array([1.0, 3.0])
    asked = {"value": 30.0, "longest": 2}
    assert best_chain(solves, dollars, checked=1.0, **asked).agents == (0, 1)
    assert best_chain(solves, dollars, checked=0.0, **asked).agents == (1,)


def test_nobody_goes_who_is_not_worth_its_price() -> None:
    found = best_chain(np.array([[0.5]]), np.array([1.0]), value=1.0, checked=1.0, longest=1)
    assert (found.agents, found.profit) == ((), 0.0)


def test_an_agent_of_unknown_price_stays_at_home() -> None:
    solves, dollars = np.array([[0.5, 0.9]]), np.array([1.0, NAN])
    found = best_chain(solves, dollars, value=10.0, checked=1.0, longest=2)
    assert found.agents == (0,)


def test_of_many_agents_those_that_earn_most_alone_are_compared() -> None:
    n = MOST + 5
    solves, dollars = np.full((1, n), 0.5), np.linspace(1.0, 2.0, n)
    found = best_chain(solves, dollars, value=10.0, checked=1.0, longest=3)
    assert found.agents == (0, 1, 2)
