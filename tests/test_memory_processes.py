"""Several processes share a memory, and one that dies leaves whole auctions behind."""

import multiprocessing
import os
import signal
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from threading import BrokenBarrierError, Timer

import pytest
from auctions import held
from sqlalchemy import event
from sqlalchemy.orm import Session

from sale.errors import SaleError, StoreError
from sale.memory.database import Database
from sale.memory.driver import Driver
from sale.memory.recording import Announcement, announce
from sale.memory.store import Store
from sale.types import Auction, Bid, Call, Stage, State, Step, Usage

FORK = multiprocessing.get_context("fork")


def auction(name: str) -> Auction:
    """An auction with twenty steps of one call each."""
    calls = [Call("a", Stage.EXECUTE, 100 + i, 50, 10, 0.1, 0.25) for i in range(20)]
    plan = Call("a", Stage.BID, 7, 0, 3, 0.1, 0.5)
    return held(
        name,
        "the same task",
        ended=2.0,
        bids=(Bid("a", 1, "plan", 3, None, (plan,)),),
        steps=tuple(Step(i, "run", "x", "y", "z", (call,)) for i, call in enumerate(calls)),
        usage={Stage.BID: Usage.of([plan]), Stage.EXECUTE: Usage.of(calls)},
    )


def announced(name: str) -> Auction:
    return replace(auction(name), state=State.ANNOUNCED, ended=None, bids=(), steps=(), usage={})


def start(work: Callable[..., None], *args: object) -> multiprocessing.process.BaseProcess:
    process = FORK.Process(target=work, args=args)
    process.start()
    return process


def hold_ten(url: str, writer: int) -> None:
    with Store.open(url) as store:
        for number in range(10):
            name = f"{writer:x}a{number:x}"
            store.announce(announced(name), wall_s=60)
            store.record(auction(name))


@pytest.mark.slow
def test_four_processes_write_at_once_and_nothing_is_lost_or_doubled(memory_url: str):
    writers = [start(hold_ten, memory_url, writer) for writer in range(4)]
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    with Store.open(memory_url) as store:
        log = store.log(limit=100)
        assert len({entry.id for entry in log}) == len(log) == 40
        assert all(store.get(entry.id) == auction(entry.id) for entry in log)
        assert store.stats().total.calls == 40 * 21


def hold_for_ever(url: str, pipe: Connection) -> None:
    with Store.open(url) as store:
        for number in range(100_000):
            name = f"{os.getpid():x}a{number:x}"
            store.announce(announced(name), wall_s=60)
            store.record(auction(name))
            pipe.send(name)


def assert_whole(store: Store) -> None:
    for entry in store.log(limit=10_000):
        kept = store.get(entry.id)
        if kept.state is State.FINISHED:
            assert kept == auction(entry.id)
        else:
            assert kept.state is State.INTERRUPTED
            assert (kept.bids, kept.steps, kept.usage) == ((), (), {})
    stats = store.stats()
    by_call = sum((agent.usage for agent in stats.agents), Usage())
    assert by_call.prompt_tokens == stats.total.prompt_tokens
    assert by_call.completion_tokens == stats.total.completion_tokens
    assert by_call.calls == stats.total.calls
    assert by_call.usd == stats.total.usd


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_whole_auctions(memory_url: str):
    for records in (1, 2, 3, 5, 8):
        mine, theirs = FORK.Pipe()
        writer = start(hold_for_ever, memory_url, theirs)
        names = [mine.recv() for _ in range(records)]
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        with Store.open(memory_url) as store:
            assert all(store.get(name) == auction(name) for name in names)
            assert_whole(store)


def die_before_the_commit(url: str) -> None:
    with Store.open(url) as store:
        store.record(auction("aa"))
        store.announce(announced("bb"), wall_s=60)
        event.listen(Session, "before_commit", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        store.record(auction("bb"))


@pytest.mark.slow
def test_a_writer_killed_inside_its_transaction_leaves_the_announcement(memory_url: str):
    writer = start(die_before_the_commit, memory_url)
    writer.join()
    assert writer.exitcode == -signal.SIGKILL
    with Store.open(memory_url) as store:
        assert store.get("aa") == auction("aa")
        died = store.get("bb")
        assert (died.state, died.bids) == (State.INTERRUPTED, ())
        assert died.error == "its process ended before the auction did"
        assert_whole(store)


def announce_and_leave(url: str) -> None:
    with Store.open(url) as store:
        store.announce(announced("cc"), wall_s=1e12)


@pytest.mark.slow
def test_a_reader_notices_a_death_that_comes_after_it_opened(memory_url: str):
    with Store.open(memory_url) as store:
        start(announce_and_leave, memory_url).join()
        assert [entry.state for entry in store.log()] == [State.INTERRUPTED]
        assert store.stats().states == {State.INTERRUPTED: 1}


@pytest.mark.parametrize(
    ("host", "deadline", "state"),
    [("elsewhere", 1e12, State.ANNOUNCED), ("elsewhere", 1.0, State.INTERRUPTED)],
)
def test_a_driver_on_another_machine_is_given_until_its_deadline(
    memory_url: str, host: str, deadline: float, state: State
):
    with Store.open(memory_url) as store:
        database = Database.open(memory_url, wait_s=1)
        with database.write() as session:
            driver = Driver(host, pid=1, born=1.0)
            announce(session, [Announcement(announced("dd"), driver, deadline)])
        database.close()
        assert store.get("dd").state is state


def test_a_driver_knows_itself_and_not_a_later_process_with_its_number():
    here = Driver.here()
    assert (here.host, here.pid) == (socket.gethostname(), os.getpid())
    assert not here.is_gone(deadline=0.0, now=1.0)
    assert replace(here, born=here.born - 60).is_gone(deadline=2.0, now=1.0)


def test_an_auction_taken_for_interrupted_can_still_be_recorded(memory_url: str):
    with Store.open(memory_url) as store:
        store.announce(announced("ee"), wall_s=60)
        store.record(replace(announced("ee"), state=State.INTERRUPTED))
        store.record(auction("ee"))
        assert store.get("ee") == auction("ee")


def open_each(urls: list[str], barrier, pipe: Connection) -> None:
    try:
        for url in urls:
            barrier.wait()
            Store.open(url).close()
        pipe.send("opened")
    except (SaleError, BrokenBarrierError) as error:
        barrier.abort()
        pipe.send(str(error))


@pytest.mark.slow
def test_several_processes_may_lay_out_one_memory_at_once(tmp_path: Path):
    urls = [f"sqlite:///{tmp_path / str(number)}.db" for number in range(40)]
    barrier = FORK.Barrier(6)
    pipes = [FORK.Pipe() for _ in range(6)]
    openers = [start(open_each, urls, barrier, theirs) for _, theirs in pipes]
    assert [mine.recv() for mine, _ in pipes] == ["opened"] * 6
    for opener in openers:
        opener.join()


def test_a_new_memory_waits_until_another_process_lets_go_of_the_file(tmp_path: Path):
    file = tmp_path / "memory.db"
    shared = {"isolation_level": None, "check_same_thread": False}
    with closing(sqlite3.connect(file, **shared)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"kept it locked for 0\.1 s"):
            Database.open(f"sqlite:///{file}", wait_s=0.1)
        Timer(0.3, other.execute, ["COMMIT"]).start()
        Database.open(f"sqlite:///{file}", wait_s=30).close()
