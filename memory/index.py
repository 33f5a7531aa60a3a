"""Which embedded texts are near a vector: a graph for most, the newest compared one by one.

SQL is the truth. The index only proposes numbers of embeddings, and what it proposes is looked up
in SQL, so a stale or wrong index can miss a text and never invent one.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import platformdirs
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from sqlalchemy import URL, func, select

from sale.graph import Graph
from sale.memory.database import Database
from sale.memory.recall_tables import EmbeddingRow

log = logging.getLogger(__name__)

STORED = np.dtype("<f4")

FRESH = 8192
"""Vectors that are compared one by one; more than these go into the graph."""

SAVED_EVERY = 131_072
"""Vectors after which a graph that is being built is saved, so that a kill costs little."""

CHUNK = 8192
"""Vectors that are read at once."""

SAMPLE = 32
ALIKE = 0.9
"""A graph is of this database when some of its vectors, coarse as they are, are those in SQL."""


def index_file(url: URL, *, model: str) -> Path | None:
    """Say where the graph of a memory is kept; None for a memory that is in no file itself."""
    name = re.sub(r"[^\w.-]", "-", model)
    if url.get_backend_name() != "sqlite":
        server = f"{url.host}:{url.port}/{url.database}?{sorted(url.query.items())}"
        key = hashlib.sha256(server.encode()).hexdigest()[:16]
        folder = platformdirs.user_cache_path("sale", appauthor=False)
        return folder / "vectors" / f"{key}.{name}.graph"
    if not url.database or url.database.startswith((":", "file:")):
        return None
    return Path(f"{url.database}.{name}.graph")


class VectorIndex:
    """The numbers of the embeddings of one model, found by nearness; safe between threads."""

    def __init__(
        self, database: Database, *, model: str, width: int, most_fresh: int = FRESH
    ) -> None:
        self._database = database
        self._model = model
        self._width = width
        self._file = index_file(database.url, model=model)
        self._most_fresh = most_fresh
        self._lock = threading.Lock()
        self._graph: Graph | None = None
        self._last = 0
        self._fresh = _Fresh(width)

    def __len__(self) -> int:
        return len(self._fresh) + (len(self._graph) if self._graph else 0)

    def nearest(self, query: NDArray[np.float32], n: int) -> list[int]:
        """Find about `n` of the nearest embeddings there are now, nearest first.

        Raises `StoreError` when the database fails.
        """
        with self._lock:
            graph = self._graph = self._caught_up()
            numbers, cosines = graph.nearest(query, n)
            fresh, exact = self._fresh.nearest(query, n)
        both, near = np.concatenate([numbers, fresh]), np.concatenate([cosines, exact])
        return [int(number) for number in both[np.argsort(-near, kind="stable")[:n]]]

    def _caught_up(self) -> Graph:
        graph = self._graph or self._opened()
        read = CHUNK
        while read == CHUNK:
            read, numbers, rows = self._read(above=self._last)
            self._fresh.add(numbers, rows)
            if len(self._fresh) > self._most_fresh:
                graph = self._grown(graph)
        return self._saved(graph) if graph.changes else graph

    def _grown(self, graph: Graph) -> Graph:
        graph = graph.loosened()
        graph.add(*self._fresh.taken())
        if graph.changes >= SAVED_EVERY:
            log.info("vector index: %d vectors so far", len(graph))
            self._save(graph)
        return graph

    def _saved(self, graph: Graph) -> Graph:
        """Save a graph and read it from its file from now on; it stays in memory where it can't."""
        if self._file is None or not self._save(graph):
            return graph
        try:
            return Graph.open(self._file, model=self._model, width=self._width)
        except (OSError, ValueError):
            return graph

    def _save(self, graph: Graph) -> bool:
        if self._file is None:
            return False
        try:
            with FileLock(f"{self._file}.lock", timeout=0):
                graph.save(self._file)
        except Timeout:  # another process saves the same at this moment
            return False
        except OSError as error:
            log.warning("vector index %s: it can't be saved: %s", self._file, error)
            return False
        return True

    def _opened(self) -> Graph:
        """Open the file if it is this database's, and bring it in line with SQL."""
        graph = Graph(model=self._model, width=self._width)
        if self._file is None:
            return graph
        try:
            graph = Graph.open(self._file, model=self._model, width=self._width)
            self._compare(graph)
        except FileNotFoundError:
            return graph
        except (OSError, ValueError) as error:
            log.warning("vector index %s: %s; it is built anew", self._file, error)
            return Graph(model=self._model, width=self._width)
        self._last = graph.last
        return self._in_line(graph)

    def _compare(self, graph: Graph) -> None:
        numbers = graph.numbers
        if not len(numbers):
            return
        some = np.sort(numbers[:: max(1, len(numbers) // SAMPLE)][:SAMPLE])
        _, there, rows = self._read(above=0, among=some.tolist())
        if len(there) and (np.sum(graph.vectors(there) * rows, axis=1) < ALIKE).any():
            raise ValueError("it belongs to another database")

    def _in_line(self, graph: Graph) -> Graph:
        """Drop what SQL no longer holds; take in what it has held back, e.g. a restored row."""
        held = EmbeddingRow.model == self._model, EmbeddingRow.number <= graph.last
        with self._database.read() as session:
            count = session.scalar(select(func.count()).where(*held))
            if count == len(graph):
                return graph
            there = session.scalars(select(EmbeddingRow.number).where(*held)).all()
        truth, numbers = np.asarray(there, np.int64), graph.numbers
        gone, missing = np.setdiff1d(numbers, truth), np.setdiff1d(truth, numbers)
        if len(gone):
            graph = graph.loosened()
            graph.drop(gone)
        for start in range(0, len(missing), CHUNK):
            _, late, rows = self._read(above=0, among=missing[start : start + CHUNK].tolist())
            self._fresh.add(late, rows)
        return graph

    def _read(
        self, *, above: int, among: list[int] | None = None
    ) -> tuple[int, NDArray[np.int64], NDArray[np.float32]]:
        """Read the next vectors: how many there were, and those of them that are not damaged."""
        query = select(EmbeddingRow.number, EmbeddingRow.vector).where(
            EmbeddingRow.model == self._model, EmbeddingRow.number > above
        )
        if among is not None:
            query = query.where(EmbeddingRow.number.in_(among))
        with self._database.read() as session:
            found = session.execute(query.order_by(EmbeddingRow.number).limit(CHUNK)).all()
        if found and among is None:
            self._last = found[-1].number
        places, rows = whole([vector for _, vector in found], width=self._width)
        numbers = np.array([number for number, _ in found], dtype=np.int64)
        return len(found), numbers[places], rows


class _Fresh:
    """Vectors beside the graph; there is room for twice as many whenever it runs out."""

    def __init__(self, width: int) -> None:
        self._count = 0
        self._numbers = np.empty(64, np.int64)
        self._rows = np.empty((64, width), np.float32)

    def __len__(self) -> int:
        return self._count

    def add(self, numbers: NDArray[np.int64], rows: NDArray[np.float32]) -> None:
        end = self._count + len(numbers)
        if end > len(self._numbers):
            more = max(end, 2 * len(self._numbers)) - self._count
            self._numbers = np.resize(self._numbers[: self._count], self._count + more)
            self._rows = np.resize(self._rows[: self._count], (self._count + more, rows.shape[1]))
        self._numbers[self._count : end] = numbers
        self._rows[self._count : end] = rows
        self._count = end

    def taken(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Give all away."""
        count, self._count = self._count, 0
        return self._numbers[:count], self._rows[:count]

    def nearest(
        self, query: NDArray[np.float32], n: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        cosines = self._rows[: self._count] @ query
        first = np.argsort(-cosines, kind="stable")[:n]
        return self._numbers[first], cosines[first]


def whole(vectors: Sequence[bytes], *, width: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Decode stored vectors, but for damaged ones: which places are whole, and their rows."""
    size = width * STORED.itemsize
    sound = (isinstance(vector, bytes) and len(vector) == size for vector in vectors)
    places = np.flatnonzero(np.fromiter(sound, bool, len(vectors)))
    rows = np.frombuffer(b"".join(vectors[i] for i in places.tolist()), STORED).reshape(-1, width)
    unit = np.abs(np.linalg.norm(rows, axis=1) - 1) < 1e-2  # not so where a number is NaN
    return places[unit], rows[unit].astype(np.float32)
