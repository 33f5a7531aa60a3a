"""What threads write at the same moment is written as one transaction.

A transaction costs little more for ten auctions than for one, and a database takes one writer at a
time anyway. So whoever writes takes along what others wait to have written; alone, nobody waits.
A server that is away is waited for where somebody waits for the write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Condition
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sale.memory.database import Database
from sale.memory.recording import Refused

Way = Callable[[Session, Sequence[Any]], Refused]
"""Writes several values at once; says which of them it refuses, by auction."""


@dataclass(slots=True, eq=False)
class _Write:
    way: Way
    auction: str
    value: Callable[[], Any]
    awaited: bool
    done: bool = False
    error: Exception | None = None


class Writer:
    """Writes auctions to one database, for any number of threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Write] = []
        self._change = Condition()
        self._busy = False

    def write(self, way: Way, auction: str, value: Callable[[], Any]) -> None:
        """Write what `value` gives of an auction by its id; it is on record when this returns.

        Raises `StoreError`; what others wrote at the same moment is then no worse for it.
        """
        mine = _Write(way, auction, value, awaited=True)
        with self._change:
            self._queue(mine)
        while not mine.done:
            self._write_all()
            with self._change:
                self._change.wait_for(lambda: mine.done or not self._busy)
        if mine.error is not None:
            raise mine.error

    def note(self, way: Way, auction: str, value: Callable[[], Any]) -> None:
        """Write as `write` does, but don't wait for others.

        While others write, the note goes with the next transaction, unless a newer one of the same
        auction takes its place, and nobody hears if it then can't be written.
        """
        mine = _Write(way, auction, value, awaited=False)
        with self._change:
            self._queue(mine)
        self._write_all()
        if mine.error is not None:
            raise mine.error

    def _queue(self, mine: _Write) -> None:
        """Put a write in line; an older note of the same auction is not needed any more."""
        self._waiting = [one for one in self._waiting if one.awaited or one.auction != mine.auction]
        self._waiting.append(mine)

    def _write_all(self) -> None:
        """Write what is in line, and go on while notes are that nobody waits for."""
        while self._takes_over():
            batch: Sequence[_Write] = ()
            try:
                with self._change:
                    batch, self._waiting = self._waiting, []
                self._together(batch)
            finally:  # where it was interrupted, what is not written waits for the next one
                with self._change:
                    self._waiting = [one for one in batch if not one.done] + self._waiting
                    self._busy = False
                    self._change.notify_all()
            if any(one.awaited for one in self._waiting):
                return

    def _takes_over(self) -> bool:
        """Whether there is something to write, and nobody who does."""
        with self._change:
            takes_over = bool(self._waiting) and not self._busy
            self._busy = self._busy or takes_over
            return takes_over

    def _together(self, batch: Sequence[_Write]) -> None:
        """Write a batch as one transaction; where one of several can't be written, each alone."""
        refused: Refused = {}
        try:
            values = [(one.way, one.value()) for one in batch]
            if any(one.awaited for one in batch):
                refused = self._database.outlast(partial(_write, values))
            else:  # nobody would hear of it
                with self._database.write() as session:
                    refused = _write(values, session)
        except Exception as error:  # noqa: BLE001 - whose write it is, raises it
            if len(batch) > 1 and not isinstance(error.__cause__, OperationalError):
                for one in batch:
                    self._together([one])
                return
            refused = {one.auction: error for one in batch}
        for one in batch:
            one.error = refused.get(one.auction)
            one.done = True


def _write(values: Sequence[tuple[Way, Any]], session: Session) -> Refused:
    refused: Refused = {}
    for way in dict.fromkeys(way for way, _ in values):
        refused |= way(session, [value for its, value in values if its == way])
    return refused
