"""Auctions that buy plans and ratings where they pay, and send an agent again where that pays."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from sale.auction.foresight import Foresight
from sale.embedding import HashEmbedder
from sale.memory.store import Store
from sale.types import (
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
ASKING = 1e-5
"""Dollars of both agents' plans, and of the ratings, as on record."""


@pytest.fixture
def memory() -> Iterator[Store]:
    with Store.open("sqlite://", embedder=HashEmbedder) as store:
        yield store


def remember(memory: Store, *, tells: bool, rated: bool = True, large: float = 1e-6) -> None:
    """Auctions in which a high rating told who would be right, or did not."""
    rng = np.random.default_rng(1)
    for number in range(40):
        agent, rating = ("small", "large")[number % 2], float(rng.uniform(0, 5))
        right = rating > 2.5 if tells else rng.random() < 0.5
        verdict = Verdict.PASSED if right else Verdict.FAILED
        usd = 1e-6 if agent == "small" else large
        call = Call(agent, Stage.EXECUTE, 9, 0, 9, 1.0, usd)
        asked = {Stage.RATE: Usage(usd=ASKING)} if rated else {}
        planned = (Call(agent, Stage.BID, 9, 0, 9, 1.0, ASKING / 2),)
        memory.record(
            auctions.held(
                f"{number:04}",
                TASK.text,
                bids=(Bid(agent, 1, "a plan", 5 if right and not rated else 50, 0.5, planned),),
                ratings=(Ratings("large", 1, {agent: rating}),) if rated else (),
                outcome=Outcome(agent, "an answer", StopReason.ANSWERED, verdict),
                steps=(Step(1, "", "", "", "", (call,), 1.0),),
                usage=asked,
            )
        )


def hold(market: Make, agent: Make, memory: Store, **settings: Any) -> Any:
    roster = (agent("small", 1.0), agent("large", 10.0))
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
    auction = hold(market, agent, memory, value=100 * ASKING, checkable=True, longest=6)
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
    call = Call("small", Stage.EXECUTE, 9, 0, 9, 1.0, 1e-6)
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
    remember(memory, tells=False, large=1.0)
    roster = (agent("small", 1.0, work=replies), agent("large", 1e6))
    rules = {"memory": memory, "fallback_on_failure": True, "fallbacks": 3}
    with market(roster, jury=[], foresight=Foresight(roster, 1e-3, 4), **rules) as open_market:
        auction = open_market.auction(TASK, seed=1)
        assert open_market.memory.get(auction.id) == auction
    assert auction.workers == ("small",)
    assert [one.verified for one in auction.discarded] == [Verdict.FAILED]
    assert auction.outcome.verified is Verdict.PASSED
    again = [one for one in memory.experience(TASK).works if one.again]
    assert [(one.agent, one.solved, one.again) for one in again] == [("small", True, 1)]
