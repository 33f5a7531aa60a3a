"""One door to the database: how it is opened, what a transaction is, what its errors say."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import platformdirs
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session
from tenacity import (
    Retrying,
    retry_if_exception,
    stop_after_delay,
    wait_random,
    wait_random_exponential,
)

from sale.errors import ConfigError, StoreError
from sale.memory import layout
from sale.memory.columns import Row
from sale.memory.faults import FAULTS, OURS, explain, is_busy, is_gone

T = TypeVar("T")

SHAPES = "sqlite:////absolute/path/memory.db or postgresql+psycopg://user@host/name"

CACHE_KIB = 64 * 1024
"""What SQLite keeps in memory of a file; its own 2 MB are too few for a large one's indexes."""

CONNECT_S = 10
"""How long a server may take to answer; libpq alone waits for minutes."""


def where(url: str | None) -> URL:
    """Say which database is meant: the one asked for, else SALE_DB's, else the user's own file."""
    text = url or os.environ.get("SALE_DB")
    if not text:
        folder = platformdirs.user_data_path("sale", appauthor=False)
        return URL.create("sqlite", database=str(folder / "memory.db"))
    try:
        return make_url(text)
    except (ArgumentError, ValueError) as error:
        # The text may hold a password, so it is not repeated.
        raise ConfigError(f"memory: not a database URL; write {SHAPES}") from error


def shown(url: URL) -> str:
    """Name a database without its password and without options, which may hold one too."""
    if url.get_backend_name() == "sqlite":
        return url.database or "in memory"
    return url.set(query={}).render_as_string(hide_password=True)


@dataclass(frozen=True, slots=True)
class Database:
    """An open auction memory; every session on it turns database errors into StoreError."""

    url: URL
    wait_s: float
    engine: Engine
    reader: Engine
    """The same connections, but a transaction sees one moment of the database."""
    writer: Engine
    """The same connections, but a transaction takes the write lock when it begins."""

    @staticmethod
    def open(url: str | None, *, wait_s: float) -> Database:
        """Open a database, laying out its tables where there are none yet."""
        target = where(url)
        engine = _engine(target, wait_s=wait_s)
        database = Database(
            url=target,
            wait_s=wait_s,
            engine=engine,
            reader=_reader(engine),
            writer=engine.execution_options(sqlite_begin="BEGIN IMMEDIATE"),
        )
        try:
            with database._explained():
                database._prepare()
        except StoreError:
            engine.dispose()
            raise
        return database

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that sees one moment of the database."""
        with self._explained(), Session(self.reader) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session whose work is committed as a whole or not at all."""
        with self._explained(), Session(self.writer) as session, session.begin():
            yield session

    def outlast(self, work: Callable[[Session], T]) -> T:
        """Write, and do it again where the server went away, until it is back or `wait_s` is over.

        What was committed just as the connection broke is then written twice: `work` has to
        leave the same behind.
        """
        patiently = Retrying(
            retry=retry_if_exception(lambda error: is_gone(error.__cause__)),
            stop=stop_after_delay(self.wait_s),
            wait=wait_random_exponential(multiplier=0.05, max=2),
            reraise=True,
        )
        written: T = patiently(self._written, work)
        return written

    def _written(self, work: Callable[[Session], T]) -> T:
        with self.write() as session:
            return work(session)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except FAULTS as error:
            if isinstance(error, OURS):
                raise
            secret = str(self.url.password or "")
            reason = explain(error, path=self._file(), wait_s=self.wait_s, secret=secret)
            raise StoreError(f"memory {shown(self.url)}: {reason}") from error

    def _file(self) -> Path | None:
        name = self.url.database
        if self.url.get_backend_name() != "sqlite" or not name or name.startswith((":", "file:")):
            return None
        return Path(name)

    def _prepare(self) -> None:
        name, file = shown(self.url), self._file()
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        with self.engine.connect() as connection:
            if layout.is_current(connection, name=name):
                return
        with self.engine.connect() as connection:
            is_new = layout.examine(connection, name=name) is None
        if self.engine.dialect.name == "sqlite":
            self._switch_to_wal()
        with self.writer.connect() as connection:
            if not is_new:
                _let_go_of_foreign_keys(connection)
            with connection.begin():
                layout.lay_out(connection, name=name, wait_s=self.wait_s)

    def _switch_to_wal(self) -> None:
        """Let readers never wait for the writer. A refused file stays as it was.

        SQLite refuses the switch at once when another process uses the file, however long a
        connection is willing to wait.
        """
        patiently = Retrying(
            retry=retry_if_exception(is_busy),
            stop=stop_after_delay(self.wait_s),
            wait=wait_random(0.005, 0.05),
            reraise=True,
        )
        with closing(self.engine.raw_connection()) as raw:
            patiently(raw.cursor().execute, "PRAGMA journal_mode=WAL")


def insert_missing(session: Session, table: type[Row], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not there yet, whoever else inserts them at the same moment."""
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    statement = sqlite.insert(table) if on_sqlite else postgresql.insert(table)
    session.execute(statement.on_conflict_do_nothing(), rows)


def _engine(url: URL, *, wait_s: float) -> Engine:
    name = url.get_backend_name()
    if name not in ("sqlite", "postgresql"):
        raise ConfigError(f"memory: unknown database {name!r}; write {SHAPES}")
    try:
        engine = create_engine(url, **_options(url, wait_s=wait_s))
    except (ArgumentError, ImportError, ValueError, TypeError) as error:
        raise ConfigError(
            f"memory: no driver {url.drivername!r} here; install it or write {SHAPES}"
        ) from error
    if engine.dialect.is_async:
        raise ConfigError(f"memory: driver {url.drivername!r} is asynchronous; write {SHAPES}")
    if name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", partial(_set_up_postgresql, wait_s=wait_s))
    return engine


def _options(url: URL, *, wait_s: float) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": wait_s}}
    asked = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_S}
    return {"pool_pre_ping": True, "pool_timeout": wait_s, "connect_args": asked}


def _let_go_of_foreign_keys(connection: Connection) -> None:
    """On SQLite a table is changed by making it anew, and dropping it would drop what refers to it.

    Inside a transaction the switch has no effect, and the connection is not used again.
    """
    if connection.dialect.name == "sqlite":
        connection.detach()
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")


def _reader(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ")


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # Left alone, the module begins transactions of its own accord, and only before some statements.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")


def _set_up_postgresql(connection: Any, _record: Any, *, wait_s: float) -> None:
    # Left alone, the server waits for ever for who has locked a table, e.g. to compact it.
    limit = f"{max(1, round(wait_s * 1000))}ms"
    connection.cursor().execute("SELECT set_config('lock_timeout', %s, false)", (limit,))
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    # A reader that turns writer half-way is refused at once; one that says so first can wait.
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))
