"""The vector index proposes the nearest texts, and is only ever a cache of what SQL holds."""

import logging
import multiprocessing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from auctions import contested
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sqlalchemy import delete, insert, select

from sale.embedding import HashEmbedder
from sale.graph import LABEL_BYTES, Graph
from sale.memory.database import Database
from sale.memory.index import VectorIndex, index_file, whole
from sale.memory.recall_tables import EmbeddingRow
from sale.memory.store import Store
from sale.memory.tables import AuctionRow
from sale.memory.vectors import AT_ONCE
from sale.types import (
    Auction,
    Kind,
    Task,
    Verdict,
)

MODEL, WIDTH, FRESH = "model", 32, 50


def unit_rows(count: int, *, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).normal(size=(count, WIDTH))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def put(database: Database, rows: NDArray[np.float32], *, mark: str = "", model: str = MODEL):
    kept = [
        {"text_hash": f"{mark}{number}", "model": model, "vector": row.astype("<f4").tobytes()}
        for number, row in enumerate(rows)
    ]
    with database.write() as session:
        session.execute(insert(EmbeddingRow), kept)


def truth(database: Database, query: NDArray[np.float32], n: int) -> list[int]:
    """The nearest by comparing with every vector in SQL."""
    with database.read() as session:
        found = session.execute(
            select(EmbeddingRow.number, EmbeddingRow.vector).where(EmbeddingRow.model == MODEL)
        ).all()
    cosines = [float(np.frombuffer(vector, "<f4") @ query) for _, vector in found]
    return [found[place].number for place in np.argsort(-np.array(cosines))[:n]]


def index(database: Database) -> VectorIndex:
    return VectorIndex(database, model=MODEL, width=WIDTH, most_fresh=FRESH)


def agree(database: Database, found: VectorIndex) -> float:
    """How much of the eight nearest is among the 32 that the index proposes."""
    hits = [
        len({*truth(database, query, 8)} & {*found.nearest(query, 32)}) / 8
        for query in unit_rows(10, seed=9)
    ]
    return sum(hits) / len(hits)


@pytest.fixture
def database(memory_url: str) -> Iterator[Database]:
    database = Database.open(memory_url, wait_s=10)
    yield database
    database.close()


@pytest.fixture
def in_file(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path / 'memory.db'}", wait_s=10)
    yield database
    database.close()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def graph_file(database: Database) -> Path:
    file = index_file(database.url, model=MODEL)
    assert file is not None
    return file


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, FRESH), n=st.integers(1, 60))
def test_a_small_memory_is_compared_one_by_one_and_exactly(seed: int, count: int, n: int):
    database = Database.open("sqlite://", wait_s=1)
    put(database, unit_rows(count, seed=seed)) if count else None
    query = unit_rows(1, seed=seed + 1)[0]
    assert index(database).nearest(query, n) == truth(database, query, n)
    database.close()


def test_a_larger_memory_goes_into_a_file_and_agrees_with_comparing_all(database: Database):
    put(database, unit_rows(600))
    found = index(database)
    assert agree(database, found) >= 0.95
    assert len(found) == 600
    assert graph_file(database).is_file()


def test_the_file_survives_a_restart_and_is_not_written_again(database: Database):
    put(database, unit_rows(300))
    before = index(database).nearest(unit_rows(1)[0], 8)
    written = graph_file(database).stat().st_mtime_ns
    again = index(database)
    assert again.nearest(unit_rows(1)[0], 8) == before
    assert graph_file(database).stat().st_mtime_ns == written


def test_what_another_process_embedded_is_found_at_the_next_search(database: Database):
    put(database, unit_rows(300))
    found = index(database)
    query = unit_rows(1, seed=5)[0]
    found.nearest(query, 8)
    put(database, query[None], mark="new")
    assert found.nearest(query, 1) == truth(database, query, 1)


def test_a_missing_file_is_built_anew(database: Database):
    put(database, unit_rows(300))
    index(database).nearest(unit_rows(1)[0], 8)
    graph_file(database).unlink()
    assert agree(database, index(database)) >= 0.95
    assert graph_file(database).is_file()


def flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"x" * 5000,
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data + b"\0" * LABEL_BYTES,
        lambda data: data[:-LABEL_BYTES] + b"[]".ljust(LABEL_BYTES),
        lambda data: data[:-LABEL_BYTES] + b"{".ljust(LABEL_BYTES),
        lambda data: data[:-LABEL_BYTES] + (b"[" * 900).ljust(LABEL_BYTES),
        flip,
    ],
)
def test_a_damaged_file_is_noticed_once_and_built_anew(in_file: Database, caplog, damage):
    put(in_file, unit_rows(300))
    index(in_file).nearest(unit_rows(1)[0], 8)
    file = graph_file(in_file)
    file.write_bytes(damage(file.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert agree(in_file, index(in_file)) >= 0.95
        assert agree(in_file, index(in_file)) >= 0.95
    assert len(caplog.records) == 1
    assert "it is built anew" in caplog.text


def test_a_file_of_another_database_is_noticed(in_file: Database, caplog):
    put(in_file, unit_rows(300))
    index(in_file).nearest(unit_rows(1)[0], 8)
    with in_file.write() as session:
        session.execute(delete(EmbeddingRow))
        rows = unit_rows(300, seed=7)
        numbered = [
            {"number": n + 1, "text_hash": str(n), "model": MODEL, "vector": row.tobytes()}
            for n, row in enumerate(rows)
        ]
        session.execute(insert(EmbeddingRow), numbered)
    assert agree(in_file, index(in_file)) >= 0.95
    assert "another database" in caplog.text


def test_each_model_has_vectors_and_a_file_of_its_own(in_file: Database):
    put(in_file, unit_rows(100))
    put(in_file, unit_rows(200, seed=3), model="other/../model")
    other = VectorIndex(in_file, model="other/../model", width=WIDTH, most_fresh=FRESH)
    other.nearest(unit_rows(1)[0], 8)
    mine = index(in_file)
    mine.nearest(unit_rows(1)[0], 8)
    assert (len(mine), len(other)) == (100, 200)
    folder = graph_file(in_file).parent
    assert len([*folder.glob("*.graph")]) == 2


def test_a_model_of_another_width_under_the_same_name_is_built_anew(in_file: Database):
    put(in_file, unit_rows(100))
    index(in_file).nearest(unit_rows(1)[0], 8)
    wide = VectorIndex(in_file, model=MODEL, width=2 * WIDTH)
    assert wide.nearest(np.ones(2 * WIDTH, np.float32), 8) == []


def test_vectors_that_left_sql_leave_the_file_and_late_ones_come_in(database: Database):
    put(database, unit_rows(300))
    index(database).nearest(unit_rows(1)[0], 8)
    with database.write() as session:
        row = session.scalars(select(EmbeddingRow).where(EmbeddingRow.number == 5)).one()
        kept = {"number": 5, "text_hash": "5", "model": MODEL, "vector": row.vector}
        session.execute(delete(EmbeddingRow).where(EmbeddingRow.number <= 100))
    query = np.frombuffer(kept["vector"], "<f4")
    smaller = index(database)
    assert 5 not in smaller.nearest(query, 8)
    assert len(smaller) == 200
    with database.write() as session:
        session.execute(insert(EmbeddingRow), [kept])
    assert index(database).nearest(query, 1) == [5]


def test_a_number_is_never_given_twice(database: Database):
    put(database, unit_rows(3))
    with database.write() as session:
        session.execute(delete(EmbeddingRow).where(EmbeddingRow.number == 3))
    put(database, unit_rows(1, seed=4), mark="next")
    with database.read() as session:
        assert session.scalars(select(EmbeddingRow.number)).all() == [1, 2, 4]


def test_a_folder_that_takes_no_file_costs_a_notice_and_no_result(in_file: Database, caplog):
    put(in_file, unit_rows(300))
    graph_file(in_file).mkdir()
    assert agree(in_file, index(in_file)) >= 0.95
    assert "can't be saved" in caplog.text


def test_damaged_vectors_are_passed_over():
    good = unit_rows(1)[0].tobytes()
    nan = np.full(WIDTH, np.nan, "<f4").tobytes()
    places, rows = whole([b"", good, b"123", nan, bytes(4 * WIDTH), good], width=WIDTH)
    assert places.tolist() == [1, 5]
    assert rows.shape == (2, WIDTH)


def test_an_empty_graph_finds_nothing_and_can_be_kept(tmp_path: Path):
    graph = Graph(model=MODEL, width=WIDTH)
    graph.save(tmp_path / "empty.graph")
    again = Graph.open(tmp_path / "empty.graph", model=MODEL, width=WIDTH)
    assert again.nearest(unit_rows(1)[0], 8)[0].tolist() == []


def search_for_ever(url: str, rounds: int) -> None:
    database = Database.open(url, wait_s=30)
    for number in range(rounds):
        put(
            database,
            unit_rows(60, seed=number),
            mark=f"{multiprocessing.current_process().pid}-{number}-",
        )
        index(database).nearest(unit_rows(1)[0], 8)
    database.close()


@pytest.mark.slow
def test_two_processes_embed_and_search_at_once_and_miss_nothing(database: Database):
    url = database.url.render_as_string(hide_password=False)
    fork = multiprocessing.get_context("fork")
    both = [fork.Process(target=search_for_ever, args=(url, 6)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    found = index(database)
    assert agree(database, found) >= 0.95
    assert len(found) == 2 * 6 * 60


def past(number: int, text: str, *, agents: Sequence[str], **how: Any) -> Auction:
    """A finished auction that the last of its agents won."""
    scores = dict.fromkeys(agents, 0.0)
    how = {"started": float(number)} | how
    return contested(f"{number:012x}", text, scores=scores, winner=agents[-1], **how)


def record_all(url: str, auctions: Sequence[Auction]) -> None:
    with Store.open(url) as store:
        for one in auctions:
            store.record(one)


def test_a_rare_agent_a_rare_kind_and_the_few_that_passed_are_found_among_many(memory_url: str):
    many = [
        past(n, f"write part {n} of it", agents=("a", "b"), verified=Verdict.FAILED)
        for n in range(250)
    ]
    rare = past(1000, "translate a poem", agents=("rare", "b"))
    search = past(1001, "who wrote this poem", agents=("a", "b"), kind=Kind.SEARCH)
    good = past(1002, "draw a tree", agents=("a", "b"), verified=Verdict.PASSED)
    record_all(memory_url, [*many, rare, search, good])
    ask = "write part 7 of it"
    with Store.open(memory_url, embedder=HashEmbedder) as store:
        (lesson,) = store.lessons(Task(Kind.CODING, ask), agent="rare")
        assert lesson.task == "translate a poem"
        (lesson,) = store.lessons(Task(Kind.SEARCH, ask), agent="a")
        assert lesson.task == "who wrote this poem"
        lessons = store.lessons(Task(Kind.CODING, ask), agent="a")
        assert [lesson.verified for lesson in lessons] == [Verdict.PASSED]


def test_a_task_that_left_sql_teaches_nothing(memory_url: str):
    with Store.open(memory_url, embedder=HashEmbedder) as store:
        for number, text in enumerate(("sort a list", "sort a tree")):
            store.record(past(number, text, agents=("a", "b")))
        assert len(store.lessons(Task(Kind.CODING, "sort"), agent="a")) == 2
        database = Database.open(memory_url, wait_s=10)
        with database.write() as session:
            session.execute(delete(AuctionRow).where(AuctionRow.id == f"{0:012x}"))
        database.close()
        (lesson,) = store.lessons(Task(Kind.CODING, "sort"), agent="a")
        assert lesson.task == "sort a tree"


def test_a_draw_embeds_a_bounded_number_of_texts_and_the_next_ones_the_rest(memory_url: str):
    embedded: list[int] = []

    class Counting(HashEmbedder):
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            embedded.append(len(texts))
            return super().embed(texts)

    record_all(memory_url, [past(n, f"task {n}", agents=("a", "b")) for n in range(600)])
    task = Task(Kind.CODING, "task 3")
    with Store.open(memory_url, embedder=Counting) as store:
        for _ in range(12):
            store.lessons(task, agent="a")
    assert max(embedded) <= AT_ONCE + 1
    assert sum(embedded) == 600


def test_all_lessons_together_have_bounded_texts(memory_url: str):
    record_all(
        memory_url,
        [past(n, f"{n} " + f"long{n} " * 9_000, agents=("a", "b")) for n in range(8)],
    )
    with Store.open(memory_url, embedder=HashEmbedder) as store:
        lessons = store.lessons(Task(Kind.CODING, "long1"), agent="a")
    lengths = [len(text) for one in lessons for text in (one.task, one.lost, one.won)]
    assert len(lessons) == 4
    assert max(lengths) <= 2_000
    assert sum(lengths) <= 24_000
