"""Secrets from before their shape was known are masked where they lie, and nothing else changes."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from auctions import contested, held
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from sale.embedding import HashEmbedder
from sale.memory.privacy import Privacy
from sale.memory.recall_tables import EmbeddingRow
from sale.memory.recording import record
from sale.memory.remasking import BATCH, Remasked, remask
from sale.memory.store import Store
from sale.memory.tables import TaskRow
from sale.types import Auction, Kind, State, Step, Task, Verdict

KEY = "sk-" + "ant-api03-" + "a1B2c3D4e5F6g7H8" * 3
SCORES = {"small": 2.0, "large": 1.0}


def taught(name: str, text: str, **changes: object) -> Auction:
    passed = {"scores": SCORES, "winner": "large", "verified": Verdict.PASSED}
    return replace(contested(name, text, **passed), **changes)


LEAKY = taught("bb", f"Call it with {KEY}.", steps=(Step(1, "run", KEY, KEY, KEY),))
PLAIN = taught("aa", "Call it.")


@pytest.fixture
def store(memory_url: str) -> Iterator[Store]:
    with Store.open(memory_url, embedder=HashEmbedder) as store:
        yield store


def put(store: Store, *auctions: Auction) -> None:
    """Record auctions as a memory did that masked nothing."""
    with store._database.write() as session:
        for auction in auctions:
            record(session, [auction])


def test_every_text_with_a_secret_is_masked_and_no_other_is_touched(store: Store):
    put(store, PLAIN, LEAKY)
    assert store.get("bb") == LEAKY
    assert remask(store) == Remasked(auctions=2, masked=1)
    assert store.get("bb") == Privacy.NONE.keep(LEAKY)
    assert store.get("aa") == PLAIN
    assert KEY not in repr(store.get("bb"))
    assert remask(store) == Remasked(auctions=2, masked=0)


def test_ids_of_tasks_and_sums_are_those_of_a_memory_that_masked_from_the_start(store: Store):
    put(store, PLAIN, LEAKY)
    remask(store)
    with Store.open("sqlite://") as other:
        other.record(PLAIN)
        other.record(LEAKY)
        assert store.stats() == other.stats()
        ids = []
        for one in (store, other):
            with one._database.read() as session:
                ids.append(sorted(session.scalars(select(TaskRow.id))))
    assert ids[0] == ids[1]


def test_lessons_speak_masked_and_the_vector_of_the_old_text_is_gone(store: Store):
    put(store, LEAKY)
    (before,) = store.lessons(LEAKY.task, agent="small")
    with store._database.read() as session:
        old = set(session.scalars(select(EmbeddingRow.text_hash)))
    remask(store)
    (after,) = store.lessons(Privacy.NONE.keep(LEAKY.task), agent="small")
    assert KEY in before.task + before.won
    assert KEY not in after.task + after.won + after.lost
    with store._database.read() as session:
        held_now = set(session.scalars(select(EmbeddingRow.text_hash)))
        texts = session.scalars(select(TaskRow.text)).all()
    assert len(held_now) == 1 < len(old | held_now)
    assert texts == ["Call it with [masked:anthropic]."]


def test_a_task_that_others_are_about_stays(store: Store):
    put(store, replace(PLAIN, steps=LEAKY.steps), taught("cc", PLAIN.task.text))
    assert remask(store) == Remasked(auctions=2, masked=1)
    assert store.get("aa").task == store.get("cc").task == PLAIN.task
    assert store.has_lessons(Kind.CODING, "small")


def test_a_dry_run_only_counts(store: Store):
    put(store, LEAKY)
    assert remask(store, dry_run=True) == Remasked(auctions=1, masked=1)
    assert store.get("bb") == LEAKY


def test_an_auction_under_way_is_left_to_its_process(store: Store):
    store.announce(held("dd", state=State.ANNOUNCED), wall_s=60)
    assert remask(store) == Remasked()
    assert store.get("dd").state is State.ANNOUNCED


def test_progress_is_told_batch_by_batch():
    told: list[Remasked] = []
    with Store.open("sqlite://") as store:
        put(store, *(held(f"{number:04}", KEY) for number in range(BATCH + 1)))
        remask(store, observe=told.append)
    assert told == [Remasked(BATCH, BATCH), Remasked(BATCH + 1, BATCH + 1)]


@given(texts=st.lists(st.sampled_from([KEY, "plain", f"x {KEY} y", "", "é"]), max_size=6))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_lies_there_the_memory_is_as_if_it_had_masked_all_along(texts: list[str]):
    auctions = [
        taught(f"a{place}", "t", task=Task(Kind.CODING, text, suite=text or None), error=text)
        for place, text in enumerate(texts)
    ]
    with Store.open("sqlite://") as store, Store.open("sqlite://") as other:
        put(store, *auctions)
        for auction in auctions:
            other.record(auction)
        remask(store)
        for auction in auctions:
            assert store.get(auction.id) == other.get(auction.id)
        assert store.stats() == other.stats()
