"""Fitting: the optimum where it can be counted out, bounds that hold, rules that carry over."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from sale.auction.fitting import Rule, Table, as_heard, fit, learn_scales, scaled
from sale.auction.objectives import Instance, Objective, allowed, losses, mixed
from sale.auction.programs import prove
from sale.auction.search import improve, least_worst, search

TOLERANCE = 1e-6


def random_table(seed, tasks=5, agents=3, jurors=2, *, missing=0.0):
    """A small table without rhyme or reason."""
    rng = np.random.default_rng(seed)
    bid = rng.random((tasks, agents)) >= missing
    bid[:, 0] = True
    solved = rng.random((tasks, agents)) < 0.5
    solved[0] = [True] + [False] * (agents - 1)
    bid[0] = True
    return Table(
        features=as_heard(rng.uniform(0, 9, (tasks, agents, 2 + jurors)), bid),
        bid=bid,
        solved=solved,
        dollars=rng.uniform(0.1, 1, (tasks, agents)),
        auction=np.zeros(tasks),
    )


def known_rule(seed, tasks, *, noise=0.0):
    """Agents solve a task where a hidden rule would choose them; another agent seldom does."""
    rng = np.random.default_rng(seed)
    features = rng.uniform(0, [100, 2, 5, 5], (tasks, 4, 4))
    rule = Rule(np.array([0.3, -0.2, 0.4, 0.1]), np.array([[0, 100], [0, 2], [0, 5], [0, 5.0]]))
    bid = np.ones((tasks, 4), dtype=bool)
    table = Table(features, bid, bid, np.full((tasks, 4), 0.01), np.zeros(tasks))
    chosen = rule.choose(table)
    solved = rng.random((tasks, 4)) < 0.1
    solved[np.arange(tasks), chosen] = rng.random(tasks) >= noise
    return replace(table, solved=solved)


def fitted(table, objective=Objective.UTILITY, *, value=10.0, seconds=10.0, seed=0):
    return fit(table, objective, value=value, seconds=seconds, rng=np.random.default_rng(seed))


def faces(table):
    """The signed features for either sign of the entropy's weight."""
    x = scaled(table.features, learn_scales(table))
    for sign in (-1.0, 1.0):
        yield x * np.array([1.0, sign] + [-1.0] * (x.shape[2] - 2))


def lowest_maximum(rows):
    """min over the simplex of the largest row . w, by one linear program."""
    count, width = rows.shape
    return linprog(
        np.append(np.zeros(width), 1.0),
        np.hstack([rows, -np.ones((count, 1))]),
        np.zeros(count),
        np.append(np.ones(width), 0.0)[None],
        1.0,
        [(0, 1)] * width + [(None, None)],
    ).fun


def brute_force(table, objective):
    """Every choice of one agent a task, each with the best weights for it."""
    right = table.bid & table.solved
    wrong = table.bid & ~table.solved
    best = np.inf
    for x in faces(table):
        if objective is Objective.MINMAX:
            options = [
                np.flatnonzero(r if r.any() else b) for r, b in zip(right, table.bid, strict=True)
            ]
            rows = [[x[t, i][None] for i in agents] for t, agents in enumerate(options)]
        else:
            told = np.flatnonzero(right.any(axis=1) & wrong.any(axis=1))
            rows = [
                [x[t, i] - x[t, np.flatnonzero(wrong[t])] for i in np.flatnonzero(right[t])]
                for t in told
            ]
        best = min(best, *(lowest_maximum(np.vstack(choice)) for choice in product(*rows)))
    return best


@pytest.mark.parametrize("objective", [Objective.MINMAX, Objective.MARGIN])
@pytest.mark.parametrize("seed", range(3))
def test_the_worst_case_objectives_reach_the_optimum_of_brute_force(objective, seed):
    table = random_table(seed, tasks=4, missing=0.2)
    found = fitted(table, objective)
    assert found.found == pytest.approx(brute_force(table, objective), abs=TOLERANCE)
    assert found.gap == pytest.approx(0, abs=TOLERANCE)


@pytest.mark.parametrize("seed", range(3))
def test_utility_is_no_worse_than_a_fine_grid_and_its_bound_holds(seed):
    table = random_table(seed, tasks=6, jurors=1, missing=0.2)
    found = fitted(table, value=3.0)
    steps = np.linspace(0, 1, 41)
    grid = [(a, b, 1 - a - b) for a in steps for b in steps if a + b <= 1]
    gain = table.solved - table.dollars / 3.0
    best = max(losses_of(table, x, gain, np.array(grid)) for x in faces(table))
    assert best <= found.found + TOLERANCE
    assert found.found <= found.bound + TOLERANCE


def losses_of(table, x, gain, weights):
    instance = Instance(Objective.UTILITY, x, table.bid, table.solved, gain)
    return -losses(instance, weights).min()


@pytest.mark.slow
def test_utility_recovers_a_hidden_rule_on_tasks_it_never_saw():
    found = fitted(known_rule(1, 150, noise=0.1), seconds=4)
    held_out = known_rule(2, 500)
    picked = held_out.solved[np.arange(500), found.rule.choose(held_out)].mean()
    best = held_out.solved.any(axis=1).mean()
    assert picked >= 0.95 * best
    assert found.rule.weights[1] < 0


@pytest.mark.parametrize("objective", Objective)
def test_weights_are_normalised_and_only_entropy_may_be_negative(objective):
    found = fitted(random_table(7), objective)
    weights = found.rule.weights
    assert np.abs(weights).sum() == pytest.approx(1)
    assert (np.delete(weights, 1) >= 0).all()
    assert found.gap >= 0


@pytest.mark.parametrize("objective", Objective)
def test_the_order_of_tasks_and_agents_does_not_matter(objective):
    table = random_table(11)
    turned = table.part(np.array([3, 1, 4, 0, 2]))
    order = [2, 0, 1]
    turned = Table(
        turned.features[:, order],
        turned.bid[:, order],
        turned.solved[:, order],
        turned.dollars[:, order],
        turned.auction,
    )
    assert fitted(turned, objective).found == pytest.approx(
        fitted(table, objective).found, abs=TOLERANCE
    )


def test_what_is_reported_is_what_the_rule_reaches():
    table = random_table(5, tasks=8)
    found = fitted(table, value=2.0)
    tasks = np.arange(8)
    chosen = found.rule.choose(table)
    gain = table.solved[tasks, chosen] - table.dollars[tasks, chosen] / 2.0
    assert found.found == pytest.approx(gain.mean())


def test_an_agent_without_a_bid_is_never_chosen():
    table = random_table(3, tasks=40, missing=0.5)
    chosen = fitted(table, seconds=2).rule.choose(table)
    assert table.bid[np.arange(40), chosen].all()


def test_a_tie_goes_to_the_earlier_agent():
    table = replace(random_table(0), features=np.ones((5, 3, 4)))
    rule = Rule(np.full(4, 0.25), np.array([[0.0, 1.0]] * 4))
    assert rule.choose(table).tolist() == [0] * 5


def test_a_feature_that_never_varies_gets_no_weight_and_a_scale_that_works():
    table = random_table(2)
    table.features[:, :, 1] = np.nan
    table.features[:, :, 2] = 4.0
    found = fitted(table)
    assert found.rule.weights[1:3].tolist() == [0, 0]
    assert found.rule.scales[1:3].tolist() == [[0, 1], [4, 5]]


def test_scales_come_from_the_tasks_fitted_on_alone():
    table = random_table(4, tasks=10)
    before = fitted(table.part(np.arange(8))).rule
    table.features[8:] *= 1_000
    table.solved[8:] = ~table.solved[8:]
    after = fitted(table.part(np.arange(8))).rule
    assert after.scales.tolist() == before.scales.tolist()
    assert after.weights.tolist() == before.weights.tolist()
    assert after.scales.max() < 10


def test_missing_features_stand_as_an_auction_takes_them():
    raw = np.array([[[1.0, np.nan, 4.0, 2.0], [1.0, 0.5, np.nan, 3.0], [1.0, 0.7, 1.0, 0.0]]])
    heard = as_heard(raw, np.ones((1, 3), dtype=bool))
    assert heard[0, 0, 1] == pytest.approx(0.6)
    assert np.isnan(heard[0, :, 2]).all()
    x = scaled(heard, np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 5.0], [0.0, 5.0]]))
    assert x[0, :, 2].tolist() == pytest.approx([0.4, 0.6, 0.0])


def test_the_search_alone_never_beats_the_bound():
    for seed in range(4):
        table = random_table(seed, tasks=12)
        x = next(faces(table))
        for objective in Objective:
            instance = Instance(objective, x, table.bid, table.solved, table.solved * 1.0)
            rng = np.random.default_rng(seed)
            reached = losses(instance, search(instance, rng)[None])[0]
            assert prove(instance, cutoff=2.0, seconds=5).bound <= reached + TOLERANCE


@pytest.mark.parametrize("objective", Objective)
def test_improving_never_makes_weights_worse(objective):
    table = random_table(9, tasks=15)
    instance = Instance(
        objective, next(faces(table)), table.bid, table.solved, table.solved - table.dollars
    )
    for seed in range(5):
        rng = np.random.default_rng(seed)
        start = rng.dirichlet(np.ones(4))
        better = improve(instance, start, rng)
        assert losses(instance, better[None]) <= losses(instance, start[None]) + 1e-9


def test_equally_good_weights_end_in_the_middle():
    rows = np.array([[-1.0, 0.0], [0.0, -1.0]])
    assert least_worst(rows).tolist() == pytest.approx([0.5, 0.5])
    assert least_worst(np.zeros((0, 2))).tolist() == [0.5, 0.5]


def test_a_solver_without_time_still_gives_a_bound_that_holds():
    found = fitted(random_table(6, tasks=30), seconds=0.0)
    assert found.gap >= 0
    assert found.bound >= found.found


def test_who_may_be_chosen_where_nobody_solved_the_task():
    bid = np.array([[True, True, False], [True, True, True]])
    solved = np.array([[False, False, True], [False, True, True]])
    instance = Instance(Objective.MINMAX, np.zeros((2, 3, 3)), bid, solved, solved * 1.0)
    assert allowed(instance).tolist() == [[True, True, False], [False, True, True]]
    assert mixed(bid, solved).tolist() == [False, True]
