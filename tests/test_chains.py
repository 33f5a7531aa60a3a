"""The chain of awards with the largest expected profit."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.auction.chains import (
    AHEAD,
    FEW,
    MOST,
    Chain,
    chain_at,
    chains,
    laid_out,
    odds,
    worth_a_look,
)
from sale.auction.ways import NOBODY, Ways

NAN = float("nan")


def best_chain(solves, dollars, *, value, checked, longest, failed=(), again=0) -> Chain:
    """The best chain of those that are worth a look."""
    solves, dollars = np.array(solves), np.array(dollars)
    looked_at = worth_a_look(solves[0, 0, 0], dollars, value=value)
    sizes = tuple(range(len(dollars)))
    table = chains(looked_at, Ways.plain(len(dollars)), tuple(failed), longest, again, sizes)
    found = odds(table, solves, dollars, 0 * dollars, value=value, checked=checked)
    return chain_at(table, found, int(found.best(value)))


def worth(order, solves, dollars, *, value, checked, failed=()) -> float:
    """The expected profit of one order, step by step."""
    profit, reach, before = 0.0, 1.0, list(failed)
    for agent in order:
        others = set(before) - {agent}
        betters = sum(other > agent for other in others)
        chance = solves[len(others)][betters][before.count(agent)][agent]
        profit += reach * (value * chance - dollars[agent])
        reach *= checked * (1 - chance)
        before.append(agent)
    return profit


chances = st.floats(0, 1)


@st.composite
def cases(draw):
    n, again, longest = (
        draw(st.integers(1, 3)),
        draw(st.integers(0, 2)),
        draw(st.integers(1, AHEAD)),
    )
    failed = draw(st.lists(st.integers(0, n - 1), max_size=2))
    shape = (n + 1, n + 1, longest + 3, n)
    solves = np.random.default_rng(draw(st.integers(0, 99))).uniform(size=shape).tolist()
    dollars = [draw(st.floats(0.01, 5)) for _ in range(n)]
    given_ = {"value": draw(st.floats(0, 20)), "checked": draw(chances), "failed": failed}
    return solves, dollars, given_, longest, again


@given(cases())
def test_no_chain_of_any_works_earns_more(case) -> None:
    solves, dollars, given_, longest, again = case
    found = best_chain(solves, dollars, longest=longest, again=again, **given_)
    failed = tuple(given_["failed"])
    orders = [
        order
        for size in range(longest + 1)
        for order in product(range(len(dollars)), repeat=size)
        if all((failed + order).count(one) <= 1 + again for one in order)
    ]
    most = max(worth(order, solves, dollars, **given_) for order in orders)
    assert found.ways in orders
    assert found.profit == pytest.approx(most, abs=1e-9)
    assert worth(found.ways, solves, dollars, **given_) == pytest.approx(found.profit, abs=1e-9)
    assert given_["value"] * found.solves - found.dollars == pytest.approx(found.profit, abs=1e-9)


def alike(*chances: float) -> list[list[list[list[float]]]]:
    """The same chances whatever has failed before."""
    return [[[list(chances)] * (AHEAD + 1)] * (AHEAD + 1)] * (AHEAD + 1)


def test_with_checks_a_cheap_agent_goes_first_and_without_them_the_best_goes_alone() -> None:
    asked = {"solves": alike(0.7, 0.9), "dollars": [1.0, 3.0], "value": 30.0, "longest": 2}
    assert best_chain(checked=1.0, **asked).ways == (0, 1)
    assert best_chain(checked=0.0, **asked).ways == (1,)


def test_a_fresh_sample_of_a_cheap_agent_may_beat_a_dear_one() -> None:
    asked = {"dollars": [1.0, 50.0], "value": 30.0, "checked": 1.0, "longest": 3, "again": 2}
    assert best_chain(alike(0.3, 0.9), **asked).ways == (0, 0, 0)
    fading = np.array(alike(0.3, 0.9))
    fading[:, :, 1:, 0] = 0.01  # it fails at what it has failed at
    assert best_chain(fading, **asked).ways == (0,)


def test_nobody_goes_who_is_not_worth_its_price() -> None:
    found = best_chain(alike(0.5), [1.0], value=1.0, checked=1.0, longest=1)
    assert (found.ways, found.profit) == ((), 0.0)


def test_an_agent_of_unknown_price_stays_at_home() -> None:
    found = best_chain(alike(0.5, 0.9), [1.0, NAN], value=10.0, checked=1.0, longest=2)
    assert found.ways == (0,)


def test_of_many_agents_those_that_earn_most_alone_are_compared() -> None:
    n = MOST + 5
    found = best_chain(alike(*[0.5] * n), np.linspace(1, 2, n), value=10.0, checked=1.0, longest=9)
    assert found.ways == (0, 1, 2)
    for few, ahead in ((MOST, AHEAD - 1), (FEW, AHEAD)):
        listed = chains(tuple(range(few)), Ways.plain(few), (), 9, 9, (1,) * few).ways
        assert len(listed) == sum(few**k for k in range(ahead + 1))


def test_a_plan_is_paid_once_in_a_chain_and_a_worker_is_the_same_with_and_without_it() -> None:
    ways = Ways((0, 1, 0, 1), (NOBODY, NOBODY, 1, 1))
    table = laid_out([(2, 3, 0), (0, 2, 2), (1,)], ways, failed=(0,), depth=3, sizes=(1, 1))
    assert table.asks.tolist() == [[True, False, False], [False, True, False], [False] * 3]
    assert table.again.tolist() == [[1, 0, 2], [1, 2, 3], [0, 0, 0]]
    assert table.others.tolist() == [[0, 1, 1], [0, 0, 0], [1, 0, 0]]
    assert table.betters.tolist() == [[0] * 3] * 3
    solves, costs = np.full((3, 3, 4, 4), 0.5), {"dollars": np.ones(4), "plans": np.full(4, 8.0)}
    found = odds(table, solves, **costs, value=100.0, checked=1.0)
    assert found.dollars == pytest.approx([9 + 0.5 + 0.25, 1 + 9 / 2 + 0.25, 1.0])
    twice = chains((0, 2), ways, (0,), 3, 1, (1, 1)).ways
    assert sorted(map(tuple, twice[:, :1].tolist())) == [(NOBODY,), (0,), (2,)]
    assert (twice[:, 1:] == NOBODY).all()  # whatever it is shown, an agent is sent twice at most
