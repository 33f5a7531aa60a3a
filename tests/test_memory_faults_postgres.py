"""A PostgreSQL server that fails says so in one line; what is on record stays whole."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from auctions import held
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sale.errors import StoreError
from sale.memory.growth import compact
from sale.memory.store import Store
from sale.types import Bid, State

PASSWORD = "hunter2hunter2"
AUCTION = held(bids=(Bid("a", 1, "a plan", 2, None),))
ANNOUNCED = replace(AUCTION, state=State.ANNOUNCED, bids=())


def complaint(work: Callable[[], Any]) -> str:
    """What the one line of a failure says; it never holds a password or a second line."""
    with pytest.raises(StoreError) as caught:
        work()
    said = str(caught.value)
    assert "\n" not in said
    assert PASSWORD not in said
    return said


def before_the_next_commit(act: Callable[[], None]) -> None:
    """Do something when all rows of a write are sent and none is committed."""

    def once(_session: Session) -> None:
        event.remove(Session, "before_commit", once)
        act()

    event.listen(Session, "before_commit", once)


@pytest.fixture
def url(postgres) -> str:
    return postgres.new_memory()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url, wait_s=0.2) as store:
        yield store


def as_user(url: str, name: str, *, password: str = "") -> str:
    return url.replace("sale@", f"{name}:{password}@" if password else f"{name}@")


@pytest.fixture
def role(postgres, url: str) -> Iterator[Callable[..., str]]:
    """Makes a role that may read the memory: `role("name", "SELECT", options)` gives its URL."""
    made: list[str] = []

    def make(name: str, rights: str = "SELECT", options: str = "") -> str:
        postgres.execute(f"CREATE ROLE {name} LOGIN {options}")
        made.append(name)
        with Store.open(url) as owner, owner._database.write() as session:
            session.execute(text(f"GRANT {rights} ON ALL TABLES IN SCHEMA public TO {name}"))
        return as_user(url, name)

    yield make
    with Store.open(url) as owner, owner._database.write() as session:
        for name in made:
            session.execute(text(f"DROP OWNED BY {name}"))
            session.execute(text(f"DROP ROLE {name}"))


def test_a_wrong_password_is_told_without_the_password(role, url: str):
    role("guarded", options="PASSWORD 'the right one'")
    said = complaint(lambda: Store.open(as_user(url, "guarded", password=PASSWORD)))
    assert 'password authentication failed for user "guarded"' in said
    assert "check its address, user and password" in said
    assert "//guarded:***@" in said


def test_a_missing_password_is_told(role, url: str):
    role("guarded")
    assert "no password supplied" in complaint(lambda: Store.open(as_user(url, "guarded")))


def test_a_database_that_is_not_there_is_named(url: str):
    said = complaint(lambda: Store.open(url.rpartition("/")[0] + "/nowhere"))
    assert 'database "nowhere" does not exist' in said


def test_a_server_that_takes_no_more_connections_is_told(role):
    url = role("lonely", options="CONNECTION LIMIT 1")
    with Store.open(url) as first, first._database.read() as session:
        session.execute(text("SELECT 1"))
        assert 'too many connections for role "lonely"' in complaint(lambda: Store.open(url))
    Store.open(url).close()


def test_a_role_without_rights_to_write_reads_and_is_told(store: Store, role):
    store.record(AUCTION)
    with Store.open(role("reader")) as reading:
        assert reading.get("aa") == AUCTION
        assert "have the right granted" in complaint(lambda: reading.record(AUCTION))
    assert store.get("aa") == AUCTION


def test_a_role_without_any_right_is_told_at_once(store: Store, postgres, url: str):
    postgres.execute("CREATE ROLE stranger LOGIN")
    assert "have the right granted" in complaint(lambda: Store.open(as_user(url, "stranger")))


def test_a_read_only_server_is_read_and_says_that_it_can_not_be_written(store: Store, url: str):
    store.record(AUCTION)
    with Store.open(f"{url}?options=-cdefault_transaction_read_only%3Don") as reading:
        assert [entry.id for entry in reading.log()] == ["aa"]
        assert "is read-only; log in as" in complaint(lambda: reading.record(AUCTION))


def test_a_new_memory_can_not_be_laid_out_on_a_read_only_server(postgres):
    url = f"{postgres.new_memory()}?options=-cdefault_transaction_read_only%3Don"
    assert "is read-only; log in as" in complaint(lambda: Store.open(url))


def test_who_waits_too_long_for_a_lock_is_told_and_nothing_is_written(store: Store, url: str):
    store.announce(ANNOUNCED, wall_s=60)
    with Store.open(url) as other, other._database.write() as session:
        session.execute(text("LOCK TABLE bids IN ACCESS EXCLUSIVE MODE"))
        assert "kept it locked for 0.2 s; wait" in complaint(lambda: store.record(AUCTION))
    assert store.get("aa") == ANNOUNCED
    store.record(AUCTION)
    assert store.get("aa") == AUCTION


def test_a_statement_over_its_time_limit_is_told(store: Store, url: str):
    store.announce(ANNOUNCED, wall_s=60)
    with (
        Store.open(f"{url}?options=-cstatement_timeout%3D100") as hasty,
        Store.open(url) as other,
        other._database.write() as session,
    ):
        session.execute(text("LOCK TABLE bids IN ACCESS EXCLUSIVE MODE"))
        assert "at its statement_timeout" in complaint(lambda: hasty.record(AUCTION))
    assert store.get("aa") == ANNOUNCED


@pytest.fixture
def cut(postgres, url: str) -> Callable[[Session], None]:
    """Cuts every connection to the memory."""
    name = url.rpartition("/")[2]
    find = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    return lambda _session: postgres.execute(find)


def test_a_connection_that_is_cut_again_and_again_leaves_the_announcement(store: Store, cut):
    store.announce(ANNOUNCED, wall_s=60)
    event.listen(Session, "before_commit", cut)
    try:
        said = complaint(lambda: store.record(AUCTION))
    finally:
        event.remove(Session, "before_commit", cut)
    assert "went away; no auction is half-written" in said
    assert store.get("aa") == ANNOUNCED


def lose(_session: Session) -> None:
    """Let a commit that was carried out look as if the connection had broken."""
    raise OperationalError("COMMIT", {}, psycopg.OperationalError("the connection was closed"))


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_a_connection_that_is_cut_once_is_not_noticed(store: Store, cut, moment: str):
    breaks = cut if moment == "before_commit" else lose
    event.listen(Session, moment, breaks, once=True)
    store.announce(ANNOUNCED, wall_s=60)
    event.listen(Session, moment, breaks, once=True)
    store.record(AUCTION)
    assert store.get("aa") == AUCTION
    assert [entry.id for entry in store.log()] == ["aa"]
    assert store.stats().states == {State.FINISHED: 1}


@pytest.mark.slow
def test_a_server_that_is_away_for_half_a_minute_is_waited_for(own_postgres):
    with Store.open(own_postgres.new_memory()) as store, ThreadPoolExecutor(1) as thread:
        own_postgres.stop()
        announcing = thread.submit(store.announce, ANNOUNCED, wall_s=60)
        time.sleep(30)
        assert not announcing.done()
        own_postgres.start()
        announcing.result()
        store.record(AUCTION)
        assert store.get("aa") == AUCTION


@pytest.mark.slow
def test_a_server_that_dies_in_the_middle_of_a_write_leaves_whole_auctions(own_postgres):
    with Store.open(own_postgres.new_memory(), wait_s=0.2) as store:
        store.record(replace(AUCTION, id="bb"))
        store.announce(ANNOUNCED, wall_s=60)
        before_the_next_commit(own_postgres.stop)
        assert complaint(lambda: store.record(AUCTION)).startswith("memory postgresql")
        for work in (store.log, store.unfinished, lambda: store.record(AUCTION)):
            assert "that its server runs" in complaint(work)
        own_postgres.start()
        assert store.get("bb").bids == AUCTION.bids
        assert store.get("aa") == ANNOUNCED
        store.record(AUCTION)
        assert store.get("aa") == AUCTION


@pytest.mark.slow
def test_a_full_disk_undoes_the_write_as_a_whole(own_postgres, tiny_disk: Path, fill_disk):
    place = tiny_disk / "tables"
    place.mkdir()
    shutil.chown(place, "postgres", "postgres")
    own_postgres.execute(f"CREATE TABLESPACE tiny LOCATION '{place}'")
    with Store.open(own_postgres.new_memory(tablespace="tiny")) as store:
        store.announce(ANNOUNCED, wall_s=60)
        filler = fill_disk(tiny_disk, but=200_000)
        large = replace(AUCTION, bids=(Bid("a", 1, os.urandom(500_000).hex(), 2, None),))
        assert "the disk is full; this write was undone" in complaint(lambda: store.record(large))
        assert store.get("aa") == ANNOUNCED
        filler.unlink()
        store.record(AUCTION)
        assert store.get("aa") == AUCTION


def test_compacting_waits_briefly_for_a_writer_and_says_so(url: str):
    with Store.open(url) as store, Store.open(url) as other, other._database.write() as session:
        session.execute(text("LOCK TABLE steps IN ROW EXCLUSIVE MODE"))
        assert "another process kept it locked for 2 s" in complaint(lambda: compact(store))


def test_a_memory_that_lacks_a_column_is_refused_before_any_work(store: Store, url: str):
    with store._database.write() as session:
        session.execute(text("ALTER TABLE stage_tallies DROP COLUMN wall_s"))
    said = complaint(lambda: Store.open(url))
    assert "there is no stage_tallies.wall_s in it; nothing was changed" in said
