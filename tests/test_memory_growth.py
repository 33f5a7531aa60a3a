"""A memory stays small without forgetting what matters."""

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from auctions import held
from sqlalchemy import create_engine, text

from sale.embedding import HashEmbedder
from sale.errors import InputError, StoreError
from sale.memory.census import take_census
from sale.memory.growth import PRUNED, Pruned, compact, prunable, prune
from sale.memory.store import Store
from sale.types import (
    Auction,
    Award,
    Bid,
    Call,
    Kind,
    Outcome,
    Stage,
    State,
    Step,
    StopReason,
    Task,
    Usage,
    Verdict,
)

CALL = Call("large", Stage.EXECUTE, 10, 2, 5, 0.5, 0.25)


def _noise(size: int) -> str:
    """Text that no database can compress to next to nothing."""
    return random.Random(size).randbytes(size // 2).hex()


def auction(number: int, *, size: int = 100) -> Auction:
    """An auction that began at second `number`, with `size` bytes of step texts."""
    return held(
        f"a{number:04}",
        f"task {number} of many",
        started=float(number),
        ended=number + 1.0,
        bids=(
            Bid("large", 1, f"won {number}", 3, None),
            Bid("small", 1, f"lost {number}", 3, None),
        ),
        award=Award("large", 1, 0.0, "large"),
        outcome=Outcome("large", f"answer {number}", StopReason.ANSWERED, Verdict.PASSED),
        steps=(Step(1, "answer", "é", _noise(size - 4), "ü", (CALL,), 0.5),),
        usage={Stage.EXECUTE: Usage.of([CALL], wall_s=0.5, tool_calls=1)},
    )


@pytest.fixture
def store(memory_url: str) -> Iterator[Store]:
    with Store.open(memory_url, embedder=HashEmbedder, wait_s=0.2) as store:
        yield store


def filled(store: Store, numbers: range) -> None:
    for number in numbers:
        store.record(auction(number))


def names(store: Store, **limits: float) -> list[str]:
    return [bulk.auction for bulk in prunable(store, **limits)]


def test_what_is_older_than_a_moment_goes(store: Store):
    filled(store, range(5))
    assert names(store, before=2.0) == ["a0001", "a0000"]


def test_the_newest_stay_as_far_as_they_fit(store: Store):
    filled(store, range(5))
    assert names(store, keep_bytes=250) == ["a0002", "a0001", "a0000"]
    assert names(store, keep_bytes=300) == ["a0001", "a0000"]
    assert len(names(store, keep_bytes=0)) == 5
    assert names(store, keep_bytes=10**12) == []


def test_both_limits_hold_together(store: Store):
    filled(store, range(5))
    assert names(store, before=3.0, keep_bytes=100) == ["a0003", "a0002", "a0001", "a0000"]


def test_prune_without_a_limit_is_refused(store: Store):
    with pytest.raises(InputError, match="give an age, a size, or both"):
        prunable(store)


def test_pruning_drops_step_texts_and_nothing_else(store: Store):
    filled(store, range(2))
    whole, stats = store.get("a0000"), store.stats()
    lessons = store.lessons(Task(Kind.CODING, "task 0 of many"), agent="small")
    done = prune(store, prunable(store, before=1.0))
    assert done == Pruned(auctions=1, bytes=100)
    (step,) = whole.steps
    bare = replace(step, argument="", reply=PRUNED, observation="")
    assert store.get("a0000") == replace(whole, steps=(bare,))
    assert store.get("a0001").steps == auction(1).steps
    assert store.stats() == stats
    assert store.lessons(Task(Kind.CODING, "task 0 of many"), agent="small") == lessons
    assert len(lessons) == 2


def test_pruning_again_finds_nothing(store: Store):
    filled(store, range(3))
    prune(store, prunable(store, before=10.0))
    assert prunable(store, before=10.0) == []


def test_an_auction_that_still_runs_keeps_its_texts(store: Store):
    store.announce(replace(auction(1), state=State.ANNOUNCED), wall_s=60)
    assert prunable(store, before=1e12) == []


def test_an_interruption_between_batches_loses_nothing_that_was_done(store: Store):
    filled(store, range(3))
    chosen = prunable(store, before=10.0)

    def interrupt(done: Pruned) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prune(store, chosen, batch=1, observe=interrupt)
    assert names(store, before=10.0) == [bulk.auction for bulk in chosen[1:]]


def test_compacting_gives_space_back_and_keeps_everything(memory_url: str):
    with Store.open(memory_url) as store:
        for number in range(40):
            store.record(auction(number, size=100_000))
        kept = store.get("a0039")
        prune(store, prunable(store, before=39.0))
        done = compact(store)
        assert done.after < done.before / 2
        assert take_census(store).bytes == done.after
        assert store.get("a0039") == kept
        store.record(auction(41))


def test_compacting_is_refused_while_another_process_writes(store: Store, memory_url: str):
    filled(store, range(2))
    engine = create_engine(memory_url)
    with closing(engine.connect()) as writer:
        if engine.dialect.name == "sqlite":
            writer.connection.isolation_level = None
            writer.connection.execute("BEGIN IMMEDIATE")
        writer.execute(text("UPDATE steps SET reply = 'x'"))
        with pytest.raises(StoreError, match=r"another process kept it locked for 0\.2 s"):
            compact(store)
        writer.rollback()
    engine.dispose()
    compact(store)


def test_a_memory_that_is_in_use_is_compacted_between_two_reads(store: Store):
    filled(store, range(2))
    with store._database.read() as session:
        session.execute(text("SELECT 1"))
    assert compact(store).after > 0


def test_the_census_counts_what_there_is(store: Store):
    empty = take_census(store)
    assert (empty.oldest, empty.newest, empty.texts, empty.step_bytes) == (None, None, 0, 0)
    filled(store, range(3))
    store.lessons(Task(Kind.CODING, "task 1 of many"), agent="small")
    found = take_census(store)
    assert found.rows["auctions"] == 3
    assert found.rows["bids"] == 6
    assert (found.oldest, found.newest) == (0.0, 2.0)
    assert found.texts == 3
    assert found.embedded == {"hash-256": 3}
    assert found.step_bytes == 300
    assert not found.step_bytes_are_estimated
    assert found.revision
    assert found.bytes > 0


def test_the_census_of_a_large_memory_estimates_its_texts(store: Store):
    filled(store, range(30))
    found = take_census(store, sample=10)
    assert found.step_bytes_are_estimated
    assert found.step_bytes == 3_000


def test_a_memory_that_lives_in_memory_has_no_size_on_disk():
    with Store.open("sqlite://") as store:
        filled(store, range(2))
        assert take_census(store).bytes == 0
        compact(store)
        assert store.get("a0001") == auction(1)


KILLED = """
import os, signal, sys
from sale.memory import growth
from sale.memory.store import Store
with Store.open(sys.argv[1]) as store:
    done = []
    def observe(so_far):
        done.append(so_far)
        if len(done) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    growth.prune(store, growth.prunable(store, before=1e9), batch=1, observe=observe)
"""


@pytest.mark.slow
def test_a_killed_prune_goes_on_where_it_was(store: Store, memory_url: str, tmp_path: Path):
    filled(store, range(6))
    killed = subprocess.run([sys.executable, "-c", KILLED, memory_url], check=False)
    assert killed.returncode == -9
    assert names(store, before=1e9) == ["a0002", "a0001", "a0000"]
    assert store.stats().total.calls == 6
