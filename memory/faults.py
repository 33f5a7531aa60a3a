"""What a database's errors mean to the user: one line with what to do."""

from __future__ import annotations

import sqlite3
from json import JSONDecodeError
from pathlib import Path

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    SQLAlchemyError,
)

OTHER = "name another database with --db or SALE_DB"

DAMAGED = (
    "is damaged; nothing was changed; put a copy in its place, or move it away and a new one is "
    "begun"
)

UNREADABLE = (UnicodeDecodeError, JSONDecodeError, LookupError)
"""What a value raises that can't have been written here; a LookupError is a word of no column."""

FAULTS = (SQLAlchemyError, sqlite3.Error, OSError, OverflowError, *UNREADABLE)
"""What a database that fails raises, ..."""

OURS = (KeyError, IndexError)
"""... but these are faults of the code, though they are LookupErrors, too."""

REASONS = {  # by the beginning of SQLite's name or of PostgreSQL's SQLSTATE
    "08": "its server went away; no auction is half-written; try again when it is back",
    "57P": "its server went away; no auction is half-written; try again when it is back",
    "57014": "its server cut this short, at its statement_timeout or by hand; nothing was changed; "
    "raise the limit, or try again",
    "40": "two writers were in each other's way; this write was undone as a whole; try again",
    "25006": f"is read-only; log in as a user who may write, or {OTHER}",
    "42501": f"does not let this user do that; have the right granted, or {OTHER}",
    "53100": "the disk is full; this write was undone as a whole; free some space",
    "53200": "its server is out of memory; this write was undone as a whole; try again later",
    "53300": "its server takes no more connections; let others finish, or raise max_connections",
    "SQLITE_READONLY": f"is read-only; allow writing to it and to its folder, or {OTHER}",
    "SQLITE_NOTADB": f"is not a database; nothing was changed; {OTHER}",
    "SQLITE_CORRUPT": DAMAGED,
    "XX001": "is damaged; nothing was changed; restore its server's data from a copy",
    "XX002": "has a damaged index; nothing was changed; have its server REINDEX it",
    "SQLITE_FULL": "the disk is full; this write was undone as a whole; free some space",
    "SQLITE_IOERR": "the disk failed or is full; this write was undone as a whole; check the disk",
}


def explain(error: Exception, *, path: Path | None, wait_s: float, secret: str) -> str:
    """Say what went wrong and what to do, on one line and without the password."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    name = _name(cause)
    if isinstance(error, UNREADABLE) or str(cause).startswith("Could not decode to UTF-8"):
        return DAMAGED
    if is_busy(cause):
        return f"another process kept it locked for {wait_s:g} s; wait until it is done, or {OTHER}"
    if name.startswith("SQLITE_CANTOPEN") or isinstance(cause, OSError):
        return _unopened(cause, path)
    for prefix, reason in REASONS.items():
        if name.startswith(prefix):
            return reason
    detail = _one_line(cause, secret)
    if isinstance(error, (IntegrityError, DataError, OverflowError)):
        return f"can't hold one of the values ({detail}); nothing of it was written"
    if isinstance(cause, sqlite3.Error):
        return f"can't be used ({detail}); {OTHER}"
    if _name(cause):
        return f"can't be used ({detail}); look in its server's log, or {OTHER}"
    return (
        f"can't be reached or used ({detail}); "
        f"check its address, user and password and that its server runs, or {OTHER}"
    )


def is_busy(cause: BaseException) -> bool:
    """Tell whether the database says that somebody else has locked it."""
    return _name(cause).startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "55P03"))


def is_gone(error: BaseException | None) -> bool:
    """Tell whether a server was lost, or was not there yet, so that it may be back in a moment."""
    if not isinstance(error, OperationalError) or isinstance(error.orig, sqlite3.Error):
        return False
    name = _name(error.orig or error)
    return not name or name.startswith(("08", "57P"))


def is_missing_table(cause: BaseException) -> bool:
    """Tell whether a statement named a table that is not there."""
    return _name(cause) == "42P01" or str(cause).startswith("no such table")


def _name(cause: BaseException) -> str:
    """Give SQLite's name of an error, or the SQLSTATE that PostgreSQL sends."""
    return str(getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or "")


def _unopened(cause: BaseException, path: Path | None) -> str:
    if path is not None and path.is_dir():
        return f"is a folder, not a file; {OTHER}"
    reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else "no access"
    return f"can't be opened ({reason}); check its folder and its permissions, or {OTHER}"


def _one_line(cause: BaseException, secret: str) -> str:
    first = (str(cause).strip() or type(cause).__name__).splitlines()[0]
    return first.replace(secret, "***") if secret else first
