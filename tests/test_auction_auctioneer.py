"""The auctioneer: from bids and ratings to an award."""

import random
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sale.auction.auctioneer import Auctioneer
from sale.auction.weights import Scale, Weights, cost_scale
from sale.types import AgentSpec, Appraisal, Bid, Price, Ratings

NAMES = tuple("abcdef")


def spec(name: str, price: float | None) -> AgentSpec:
    return AgentSpec(name, "m", "scripted", None if price is None else Price(price, 0.0, price))


def bid(name: str, tokens: int = 10, entropy: float | None = 1.0, **changes: object) -> Bid:
    return replace(Bid(name, 1, f"plan of {name}", tokens, entropy), **changes)  # type: ignore[arg-type]


def auctioneer(prices: dict[str, float | None], **weights: object) -> Auctioneer:
    given = {"cost": 1.0, "entropy": 0.0, "jurors": {}, "cost_scale": Scale()} | weights
    return Auctioneer(tuple(spec(*item) for item in prices.items()), Weights(**given))  # type: ignore[arg-type]


@st.composite
def rounds(draw: st.DrawFn) -> tuple[Auctioneer, list[Bid], list[Ratings]]:
    """A market and one round in it, with failures of every sort."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    coarse = st.integers(0, 40).map(lambda n: n / 8)
    weights = Weights(
        cost=draw(coarse),
        entropy=draw(coarse) - 2,
        jurors={name: draw(coarse) for name in names},
        cost_scale=draw(st.sampled_from([Scale(), Scale(10.0, 60.0)])),
        rating_scales={names[0]: Scale(1.0, 3.0)},
    )
    roster = tuple(spec(name, draw(st.none() | coarse)) for name in names)
    entropies = st.none() | coarse
    bids = [bid(name, draw(st.integers(1, 200)), draw(entropies)) for name in names]
    ratings = [
        Ratings(
            name,
            1,
            {other: draw(coarse) for other in names},
            error=draw(st.sampled_from([None, None, "late"])),
        )
        for name in names
    ]
    return Auctioneer(roster, weights), bids, ratings


def scores(appraisals: tuple[Appraisal, ...]) -> dict[str, float]:
    return {entry.agent: entry.score for entry in appraisals}


def test_a_score_is_cost_minus_entropy_minus_ratings_each_on_its_scale() -> None:
    market = auctioneer(
        {"a": 2.0},
        cost=0.5,
        entropy=-0.1,
        jurors={"j": 0.4},
        cost_scale=Scale(0.0, 100.0),
        entropy_scale=Scale(0.5, 2.5),
    )
    (got,) = market.appraise([bid("a", 10, 1.0)], [Ratings("j", 1, {"a": 4.0})])
    assert got.cost == pytest.approx(0.5 * 20 / 100)
    assert got.value == pytest.approx(-0.1 * (1 - 0.5) / 2 + 0.4 * 4 / 5)
    assert got.score == pytest.approx(got.cost - got.value)
    assert [term.name for term in got.terms] == ["cost", "entropy", "rating:j"]
    assert [term.feature for term in got.terms] == [20.0, 1.0, 4.0]


@given(rounds())
def test_the_winner_never_has_a_higher_score_than_a_rival(
    drawn: tuple[Auctioneer, list[Bid], list[Ratings]],
) -> None:
    market, bids, ratings = drawn
    appraisals = market.appraise(bids, ratings)
    assert market.winner(appraisals).score == min(entry.score for entry in appraisals)


@given(rounds())
def test_every_score_is_the_sum_of_the_terms_that_explain_it(
    drawn: tuple[Auctioneer, list[Bid], list[Ratings]],
) -> None:
    market, bids, ratings = drawn
    for entry in market.appraise(bids, ratings):
        cost, *others = (term.contribution for term in entry.terms)
        assert entry.score == pytest.approx(cost - sum(others))


@given(rounds(), st.randoms(use_true_random=False))
def test_the_order_in_which_bids_and_ratings_arrive_changes_nothing(
    drawn: tuple[Auctioneer, list[Bid], list[Ratings]], rng: random.Random
) -> None:
    market, bids, ratings = drawn
    expected = market.appraise(bids, ratings)
    rng.shuffle(bids)
    rng.shuffle(ratings)
    assert market.appraise(bids, ratings) == expected


@given(rounds(), st.randoms(use_true_random=False))
def test_permuting_the_roster_changes_nothing_where_no_two_tie(
    drawn: tuple[Auctioneer, list[Bid], list[Ratings]], rng: random.Random
) -> None:
    market, bids, ratings = drawn
    before = market.appraise(bids, ratings)
    lowest = sorted(entry.score for entry in before)
    assume(len(lowest) < 2 or lowest[1] - lowest[0] > 1e-9)
    roster = list(market.roster)
    rng.shuffle(roster)
    shuffled = replace(market, roster=tuple(roster))
    after = shuffled.appraise(bids, ratings)
    assert scores(after) == pytest.approx(scores(before))
    assert shuffled.winner(after).agent == market.winner(before).agent


@given(rounds())
def test_relabelling_the_agents_changes_nothing_but_the_names(
    drawn: tuple[Auctioneer, list[Bid], list[Ratings]],
) -> None:
    market, bids, ratings = drawn
    new = {name: f"agent-{99 - place}" for place, name in enumerate(NAMES)}
    weights = replace(
        market.weights,
        jurors={new[name]: w for name, w in market.weights.jurors.items()},
        rating_scales={new[name]: s for name, s in market.weights.rating_scales.items()},
    )
    roster = tuple(replace(one, name=new[one.name]) for one in market.roster)
    renamed = Auctioneer(roster, weights)
    before = market.appraise(bids, ratings)
    after = renamed.appraise(
        [replace(one, agent=new[one.agent]) for one in bids],
        [
            replace(
                one, juror=new[one.juror], by_agent={new[n]: r for n, r in one.by_agent.items()}
            )
            for one in ratings
        ],
    )
    assert [entry.score for entry in after] == [entry.score for entry in before]
    assert renamed.winner(after).agent == new[market.winner(before).agent]


@given(rounds(), rounds())
def test_refinement_never_worsens_the_award(
    drawn: tuple[Auctioneer, list[Bid], list[Ratings]],
    again: tuple[Auctioneer, list[Bid], list[Ratings]],
) -> None:
    market, bids, ratings = drawn
    known = {one.name for one in market.roster}
    second = [replace(one, round=2) for one in again[1] if one.agent in known]
    first, refined = market.appraise(bids, ratings), market.appraise(second, ratings)
    award = market.award(first, refined)
    provisional = market.winner(first)
    assert award.provisional == provisional.agent
    assert award.score <= provisional.score
    assert (award.round == 2) == (award.score < provisional.score)


def test_a_refined_bid_that_only_draws_level_does_not_win() -> None:
    market = auctioneer({"a": 1.0, "b": 2.0})
    first = market.appraise([bid("a", 10), bid("b", 10)], [])
    level = market.appraise([bid("b", 5, round=2)], [])
    assert market.award(first, level).round == 1
    below = market.appraise([bid("b", 4, round=2)], [])
    assert (market.award(first, below).agent, market.award(first, below).round) == ("b", 2)


@given(
    st.lists(st.integers(1, 1000), min_size=1, max_size=6, unique=True),
    st.lists(st.integers(1, 200), min_size=6, max_size=6),
    st.floats(0.001, 1000.0),
)
def test_scaling_all_prices_leaves_a_ranking_by_price_alone(
    prices: list[int], tokens: list[int], factor: float
) -> None:
    def ranked(by: float) -> list[str]:
        priced = {name: price * by for name, price in zip(NAMES, prices, strict=False)}
        roster = [spec(*item) for item in priced.items()]
        market = auctioneer(priced, cost_scale=cost_scale(roster))  # type: ignore[arg-type]
        bids = [bid(name, count) for name, count in zip(priced, tokens, strict=False)]
        return [e.agent for e in sorted(market.appraise(bids, []), key=lambda e: e.score)]

    products = [price * count for price, count in zip(prices, tokens, strict=False)]
    assume(len(set(products)) == len(products))
    assert ranked(factor) == ranked(1.0)


@given(rounds())
def test_an_agent_of_unknown_price_pays_what_the_dearest_known_one_pays(
    drawn: tuple[Auctioneer, list[Bid], list[Ratings]],
) -> None:
    market, bids, ratings = drawn
    same = [replace(one, tokens=50) for one in bids]
    costs = {entry.agent: entry.cost for entry in market.appraise(same, ratings)}
    unknown = [costs[one.name] for one in market.roster if one.price is None]
    assert all(cost == max(costs.values()) for cost in unknown)


def test_a_failed_bid_is_not_appraised_and_no_bid_gives_no_appraisal() -> None:
    market = auctioneer({"a": 1.0, "b": 2.0})
    assert [e.agent for e in market.appraise([bid("a", error="late"), bid("b")], [])] == ["b"]
    assert market.appraise([bid("a", error="late")], []) == ()


@pytest.mark.parametrize(
    "broken",
    [Ratings("j", 1, {"a": 5.0, "b": 0.0}, error="late"), Ratings("j", 1, {"a": 5.0})],
    ids=["failed", "incomplete"],
)
def test_a_juror_that_fails_drops_out_and_the_others_take_its_weight(broken: Ratings) -> None:
    market = auctioneer({"a": 1.0, "b": 1.0}, jurors={"i": 0.2, "j": 0.6})
    whole = Ratings("i", 1, {"a": 1.0, "b": 4.0})
    for entry in market.appraise([bid("a"), bid("b")], [whole, broken]):
        weights = {term.name: term.weight for term in entry.terms if "rating" in term.name}
        assert weights == {"rating:i": pytest.approx(0.8)}


def test_who_is_no_juror_has_no_say() -> None:
    market = auctioneer({"a": 1.0}, jurors={"i": 1.0})
    (entry,) = market.appraise([bid("a")], [Ratings("stranger", 1, {"a": 5.0})])
    assert [term.name for term in entry.terms] == ["cost", "entropy"]


def test_an_entropy_nobody_measured_weighs_nothing_and_one_gap_is_neutral() -> None:
    market = auctioneer({"a": 1.0, "b": 1.0}, entropy=2.0)
    blind = market.appraise([bid("a", entropy=None), bid("b", entropy=None)], [])
    assert {entry.terms[1].weight for entry in blind} == {0.0}
    one, other = market.appraise([bid("a", entropy=None), bid("b", entropy=3.0)], [])
    assert one.value == other.value == 6.0


def test_only_strictly_cheaper_agents_with_a_price_may_refine() -> None:
    market = auctioneer({"a": 1.0, "b": 2.0, "c": 2.0, "d": None})
    assert market.cheaper("b") == ("a",)
    assert market.cheaper("a") == ()
    assert market.cheaper("d") == ()
