"""What a database's errors mean to the user: one line with what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

OTHER = "name another database with --db or SALE_DB"

REASONS = {
    "SQLITE_READONLY": f"is read-only; allow writing to it and to its folder, or {OTHER}",
    "SQLITE_NOTADB": f"is not a database; nothing was changed; {OTHER}",
    "SQLITE_CORRUPT": "is damaged; nothing was changed; put a copy in its place, "
    "or move it away and a new one is begun",
    "SQLITE_FULL": "the disk is full; this write was undone as a whole; free some space",
    "SQLITE_IOERR": "the disk failed or is full; this write was undone as a whole; check the disk",
}


def explain(error: Exception, *, path: Path | None, wait_s: float, secret: str) -> str:
    """Say what went wrong and what to do, on one line and without the password."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    name = str(getattr(cause, "sqlite_errorname", ""))
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
    return f"can't be reached or used ({detail}); check that its server runs, or {OTHER}"


def is_busy(cause: BaseException) -> bool:
    """Tell whether SQLite says that somebody else is using the file."""
    name = str(getattr(cause, "sqlite_errorname", ""))
    return name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _unopened(cause: BaseException, path: Path | None) -> str:
    if path is not None and path.is_dir():
        return f"is a folder, not a file; {OTHER}"
    reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else "no access"
    return f"can't be opened ({reason}); check its folder and its permissions, or {OTHER}"


def _one_line(cause: BaseException, secret: str) -> str:
    first = (str(cause).strip() or type(cause).__name__).splitlines()[0]
    return first.replace(secret, "***") if secret else first
