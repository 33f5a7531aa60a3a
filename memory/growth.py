"""How a memory is kept small: old step texts are dropped, and free space is given back.

What is dropped are the texts of steps alone. Bids, plans, awards, outcomes and calls stay, so
lessons, statistics and money are the same afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Select, cast, func, select, update

from sale.errors import InputError
from sale.memory.columns import Row
from sale.memory.database import Database
from sale.memory.store import Store
from sale.memory.tables import AuctionRow, StepRow
from sale.types import State

PRUNED = "[pruned]"
"""Stands in place of a step's reply whose texts were dropped."""

PATIENCE_S = 2.0
"""How long a writer is waited for by who compacts: one auction is written in far less."""

BATCH = 500
"""Auctions a transaction: what an interruption leaves undone is at most one batch."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was dropped, or would be."""

    auctions: int = 0
    bytes: int = 0
    """Of text; the file shrinks when it is compacted."""

    def __add__(self, other: Pruned) -> Pruned:
        """Add up what several batches dropped."""
        return Pruned(self.auctions + other.auctions, self.bytes + other.bytes)


@dataclass(frozen=True, slots=True)
class Compacted:
    """The size of the memory on disk before and after."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Bulk:
    """The step texts of one auction."""

    auction: str
    started: float
    bytes: int


def prunable(
    store: Store, *, before: float | None = None, keep_bytes: int | None = None
) -> list[Bulk]:
    """Find the auctions whose step texts are to go, newest first.

    Those that began before the moment `before` go, and those that come after the newest
    `keep_bytes` of step texts. Raises `InputError` when neither is asked for.
    """
    if before is None and keep_bytes is None:
        raise InputError("prune needs a limit; give an age, a size, or both")
    with store._database.read() as session:
        found = (Bulk(*row) for row in session.execute(bulk_query(store._database)))
        return list(_beyond(found, before=before, keep_bytes=keep_bytes))


def _beyond(
    found: Iterator[Bulk], *, before: float | None, keep_bytes: int | None
) -> Iterator[Bulk]:
    kept = 0
    for bulk in found:
        too_old = before is not None and bulk.started < before
        too_much = keep_bytes is not None and kept + bulk.bytes > keep_bytes
        if too_old or too_much:
            yield bulk
        if not too_old:
            kept += bulk.bytes


def prune(
    store: Store,
    chosen: Sequence[Bulk],
    *,
    batch: int = BATCH,
    observe: Callable[[Pruned], None] = lambda _: None,
) -> Pruned:
    """Drop the step texts of these auctions; each batch is dropped as a whole or not at all.

    `observe` is told after each batch what has been dropped so far.
    """
    done = Pruned()
    for start in range(0, len(chosen), batch):
        part = chosen[start : start + batch]
        with store._database.write() as session:
            session.execute(
                update(StepRow)
                .where(StepRow.auction_id.in_([bulk.auction for bulk in part]))
                .values(argument="", reply=PRUNED, observation="")
            )
        done += Pruned(len(part), sum(bulk.bytes for bulk in part))
        observe(done)
    return done


def bulk_query(database: Database) -> Select[*tuple[Any, ...]]:
    """Build the query for the step texts of every auction that has ended, newest first."""
    size = func.coalesce(func.sum(step_bytes(database)), 0)  # NULL is of a damaged database
    return (
        select(AuctionRow.id, AuctionRow.started, size)
        .join(StepRow, StepRow.auction_id == AuctionRow.id)
        .where(AuctionRow.state.in_((State.FINISHED, State.FAILED, State.INTERRUPTED)))
        .where(StepRow.reply != PRUNED)
        .group_by(AuctionRow.id, AuctionRow.started)
        .order_by(AuctionRow.started.desc(), AuctionRow.id.desc())
        .execution_options(yield_per=10_000)
    )


def step_bytes(database: Database) -> ColumnElement[int]:
    """Give the bytes of one step's texts, as an expression."""
    texts = (StepRow.argument, StepRow.reply, StepRow.observation)
    if database.engine.dialect.name == "sqlite":
        return sum_of([func.length(cast(text, LargeBinary)) for text in texts])
    return sum_of([func.octet_length(text) for text in texts])


def sum_of(parts: list[Any]) -> ColumnElement[int]:
    """Add expressions up."""
    first, *others = parts
    for part in others:
        first = first + part
    return first  # type: ignore[no-any-return]


def compact(store: Store) -> Compacted:
    """Give free space back to the disk.

    Raises `StoreError` when another process keeps writing for `PATIENCE_S`.
    """
    patience = min(PATIENCE_S, store._database.wait_s)
    database = replace(store._database, wait_s=patience)
    before = disk_bytes(database)
    with database._explained():
        if database.engine.dialect.name == "sqlite":
            _compact_sqlite(database)
        else:
            _compact_postgresql(database)
    return Compacted(before, disk_bytes(database))


def disk_bytes(database: Database) -> int:
    """Measure a memory on disk, with its indexes and its write-ahead log."""
    if database.engine.dialect.name == "sqlite":
        file = database._file()
        names = [file, file.with_name(f"{file.name}-wal")] if file else []
        return sum(name.stat().st_size for name in names if name.is_file())
    with database.read() as session:
        sizes = [func.pg_total_relation_size(name) for name in Row.metadata.tables]
        return session.scalar(select(sum_of(sizes))) or 0


def _compact_sqlite(database: Database) -> None:
    # The engine begins transactions of its own accord, and SQLite can't vacuum inside of one.
    with closing(database.engine.raw_connection()) as raw:
        cursor = raw.cursor()
        (usual,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {database.wait_s * 1000:.0f}")
        try:
            for statement in ("VACUUM", "PRAGMA optimize", "PRAGMA wal_checkpoint(TRUNCATE)"):
                cursor.execute(statement).fetchall()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")


def _compact_postgresql(database: Database) -> None:
    options = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with options.connect() as connection:
        limit = f"{database.wait_s * 1000:.0f}ms"
        connection.execute(select(func.set_config("lock_timeout", limit, False)))
        for table in Row.metadata.sorted_tables:
            connection.exec_driver_sql(f'VACUUM (FULL, ANALYZE) "{table.name}"')
        connection.invalidate()
