"""A memory that can't be used says so in one line, with what to do, and is left as it was."""

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from auctions import contested, held

from sale.embedding import HashEmbedder
from sale.errors import ConfigError, ModelError, SaleError, StoreError
from sale.memory.ballots import read_ballots
from sale.memory.census import take_census
from sale.memory.database import where
from sale.memory.exchange import export_records
from sale.memory.growth import prunable
from sale.memory.revisions import REVISION
from sale.memory.runs import Run
from sale.memory.store import Store
from sale.types import (
    Award,
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
)

AUCTION = held("abc", state=State.FAILED)


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def complaint(url: str | None, kind: type[SaleError] = StoreError) -> str:
    with pytest.raises(kind) as caught:
        Store.open(url, wait_s=0.05)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "memory.db"
    with Store.open(sqlite_url(path)) as store:
        store.record(AUCTION)
    return path


def test_the_folder_of_a_new_memory_is_made(tmp_path: Path):
    path = tmp_path / "new" / "folder" / "memory.db"
    Store.open(sqlite_url(path)).close()
    assert path.is_file()


@pytest.mark.slow
def test_the_memory_is_the_one_asked_for_then_that_of_sale_db_then_the_users_own(tmp_path: Path):
    code = "from sale.memory.database import where; print(where(None).database)"
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}

    def default(**extra: str) -> str:
        run = [sys.executable, "-c", code]
        done = subprocess.run(run, env=environ | extra, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert default().startswith(str(tmp_path))
    assert default().endswith("memory.db")
    assert default(SALE_DB="sqlite:////elsewhere.db") == "/elsewhere.db"
    assert where("sqlite:////given.db").database == "/given.db"


def test_a_folder_is_not_a_memory(tmp_path: Path):
    said = complaint(sqlite_url(tmp_path))
    assert said.startswith(f"memory {tmp_path}: is a folder, not a file; name another")


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path):
    (tmp_path / "plain").write_text("a file")
    said = complaint(sqlite_url(tmp_path / "plain" / "memory.db"))
    assert "plain/memory.db: can't be opened" in said


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_text("my notes " * 1000)
    said = complaint(sqlite_url(path))
    assert "is not a database; nothing was changed" in said
    assert path.read_text() == "my notes " * 1000


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path):
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url)")
        other.commit()
    before = path.read_bytes()
    said = complaint(sqlite_url(path))
    assert "holds the tables of another program (bookmarks)" in said
    assert path.read_bytes() == before


def test_a_newer_schema_is_refused_and_left_alone(file: Path):
    with closing(sqlite3.connect(file)) as newer:
        newer.execute("UPDATE sale_revision SET version_num = '0099'")
        newer.commit()
    before = file.read_bytes()
    said = complaint(sqlite_url(file))
    assert f"has schema 0099, and this SALE knows {REVISION}" in said
    assert "upgrade SALE" in said
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("ALTER TABLE stage_tallies DROP COLUMN wall_s", "stage_tallies.wall_s"),
        ("DROP TABLE steps", "steps.id"),
    ],
)
def test_a_memory_that_lacks_a_column_is_refused_before_any_work(
    file: Path, statement: str, missing: str
):
    with closing(sqlite3.connect(file)) as other:
        other.execute(statement)
        other.commit()
    before = file.read_bytes()
    said = complaint(sqlite_url(file))
    assert f"says it has schema {REVISION}, but there is no {missing} in it" in said
    assert file.read_bytes() == before


def test_a_users_own_tables_and_columns_beside_ours_are_welcome(file: Path):
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE bookmarks (url)")
        other.execute("ALTER TABLE tasks ADD COLUMN my_note TEXT")
        other.commit()
    with Store.open(sqlite_url(file)) as store:
        store.record(AUCTION)
        assert store.get(AUCTION.id) == AUCTION


def test_a_cut_off_database_is_called_damaged_and_left_alone(file: Path):
    file.write_bytes(file.read_bytes()[: 3 * 4096])
    before = file.read_bytes()
    said = complaint(sqlite_url(file))
    assert "is damaged; nothing was changed" in said
    assert file.read_bytes() == before


def test_a_database_with_overwritten_pages_is_called_damaged(file: Path):
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    assert "is damaged" in complaint(sqlite_url(file))


def test_a_locked_memory_is_waited_for_and_then_named(file: Path):
    with (
        Store.open(sqlite_url(file), wait_s=0.05) as store,
        closing(sqlite3.connect(file, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"another process kept it locked for 0.05 s; wait"):
            store.record(AUCTION)
        assert [entry.id for entry in store.log()] == ["abc"]
        other.execute("ROLLBACK")
        store.record(AUCTION)


def test_a_read_only_memory_can_be_read_and_says_that_it_can_not_be_written(file: Path):
    with Store.open(f"sqlite:///file:{file}?mode=ro&uri=true") as store:
        assert store.get("abc") == AUCTION
        with pytest.raises(StoreError, match=r"is read-only; allow writing"):
            store.record(AUCTION)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_without_write_permission_says_that_it_can_not_be_written(file: Path):
    file.chmod(0o444)
    with (
        Store.open(sqlite_url(file)) as store,
        pytest.raises(StoreError, match="is read-only"),
    ):
        store.record(AUCTION)


@pytest.mark.slow
def test_a_full_disk_undoes_the_write_as_a_whole(file: Path):
    code = (
        "import resource, sys; from dataclasses import replace; "
        "from sale.memory.store import Store; from sale.types import Bid; "
        "store = Store.open(sys.argv[1]); auction = store.get('abc'); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)); "
        "store.record(replace(auction, id='def', bids=(Bid('a', 1, 'x' * 1_000_000, 1, None),)))"
    )
    run = [sys.executable, "-c", code, sqlite_url(file)]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert "StoreError" in done.stderr.splitlines()[-1]
    assert "the disk" in done.stderr.splitlines()[-1]
    with Store.open(sqlite_url(file)) as store:
        assert [entry.id for entry in store.log()] == ["abc"]
        store.record(replace(AUCTION, id="def"))


def test_a_small_disk_that_is_full_undoes_the_write_as_a_whole(tiny_disk: Path, fill_disk):
    with Store.open(sqlite_url(tiny_disk / "memory.db")) as store:
        store.record(AUCTION)
        filler = fill_disk(tiny_disk, but=100_000)
        large = replace(AUCTION, id="def", bids=(Bid("a", 1, "x" * 1_000_000, 1, None),))
        with pytest.raises(StoreError, match="the disk is full; this write was undone"):
            store.record(large)
        assert [entry.id for entry in store.log()] == ["abc"]
        filler.unlink()
        store.record(large)
        assert store.get("def") == large


def test_a_disk_that_is_read_only_is_told(tiny_disk: Path):
    file = tiny_disk / "memory.db"
    with Store.open(sqlite_url(file)) as store:
        store.record(AUCTION)
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    said = complaint(sqlite_url(file))
    assert "check its folder and its permissions" in said
    with Store.open(f"sqlite:///file:{file}?immutable=1&uri=true") as store:
        assert store.get("abc") == AUCTION


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a memory with something in every table."""
    path = tmp_path_factory.mktemp("whole") / "memory.db"
    call = Call("a", Stage.EXECUTE, 1, 0, 1, 0.1, 0.1)
    with Store.open(sqlite_url(path), embedder=HashEmbedder) as store:
        store.begin_run(Run("r", "bench", 1.0, '{"seed": 1}'))
        for number in range(20):
            one = contested(
                f"a{number:02}", f"task {number} to do", scores={"a": 1.0, "b": 2.0}, winner="a"
            )
            steps = (Step(0, "run", "an argument", "a reply", "what came back", (call,)),)
            ratings = (Ratings("a", 1, {"a": 1.0, "b": 2.0}, (call,)),)
            usage = {Stage.EXECUTE: Usage.of([call, call])}
            store.record(replace(one, run="r", steps=steps, ratings=ratings, usage=usage))
        store.lessons(Task(Kind.CODING, "task 3 to do"), agent="b")
    return path.read_bytes()


def spoiled(content: bytes, chance: random.Random) -> bytes:
    """The bytes of a memory whose disk has rotted: a page of noise, or bytes here and there."""
    rotten = bytearray(content)
    if chance.random() < 0.3:
        page = chance.randrange(1, len(rotten) // 4096) * 4096
        rotten[page : page + 4096] = chance.randbytes(4096)
        return bytes(rotten)
    for _ in range(chance.randint(1, 40)):
        rotten[chance.randrange(4096, len(rotten))] = chance.choice(b"abcxyz\x00\x80\xff")
    return bytes(rotten)


def use(store: Store) -> Iterator[Callable[[], object]]:
    """Everything that a memory is asked for."""
    yield lambda: [store.get(entry.id) for entry in store.log(limit=100)]
    yield lambda: store.log(agent="a", kind=Kind.CODING)
    yield store.stats
    yield store.unfinished
    yield lambda: store.lessons(Task(Kind.CODING, "task 7 to do"), agent="b")
    yield lambda: take_census(store)
    yield lambda: list(read_ballots(store))
    yield lambda: list(export_records(store))
    yield lambda: prunable(store, keep_bytes=10)
    yield lambda: store.record(held("zz"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_a_memory_that_has_rotted_answers_or_says_so(whole: bytes, tmp_path: Path, seed: int):
    path = tmp_path / "memory.db"
    path.write_bytes(spoiled(whole, random.Random(seed)))
    with suppress(SaleError), Store.open(sqlite_url(path), embedder=HashEmbedder) as store:
        for ask in use(store):
            with suppress(SaleError):  # any other error is one that its user would see whole
                ask()


def test_a_word_that_no_column_has_is_damage(file: Path):
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA ignore_check_constraints = ON")
        other.execute("UPDATE auctions SET kind = 'cooking'")
        other.commit()
    with Store.open(sqlite_url(file)) as store, pytest.raises(StoreError, match="is damaged"):
        store.get("abc")


@pytest.mark.parametrize(
    "url",
    [
        "memory.db",
        "not a url",
        "mysql://root@localhost/sale",
        "postgresql+nodriver://localhost/sale",
        "postgresql+asyncpg://localhost/sale",
        "sqlite+aiosqlite:///memory.db",
        "sqlite:///memory.db?timeout=abc",
        "postgresql+psycopg://host:notaport/sale",
    ],
)
def test_a_bad_url_shows_the_shapes_that_work(url: str, tmp_path: Path):
    said = complaint(url, ConfigError)
    assert "sqlite:////absolute/path/memory.db or postgresql+psycopg://" in said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://sale:hunter2@127.0.0.1:1/sale",
        "postgresql+psycopg://127.0.0.1:1/sale?user=sale&password=hunter2",
        "postgresql+nodriver://sale:hunter2@127.0.0.1:1/sale",
        "postgres//sale:hunter2@127.0.0.1/sale",
        "mysql://sale:hunter2@127.0.0.1/sale",
    ],
)
def test_a_password_is_never_repeated(url: str):
    assert "hunter2" not in complaint(url, SaleError)


def test_a_memory_opened_without_a_model_refuses_only_what_needs_one(file: Path):
    bids = (Bid("a", 1, "a plan", 2, None), Bid("b", 1, "another plan", 2, None))
    taught = replace(
        AUCTION,
        id="def",
        state=State.FINISHED,
        bids=bids,
        award=Award("a", 1, 0.0, provisional="a"),
        outcome=Outcome("a", "42", StopReason.ANSWERED),
    )
    with Store.open(sqlite_url(file)) as store:
        assert store.lessons(AUCTION.task, agent="a") == []
        assert not store.has_lessons(Kind.CODING, "a")
        store.record(taught)
        assert store.has_lessons(Kind.CODING, "a")
        with pytest.raises(ModelError, match="lessons need one"):
            store.lessons(AUCTION.task, agent="a")
