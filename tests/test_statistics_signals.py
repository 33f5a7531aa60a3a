"""Which features foretell outcomes: worked by hand, against scikit-learn, and what is missing."""

import random

import pytest
from sklearn.metrics import roc_auc_score

from sale.bench.statistics import signals
from sale.bench.trials import Trial
from sale.types import Kind, StopReason, Verdict


def trial(task, agent, solved, **more):
    """A trial with a grade; `solved` None leaves it unknown."""
    given = {
        "task": task,
        "agent": agent,
        "kind": Kind.CODING,
        "price": 1.0,
        "tokens": 10,
        "entropy": 0.5,
        "ratings": {},
        "verified": Verdict.NONE,
        "grade": None if solved is None else float(solved),
        "stop_reason": StopReason.ANSWERED,
        "usd": 1.0,
        "auction_usd": 1.0,
        "wall_s": 1.0,
    }
    return Trial(**(given | more))


def by(found, feature, agent=None):
    return next(one for one in found if (one.feature, one.agent) == (feature, agent))


def vars_of(estimate):
    return (estimate.value, estimate.low, estimate.high)


def made(many=80, *, told=2.0, seed=0):
    """Two agents; juror `knows` rates right plans higher, `guesses` rates at random."""
    rng = random.Random(seed)
    found = []
    for task in range(many):
        for agent, price in (("small", 1.0), ("large", 3.0)):
            solved = rng.random() < (0.4 if agent == "small" else 0.7)
            knows = min(max(2.5 + told * (solved - 0.5) + rng.gauss(0, 1), 0), 5)
            found.append(
                trial(f"t{task}", agent, solved, price=price, tokens=rng.randrange(50, 150),
                      entropy=rng.random(), ratings={"knows": knows, "guesses": rng.uniform(0, 5)})
            )  # fmt: skip
    return found


def test_signals_are_those_worked_by_hand():
    """One agent: of 4 pairs of right and wrong, longer plans are right in 1, tied in 1."""
    rows = [(True, 10), (True, 30), (False, 20), (False, 30)]
    found = signals([trial(f"t{n}", "a", solved, tokens=x) for n, (solved, x) in enumerate(rows)])
    one = by(found, "plan tokens", "a")
    assert (one.solved, one.unsolved, one.tasks) == (2, 2, 4)
    assert one.auc.value == pytest.approx(1.5 / 4)


def test_within_tasks_only_agents_of_the_same_task_are_compared():
    """Task 0: the right agent is dearer; task 1: the cheaper; task 2: both right, no pair."""
    found = signals(
        [
            trial("t0", "small", False, price=1.0), trial("t0", "large", True, price=3.0),
            trial("t1", "small", True, price=1.0), trial("t1", "large", False, price=3.0),
            trial("t2", "small", True, price=1.0), trial("t2", "large", True, price=3.0),
        ]
    )  # fmt: skip
    one = by(found, "price")
    assert (one.auc.value, one.tasks, one.solved, one.unsolved) == (0.5, 2, 4, 2)


def test_a_juror_that_knows_is_told_from_one_that_guesses():
    found = signals(made(), draws=500)
    for agent in (None, "small", "large"):
        assert by(found, "rating by knows", agent).auc.low > 0.6
        guesses = by(found, "rating by guesses", agent).auc
        assert guesses.low < 0.5 < guesses.high
    assert by(found, "price").auc.value > 0.6


def test_by_agent_it_is_the_auc_of_scikit_learn():
    trials = made()
    for agent in ("small", "large"):
        own = [one for one in trials if one.agent == agent]
        theirs = roc_auc_score([one.solved for one in own], [one.entropy for one in own])
        assert by(signals(trials, draws=10), "entropy", agent).auc.value == pytest.approx(theirs)


def test_within_one_task_it_is_the_auc_of_scikit_learn():
    rng = random.Random(0)
    trials = [trial("t", f"a{n}", n % 3 == 0, entropy=rng.random()) for n in range(12)]
    theirs = roc_auc_score([one.solved for one in trials], [one.entropy for one in trials])
    assert by(signals(trials), "entropy").auc.value == pytest.approx(theirs)


def test_the_length_of_a_task_tells_by_agent_and_nothing_within_a_task():
    lengths = {f"t{n}": n for n in range(80)}
    found = signals(made(), lengths=lengths, draws=10)
    assert by(found, "task length", "small").auc is not None
    assert by(found, "task length").auc is None
    assert not any(one.feature == "task length" for one in signals(made(), draws=10))


def test_what_never_differs_tells_nothing():
    found = signals(made(), draws=10)
    assert by(found, "price", "small").auc is None
    assert by(signals([trial("t", "a", True), trial("u", "a", True)]), "entropy", "a").auc is None


def test_failed_bids_and_unknown_outcomes_are_left_out():
    good = made()
    bad = [
        trial("t0", "small", None, ratings={"knows": 5.0}),
        trial("t1", "large", True, tokens=0, entropy=None, bid_error="out of memory"),
    ]
    assert signals([*good, *bad], draws=50) == signals(good, draws=50)
    assert signals(bad) == []
    assert signals([]) == []


def test_a_feature_that_some_trials_lack_is_measured_on_the_others():
    rows = [("t0", True, 1.0), ("t1", False, 0.5), ("t2", True, None), ("t3", False, None)]
    found = signals([trial(task, "a", solved, entropy=x) for task, solved, x in rows])
    one = by(found, "entropy", "a")
    assert (one.tasks, one.auc.value) == (2, 1.0)


def test_the_order_of_the_trials_changes_no_figure():
    trials = made()
    shuffled = trials.copy()
    random.Random(1).shuffle(shuffled)
    others = signals(shuffled, draws=50)
    for one in signals(trials, draws=50):
        other = by(others, one.feature, one.agent)
        assert (other.tasks, other.solved, other.unsolved) == (one.tasks, one.solved, one.unsolved)
        assert (other.auc is None) == (one.auc is None)
        if one.auc is not None:
            assert vars_of(other.auc) == pytest.approx(vars_of(one.auc))
