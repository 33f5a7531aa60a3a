"""The outcome model: who is likely to solve a task, and for how much."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import optimize
from scipy.special import expit

from sale.auction.design import (
    CENTER,
    LEFT,
    SIGNS,
    SPREAD,
    Precedents,
    column_of_each,
    columns,
)
from sale.auction.dollars import dollars, dollars_of_plans, dollars_with_plan
from sale.auction.outcomes import WORLDS, fit
from sale.auction.ways import NOBODY, STRANGER, Ways

PRICES = np.array([1.0, 3.0, 9.0])
NAN = float("nan")
ALL = Ways.plain(3)


def precedents(*works: tuple[int, float, float, float, float]) -> Precedents:
    """Rows of (agent, nearness, solved, failures of others before, dollars)."""
    table = np.array(works, dtype=float).reshape(-1, 5)
    agents, near, solved, others, usd = table.T
    unknown = np.full((len(table), len(SIGNS)), NAN)
    nobody = np.full(len(table), NOBODY)
    again = np.zeros(len(table))  # nor were those before dearer
    seen = np.zeros(len(table), dtype=bool)
    who = agents.astype(np.intp)
    return Precedents(who, near, solved, others, again, again, usd, unknown, nobody, seen)


work = st.tuples(
    st.integers(0, 2),
    st.floats(-1, 1),
    st.sampled_from([0.0, 1.0, NAN]),
    st.sampled_from([0.0, 1.0, 2.0]),
    st.one_of(st.just(NAN), st.floats(0, 10)),
)


def test_without_precedents_dearer_agents_are_likelier_and_nothing_is_certain() -> None:
    small, middle, large = fit(precedents(), PRICES).solves(ALL)[0, 0, 0]
    assert 0.2 < small < middle < large < 0.8
    assert middle == pytest.approx(0.5)


def test_an_unknown_price_says_nothing() -> None:
    solves = fit(precedents(), np.array([1.0, NAN, 4.0])).solves(ALL)[0, 0, 0]
    assert solves[1] == pytest.approx(0.5)
    assert fit(precedents(), np.full(3, NAN)).solves(ALL)[0, 0, 0] == pytest.approx(
        [0.5] * 3, abs=1e-9
    )


@given(st.lists(work, max_size=30), st.randoms())
def test_the_order_of_precedents_does_not_count(works, random) -> None:
    shuffled = list(works)
    random.shuffle(shuffled)
    one, other = (fit(precedents(*rows), PRICES) for rows in (works, shuffled))
    assert one.mode == pytest.approx(other.mode, abs=1e-6)


@given(st.lists(work, max_size=30))
def test_chances_are_chances_and_failures_before_only_matter_by_their_number(works) -> None:
    posterior = fit(precedents(*works), PRICES)
    solves = posterior.solves(ALL, 3, 3)
    assert solves.shape == (3, 3, 3, 3)
    assert ((solves > 0) & (solves < 1)).all()
    assert (np.diff(solves[:, :, 1:], axis=2) < 0).all()  # each more failure tells against an agent
    assert posterior.weights.sum() == pytest.approx(1.0)
    assert posterior.weights.max() < 0.2  # no draw outweighs the rest


@given(st.lists(work, max_size=20), st.integers(0, 2))
def test_one_more_success_makes_its_agent_likelier_and_one_more_failure_less(works, agent) -> None:
    before = fit(precedents(*works), PRICES).mode
    for solved, sign in ((1.0, 1), (0.0, -1)):
        after = fit(precedents(*works, (agent, 1.0, solved, 0, NAN)), PRICES).mode
        own = [0, 1, 2 + agent]
        rise = after[own].sum() - before[own].sum()
        assert sign * rise > -1e-9


def test_a_near_task_says_more_than_an_unlike_one() -> None:
    near, far = (
        fit(precedents((0, c, 0, 0, 1)), PRICES).solves(ALL)[0, 0, 0, 0] for c in (1.0, 0.0)
    )
    others = (fit(precedents((0, c, 0, 0, 1)), PRICES).solves(ALL)[0, 0, 0, 1] for c in (1.0, 0.0))
    assert next(others) < next(others)  # a hard task is hard for all
    assert near < far < fit(precedents(), PRICES).solves(ALL)[0, 0, 0, 0]
    assert precedents((0, -1, 0, 0, 1), (0, 1, 0, 0, 1)).alike.tolist() == [0.0, 1.0]


def test_failures_on_one_task_make_everybody_less_likely_there() -> None:
    known = [(agent, 1.0, 1.0, 0, 1.0) for agent in range(3) for _ in range(5)]
    solves = fit(precedents(*known), PRICES).solves(ALL, 3, 1)
    assert (np.diff(solves, axis=0) < 0).all()
    assert (np.diff(solves, axis=1) < 0).all()  # and those of dearer ones the more so


def test_failures_of_others_count_for_little_where_they_were_no_sign() -> None:
    after, before = (2, 0.0, 1.0, 1, 1.0), (2, 0.0, 0.0, 0, 1.0)
    nothing, seen = (fit(precedents(*rows), PRICES) for rows in ([], [after, before] * 20))
    drop = [-np.diff(one.solves(ALL, 2, 1)[:, 0, 0, 2]) for one in (nothing, seen)]
    assert 0 < drop[1] < 0.5 * drop[0]  # and they are never good news


@pytest.mark.parametrize("guess", [0.0, 0.3])
def test_it_is_the_maximum_of_the_posterior(guess: float) -> None:
    """Against scipy's minimiser on the same negative log posterior."""
    rng = np.random.default_rng(1)
    works = [
        (int(rng.integers(3)), rng.uniform(), float(rng.integers(2)), float(rng.integers(3)), 1.0)
        for _ in range(40)
    ]
    signs, again = rng.normal(size=(40, 3)), rng.integers(4, size=40).astype(float)
    shown = rng.choice([NOBODY, STRANGER, 0, 1, 2], size=40)
    table = replace(precedents(*works), plans=signs, again=again, planners=shown)
    table = replace(table, betters=np.minimum(rng.integers(3, size=40), table.others))
    sizes = np.log(PRICES) - np.log(PRICES).mean()
    scaled = (signs - signs.mean(axis=0)) / signs.std(axis=0)
    who, other = table.agents, (shown != NOBODY) & (shown != table.agents)
    lead = np.where(shown >= 0, sizes[shown] - sizes[who], 0.0)
    rows = np.column_stack(
        [
            np.ones(40),
            np.clip(table.nearness, 0, 1) ** 2,
            np.eye(3)[who],
            table.others,
            table.betters,
            again > 0,
            sizes[who],
            shown == who,
            other & (lead >= 0),
            np.where(other & (lead >= 0), lead, 0.0),
            other & (lead < 0),
            np.eye(3)[who] * (shown != NOBODY)[:, None],
            scaled,
        ]
    )
    rows[np.ix_(again > 0, [at for at in range(rows.shape[1]) if at != 7])] *= LEFT
    fades = -np.log(np.maximum(again, 1))
    widths = {"agent": 3, "shown": 3, "plan": 3}
    center = np.concatenate([[CENTER[one]] * widths.get(one, 1) for one in CENTER])
    spread = np.concatenate([[SPREAD[one]] * widths.get(one, 1) for one in CENTER])

    def loss(beta: np.ndarray) -> float:
        chance = guess + (1 - guess) * expit(rows @ beta + fades)
        likelihood = table.solved * np.log(chance) + (1 - table.solved) * np.log(1 - chance)
        return float(-likelihood.sum() + (((beta - center) / spread) ** 2).sum() / 2)

    bounds = [(None, 0.0 if at == 5 else None) for at in range(len(center))]  # others' failures
    found = optimize.minimize(loss, center, tol=1e-13, bounds=bounds)
    assert fit(table, PRICES, guess=guess).mode == pytest.approx(found.x, abs=1e-4)


def test_a_pass_that_may_be_a_guess_tells_less_than_a_failure() -> None:
    passed, failed = ([(0, 1.0, solved, 0, 1.0)] * 6 for solved in (1.0, 0.0))
    believed = [
        [
            fit(precedents(*works), PRICES, guess=guess).solves(ALL)[0, 0, 0, 0]
            for guess in (0.0, 0.5)
        ]
        for works in (passed, failed)
    ]
    assert believed[0][0] > believed[0][1] > 0.5
    assert believed[0][0] - believed[0][1] > 0.05 > abs(believed[1][0] - believed[1][1])
    assert believed[1][1] < 0.2


def test_agents_that_pass_by_guessing_alone_are_found_out() -> None:
    rng = np.random.default_rng(6)
    truth, guess = np.array([0.02, 0.5, 0.9]), 0.4
    works = [
        (agent, 1.0, float(rng.random() < guess + (1 - guess) * truth[agent]), 0, 1.0)
        for agent in range(3)
        for _ in range(400)
    ]
    solves = fit(precedents(*works), PRICES, guess=guess).solves(ALL)[0, 0, 0]
    assert solves == pytest.approx(truth, abs=0.08)


def test_what_plans_look_like_is_believed_as_far_as_it_has_told() -> None:
    rng = np.random.default_rng(3)
    signs = rng.normal(size=(200, 3))
    works = [(0, 1.0, float(rng.random() < expit(2 * entropy)), 0, 1.0) for _, entropy, _ in signs]
    told = fit(replace(precedents(*works), plans=signs), PRICES)
    looks = np.zeros((2, 3, 3))
    looks[1, :, 1] = 1.0  # a standard deviation more of entropy
    low, high = told.solves(ALL, 1, 1, looks)[:, 0, 0, 0, 0]
    assert high > low + 0.2
    untold = fit(precedents(*works), PRICES)
    believed = untold.solves(ALL, 1, 1, looks)
    assert believed[0] == pytest.approx(believed[1], abs=0.05)


def test_a_plan_in_sight_is_a_burden_until_it_is_seen_to_help() -> None:
    ways = Ways((0, 0, 0), (NOBODY, 0, 2))
    alone, own, lent = fit(precedents(), PRICES).solves(ways)[0, 0, 0]
    assert alone > own
    assert alone > lent
    works = [(0, 1.0, 0.0, 0, 1.0)] * 10 + [(0, 1.0, 1.0, 0, 1.0)] * 10
    shown = np.array([NOBODY] * 10 + [2] * 10)
    alone, own, lent = fit(replace(precedents(*works), planners=shown), PRICES).solves(ways)[
        0, 0, 0
    ]
    assert lent > 0.75 > 0.25 > alone
    assert lent > own  # which nobody has tried


def test_what_a_plan_does_for_one_agent_is_believed_of_others_in_part() -> None:
    works = [(0, 1.0, 0.0, 0, 1.0)] * 10 + [(0, 1.0, 1.0, 0, 1.0)] * 10
    table = replace(precedents(*works), planners=np.array([NOBODY] * 10 + [2] * 10))
    ways = Ways((0, 0, 1, 1), (NOBODY, 2, NOBODY, 2))
    lift = [np.diff(fit(one, PRICES).solves(ways)[0, 0, 0]) for one in (precedents(), table)]
    untold, told = (one[[0, 2]] for one in lift)
    assert (told > untold).all()
    assert told[0] > told[1]


def test_that_a_dear_ones_plan_helps_a_cheap_one_says_nothing_of_the_reverse() -> None:
    works = [(0, 1.0, 0.0, 0, 1.0)] * 10 + [(0, 1.0, 1.0, 0, 1.0)] * 10
    table = replace(precedents(*works), planners=np.array([NOBODY] * 10 + [2] * 10))
    alone, lent = fit(table, PRICES).solves(Ways((2, 2), (NOBODY, 0)))[0, 0, 0]
    assert lent < alone


def test_dollars_of_work_with_a_plan_and_of_plans() -> None:
    works = precedents((0, 1, 1, 0, 2.0), *[(0, 1, 1, 0, 6.0)] * 50, (1, 1, 1, 0, NAN))
    shown = replace(works, planners=np.array([NOBODY, *[2] * 50, NOBODY]))
    plain = dollars(shown, PRICES)
    assert plain[0] < 5.0
    assert dollars_with_plan(shown, plain)[0] == pytest.approx(6.0, rel=0.05)
    assert dollars_with_plan(shown, plain)[1:] == pytest.approx(plain[1:])
    seen = np.array([2.0, NAN, NAN])
    assert dollars_of_plans(seen, PRICES) == pytest.approx([2.0, 6.0, 18.0])
    assert dollars_of_plans(seen, np.array([1.0, 0.0, 3.0])) == pytest.approx([2.0, 0.0, 6.0])
    assert np.isnan(dollars_of_plans(np.full(3, NAN), np.zeros(3))).all()


@given(st.lists(work, max_size=12), st.sets(st.integers(0, 2), min_size=1))
def test_a_part_of_the_agents_is_believed_of_as_in_the_whole(works, kept) -> None:
    whole, part = fit(precedents(*works), PRICES), np.array(sorted(kept))
    plans = np.random.default_rng(1).normal(size=(5, 3, len(SIGNS)))
    believed = whole.of(part).solves(Ways.plain(len(part)), 2, 2, plans[:, part])
    assert np.allclose(believed, whole.solves(ALL, 2, 2, plans)[..., part])


def test_draws_are_spread_around_what_is_believed() -> None:
    posterior = fit(precedents(*[(0, 1.0, 1.0, 0, 1.0)] * 5), PRICES)
    drawn = posterior.drawn(ALL, 2, 2)
    assert drawn.shape == (WORLDS, 2, 2, 2, 3)
    assert drawn.mean(axis=0) == pytest.approx(posterior.solves(ALL, 2, 2), abs=0.05)
    assert drawn[:, 0, 0, 0, 1].std() > drawn[:, 0, 0, 0, 0].std()  # nobody has seen the second


@pytest.mark.parametrize("guess", [0.0, 0.22])
def test_chances_are_those_of_the_posterior_even_where_nobody_ever_succeeded(guess: float) -> None:
    """Against the prior itself, drawn 400,000 times and weighted by what was seen."""
    table = precedents(*[(0, 0.0, 0.0, 2, NAN)] * 8, (2, 0.0, 1.0, 0, NAN), (2, 0.0, 0.0, 0, NAN))
    posterior = fit(table, PRICES, guess=guess)
    rows, spread = posterior.scaling.rows(table), column_of_each(SPREAD, 3)
    normals = np.random.default_rng(0).standard_normal((400_000, len(spread)))
    draws = column_of_each(CENTER, 3) + spread * normals
    others = columns(3)["others"]
    draws[:, others] = -np.abs(draws[:, others])  # others' failures are never good news
    passes = guess + (1 - guess) * expit(draws @ rows.T)
    weights = np.where(table.solved > 0, passes, 1 - passes).prod(axis=1)
    asked, _ = posterior._asked(ALL, 3, 1, None)
    truth = np.average(expit(asked @ draws.T), axis=-1, weights=weights)
    assert posterior.solves(ALL, 3, 1) == pytest.approx(truth, abs=0.03)
    assert truth[2, 0, 0, 0] < 0.07


def test_many_outcomes_are_believed_and_are_calibrated() -> None:
    rng = np.random.default_rng(2)
    truth = np.array([0.2, 0.6, 0.9])
    works = [
        (agent, 1.0, float(rng.random() < truth[agent]), 0, 1.0)
        for agent in range(3)
        for _ in range(400)
    ]
    assert fit(precedents(*works), PRICES).solves(ALL)[0, 0, 0] == pytest.approx(truth, abs=0.06)


def test_dollars_are_means_shrunk_towards_prices() -> None:
    found = dollars(precedents((0, 1, 1, 0, 2.0)), PRICES)
    assert found == pytest.approx([2.0, 6.0, 18.0])  # one work at twice its price
    seen = [(2, 1.0, 1, 0, 4.0)] * 100
    assert dollars(precedents((0, 1, 1, 0, 2.0), *seen), PRICES)[2] == pytest.approx(4.0, rel=0.05)


def test_dollars_nobody_can_tell_are_unknown() -> None:
    assert np.isnan(dollars(precedents(), PRICES)).all()
    unpriced = dollars(precedents((0, 1, 1, 0, 2.0), (1, 1, 1, 0, 3.0)), np.array([1.0, NAN, NAN]))
    assert unpriced[:2] == pytest.approx([2.0, 3.0])
    assert np.isnan(unpriced[2])


@given(arrays.arrays(float, 3, elements=st.floats(0.01, 100)), st.lists(work, max_size=20))
def test_known_dollars_are_never_negative(prices, works) -> None:
    found = dollars(precedents(*works), prices)
    assert (np.isnan(found) | (found >= 0)).all()
