"""Auctions that are held side by side are written together, and none is worse for another."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from auctions import held

from sale.errors import StoreError
from sale.memory import recording
from sale.memory.database import Database
from sale.memory.store import Store
from sale.memory.writer import Writer
from sale.types import State

NAMES = [f"{n:02d}" for n in range(40)]


@pytest.fixture
def database(memory_url: str) -> Iterator[Database]:
    database = Database.open(memory_url, wait_s=30)
    yield database
    database.close()


class Slow:
    """A way to write that waits until it is let go, and remembers what came together."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun = threading.Event()
        self.go = threading.Event()

    def __call__(self, _session: Any, values: Sequence[str]) -> dict[str, Exception]:
        self.batches.append(list(values))
        self.begun.set()
        assert self.go.wait(20)
        bad = [value for value in values if value.startswith("bad")]
        if len(values) > 1 and bad:
            raise StoreError("one of them can't be written")
        return {value: StoreError(f"no {value}") for value in bad}


def write(writer: Writer, way: Any, name: str) -> str:
    try:
        writer.write(way, name, lambda: name)
    except StoreError as error:
        return str(error)
    return "written"


def in_line(writer: Writer, count: int) -> None:
    """Wait until so many writes are in line."""
    for _ in range(2_000):
        if len(writer._waiting) == count:
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{len(writer._waiting)} in line")


def test_what_comes_while_another_writes_is_one_transaction(database: Database) -> None:
    writer, slow = Writer(database), Slow()
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(write, writer, slow, "first")
        assert slow.begun.wait(20)
        others = [threads.submit(write, writer, slow, f"{n}") for n in range(5)]
        in_line(writer, 5)
        slow.go.set()
        assert {done.result(20) for done in (first, *others)} == {"written"}
    assert [sorted(batch) for batch in slow.batches] == [["first"], ["0", "1", "2", "3", "4"]]


def test_one_that_cannot_be_written_costs_the_others_nothing(database: Database) -> None:
    writer, slow = Writer(database), Slow()
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(write, writer, slow, "first")
        assert slow.begun.wait(20)
        names = ["one", "bad", "two"]
        others = [threads.submit(write, writer, slow, name) for name in names]
        in_line(writer, 3)
        slow.go.set()
        assert first.result(20) == "written"
        assert [done.result(20) for done in others] == ["written", "no bad", "written"]


def test_who_is_interrupted_while_writing_leaves_the_others_to_write(database: Database) -> None:
    writer, slow = Writer(database), Slow()
    slow.go.set()
    interrupted = []

    def ctrl_c(_session: Any, values: Sequence[str]) -> dict[str, Exception]:
        interrupted.append(list(values))
        raise KeyboardInterrupt

    writer._waiting.append(_note(slow, "other"))
    with pytest.raises(KeyboardInterrupt):
        writer.write(ctrl_c, "mine", lambda: "mine")
    assert interrupted == [["mine"]]
    writer._waiting = [one for one in writer._waiting if one.auction != "mine"]
    assert write(writer, slow, "next") == "written"
    assert slow.batches[-1] == ["other", "next"]


def _note(way: Any, name: str) -> Any:
    from sale.memory.writer import _Write

    return _Write(way, name, lambda: name, awaited=False)


def test_a_note_gives_way_to_a_newer_one_and_is_written_without_anybody_who_waits(
    database: Database,
) -> None:
    writer, slow = Writer(database), Slow()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(write, writer, slow, "first")
        assert slow.begun.wait(20)
        for told in ("old", "new"):
            writer.note(slow, "an auction", lambda told=told: told)
        slow.go.set()
        assert first.result(20) == "written"
    assert slow.batches == [["first"], ["new"]]


def test_forty_auctions_at_once_are_all_on_record_with_their_sums(memory_url: str) -> None:
    with Store.open(memory_url) as store:

        def one(name: str) -> None:
            auction = replace(held(), id=name)
            store.announce(replace(auction, state=State.ANNOUNCED), wall_s=60)
            store.advance(replace(auction, state=State.EXECUTING))
            store.record(auction)

        with ThreadPoolExecutor(16) as threads:
            list(threads.map(one, NAMES))
        found = [store.get(name) for name in NAMES]
        assert found == [replace(held(), id=name) for name in NAMES]
        together = store.stats()
    with Store.open("sqlite://") as straight:
        for name in NAMES:
            straight.record(replace(held(), id=name))
        assert straight.stats() == together


def test_a_refused_record_among_others_is_refused_alone(memory_url: str) -> None:
    ended, other = replace(held(), id="aa"), replace(held(), id="bb")
    with Store.open(memory_url) as store:
        store.record(ended)
        with store._database.write() as session:
            again = replace(ended, state=State.FAILED)
            refused = recording.record(session, [again, other])
        assert list(refused) == ["aa"]
        assert store.get("aa") == ended
        assert store.get("bb") == other
