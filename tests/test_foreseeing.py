"""Auctions that buy plans and ratings where they pay, and send an agent again where that pays."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from sale.auction.foresight import Foresight
from sale.auction.terms import Sight
from sale.embedding import HashEmbedder
from sale.memory.store import Store
from sale.types import (
    MILLION,
    Bid,
    Call,
    Kind,
    Outcome,
    Ratings,
    Stage,
    State,
    Step,
    StopReason,
    Task,
    Usage,
    Verdict,
)
from tests import auctions

Make = Callable[..., Any]
TASK = Task(Kind.CODING, "Count the words of a text.")
WRONG = "```answer\nwrong\n```"
ASKING = 1e-4
"""Dollars of both agents' plans, and of the ratings, as on record."""


PRICES = {"small": 1.0, "large": 10.0}
"""Dollars per million tokens."""


@pytest.fixture
def memory() -> Iterator[Store]:
    with Store.open("sqlite://", embedder=HashEmbedder) as store:
        yield store


def remember(
    memory: Store,
    *,
    tells: bool,
    rated: bool = True,
    large: float = 1e-5,
    shown: bool = False,
) -> None:
    """Auctions in which a high rating told who would be right, or did not."""
    rng = np.random.default_rng(1)
    for number in range(40):
        agent, rating = ("small", "large")[number % 2], float(rng.uniform(0, 5))
        right = rating > 2.5 if tells else rng.random() < 0.5
        verdict = Verdict.PASSED if right else Verdict.FAILED
        usd, price = (1e-5, PRICES["small"]) if agent == "small" else (large, PRICES["large"])
        call = Call(agent, Stage.EXECUTE, 0, 0, round(MILLION * usd / price), 1.0, usd)
        asked = {Stage.RATE: Usage(usd=ASKING)} if rated else {}
        planned = (Call(agent, Stage.BID, 9, 0, 9, 1.0, ASKING / 2),)
        memory.record(
            auctions.held(
                f"{number:04}",
                TASK.text,
                bids=(Bid(agent, 1, "a plan", 5 if right and not rated else 50, 0.5, planned),),
                ratings=(Ratings("large", 1, {agent: rating}),) if rated else (),
                outcome=Outcome(
                    agent,
                    "an answer",
                    StopReason.ANSWERED,
                    verdict,
                    planner=agent if shown else None,
                ),
                steps=(Step(1, "", "", "", "", (call,), 1.0),),
                usage=asked,
            )
        )


def hold(market: Make, agent: Make, memory: Store, **settings: Any) -> Any:
    roster = tuple(agent(name, price) for name, price in PRICES.items())
    rules = {
        "jury": ["large"],
        "memory": memory,
        "checkable": lambda _: settings.get("checkable", False),
    }
    foresight = Foresight(roster, settings["value"], settings.get("longest", 2))
    with market(roster, foresight=foresight, fallback_on_failure=True, **rules) as open_market:
        auction = open_market.auction(TASK, seed=1)
    assert memory.get(auction.id) == auction
    return auction


def test_plans_and_ratings_are_bought_where_they_tell_more_than_they_cost(
    agent: Make, market: Make, memory: Store
) -> None:
    remember(memory, tells=True)
    rich = hold(market, agent, memory, value=100 * ASKING)
    assert [(one.stage, one.bought) for one in rich.offers] == [
        (Stage.BID, True),
        (Stage.RATE, True),
    ]
    assert all(one.gain > one.usd > 0 for one in rich.offers)
    assert {bid.agent for bid in rich.bids} == {"small", "large"}
    assert rich.ratings
    assert rich.award.round == 1
    assert {Stage.BID, Stage.RATE} <= rich.usage.keys()
    poor = hold(market, agent, memory, value=ASKING)
    assert [(one.stage, one.bought) for one in poor.offers] == [(Stage.BID, False)]
    assert (poor.bids, poor.ratings, poor.award.round) == ((), (), 0)


def test_where_everybody_can_be_tried_nobody_has_to_tell_who_is_right(
    agent: Make, market: Make, memory: Store
) -> None:
    remember(memory, tells=True)
    auction = hold(market, agent, memory, value=25 * ASKING, checkable=True, longest=6)
    assert [(one.stage, one.bought) for one in auction.offers] == [(Stage.BID, False)]


def test_ratings_alone_may_not_be_worth_it(agent: Make, market: Make, memory: Store) -> None:
    remember(memory, tells=True, rated=False)
    auction = hold(market, agent, memory, value=100 * ASKING)
    assert [(one.stage, one.bought) for one in auction.offers] == [(Stage.BID, True)]
    assert auction.bids
    assert auction.ratings == ()


def test_nothing_is_bought_of_which_nobody_knows_the_price(
    agent: Make, market: Make, memory: Store
) -> None:
    outcome = Outcome("small", "an answer", StopReason.ANSWERED, Verdict.PASSED)
    call = Call("small", Stage.EXECUTE, 0, 0, 10, 1.0, 1e-5)
    step = Step(1, "", "", "", "", (call,), 1.0)
    memory.record(auctions.held(outcome=outcome, steps=(step,)))
    auction = hold(market, agent, memory, value=1.0)
    assert (auction.offers, auction.bids) == ((), ())


def test_plans_that_a_budget_forbids_are_done_without(
    agent: Make, market: Make, memory: Store
) -> None:
    remember(memory, tells=True)
    roster = (agent("small", 1.0), agent("large", 100.0))
    foresight = Foresight(roster, 100 * ASKING)
    rules = {"jury": ["large"], "memory": memory, "checkable": lambda _: False}
    with market(roster, foresight=foresight, **rules) as open_market:
        auction = open_market.auction(TASK, seed=1, usd=0.01)
    assert auction.offers[0].bought
    assert auction.bids == ()
    assert auction.state is State.FINISHED
    assert auction.outcome is not None
    assert auction.total.usd <= 0.01


def test_an_agent_that_failed_may_be_sent_again_for_a_fresh_sample(
    agent: Make, market: Make, memory: Store
) -> None:
    replies = {"replies": [WRONG, "```answer\nright\n```"]}
    remember(memory, tells=False, large=1e-4)
    roster = (agent("small", 1.0, work=replies), agent("large", 1e6))
    rules = {"memory": memory, "fallback_on_failure": True, "fallbacks": 3}
    with market(roster, jury=[], foresight=Foresight(roster, 1e-3, 4), **rules) as open_market:
        auction = open_market.auction(TASK, seed=1)
        assert open_market.memory.get(auction.id) == auction
    assert auction.workers == ("small",)
    assert [one.verified for one in auction.discarded] == [Verdict.FAILED]
    assert auction.outcome.verified is Verdict.PASSED
    again = [one for one in memory.experience(TASK).works if one.before]
    assert [(one.agent, one.solved, one.before) for one in again] == [("small", True, ("small",))]


SHORT, LONG = "Do it.", "Do it. " + "Think of every word, one after the other, and count it. " * 9


def refining(market: Make, agent: Make, memory: Store, sight: Sight = Sight.NONE) -> Any:
    """An auction of agents that ramble at first; memory says that this is a bad sign."""
    small = agent("small", PRICES["small"], plan=LONG, refined=SHORT)
    roster = (small, agent("large", PRICES["large"], plan=LONG))
    rules = {"jury": [], "memory": memory, "checkable": lambda _: False, "lessons": 2}
    rules |= {"refine": True, "fallback_on_failure": True}
    foresight = Foresight(roster, 100 * ASKING, 1, sight=sight)
    with market(roster, foresight=foresight, **rules) as open_market:
        auction = open_market.auction(TASK, seed=1)
        shown = open_market.pool.plans_shown
    assert memory.get(auction.id) == auction
    return auction, shown


def teach(memory: Store, usd: float | None = ASKING) -> None:
    """Leave a lesson, and what refined plans have cost."""
    usage = {} if usd is None else {Stage.REFINE: Usage(usd=usd)}
    pair = {"scores": {"small": 2.0, "large": 1.0}, "winner": "large", "verified": Verdict.PASSED}
    memory.record(auctions.contested("lesson", TASK.text, **pair, usage=usage))


def test_plans_are_refined_where_new_ones_are_worth_more_than_they_cost(
    agent: Make, market: Make, memory: Store
) -> None:
    remember(memory, tells=True, rated=False)
    teach(memory)
    auction, _ = refining(market, agent, memory)
    assert [(one.stage, one.bought) for one in auction.offers] == [
        (Stage.BID, True),
        (Stage.REFINE, True),
    ]
    assert [(bid.agent, bid.round) for bid in auction.bids] == [
        ("small", 1),
        ("large", 1),
        ("small", 2),
    ]
    assert auction.usage[Stage.REFINE].usd > 0
    assert (auction.award.agent, auction.award.round) == ("small", 2)  # its new plan looks better
    assert (auction.outcome.agent, auction.outcome.round) == ("small", 2)
    known = {one.signs.tokens for one in memory.experience(TASK).works if one.agent == "small"}
    assert auction.bids[2].tokens in known
    assert auction.bids[0].tokens not in known


def test_whoever_sees_its_plan_sees_the_refined_one(
    agent: Make, market: Make, memory: Store
) -> None:
    remember(memory, tells=True, rated=False, shown=True)
    for number in range(20):  # without a plan nobody has been right
        worked = Outcome(("small", "large")[number % 2], "no", StopReason.ANSWERED, Verdict.FAILED)
        memory.record(auctions.held(f"bare-{number}", TASK.text, outcome=worked))
    teach(memory)
    auction, shown = refining(market, agent, memory, Sight.OWN)
    (seen,) = shown
    plans = {(bid.agent, bid.round): bid.plan for bid in auction.bids}
    assert auction.award.planner == auction.award.agent == "small"
    assert seen == plans["small", 2] == SHORT


@pytest.mark.parametrize(
    ("usd", "offered"), [(None, False), (1e3 * ASKING, True)], ids=["unknown", "too dear"]
)
def test_plans_are_not_refined_at_a_price_that_is_too_high_or_unknown(
    agent: Make, market: Make, memory: Store, usd: float | None, offered: bool
) -> None:
    remember(memory, tells=True, rated=False)
    teach(memory, usd)
    auction, _ = refining(market, agent, memory)
    bought = {one.stage: one.bought for one in auction.offers}
    assert bought == {Stage.BID: True} | ({Stage.REFINE: False} if offered else {})
    assert {bid.round for bid in auction.bids} == {1}


def test_without_lessons_there_is_nothing_to_refine_by(
    agent: Make, market: Make, memory: Store
) -> None:
    remember(memory, tells=True, rated=False)
    usage = {Stage.REFINE: Usage(usd=ASKING)}
    memory.record(auctions.held("none", TASK.text, usage=usage))
    auction, _ = refining(market, agent, memory)
    assert [one.stage for one in auction.offers] == [Stage.BID]
