"""Secrets that came into a memory before their shape was known are masked where they lie.

An auction with one is written anew as it would be today: its task may get another id, its lessons
and sums follow. A text without auctions goes, and its vectors with it; the index follows SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from sale.memory.database import insert_missing
from sale.memory.privacy import Privacy
from sale.memory.recall_tables import EmbeddingRow
from sale.memory.recording import delete_auctions, insert_auctions, read_auctions
from sale.memory.records import ENDED
from sale.memory.rows import task_columns, text_hash
from sale.memory.store import Store
from sale.memory.tables import AuctionRow, TaskRow
from sale.memory.trial_tables import TrialRow
from sale.types import Auction

BATCH = 200
"""Auctions that are looked at together, and written in one transaction where one has a secret."""


@dataclass(frozen=True, slots=True)
class Remasked:
    """What was looked at so far, and what of it held a secret."""

    auctions: int = 0
    masked: int = 0

    def __add__(self, other: Remasked) -> Remasked:
        """Add up what several batches came to."""
        return Remasked(self.auctions + other.auctions, self.masked + other.masked)


def remask(
    store: Store, *, dry_run: bool = False, observe: Callable[[Remasked], None] = lambda _: None
) -> Remasked:
    """Mask the secrets in auctions that have ended; a batch is written as a whole or not at all.

    `observe` is told after each batch what has been done so far. The old texts are gone from the
    tables, but not from free space on disk before the memory is compacted.
    """
    done = Remasked()
    for names in _batches(store):
        with store._database.read() as session:
            leaky = [one.id for one, masked in _both(session, names) if one != masked]
        if leaky and not dry_run:
            with store._database.write() as session:
                _rewrite(session, leaky)
        done += Remasked(len(names), len(leaky))
        observe(done)
    return done


def _batches(store: Store) -> Iterator[Sequence[str]]:
    """The ids of all that has ended, in their order; what comes in meanwhile is masked already."""
    last = ""
    while True:
        behind = AuctionRow.state.in_(ENDED), AuctionRow.id > last
        with store._database.read() as session:
            query = select(AuctionRow.id).where(*behind).order_by(AuctionRow.id).limit(BATCH)
            names = session.scalars(query).all()
        if not names:
            return
        yield names
        last = names[-1]


def _both(session: Session, names: Sequence[str]) -> list[tuple[Auction, Auction]]:
    """Auctions as they are on record, and as they would be if they were recorded today."""
    return [(one, Privacy.NONE.keep(one)) for one in read_auctions(session, names)]


def _rewrite(session: Session, names: Sequence[str]) -> None:
    found = _both(session, names)
    delete_auctions(session, names)
    insert_missing(session, TaskRow, [task_columns(masked.task) for _, masked in found])
    insert_auctions(session, [masked for _, masked in found])
    _forget(session, [one.task.text for one, masked in found if one.task != masked.task])


def _forget(session: Session, texts: Sequence[str]) -> None:
    """Take texts off the record that no auction is about any more, with their vectors."""
    hashes = [text_hash(text) for text in texts]
    is_needed = or_(
        exists().where(AuctionRow.task_id == TaskRow.id),
        exists().where(TrialRow.task_id == TaskRow.id),
    )
    session.execute(delete(TaskRow).where(TaskRow.text_hash.in_(hashes), ~is_needed))
    is_there = exists().where(TaskRow.text_hash == EmbeddingRow.text_hash)
    session.execute(delete(EmbeddingRow).where(EmbeddingRow.text_hash.in_(hashes), ~is_there))
