"""Ended auctions in short, as a memory tells them, on both databases."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sale.embedding import HashEmbedder
from sale.errors import ModelError
from sale.memory.privacy import Privacy
from sale.memory.store import Store
from sale.types import (
    Award,
    Call,
    Kind,
    Outcome,
    PastWork,
    Stage,
    State,
    Step,
    StopReason,
    Usage,
    Verdict,
)
from tests import auctions


@pytest.fixture
def memory(memory_url: str) -> Iterator[Store]:
    with Store.open(memory_url, embedder=HashEmbedder) as store:
        yield store


def ended(name: str, text: str, **changes: Any) -> Any:
    call = Call("small", Stage.EXECUTE, 10, 4, 6, 1.0, 2.0)
    plain = {
        "award": Award("small", 0, 0.0, "small", 0.25),
        "outcome": Outcome("small", "yes", StopReason.ANSWERED, Verdict.PASSED, grade=1.0),
        "steps": (Step(1, "", "", "", "", (call, call), 1.0),),
        "usage": {Stage.BID: Usage(usd=0.5), Stage.RATE: Usage(usd=0.25), Stage.EXECUTE: Usage()},
    }
    return auctions.held(name, text, **plain | changes)


def test_works_come_in_order_with_their_tokens_and_their_chance(memory: Store) -> None:
    failed = Outcome("small", None, StopReason.STUCK)
    memory.record(ended("aa", "one", discarded=(failed,), started=2.0))
    memory.record(ended("bb", "two", started=1.0, usage={}))
    (second, first), vectors = memory.past(Kind.CODING)
    assert (first.id, second.id) == ("aa", "bb")
    assert first.works == (
        PastWork("small", Verdict.FAILED, None, 10, 4, 6, 2.0),
        PastWork("small", Verdict.PASSED, 1.0, 10, 4, 6, 2.0),
    )
    assert (first.propensity, first.asked_usd, second.asked_usd) == (0.25, 0.75, 0.0)
    assert first.checkable
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0)
    assert memory.past(Kind.SEARCH)[0] == []
    (newest,), _ = memory.past(Kind.CODING, last=1)
    assert newest.id == "aa"


def test_unknown_dollars_stay_unknown_and_what_came_to_no_award_is_left_out(memory: Store) -> None:
    unpriced = Call("small", Stage.EXECUTE, 1, 0, 1, 1.0, None)
    steps = (Step(1, "", "", "", "", (unpriced,), 1.0),)
    memory.record(ended("aa", "one", steps=steps, usage={Stage.BID: Usage(usd=None)}))
    memory.record(ended("bb", "two", award=None))
    memory.record(ended("cc", "three", state=State.FAILED))
    (only,), _ = memory.past(Kind.CODING)
    assert (only.id, only.works[0].usd, only.asked_usd) == ("aa", None, None)


def test_texts_are_looked_at_where_they_may_and_can_be(memory_url: str) -> None:
    def missing() -> Any:
        raise ModelError("not here")

    with Store.open(memory_url, embedder=missing) as memory:
        memory.record(ended("aa", "one"))
        assert memory.past(Kind.CODING)[1].shape == (1, 0)
    with Store.open(memory_url, embedder=HashEmbedder, privacy=Privacy.HASH) as memory:
        assert memory.past(Kind.CODING)[1].shape == (1, 0)
    with Store.open(memory_url, embedder=HashEmbedder) as memory:
        memory.record(ended("bb", "one", started=2.0))
        rows = memory.past(Kind.CODING)[1]
        assert rows[0] == pytest.approx(rows[1])
