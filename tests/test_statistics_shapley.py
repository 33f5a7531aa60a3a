"""What each agent adds: worked by hand, the axioms, and sampling within its error."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sale.bench.statistics import shapley as module
from sale.bench.statistics.shapley import by_checks, by_oracle, shapley

tables = st.integers(1, 5).flatmap(
    lambda agents: st.lists(
        st.lists(st.booleans(), min_size=agents, max_size=agents), min_size=1, max_size=8
    ).map(lambda rows: np.array(rows, dtype=float).T)
)


def even(solved):
    return np.full(solved.shape[1], 1 / solved.shape[1])


def whole(value, agents):
    everybody = np.ones((1, agents), dtype=bool)
    return float(value(everybody)[0] - value(~everybody)[0])


def test_the_glove_game_is_that_of_the_textbook():
    """Two left gloves and a right one make one pair: 1/6, 1/6 and 2/3."""

    def pairs(members):
        return np.minimum(members[:, 0].astype(int) + members[:, 1], members[:, 2]).astype(float)

    values, errors = shapley(pairs, 3, seed=0)
    assert values == pytest.approx([1 / 6, 1 / 6, 2 / 3])
    assert (errors == 0).all()


def test_a_task_solved_by_two_is_shared_between_them():
    solved = np.array([[1, 0, 0], [1, 1, 0]], dtype=float)
    values, _ = shapley(by_oracle(solved, even(solved)), 2, seed=0)
    assert values == pytest.approx([0.5 / 3, 1.5 / 3])


@given(tables)
def test_values_add_up_to_the_grand_coalition_less_the_empty_one(solved):
    passed = solved[::-1] > 0
    for value in (by_oracle(solved, even(solved)), by_checks(solved, passed, even(solved))):
        values, _ = shapley(value, len(solved), seed=0)
        assert values.sum() == pytest.approx(whole(value, len(solved)))


@given(tables)
def test_by_the_oracle_whoever_solved_a_task_shares_it_evenly(solved):
    values, _ = shapley(by_oracle(solved, even(solved)), len(solved), seed=0)
    shared = solved / np.maximum(solved.sum(axis=0), 1)
    assert values == pytest.approx(shared.mean(axis=1))


@given(tables)
def test_the_values_are_the_mean_over_all_orders_of_joining(solved):
    agents = len(solved)
    value = by_checks(solved, solved > 0, even(solved))
    added = np.zeros(agents)
    orders = list(permutations(range(agents)))
    for order in orders:
        members = np.zeros((agents + 1, agents), dtype=bool)
        for place, agent in enumerate(order, start=1):
            members[place:, agent] = True
        added[list(order)] += np.diff(value(members))
    assert shapley(value, agents, seed=0)[0] == pytest.approx(added / len(orders))


def test_an_agent_that_changes_nothing_is_worth_nothing():
    solved = np.array([[1, 0, 1], [0, 0, 0]], dtype=float)
    assert shapley(by_oracle(solved, even(solved)), 2, seed=0)[0][1] == 0


def test_with_checks_the_first_answer_that_passes_is_kept_else_the_last():
    """Task 0: the first passes and is wrong. Task 1: nobody passes; the last one is right."""
    solved = np.array([[0, 0], [1, 1]], dtype=float)
    passed = np.array([[True, False], [True, False]])
    value = by_checks(solved, passed, even(solved))
    coalitions = np.array([[False, False], [True, False], [False, True], [True, True]])
    assert value(coalitions).tolist() == [0.0, 0.0, 1.0, 0.5]
    assert shapley(value, 2, seed=0)[0] == pytest.approx([-0.25, 0.75])


def test_beyond_twelve_agents_sampling_is_within_its_error_and_adds_up():
    rng = np.random.default_rng(0)
    solved = (rng.random((16, 60)) < np.linspace(0.05, 0.6, 16)[:, None]).astype(float)
    value = by_oracle(solved, even(solved))
    values, errors = shapley(value, 16, seed=1)
    exact = (solved / np.maximum(solved.sum(axis=0), 1)).mean(axis=1)
    assert (errors > 0).all()
    assert (np.abs(values - exact) < 4 * errors).all()
    assert values.sum() == pytest.approx(whole(value, 16))
    assert shapley(value, 16, seed=1)[0].tolist() == values.tolist()


@settings(max_examples=20)
@given(tables, st.integers(0, 9))
def test_sampling_and_counting_agree_on_small_markets(solved, seed):
    value = by_oracle(solved, even(solved))
    values, errors = module._sampled(value, len(solved), seed)
    exact, _ = shapley(value, len(solved), seed=0)
    assert (np.abs(values - exact) <= 5 * errors + 1e-9).all()
