"""What a memory says of earlier work, on both databases."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sale.auction.weights import Scale, Weights
from sale.embedding import HashEmbedder
from sale.errors import ModelError
from sale.memory.privacy import Privacy
from sale.memory.store import Store
from sale.types import Kind, Precedent, Task

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


def test_before_the_first_auction_there_are_none(memory: Store) -> None:
    assert memory.precedents(TASK) == []


def test_failures_are_counted_in_the_order_of_the_work(
    agent: Make, market: Make, memory: Store
) -> None:
    roster = (agent("one", 1.0, work=WRONG), agent("two", 2.0, work=WRONG), agent("three", 3.0))
    held(market, memory, *roster)
    found = {one.agent: one for one in memory.precedents(TASK)}
    assert {name: (one.solved, one.failures) for name, one in found.items()} == {
        "one": (False, 0),
        "two": (False, 1),
        "three": (True, 2),
    }
    assert all(one.usd > 0 and one.nearness == pytest.approx(1.0) for one in found.values())


def test_where_all_fail_they_are_counted_as_well(agent: Make, market: Make, memory: Store) -> None:
    held(market, memory, agent("one", 1.0, work=WRONG), agent("two", 2.0, work=WRONG))
    assert {(one.agent, one.solved, one.failures) for one in memory.precedents(TASK)} == {
        ("one", False, 0),
        ("two", False, 1),
    }


def test_unchecked_answers_are_neither_successes_nor_failures(
    agent: Make, market: Make, memory: Store
) -> None:
    held(market, memory, agent("small", 1.0, work="```answer\nmaybe\n```"))
    (found,) = memory.precedents(OTHER)
    assert (found.solved, found.failures) == (None, 0)
    assert found.usd is not None
    assert 0.0 <= found.nearness < 1.0


def test_no_answer_is_a_failure_and_an_unknown_price_stays_unknown(
    agent: Make, market: Make, memory: Store
) -> None:
    held(market, memory, agent("small", None, work={"error": "gone"}))
    (found,) = memory.precedents(TASK)
    assert (found.solved, found.usd) == (False, None)


def test_outcomes_of_one_kind_say_nothing_of_another(
    agent: Make, market: Make, memory: Store
) -> None:
    held(market, memory, agent("small", 1.0))
    assert memory.precedents(Task(Kind.SEARCH, TASK.text)) == []


def test_without_an_embedding_model_all_tasks_count_as_unlike(
    agent: Make, market: Make, memory_url: str
) -> None:
    def missing() -> Any:
        raise ModelError("not here")

    with Store.open(memory_url, embedder=missing) as memory:
        held(market, memory, agent("small", 1.0))
        assert [one.nearness for one in memory.precedents(TASK)] == [0.0]


def test_a_private_memory_looks_at_no_text(agent: Make, market: Make, memory_url: str) -> None:
    with Store.open(memory_url, embedder=HashEmbedder, privacy=Privacy.HASH) as memory:
        held(market, memory, agent("small", 1.0))
        (found,) = memory.precedents(TASK)
    assert (found.agent, found.solved, found.nearness) == ("small", True, 0.0)


def test_an_auction_that_is_under_way_or_failed_is_no_precedent(
    agent: Make, market: Make, memory: Store
) -> None:
    seen: list[list[Precedent]] = []

    def watching(task: Task, outcome: Any) -> Any:
        seen.append(memory.precedents(task))
        raise ModelError("no checks today")

    with (
        market((agent("small", 1.0),), memory=memory, verifier=watching) as open_market,
        pytest.raises(ModelError),
    ):
        open_market.auction(TASK, seed=1)
    assert seen == [[]]
    assert memory.precedents(TASK) == []
