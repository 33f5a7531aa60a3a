"""What a memory says of earlier work, on both databases."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from sale.auction.weights import Scale, Weights
from sale.embedding import HashEmbedder
from sale.errors import ModelError
from sale.memory.privacy import Privacy
from sale.memory.store import Store
from sale.types import (
    Bid,
    Call,
    Experience,
    Kind,
    Outcome,
    Precedent,
    Ratings,
    Signs,
    Stage,
    Step,
    StopReason,
    Task,
    Usage,
    Verdict,
)
from tests import auctions

Make = Callable[..., Any]
TASK = Task(Kind.CODING, "Count the words of a text.")
OTHER = Task(Kind.CODING, "Count the lines of a text.")
CHEAPEST_FIRST = Weights(1.0, 0.0, {}, cost_scale=Scale())
WRONG = "```answer\nwrong\n```"


@pytest.fixture
def memory(memory_url: str) -> Iterator[Store]:
    with Store.open(memory_url, embedder=HashEmbedder) as store:
        yield store


def held(market: Make, memory: Store, *roster: Any, task: Task = TASK, times: int = 1) -> None:
    rules = {"fallbacks": 2, "fallback_on_failure": True, "memory": memory}
    with market(roster, weights=CHEAPEST_FIRST, **rules) as open_market:
        for seed in range(times):
            open_market.auction(task, seed=seed)


def found(memory: Store) -> tuple[Precedent, ...]:
    return memory.experience(TASK).works


def test_before_the_first_auction_there_are_none(memory: Store) -> None:
    assert memory.experience(TASK) == Experience()


def test_who_failed_twice_has_two_works_that_share_its_dollars(memory: Store) -> None:
    def work(usd: float) -> Step:
        return Step(1, "", "", "", "", (Call("one", Stage.EXECUTE, 1, 0, 1, 1.0, usd),), 1.0)

    failed = Outcome("one", "no", StopReason.ANSWERED, Verdict.FAILED)
    memory.record(
        auctions.held(
            outcome=Outcome("one", "yes", StopReason.ANSWERED, Verdict.PASSED),
            discarded=(failed, replace(failed, agent="two")),
            steps=(work(1.0), work(3.0)),
        )
    )
    told = [(one.agent, one.solved, one.before, one.usd) for one in found(memory)]
    assert told == [
        ("one", False, (), 2.0),
        ("two", False, ("one",), None),
        ("one", True, ("one", "two"), 2.0),
    ]


def test_plans_leave_their_signs_and_the_stages_their_mean_price(memory: Store) -> None:
    ratings = (Ratings("one", 1, {"one": 2.0}), Ratings("two", 1, {"one": 5.0}))
    worked = {"outcome": Outcome("one", "yes", StopReason.ANSWERED)}
    for name, usd in (("aa", 1.0), ("bb", 3.0)):
        calls = (Call("one", Stage.BID, 9, 0, 9, 1.0, usd / 2),) * 2
        bids = (Bid("one", 1, "a plan", 7, 0.5, calls), Bid("one", 2, "another", 9, 0.9, calls))
        bids += (Bid("two", 1, "", 0, None, calls, error="down"),)
        usage = {Stage.RATE: Usage(usd=usd), Stage.EXECUTE: Usage(usd=9.0)}
        memory.record(auctions.held(name, bids=bids, ratings=ratings, usage=usage, **worked))
    unknown = (Bid("six", 1, "a plan", 7, 0.5, (Call("six", Stage.BID, 9, 0, 9, 1.0, None),)),)
    memory.record(auctions.held("cc", bids=unknown, usage={Stage.RATE: Usage(usd=None)}, **worked))
    assert [one.signs for one in found(memory)] == [*[Signs(7, 0.5, 3.5)] * 2, Signs()]
    assert memory.experience(TASK).plan_usd == {"one": 2.0}
    assert memory.experience(TASK).ratings_usd == 2.0


def test_failures_are_counted_in_the_order_of_the_work(
    agent: Make, market: Make, memory: Store
) -> None:
    roster = (agent("one", 1.0, work=WRONG), agent("two", 2.0, work=WRONG), agent("three", 3.0))
    held(market, memory, *roster)
    works = {one.agent: one for one in found(memory)}
    assert {name: (one.solved, one.before) for name, one in works.items()} == {
        "one": (False, ()),
        "two": (False, ("one",)),
        "three": (True, ("one", "two")),
    }
    assert all(one.usd > 0 and one.nearness == pytest.approx(1.0) for one in works.values())


def test_where_all_fail_they_are_counted_as_well(agent: Make, market: Make, memory: Store) -> None:
    held(market, memory, agent("one", 1.0, work=WRONG), agent("two", 2.0, work=WRONG))
    assert {(one.agent, one.solved, one.before) for one in memory.experience(TASK).works} == {
        ("one", False, ()),
        ("two", False, ("one",)),
    }


def test_unchecked_answers_are_neither_successes_nor_failures(
    agent: Make, market: Make, memory: Store
) -> None:
    held(market, memory, agent("small", 1.0, work="```answer\nmaybe\n```"))
    (one,) = memory.experience(OTHER).works
    assert (one.solved, one.before) == (None, ())
    assert one.usd is not None
    assert 0.0 <= one.nearness < 1.0


def test_no_answer_is_a_failure_and_an_unknown_price_stays_unknown(
    agent: Make, market: Make, memory: Store
) -> None:
    held(market, memory, agent("small", None, work={"error": "gone"}))
    (one,) = memory.experience(TASK).works
    assert (one.solved, one.usd) == (False, None)


def test_outcomes_of_one_kind_say_nothing_of_another(
    agent: Make, market: Make, memory: Store
) -> None:
    held(market, memory, agent("small", 1.0))
    assert memory.experience(Task(Kind.SEARCH, TASK.text)).works == ()


def test_without_an_embedding_model_all_tasks_count_as_unlike(
    agent: Make, market: Make, memory_url: str
) -> None:
    def missing() -> Any:
        raise ModelError("not here")

    with Store.open(memory_url, embedder=missing) as memory:
        held(market, memory, agent("small", 1.0))
        assert [one.nearness for one in memory.experience(TASK).works] == [0.0]


def test_a_private_memory_looks_at_no_text(agent: Make, market: Make, memory_url: str) -> None:
    with Store.open(memory_url, embedder=HashEmbedder, privacy=Privacy.HASH) as memory:
        held(market, memory, agent("small", 1.0))
        (one,) = memory.experience(TASK).works
    assert (one.agent, one.solved, one.nearness) == ("small", True, 0.0)


def test_an_auction_that_is_under_way_or_failed_is_no_precedent(
    agent: Make, market: Make, memory: Store
) -> None:
    seen: list[tuple[Precedent, ...]] = []

    def watching(task: Task, outcome: Any) -> Any:
        seen.append(memory.experience(task).works)
        raise ModelError("no checks today")

    with (
        market((agent("small", 1.0),), memory=memory, verifier=watching) as open_market,
        pytest.raises(ModelError),
    ):
        open_market.auction(TASK, seed=1)
    assert seen == [()]
    assert memory.experience(TASK).works == ()
