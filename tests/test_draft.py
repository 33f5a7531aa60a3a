"""An auction in the making: its bill, and what is left of its budget."""

import pytest

from sale.draft import Draft
from sale.errors import BackendError
from sale.failure import Failure
from sale.types import Auction, Bid, Call, Kind, Stage, State, Task


@pytest.fixture
def draft() -> Draft:
    task = Task(Kind.CODING, "Do it.")
    auction = Auction("a1", task, State.ANNOUNCED, 0, "market", "bwrap", 0.0)
    return Draft(auction, 1.0, lambda _auction, _doing: None)


def bid(usd: float) -> Bid:
    return Bid("ada", 1, "plan", 3, None, (Call("ada", Stage.BID, 5, 0, 3, 0.1, usd),))


def test_what_is_spent_is_gone_from_the_budget(draft: Draft) -> None:
    draft.add_bid(bid(0.25))
    assert draft.left() == 0.75
    assert draft.auction.total.usd == 0.25


def test_a_lost_call_costs_an_unknown_sum_and_counts_with_its_worst_case(draft: Draft) -> None:
    draft.worst = {"bob": 0.5}
    draft.add_bid(bid(0.25))
    draft.add_bid(Failure("its process died", lost=True).as_bid("bob", Stage.BID))
    assert draft.auction.total.usd is None
    assert draft.left() == 0.25


def test_a_call_that_was_refused_costs_nothing(draft: Draft) -> None:
    draft.add_bid(Failure("no such model", lost=False).as_bid("bob", Stage.BID))
    assert draft.auction.total.usd == 0.0
    assert draft.left() == 1.0


@pytest.mark.parametrize("end", [KeyboardInterrupt, BackendError])
def test_calls_that_are_lost_make_the_cost_of_their_stage_unknown(
    draft: Draft, end: type[BaseException]
) -> None:
    with pytest.raises(end), draft.stage(Stage.RATE, "rating"):
        raise end("the market that was up can't be reached")
    assert draft.auction.usage[Stage.RATE].usd is None
    assert draft.auction.usage[Stage.RATE].wall_s > 0
