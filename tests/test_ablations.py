"""What can be left out of an auction: each switch changes the term it names and nothing else."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.auction.auctioneer import Auctioneer
from sale.auction.terms import Ballot, CostModel, Part
from sale.auction.weights import Scale, Weights
from sale.errors import BudgetError
from sale.market import Market
from sale.types import (
    AgentSpec,
    Appraisal,
    Bid,
    Kind,
    Price,
    Ratings,
    Spent,
    Stage,
    Task,
    Term,
)

Make = Callable[..., Any]
TASK = Task(Kind.CODING, "Write a function double(n).")
PRICES = {"small": 1.0, "middle": 3.0, "large": 10.0}
BIDS = (
    Bid("small", 1, "s", 40, 0.9),
    Bid("middle", 1, "m", 30, 0.5),
    Bid("large", 1, "l", 20, 0.2),
)
RATINGS = (
    Ratings("small", 1, {"small": 4.0, "middle": 3.0, "large": 2.0}),
    Ratings("middle", 1, {"small": 2.0, "middle": 4.0, "large": 3.0}),
    Ratings("large", 1, {"small": 1.0, "middle": 2.0, "large": 5.0}),
)


def auctioneer(*without: Part, cost: CostModel = CostModel.PLAN) -> Auctioneer:
    roster = tuple(
        AgentSpec(name, "m", "scripted", Price(p, p, p), plan_tokens=50)
        for name, p in PRICES.items()
    )
    jurors = {"small": 0.1, "middle": 0.2, "large": 0.4}
    weights = Weights(0.3, -0.1, jurors, cost_scale=Scale(0.0, 500.0))
    return Auctioneer(roster, weights, frozenset(without), cost)


def appraised(*without: Part) -> dict[str, dict[str, Term]]:
    """Agent -> term name -> term."""
    entries = auctioneer(*without).appraise(BIDS, RATINGS)
    return {entry.agent: {term.name: term for term in entry.terms} for entry in entries}


def changed(*without: Part) -> set[str]:
    """The terms that differ from those of the full score, for any agent."""
    full, rest = appraised(), appraised(*without)
    return {
        name
        for agent in full
        for name in full[agent].keys() | rest[agent].keys()
        if full[agent].get(name) != rest[agent].get(name)
    }


RATED = {"rating:small", "rating:middle", "rating:large"}


@pytest.mark.parametrize(
    ("part", "terms"),
    [
        (Part.PRICE, {"cost"}),
        (Part.LENGTH, {"cost"}),
        (Part.ENTROPY, {"entropy"}),
        (Part.PEERS, RATED),
        (Part.SELF, RATED),
        (Part.MEMORY, set()),
        (Part.REFINEMENT, set()),
        (Part.PLAN, set()),
    ],
)
def test_an_ablation_changes_exactly_the_term_it_names(part: Part, terms: set[str]) -> None:
    assert changed(part) == terms


def costs(*without: Part) -> list[float]:
    return [terms["cost"].feature for terms in appraised(*without).values()]


def test_cost_is_price_times_length_and_each_can_be_left_out() -> None:
    assert costs() == [40.0, 90.0, 200.0]
    assert costs(Part.PRICE) == [40.0, 30.0, 20.0]
    assert costs(Part.LENGTH) == [1.0, 3.0, 10.0]
    both = appraised(Part.PRICE, Part.LENGTH)
    assert {terms["cost"].contribution for terms in both.values()} == {0.0}


@pytest.mark.parametrize("part", [Part.PRICE, Part.LENGTH])
def test_what_is_left_of_the_cost_is_still_scaled_to_the_dearest_possible_bid(part: Part) -> None:
    assert {terms["cost"].high for terms in appraised(part).values()} == {
        50.0 if part is Part.PRICE else 10.0
    }


def test_without_entropy_the_term_is_shown_with_a_weight_of_zero() -> None:
    for terms in appraised(Part.ENTROPY).values():
        assert (terms["entropy"].weight, terms["entropy"].contribution) == (0.0, 0.0)


def test_self_only_gives_the_whole_jury_weight_to_the_own_rating() -> None:
    for agent, terms in appraised(Part.PEERS).items():
        assert {name: term.weight for name, term in terms.items() if name in RATED} == {
            f"rating:{agent}": pytest.approx(0.7)
        }


def test_peers_only_spreads_the_weight_of_the_own_rating_over_the_others() -> None:
    terms = appraised(Part.SELF)["large"]
    assert "rating:large" not in terms
    assert terms["rating:small"].weight == pytest.approx(0.7 * 0.1 / 0.3)
    assert terms["rating:middle"].weight == pytest.approx(0.7 * 0.2 / 0.3)


def test_self_only_takes_a_bid_whose_bidder_did_not_rate_for_an_average_one() -> None:
    late = (*RATINGS[:2], replace(RATINGS[2], error="late"))
    found = auctioneer(Part.PEERS).appraise(BIDS, late)
    large = {term.name: term for term in found[2].terms if term.name in RATED}
    assert {term.feature for term in large.values()} == {4.0}
    assert sum(term.weight for term in large.values()) == pytest.approx(0.7)


measured = st.lists(
    st.tuples(
        st.integers(1, 100), st.floats(0, 3), st.lists(st.floats(0, 5), min_size=3, max_size=3)
    ),
    min_size=1,
    max_size=3,
)


@given(measured, st.sampled_from([(), (Part.SELF,), (Part.PEERS,), (Part.ENTROPY,)]))
def test_a_strictly_dominated_bid_changes_nothing(
    drawn: list[tuple[int, float, list[float]]], without: tuple[Part, ...]
) -> None:
    """Where everything was measured: a gap is filled with the mean of all bids."""
    prices = [1.0, 2.0, 3.0][: len(drawn)]
    names = [f"a{n}" for n in range(len(drawn))]
    roster = tuple(
        AgentSpec(n, "m", "scripted", Price(p, p, p)) for n, p in zip(names, prices, strict=True)
    )
    dominated = AgentSpec("worst", "m", "scripted", Price(50.0, 50.0, 50.0))
    jurors = ("x", "y", "z")  # no bidders, so that every rating counts for every bid
    weights = Weights(0.4, 0.2, dict.fromkeys(jurors, 0.3), cost_scale=Scale(0.0, 50.0))
    bids = [Bid(n, 1, "p", t, h) for n, (t, h, _) in zip(names, drawn, strict=True)]
    worst = Bid("worst", 1, "p", 101, min(h for _, h, _ in drawn) - 1.0)
    given_marks = [
        {n: r[j] for n, (_, _, r) in zip(names, drawn, strict=True)} for j in range(len(jurors))
    ]
    ballots = [Ratings(name, 1, mark) for name, mark in zip(jurors, given_marks, strict=True)]
    wider = [replace(b, by_agent={**b.by_agent, "worst": -1.0}) for b in ballots]
    few = Auctioneer(roster, weights, frozenset(without))
    many = Auctioneer((*roster, dominated), weights, frozenset(without))
    before, after = few.appraise(bids, ballots), many.appraise([*bids, worst], wider)
    if Part.PEERS not in without:  # nobody may rate here: every bid is taken for the average
        assert after[:-1] == before
    assert many.winner(after).agent == few.winner(before).agent


def award_costs(spent: dict[str, Spent]) -> dict[str, Appraisal]:
    market = auctioneer(cost=CostModel.AWARD)
    return {entry.agent: entry for entry in market.appraise(BIDS, RATINGS, spent=spent)}


def test_with_no_past_the_predicted_award_scores_as_the_plan_does() -> None:
    plain = auctioneer().appraise(BIDS, RATINGS)
    assert tuple(award_costs({}).values()) == plain


def test_a_past_of_dear_awards_makes_an_agent_dear_whatever_its_plan_costs() -> None:
    spent = {"small": Spent(8, 8 * 900e-6, 8 * 40e-6), "large": Spent(8, 8 * 300e-6, 8 * 200e-6)}
    found = award_costs(spent)
    ratio = (900 + 300) / (40 + 200)
    assert found["small"].terms[0].feature == pytest.approx((7200 + 2 * ratio * 40) / 10)
    assert found["large"].terms[0].feature == pytest.approx((2400 + 2 * ratio * 200) / 10)
    assert found["middle"].terms[0].feature == pytest.approx(ratio * 90)
    assert found["small"].cost > found["large"].cost


def opened(market: Make, agent: Make, **rules: Any) -> AbstractContextManager[Market]:
    roster = [agent("small", 1.0), agent("large", 5.0, plan="Long. " * 30)]
    return market(roster, jury=["small", "large"], **rules)


def plans_of(stages: Iterable[Stage], usage: Any) -> list[int]:
    return [usage[stage].calls if stage in usage else 0 for stage in stages]


def test_an_independent_juror_makes_one_call_a_plan(agent: Make, market: Make) -> None:
    extra = {"when": 'JSON only: {"A": digit}', "reply": '{"A": 3}'}
    roster = [agent("small", 1.0, extra=(extra,)), agent("large", 5.0, extra=(extra,))]
    with market(roster, jury=["small", "large"], ballot=Ballot.INDEPENDENT) as open_market:
        auction = open_market.auction(TASK)
    assert [len(entry.calls) for entry in auction.ratings] == [2, 2]
    three = pytest.approx({"small": 3.0, "large": 3.0}, abs=0.2)
    assert [dict(entry.by_agent) for entry in auction.ratings] == [three, three]
    assert auction.usage[Stage.RATE].calls == 4


def test_a_budget_for_one_joint_ballot_is_too_small_for_independent_ones(
    agent: Make, market: Make
) -> None:
    with opened(market, agent) as open_market:
        joint = open_market.auction(TASK)
    assert joint.total.usd is not None
    one_by_one = opened(market, agent, ballot=Ballot.INDEPENDENT)
    with one_by_one as frugal, pytest.raises(BudgetError, match="next round of calls"):
        frugal.auction(TASK, usd=joint.total.usd)


def test_the_second_auction_knows_what_the_first_award_cost(agent: Make, market: Make) -> None:
    with opened(market, agent, cost_model=CostModel.AWARD) as open_market:
        first, second = open_market.auction(TASK), open_market.auction(TASK)
    assert first.award is not None
    worked = sum(c.usd or 0.0 for s in first.steps for c in s.calls) * 1e6
    before = {e.agent: e.terms[0].feature for e in first.appraisals if e.round == 1}
    after = {e.agent: e.terms[0].feature for e in second.appraisals if e.round == 1}
    plan = before[first.award.agent]
    assert after[first.award.agent] == pytest.approx((worked + 2 * (worked / plan) * plan) / 3)


def test_without_memory_nothing_is_read_from_it(agent: Make, market: Make) -> None:
    options = {"cost_model": CostModel.AWARD, "recall": False}
    with opened(market, agent, **options) as open_market:
        first, second = open_market.auction(TASK), open_market.auction(TASK)
    assert [e.terms[0] for e in first.appraisals] == [e.terms[0] for e in second.appraisals]
    assert plans_of([Stage.REFINE], second.usage) == [0]
