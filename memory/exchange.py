"""Auctions out of a memory and into another one, whole, once each, as a stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from sale.memory.database import insert_missing
from sale.memory.filters import narrowed
from sale.memory.recording import delete_auctions, insert_auctions
from sale.memory.records import ENDED, Record
from sale.memory.rows import auction_of, task_columns
from sale.memory.runs import Run, run_columns
from sale.memory.store import Store
from sale.memory.tables import AuctionRow, RunRow, TaskRow
from sale.types import Auction, Kind

BATCH = 200
"""Auctions a transaction."""

NAMED = 5
"""Refused auctions whose ids are kept; of others only the number is."""


class Conflict(StrEnum):
    """What becomes of an auction that the memory holds with other content."""

    REFUSE = "refuse"
    """The memory's stays."""
    REPLACE = "replace"
    """The incoming one takes its place."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has done so far."""

    new: int = 0
    replaced: int = 0
    skipped: int = 0
    """Auctions that were there already, the same in every field."""
    refused: int = 0
    names: tuple[str, ...] = ()
    """Of the first auctions that were refused."""

    def __add__(self, other: Imported) -> Imported:
        """Add up what several batches did."""
        sums = {
            f.name: getattr(self, f.name) + getattr(other, f.name)
            for f in fields(self)
            if f.name != "names"
        }
        return Imported(**sums, names=(*self.names, *other.names)[:NAMED])


def export_records(
    store: Store,
    *,
    kind: Kind | None = None,
    suite: str | None = None,
    since: float | None = None,
) -> Iterator[Record]:
    """Read every auction that has ended, oldest first, as of one moment; secrets are masked.

    Raises `StoreError` when the database fails.
    """
    ended = select(AuctionRow).where(AuctionRow.state.in_(ENDED))
    query = narrowed(ended, kind=kind, suite=suite, since=since)
    query = query.order_by(AuctionRow.started, AuctionRow.id)
    with store._database.read() as session:
        runs = {None: None} | {row.id: _run_of(row) for row in session.scalars(select(RunRow))}
        for row in session.scalars(query.execution_options(yield_per=BATCH)):
            auction = store._privacy.keep(auction_of(row))
            if auction.run not in runs:
                raise LookupError(f"no run {auction.run!r}, which only a damaged database lacks")
            yield Record(auction, runs[auction.run])


def import_records(
    store: Store,
    records: Iterable[Record],
    *,
    conflict: Conflict = Conflict.REFUSE,
    observe: Callable[[Imported], None] = lambda _: None,
) -> Imported:
    """Put records on record, each once; a batch of whole auctions is written or it is not.

    `observe` is told after each batch what has been done so far. Raises what `records` raises:
    the batches before it stay.
    """
    done = Imported()
    for batch in _batches(records):
        done += _import_batch(store, batch, conflict=conflict)
        observe(done)
    return done


def _batches(records: Iterable[Record]) -> Iterator[dict[str, Record]]:
    """By id; an id that comes again begins a new batch, so that it meets its first self."""
    batch: dict[str, Record] = {}
    for record in records:
        if len(batch) == BATCH or record.auction.id in batch:
            yield batch
            batch = {}
        batch[record.auction.id] = record
    if batch:
        yield batch


def _import_batch(store: Store, batch: dict[str, Record], *, conflict: Conflict) -> Imported:
    keep = store._privacy.keep
    with store._database.write() as session:
        rows = session.scalars(select(AuctionRow).where(AuctionRow.id.in_(batch)))
        there = {row.id: keep(auction_of(row)) for row in rows}
        session.expunge_all()
        kept = {name: keep(record.auction) for name, record in batch.items()}
        new = [name for name in batch if name not in there]
        other = [name for name, auction in there.items() if auction != kept[name]]
        replaced = other if conflict is Conflict.REPLACE else []
        refused = [] if conflict is Conflict.REPLACE else other
        delete_auctions(session, replaced)
        runs = [run for name in (*new, *replaced) if (run := batch[name].run)]
        _insert(session, [kept[name] for name in (*new, *replaced)], runs)
    return Imported(
        new=len(new),
        replaced=len(replaced),
        skipped=len(there) - len(other),
        refused=len(refused),
        names=tuple(refused[:NAMED]),
    )


def _insert(session: Session, auctions: list[Auction], runs: list[Run]) -> None:
    if runs:
        insert_missing(session, RunRow, [run_columns(run) for run in runs])
    if auctions:
        insert_missing(session, TaskRow, [task_columns(auction.task) for auction in auctions])
        insert_auctions(session, auctions)


def _run_of(row: RunRow) -> Run:
    settings = json.dumps(row.settings, sort_keys=True)
    return Run(row.id, row.kind, row.started, settings)
