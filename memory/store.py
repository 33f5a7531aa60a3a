"""The auction memory: every auction on record, and what the next one can learn from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from sale.embedding import Embedder
from sale.errors import InputError, ModelError
from sale.memory import recording
from sale.memory.database import Database
from sale.memory.driver import Driver
from sale.memory.log import LogEntry, log_entries
from sale.memory.privacy import Privacy
from sale.memory.recall import Recall
from sale.memory.recording import Announcement
from sale.memory.rows import auction_of
from sale.memory.runs import Run, Unfinished, begin_run, read_unfinished
from sale.memory.spending import read_spending
from sale.memory.stats import Stats, read_stats
from sale.memory.tables import AuctionRow
from sale.memory.trials import forget, learn
from sale.memory.writer import Writer
from sale.types import (
    AgentSpec,
    Auction,
    Experience,
    Kind,
    Lesson,
    PastAuction,
    Spent,
    Task,
    Tried,
)

WAIT_S = 60.0
DIED = "its process ended before the auction did"


def no_embedder() -> Embedder:
    """Stand in where a memory is only read or written, never searched."""
    raise ModelError("this memory was opened without an embedding model; lessons need one")


class Store:
    """An open auction memory; only the process that drives an auction writes it.

    Every method raises `StoreError` when the database fails, and nothing is then half-written.
    """

    def __init__(
        self,
        database: Database,
        embedder: Callable[[], Embedder],
        privacy: Privacy = Privacy.NONE,
    ) -> None:
        self._database = database
        self._privacy = privacy
        self._recall = Recall(database, embedder)
        self._writer = Writer(database)

    @classmethod
    def open(
        cls,
        url: str | None = None,
        *,
        embedder: Callable[[], Embedder] = no_embedder,
        wait_s: float = WAIT_S,
        privacy: Privacy = Privacy.NONE,
    ) -> Store:
        """Open the memory at `url`, else at SALE_DB, else in the user's data folder.

        `embedder` is called at most once, when lessons are first drawn. A writer waits up to
        `wait_s` for another one, or for a server that went away. `privacy` is for what is written
        from now on.
        """
        store = cls(Database.open(url, wait_s=wait_s), embedder, privacy)
        try:
            store._reap()
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def announce(self, auction: Auction, *, wall_s: float) -> None:
        """Put an auction on record before it runs, with this process as its driver.

        After `wall_s` another machine may take it for interrupted.
        """
        kept, driver = self._privacy.keep(auction), Driver.here()
        announced = Announcement(kept, driver, deadline=auction.started + wall_s)
        self._writer.write(recording.announce, auction.id, lambda: announced)

    def advance(self, auction: Auction) -> None:
        """Note how far an auction is: its state, which never goes back, and what it has cost.

        Bids, ratings and steps that are on record stay as they are; those behind them are added.
        While other threads write, it is on record with the next transaction.
        """
        self._writer.note(recording.advance, auction.id, lambda: self._privacy.keep(auction))

    def record(self, auction: Auction) -> None:
        """Put a whole auction on record, in place of what its id held: all of it or nothing.

        A finished or failed auction may be recorded again, but only as what it was.
        """
        kept = self._privacy.keep(auction)
        self._writer.write(recording.record, auction.id, lambda: kept)

    def begin_run(self, run: Run) -> None:
        """Put a run on record; auctions name it by their field `run`."""
        with self._database.write() as session:
            begin_run(session, run)

    def learn(self, run: Run, tried: Sequence[Tried]) -> None:
        """Put the works of a run of trials on record, in place of what it taught before."""
        kept = [replace(one, task=self._privacy.keep(one.task)) for one in tried]
        with self._database.write() as session:
            learn(session, run, kept)

    def forget(self, run: str) -> int:
        """Take the works of a run of trials off the record; returns how many there were."""
        with self._database.write() as session:
            return forget(session, run)

    def say(self, name: str, *, right: bool | None) -> Auction:
        """Note whether an auction's answer is right; None takes back what was said.

        What the auction teaches follows. Raises `InputError` where there is no answer.
        """
        auction = self.get(name)
        outcome = auction.outcome
        if outcome is None or outcome.answer is None:
            raise InputError(f"auction {auction.id!r} has no answer, so there is nothing to judge")
        said = replace(auction, outcome=replace(outcome, feedback=right))
        self.record(said)
        return said

    def unfinished(self, *, run: str | None = None) -> list[Unfinished]:
        """List what is under way or interrupted and not held again since, oldest first."""
        self._reap()
        with self._database.read() as session:
            return read_unfinished(session, run=run)

    def get(self, name: str) -> Auction:
        """Read the auction with this id, or with the one id that begins so."""
        self._reap()
        with self._database.read() as session:
            row = session.get_one(AuctionRow, _one_id(session, name))
            return auction_of(row)

    def log(
        self,
        *,
        agent: str | None = None,
        kind: Kind | None = None,
        suite: str | None = None,
        since: float | None = None,
        run: str | None = None,
        limit: int = 20,
    ) -> list[LogEntry]:
        """List auctions, newest first; `agent` keeps those in which it made a bid."""
        self._reap()
        with self._database.read() as session:
            return log_entries(
                session, agent=agent, kind=kind, suite=suite, since=since, run=run, limit=limit
            )

    def stats(self) -> Stats:
        """Count what agents and stages did in all auctions."""
        self._reap()
        with self._database.read() as session:
            return read_stats(session)

    def spent(self, kind: Kind, roster: Sequence[AgentSpec]) -> Mapping[str, Spent]:
        """Say what each agent's awards on tasks of this kind have cost."""
        with self._database.read() as session:
            return read_spending(session, kind, roster)

    def has_lessons(self, kind: Kind, agent: str) -> bool:
        """Tell cheaply, without an embedding model, whether there is anything to learn from."""
        if self._privacy is Privacy.HASH:
            return False
        return self._recall.has_lessons(kind, agent)

    def lessons(self, task: Task, *, agent: str, k: int = 8) -> list[Lesson]:
        """Draw up to `k` lessons for `agent` from similar tasks of the same kind, nearest first.

        Raises `ModelError` when the embedding model can't be loaded.
        """
        if self._privacy is Privacy.HASH:
            return []
        task = self._privacy.keep(task)
        return self._recall.lessons(task, agent=agent, k=k)

    def experience(self, task: Task) -> Experience:
        """Say what came of earlier work on tasks of the kind, and how near each task is."""
        task = self._privacy.keep(task)
        return self._recall.experience(task, blind=self._privacy is Privacy.HASH)

    def past(
        self,
        kind: Kind,
        *,
        suite: str | None = None,
        since: float | None = None,
        last: int = 2_000,
    ) -> tuple[list[PastAuction], NDArray[np.float32]]:
        """Read the last auctions of a kind that came to an award, oldest first.

        Also the unit vectors of their tasks, shape (auctions, width); the width is 0 where there is
        no embedding model, or texts are not to be looked at.
        """
        blind = self._privacy is Privacy.HASH
        return self._recall.past(kind, suite=suite, since=since, last=last, blind=blind)

    def _reap(self) -> None:
        """Mark as interrupted what is still under way in a process that is gone."""
        under_way = AuctionRow.state.in_(recording.UNDER_WAY)
        row = AuctionRow
        with self._database.read() as session:
            rows = session.execute(
                select(row.id, row.host, row.pid, row.born, row.deadline).where(under_way)
            ).all()
        gone = [r.id for r in rows if _is_gone(r.host, r.pid, r.born, r.deadline)]
        if gone:
            with self._database.write() as session:
                recording.interrupt(session, gone, error=DIED)


def _is_gone(host: str | None, pid: int | None, born: float | None, deadline: float | None) -> bool:
    if host is None or pid is None or born is None or deadline is None:
        return True
    return Driver(host, pid, born).is_gone(deadline=deadline, now=time.time())


def _one_id(session: Session, prefix: str) -> str:
    if not prefix:
        raise InputError("an auction's id is empty; `sale log` lists the ids")
    # Ids are letters and digits, so "zz" sorts behind all that begin with the prefix.
    near = AuctionRow.id.between(prefix, prefix + "zz")
    found = session.scalars(select(AuctionRow.id).where(near).order_by(AuctionRow.id).limit(6))
    names = [name for name in found if name.startswith(prefix)]
    if prefix in names or len(names) == 1:
        return names[0]
    if not names:
        raise InputError(f"no auction {prefix!r} in this memory; `sale log` lists the ids")
    listed = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    raise InputError(f"auction {prefix!r} is ambiguous: {listed}; give more of the id")
