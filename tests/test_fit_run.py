"""From a run to a weights file: what is left out, what is refused, and honest figures."""

import numpy as np
import pytest

from sale.auction.objectives import Objective
from sale.auction.weights import Scale, Weights
from sale.bench.fit import Settings, fit_run
from sale.bench.fit_table import check_learnable, outcomes
from sale.bench.market_rule import market_rule
from sale.bench.trials import Trial
from sale.errors import ConfigError, InputError
from sale.weights_file import read_weights, write_weights


def trial(task, agent, solved, **more):
    """A trial of an agent, the price of which is the length of its name."""
    values = {
        "kind": "coding",
        "price": len(agent),
        "tokens": 100,
        "entropy": 0.5,
        "ratings": {"big": 3.0},
        "verified": "none",
        "grade": None if solved is None else float(solved),
        "stop_reason": "answered",
        "usd": 0.01 * len(agent),
        "auction_usd": 0.001,
        "wall_s": 1.0,
    }
    return Trial(task=task, agent=agent, **values | more)


def run_of(tasks=20, **more):
    """A run of two agents; the larger one is first and solves more."""
    return [
        one
        for t in range(tasks)
        for one in (
            trial(f"t{t}", "big", t % 4 != 0, tokens=100 + t, **more),
            trial(f"t{t}", "wee", t % 3 == 0, tokens=130 - t, **more),
        )
    ]


def refusal(trials, objective=Objective.UTILITY, folds=5):
    with pytest.raises(InputError) as caught:
        check_learnable(outcomes(trials), objective, folds=folds)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_agents_stand_in_the_order_in_which_ties_prefer_them():
    trials = [trial("t", name, True) for name in ("large", "xs", "ab", "m")]
    trials.append(trial("t", "gratis", True, price=None))
    assert outcomes(trials).agents == ("m", "xs", "ab", "large", "gratis")


def test_what_is_left_out_is_counted():
    trials = run_of()
    trials[0] = trial("t0", "big", None)
    trials[2:4] = [trial("t1", name, True, bid_error="late") for name in ("big", "wee")]
    del trials[-1]
    found = outcomes(trials)
    assert len(found.table.solved) == 17
    assert found.notices == (
        "left out 1 trials whose outcome is unknown",
        "left out 2 tasks without a known outcome of every agent",
        "left out 1 tasks on which nobody bid",
    )


@pytest.mark.parametrize(
    ("trials", "words"),
    [
        ([], "0 agents"),
        ([t for t in run_of() if t.agent == "big"], "1 agent,"),
        ([trial(t.task, t.agent, None) for t in run_of()], "not one of 20 tasks"),
        ([trial(t.task, t.agent, True) for t in run_of()], "every agent solved every task"),
        ([trial(t.task, t.agent, False) for t in run_of()], "no agent solved any"),
        ([trial(t.task, t.agent, t.task < "t5") for t in run_of()], "by all its bidders or"),
        ([trial(t.task, t.agent, t.agent < "c", price=1) for t in run_of()], "are the same on"),
        (run_of(9), "9 tasks are too few for 5 folds"),
        (run_of(usd=None), "the dollars of agent 'big' are unknown"),
        ([*run_of(), trial("x", "wee", True, tokens=10**400)], "no measurement"),
    ],
)
def test_a_run_that_teaches_nothing_is_refused_in_one_line(trials, words):
    assert words in refusal(sorted(trials, key=lambda t: t.agent))


@pytest.mark.parametrize("objective", [Objective.MINMAX, Objective.MARGIN])
def test_unknown_dollars_are_no_hindrance_to_the_other_objectives(objective):
    check_learnable(outcomes(run_of(usd=None)), objective, folds=5)


def test_a_markets_weights_choose_as_the_market_would():
    weights = Weights(1.0, 0.0, {"gone": 0.5, "big": 0.5}, cost_scale=Scale(0, 500))
    rule = market_rule(weights, ("big",))
    assert rule.weights.tolist() == [1.0, 0.0, 1.0]
    assert rule.scales.tolist() == [[0, 500], [0, 1], [0, 5]]


def noise(tasks=60, **more):
    """A run whose features say nothing about who solves what."""
    rng = np.random.default_rng(3)
    return [
        trial(
            f"t{t}",
            agent,
            bool(rng.random() < 0.5),
            tokens=int(rng.integers(50, 300)),
            entropy=float(rng.random()),
            ratings={name: float(rng.uniform(0, 5)) for name in ("big", "wee", "x", "y")},
            price=1.0,
            **more,
        )
        for t in range(tasks)
        for agent in ("big", "wee", "mid")
    ]


def fitted(trials, **more):
    return fit_run(
        outcomes(trials),
        Settings(seconds=5.0, **more),
        run="r",
        market=None,
        observe=lambda done, total: None,
    )


@pytest.fixture(scope="module")
def of_noise():
    """The weights learnt from nothing but noise."""
    return fitted(noise(usd=1e-6), value=1.0)


@pytest.mark.slow
def test_on_noise_the_figures_of_held_out_tasks_show_no_skill(of_noise):
    facts = of_noise.cross_validation
    assert of_noise.fitted.found > facts.random.solved + 0.12
    assert facts.fitted.solved < facts.random.solved + 0.1
    assert facts.solved_gain.low < 0.05


@pytest.mark.slow
def test_the_figures_fit_together(of_noise):
    facts = of_noise.cross_validation
    assert facts.tasks == 60
    assert sum(facts.allocation.values()) == pytest.approx(1)
    assert facts.oracle.utility >= max(one.utility for one in facts.singles.values())
    assert facts.random.solved == pytest.approx(
        np.mean([one.solved for one in facts.singles.values()])
    )
    assert facts.fitted.usd_per_task == pytest.approx(facts.fitted.usd_work + 0.003)
    assert facts.best_single.usd_per_task == facts.best_single.usd_work
    assert facts.utility_gain.low <= facts.utility_gain.mean <= facts.utility_gain.high
    assert facts.utility_gain.mean == pytest.approx(
        facts.fitted.utility - facts.best_single.utility
    )


@pytest.mark.slow
def test_a_weights_file_comes_back_as_it_was_written(of_noise, tmp_path):
    path = tmp_path / "weights.json"
    write_weights(of_noise, path)
    assert read_weights(path) == of_noise
    assert [entry.name for entry in tmp_path.iterdir()] == ["weights.json"]


@pytest.mark.slow
def test_unknown_dollars_stay_unknown():
    found = fitted(noise(usd=None), objective=Objective.MARGIN)
    assert found.value is None
    assert found.cross_validation.fitted.usd_work is None
    assert found.cross_validation.utility_gain is None


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"version": 2}', b"\xff", b"null"])
def test_a_broken_weights_file_is_one_line_with_its_name(tmp_path, text):
    path = tmp_path / "weights.json"
    path.write_bytes(text)
    with pytest.raises(ConfigError, match=r"weights\.json") as caught:
        read_weights(path)
    assert "\n" not in str(caught.value)


def test_a_weights_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        read_weights(tmp_path / "gone.json")
