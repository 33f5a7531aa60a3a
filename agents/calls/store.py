"""The calls on disk: one SQLite file that any number of processes read and add to."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    event,
    func,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from sale.agents.backends.pull import cache_folder
from sale.errors import StoreError

WAIT_S = 60
"""How long a process waits for another one that writes."""
DAY_S = 86_400.0
PAGE = 500
"""Rows that are read at once."""

calls = Table(
    "calls",
    MetaData(),
    Column("key", LargeBinary(32), primary_key=True),
    Column("model", String, nullable=False),
    Column("made", Float, nullable=False),
    Column("used", Float, nullable=False, index=True),
    Column("completion", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """One call as it is kept."""

    key: bytes
    model: str
    made: float
    """Seconds since the epoch."""
    completion: bytes


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is."""

    calls: int
    bytes: int
    """Of the completions alone."""
    by_model: dict[str, tuple[int, int]]
    """Model -> (calls, bytes)."""


class CallStore:
    """Keeps completions by the key of their call; the first one kept is the one that stays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = _engine(path)
        with self._faults(), self._engine.begin() as connection:
            connection.execute(CreateTable(calls, if_not_exists=True))
            for index in calls.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))

    def get(self, key: bytes) -> bytes | None:
        """Return what a call brought, None where it was never made."""
        query = select(calls.c.completion, calls.c.used).where(calls.c.key == key)
        with self._faults(), self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        if row.used < time.time() - DAY_S:
            with suppress(StoreError), self._faults(), self._engine.begin() as connection:
                connection.execute(update(calls).where(calls.c.key == key).values(used=time.time()))
        found: bytes = row.completion
        return found

    def put(self, key: bytes, model: str, completion: bytes) -> bytes:
        """Keep what a call brought; returns what is kept, which another process may have made."""
        now = time.time()
        self.add([Kept(key, model, now, completion)])
        return self.get(key) or completion

    def add(self, kept: list[Kept]) -> int:
        """Keep many calls at once; returns how many are new."""
        if not kept:
            return 0
        rows = [
            {
                "key": one.key,
                "model": one.model,
                "made": one.made,
                "used": time.time(),
                "completion": one.completion,
            }
            for one in kept
        ]
        with self._faults(), self._engine.begin() as connection:
            return connection.execute(insert(calls).on_conflict_do_nothing(), rows).rowcount

    def drop(self, key: bytes) -> None:
        """Forget a call."""
        with self._faults(), self._engine.begin() as connection:
            connection.execute(delete(calls).where(calls.c.key == key))

    def all(self) -> Iterator[Kept]:
        """Yield every call, in the order of their keys."""
        query = select(calls.c.key, calls.c.model, calls.c.made, calls.c.completion)
        with self._faults(), self._engine.connect() as connection:
            for row in connection.execute(query.order_by(calls.c.key)).yield_per(PAGE):
                yield Kept(*row)

    def size(self) -> Size:
        """Count what there is, by model."""
        sums = func.count(), func.coalesce(func.sum(func.length(calls.c.completion)), 0)
        query = select(calls.c.model, *sums).group_by(calls.c.model).order_by(calls.c.model)
        with self._faults(), self._engine.connect() as connection:
            by_model = {row[0]: (row[1], row[2]) for row in connection.execute(query)}
        counts, sizes = zip(*by_model.values(), strict=True) if by_model else ((), ())
        return Size(sum(counts), sum(sizes), by_model)

    def prune(self, *, keep_bytes: int | None = None, unused_s: float | None = None) -> int:
        """Drop calls: those unused for so long, then the longest unused down to so many bytes."""
        dropped = 0
        with self._faults(), self._engine.begin() as connection:
            if unused_s is not None:
                old = delete(calls).where(calls.c.used < time.time() - unused_s)
                dropped += connection.execute(old).rowcount
            if keep_bytes is not None:
                dropped += _shrink(connection, keep_bytes)
        if dropped:
            with self._faults(), self._engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
        return dropped

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
            reason = (str(cause).splitlines() or [type(cause).__name__])[0]
            raise StoreError(
                f"call cache {str(self.path)!r}: {reason}; name another file with --calls, or "
                "move this one away"
            ) from error


def default_path() -> Path:
    """Where calls are kept: SALE_CALLS, else beside the models."""
    named = os.environ.get("SALE_CALLS")
    return Path(named).expanduser() if named else cache_folder().with_name("calls.db")


def _shrink(connection: Connection, keep_bytes: int) -> int:
    """Drop the longest unused calls until no more than so many bytes are left."""
    size = func.length(calls.c.completion)
    newest_first = func.sum(size).over(order_by=(calls.c.used.desc(), calls.c.key))
    ranked = select(calls.c.key, newest_first.label("so_far")).subquery()
    beyond = select(ranked.c.key).where(ranked.c.so_far > keep_bytes)
    return connection.execute(delete(calls).where(calls.c.key.in_(beyond))).rowcount


def _engine(path: Path) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"call cache {str(path)!r}: {error.strerror}; name another file with --calls"
        ) from error
    engine = create_engine(
        URL.create("sqlite", database=str(path)), connect_args={"timeout": WAIT_S}
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        # SQLite refuses the switch at once, without waiting, while anybody else has the file open.
        for attempt in Retrying(
            retry=retry_if_exception(lambda error: "locked" in str(error)),
            stop=stop_after_delay(WAIT_S),
            wait=wait_random(0.01, 0.1),
            reraise=True,
        ):
            with attempt:
                connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    return engine
