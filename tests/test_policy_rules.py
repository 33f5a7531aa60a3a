"""Each policy's rule, on tables small enough to be worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_tables import NAN, chance, table, verdicts

from sale.bench.executions import Executions
from sale.bench.policies import POLICIES, Encoder, load_policy, play, quotas_of
from sale.bench.policies.cascades import VerifyCascade
from sale.bench.policies.choosing import Came, best, best_single, came_to, fittest, utility
from sale.bench.policies.factors import Factors, RouteLlm, Thresholded, Wins, factorise, loss
from sale.bench.policies.fixed import Mixture
from sale.bench.policies.frugal import Chain, FrugalGpt
from sale.bench.policies.predictors import linear, neighbours
from sale.bench.policies.routers import carrot, chosen_value, knn
from sale.bench.policies.views import Training
from sale.bench.samples import Sample
from sale.embedding import HashEmbedder
from sale.errors import InputError
from sale.types import Stage, Verdict

ENCODER = Encoder(HashEmbedder(), ("x", "y"))
SUITES = Encoder(None, ("x", "y"))


def kept(samples: list[Sample]) -> list[str | None]:
    return [sample.agent for sample in samples]


def test_a_single_agent_comes_to_its_own_column_of_the_table() -> None:
    held = table([[1, 0], [0, NAN]], [[0.5, 0.7], [0.25, NAN]])
    first = play(load_policy("single:a"), held)
    assert [(one.policy, one.task, one.agent) for one in first] == [
        ("single:a", "t0", "a"),
        ("single:a", "t1", "a"),
    ]
    assert [(one.solved, one.usd, one.awards) for one in first] == [
        (True, 0.5, ("a",)),
        (False, 0.25, ("a",)),
    ]
    assert first[0].stages[Stage.EXECUTE].usd == 0.5


def test_an_agent_that_was_never_run_on_a_task_has_no_sample_there() -> None:
    held = table([[1, 0], [0, NAN]], [[0.5, 0.7], [0.25, NAN]])
    assert [one.task for one in play(load_policy("single:b"), held)] == ["t0"]


def test_unknown_dollars_and_unknown_outcomes_stay_unknown() -> None:
    (sample,) = play(load_policy("single:a"), table([[1]], [[NAN]]))
    assert (sample.solved, sample.usd) == (True, None)
    (sample,) = play(load_policy("single:a"), table([[NAN]], [[2.0]]))
    assert (sample.solved, sample.usd) == (None, 2.0)


def test_the_oracle_takes_the_cheapest_agent_that_was_right() -> None:
    right = [[0, 1, 1], [0, 0, 0], [1, 1, 1]]
    held = table(right, [[1, 3, 2], [3, 2, 9], [5, 5, 5]])
    assert kept(play(load_policy("oracle"), held)) == ["c", "b", "a"]


def test_the_oracle_takes_known_dollars_before_unknown_ones() -> None:
    held = table([[1, 1], [NAN, 0]], [[NAN, 7], [1, NAN]])
    assert kept(play(load_policy("oracle"), held)) == ["b", "a"]


def test_ties_go_to_the_lower_price_and_then_to_the_roster() -> None:
    scores = np.array([[1.0, 1.0, 1.0], [0.0, NAN, 1.0], [NAN, NAN, NAN]])
    everybody = np.ones((3, 3), dtype=bool)
    by_price = np.array([2, 0, 1])
    assert best(scores, by_price, everybody).tolist() == [2, 2, 2]
    assert best(scores, np.array([0, 1, 2]), everybody).tolist() == [0, 2, 0]
    nobody = np.zeros((3, 3), dtype=bool)
    assert best(scores, by_price, nobody).tolist() == [-1, -1, -1]


def test_a_solved_task_is_worth_so_many_dollars() -> None:
    solved, dollars = np.array([[0.9, 0.5]]), np.array([[1.0, 0.1]])
    assert utility(solved, dollars, 2.0) == pytest.approx(np.array([[0.4, 0.45]]))
    assert utility(solved, dollars, np.inf) == pytest.approx(solved)
    assert utility(solved, dollars, 0.0) == pytest.approx(-dollars)


def test_the_best_single_agent_solves_most_and_of_equals_costs_least() -> None:
    assert best_single(table([[1, 1, 0], [0, 0, 0]], [[5, 4, 1], [5, 4, 1]])) == 1
    assert best_single(table([[1, 1], [1, 1]], [[2, 2], [2, 2]])) == 0
    assert best_single(table([[NAN, 0], [NAN, 0]])) == 1


def test_the_most_solved_within_the_budget_wins_and_of_equals_the_cheapest() -> None:
    came = [Came(0.9, 5.0), Came(0.7, 2.0), Came(0.7, 1.0), Came(0.1, 0.1), Came(1.0, NAN)]
    assert fittest(came, 2.0) == 2
    assert fittest(came, 9.0) == 0
    assert fittest(came[:2], 1.0) == 1
    assert fittest(came, NAN) == 4


def test_a_run_of_unknown_dollars_counts_as_its_agents_mean_when_a_setting_is_chosen() -> None:
    held = table([[1, 0], [0, NAN], [1, 1]], [[2, NAN], [NAN, NAN], [4, NAN]])
    assert came_to(held, np.array([0, 0, 0])) == Came(pytest.approx(2 / 3), pytest.approx(3.0))
    assert came_to(held, np.array([0, 1, -1])) == Came(1.0, 2.0)
    assert np.isnan(came_to(held, np.array([0, 0, 1])).dollars)
    assert np.isnan(came_to(held, np.array([-1, 1, -1])).solved)


def test_chance_gives_every_agent_its_quota_and_says_so() -> None:
    held = table(np.ones((4000, 3)))
    drawn = play(Mixture({"a": 3, "c": 1}), held)
    share = kept(drawn).count("a") / 4000
    assert share == pytest.approx(0.75, abs=0.03)
    assert "b" not in kept(drawn)
    assert {(one.agent, one.propensity) for one in drawn} == {("a", 0.75), ("c", 0.25)}
    assert {one.propensity for one in play(load_policy("random"), held)} == {1 / 3}


def test_chance_draws_among_those_that_were_run() -> None:
    held = table([[NAN, 1], [1, 1]], [[NAN, 1], [1, 1]])
    drawn = play(Mixture({"a": 0.5, "b": 0.5}), held)
    assert (drawn[0].agent, drawn[0].propensity) == ("b", 1.0)
    only_a = play(Mixture({"a": 1.0}), held)
    assert [one.task for one in only_a] == ["t1"]


@pytest.mark.parametrize("quotas", [{}, {"z": 1.0}, {"a": -1.0}, {"a": NAN}, {"a": float("inf")}])
def test_quotas_of_nobody_are_refused(quotas: dict[str, float]) -> None:
    with pytest.raises(InputError, match="quotas are shares of 0 or more"):
        play(Mixture(quotas), table([[1, 0]]))


def test_quotas_are_the_shares_of_the_answers_that_were_kept() -> None:
    held = table([[0, 1], [1, 1], [0, 1], [0, 0]])
    assert quotas_of(play(load_policy("oracle"), held)) == {"b": 0.5, "a": 0.5}
    assert quotas_of([]) == {}


def test_a_verifying_cascade_stops_at_the_first_answer_that_passes() -> None:
    seen = verdicts(["fpp", "fff", "pff"])
    held = table([[0, 1, 1], [0, 0, 1], [0, 1, 1]], verified=seen)
    done = play(load_policy("verify-cascade"), held)
    assert kept(done) == ["b", "c", "a"]
    assert [one.awards for one in done] == [("a", "b"), ("a", "b", "c"), ("a",)]
    assert [one.usd for one in done] == [3.0, 6.0, 1.0]
    assert [one.solved for one in done] == [True, True, False]
    assert [one.verified for one in done] == [Verdict.PASSED, Verdict.FAILED, Verdict.PASSED]


def test_a_verifying_cascade_goes_by_price_and_passes_over_who_was_never_run() -> None:
    held = table(
        [[1, NAN, 1]],
        [[3, NAN, 1]],
        prices=np.array([3.0, 2.0, 1.0]),
        verified=verdicts(["p-f"]),
    )
    (done,) = play(load_policy("verify-cascade"), held)
    assert done.awards == ("c", "a")


def test_what_can_not_be_checked_ends_a_verifying_cascade_unless_it_is_told_otherwise() -> None:
    held = table([[0, 1], [1, 1]], verified=verdicts(["-p", "fp"]))
    assert kept(play(load_policy("verify-cascade"), held)) == ["a", "b"]
    strict = VerifyCascade(accepts=frozenset({Verdict.PASSED}))
    assert kept(play(strict, held)) == ["b", "b"]


def test_one_unknown_price_makes_a_cascade_of_unknown_dollars() -> None:
    held = table([[0, 1]], [[NAN, 2]], verified=verdicts(["fp"]))
    (done,) = play(load_policy("verify-cascade"), held)
    assert (done.awards, done.usd) == (("a", "b"), None)


SPLIT = table(
    [[1, 1], [1, 1], [1, 1], [0, 1], [0, 1], [0, 1]],
    suites=("x", "x", "x", "y", "y", "y"),
)
"""Suite x is solved by both agents, suite y by the dearer one alone."""
ASKED = table([[0, 0], [0, 0]], suites=("x", "y"))


def test_neighbours_count_what_is_known_of_the_nearest_tasks() -> None:
    vectors = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    held = table([[1, NAN], [0, NAN], [1, 1]], [[2, NAN], [4, 6], [9, 9]])
    seen = neighbours(vectors, held, np.random.default_rng(0), k=2)(np.array([[1.0, 0.05]]))
    assert seen.solved == pytest.approx(np.array([[0.5, 1.0]]))
    assert seen.dollars == pytest.approx(np.array([[3.0, 6.0]]))


@pytest.mark.parametrize("name", ["knn", "wtp", "carrot"])
def test_a_router_sends_each_suite_to_the_cheapest_agent_that_solves_it(name: str) -> None:
    many = SPLIT.part(list(range(6)) * 10)
    assert kept(play(load_policy(name), ASKED, many, encoder=SUITES)) == ["a", "b"]


def test_routellm_sends_each_suite_to_the_agent_that_wins_there() -> None:
    many = table([[1, 0], [1, 1], [0, 1], [0, 1]] * 10, suites=("x", "x", "y", "y") * 10)
    assert kept(play(load_policy("routellm-mf"), ASKED, many, encoder=SUITES)) == ["a", "b"]


def test_a_classifier_of_who_is_right_looks_at_no_dollars() -> None:
    many = SPLIT.part(list(range(6)) * 10)
    assert kept(play(load_policy("to-router"), ASKED, many, encoder=SUITES))[1] == "b"
    dear = table([[0, 1], [1, 0]] * 20, [[1, 900], [1, 900]] * 20, suites=("x", "y") * 20)
    assert kept(play(load_policy("to-router"), ASKED, dear, encoder=SUITES)) == ["b", "a"]


def test_what_a_solved_task_is_worth_decides_between_cheap_and_able() -> None:
    train = table([[0, 1], [1, 1]] * 5, suites=("x",) * 10)
    one = table([[0, 0]], suites=("x",))
    worth = {at: kept(play(load_policy(f"knn@{at}"), one, train, encoder=SUITES)) for at in (1, 9)}
    # b is right twice as often and costs a dollar more: 0.5 more solved for 1 dollar more.
    assert worth == {1: ["a"], 9: ["b"]}


def test_the_default_value_solves_most_within_the_dollars_of_the_best_single() -> None:
    """b solves all at 2 dollars; a, at 1 dollar, solves suite x: a there, b elsewhere."""
    many = SPLIT.part(list(range(6)) * 5)
    training = Training(many, SUITES)
    vectors = training.view.vectors
    assert vectors is not None
    seen = linear(vectors, many, np.random.default_rng(0))(vectors)
    value = chosen_value(training, seen)
    samples = play(load_policy(f"carrot@{value}"), many, many, encoder=SUITES)
    assert np.mean([one.solved for one in samples]) == 1.0
    assert np.mean([one.usd for one in samples]) == pytest.approx(1.5)


def test_routellm_pairs_the_best_agent_with_the_one_that_gives_up_least_per_dollar() -> None:
    """c solves 4 of 4 at 10; b loses 1 for 2 dollars (0.125 each), a loses 2 for 9 (0.056 each)."""
    held = table([[1, 1, 1], [1, 1, 1], [0, 1, 1], [0, 0, 1]], np.tile([1.0, 8.0, 10.0], (4, 1)))
    assert RouteLlm().pair(held) == (2, 0)
    assert RouteLlm(weak="b").pair(held) == (2, 1)
    assert RouteLlm(strong="a").pair(held) == (0, 0)
    with pytest.raises(InputError, match="no agent 'z'; choose from a, b, c"):
        RouteLlm(strong="z").pair(held)


FACTORS = Factors(
    agents=np.array([[1.0, 0.0], [0.0, 2.0]]),
    weights=np.array([[1.0, 0.0], [0.0, 1.0]]),
    bias=np.array([0.0, 0.5]),
)


def test_a_win_rate_is_the_logistic_of_the_difference_of_two_products() -> None:
    """x = (3, 1): hidden (3, 1.5), scores 3 and 3; x = (0, 1): hidden (0, 1.5), scores 0 and 3."""
    vectors = np.array([[3.0, 1.0], [0.0, 1.0]])
    assert FACTORS.scores(vectors).tolist() == [[3.0, 3.0], [0.0, 3.0]]
    rates = FACTORS.win_rate(vectors, 1, 0)
    assert rates == pytest.approx([0.5, 1 / (1 + np.exp(-3))])
    everybody = np.ones((2, 2), dtype=bool)
    assert Thresholded(FACTORS, 1, 0, 0.9).choose(rates, everybody).tolist() == [0, 1]
    assert Thresholded(FACTORS, 1, 0, 0.5).choose(rates, everybody).tolist() == [1, 1]
    assert Thresholded(FACTORS, 1, 0, np.inf).choose(rates, everybody).tolist() == [0, 0]


def test_where_only_one_of_the_two_was_run_it_is_chosen() -> None:
    ran = np.array([[True, False, True], [False, True, True], [False, False, True]])
    choose = Thresholded(FACTORS, 1, 0, 0.5).choose
    assert choose(np.array([0.9, 0.1, 0.9]), ran).tolist() == [0, 1, -1]


def test_only_tasks_that_tell_two_agents_apart_are_wins() -> None:
    wins = Wins.of(np.array([[1.0, 0.0, NAN], [1.0, 1.0, 1.0], [0.0, 0.0, 1.0]]))
    assert list(zip(wins.tasks, wins.winners, wins.losers, strict=True)) == [
        (0, 0, 1),
        (2, 2, 0),
        (2, 2, 1),
    ]


@given(st.integers(0, 10_000))
def test_the_slope_of_the_loss_is_its_derivative(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, solved = rng.normal(size=(5, 3)), rng.integers(0, 2, (5, 4)).astype(float)
    wins = Wins.of(solved)
    factors = Factors(rng.normal(size=(4, 2)), rng.normal(size=(3, 2)), rng.normal(size=2))
    _, slope = loss(factors, vectors, wins, decay=0.01)
    step = 1e-6
    for name in ("agents", "weights", "bias"):
        part = getattr(factors, name)
        place = tuple(int(rng.integers(size)) for size in part.shape)
        ends = []
        for sign in (-1, 1):
            moved = part.copy()
            moved[place] += sign * step
            parts = {one: getattr(factors, one) for one in ("agents", "weights", "bias")}
            ends.append(loss(Factors(**(parts | {name: moved})), vectors, wins, decay=0.01)[0])
        rise = (ends[1] - ends[0]) / (2 * step)
        assert getattr(slope, name)[place] == pytest.approx(rise, abs=1e-5)


def test_factors_learn_which_agent_wins_where() -> None:
    vectors = np.array([[1.0, 0.0], [0.0, 1.0]] * 20)
    solved = np.array([[1.0, 0.0], [0.0, 1.0]] * 20)
    found = factorise(vectors, solved, np.random.default_rng(0), width=4, decay=1e-4)
    rates = found.win_rate(np.eye(2), 0, 1)
    assert rates[0] > 0.9
    assert rates[1] < 0.1


def telling(tasks: int) -> Executions:
    """Answers that say whether they are right; a is right on every other task, b always."""
    right = [[place % 2, 1] for place in range(tasks)]
    return table(
        right,
        np.tile([1.0, 10.0], (tasks, 1)),
        texts=tuple(f"task {place}" for place in range(tasks)),
        answers=tuple(("sure" if a else "hmm", "sure") for a, _ in right),
    )


def test_frugalgpt_asks_the_dear_agent_where_it_does_not_believe_the_cheap_one() -> None:
    samples = play(load_policy("frugalgpt"), telling(40), telling(60), encoder=ENCODER)
    assert [one.solved for one in samples] == [True] * 40
    assert {one.awards for one in samples} == {("a",), ("a", "b")}
    assert np.mean([one.usd for one in samples]) == pytest.approx((1 + 11) / 2)


def test_frugalgpt_keeps_to_its_budget() -> None:
    poor = play(load_policy("frugalgpt@1.5"), telling(40), telling(60), encoder=ENCODER)
    assert np.mean([one.usd for one in poor]) <= 1.5
    assert np.mean([one.solved for one in poor]) == pytest.approx(0.5, abs=0.05)
    rich = FrugalGpt(budget=1e9).fit(Training(telling(60), ENCODER), rng=np.random.default_rng(0))
    assert rich.chain == Chain((0, 1), rich.chain.thresholds)


@pytest.mark.parametrize(
    "name", ["gpt", "single", "single:", "random:a", "knn@", "knn@x", "knn@-1", "oracle@1", ""]
)
def test_an_unknown_policy_is_named_with_those_there_are(name: str) -> None:
    with pytest.raises(InputError, match=r"choose from single:AGENT, random|0 or more after the @"):
        load_policy(name)


def test_a_single_of_an_agent_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="no agent 'z'; choose from a, b"):
        play(load_policy("single:z"), table([[1, 0]]))


def test_every_policy_of_the_registry_keeps_its_name() -> None:
    for name in POLICIES:
        full = f"{name}:a" if name == "single" else name
        assert load_policy(full).name == full
    assert load_policy("carrot@0.5").name == "carrot@0.5"
    assert (carrot().name, knn(k=3).name) == ("carrot", "knn")


@pytest.mark.parametrize(
    ("name", "lacks"),
    [
        ("knn", "needs task texts with an embedding model, or several suites"),
        ("frugalgpt", "needs the agents' answers"),
        ("verify-cascade", "needs what visible checks said"),
    ],
)
def test_a_policy_that_can_not_run_says_what_it_lacks(name: str, lacks: str) -> None:
    with pytest.raises(InputError, match=lacks):
        play(load_policy(name), table([[1, 0]]), table([[1, 0], [0, 1]]))


def test_a_policy_that_learns_needs_something_to_learn_from() -> None:
    with pytest.raises(InputError, match="carrot needs a training split"):
        play(load_policy("carrot"), chance(3), encoder=ENCODER)
    with pytest.raises(InputError, match="2 training tasks or more"):
        play(load_policy("carrot"), chance(3), chance(1), encoder=ENCODER)
