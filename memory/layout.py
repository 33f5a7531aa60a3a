"""Which tables a database holds, and how they become those of today."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, Integer, MetaData, Table, func, insert, inspect, select
from sqlalchemy.exc import DBAPIError

from sale.errors import StoreError
from sale.memory.columns import Row
from sale.memory.faults import OTHER, is_missing_table
from sale.memory.recall_tables import LessonRow  # noqa: F401 - importing makes tables known
from sale.memory.revisions import REVISION, REVISIONS, RevisionRow
from sale.memory.tables import AuctionRow  # noqa: F401
from sale.memory.tally_tables import TallyRow  # noqa: F401
from sale.memory.trial_tables import TrialRow  # noqa: F401

if TYPE_CHECKING:
    from alembic.config import Config

LOCK = 0x5A1E
"""Held on PostgreSQL while tables are laid out; SQLite's own write lock does on a file."""

FIRST = Table("sale_schema", MetaData(), Column("version", Integer, primary_key=True))
"""How a database named its tables before they had revisions."""


def revision_of(connection: Connection) -> str | None:
    """Read the revision in one SELECT; None where there is none."""
    try:
        return connection.scalar(select(RevisionRow.version_num))
    except DBAPIError as error:
        if error.orig is not None and is_missing_table(error.orig):
            return None
        raise


def examine(connection: Connection, *, name: str) -> str | None:
    """Tell the revision of a database's tables; None where it holds none at all.

    Raises `StoreError` about tables that are not SALE's, or not this SALE's.
    """
    tables = set(inspect(connection).get_table_names())
    if not tables - {RevisionRow.__tablename__}:
        return None
    if FIRST.name in tables:
        found = f"{connection.scalar(select(FIRST.c.version)):04}"
    elif RevisionRow.__tablename__ in tables:
        found = str(revision_of(connection))
    else:
        raise StoreError(
            f"memory {name}: holds the tables of another program "
            f"({', '.join(sorted(tables)[:3])}); nothing was changed; name another database"
        )
    if found not in REVISIONS:
        raise StoreError(
            f"memory {name}: has schema {found}, and this SALE knows {REVISION}; "
            "nothing was changed; upgrade SALE or name another database"
        )
    return found


def is_current(connection: Connection, *, name: str) -> bool:
    """Tell whether the tables are today's, column by column.

    Raises `StoreError` when they only say so: work should not be done that can't be recorded.
    """
    if revision_of(connection) != REVISION:
        return False
    tables = Row.metadata.tables
    found = inspect(connection).get_multi_columns(filter_names=list(tables))
    held = {name: {column["name"] for column in columns} for (_, name), columns in found.items()}
    for table in Row.metadata.sorted_tables:
        for column in table.c:
            if column.name not in held.get(table.name, ()):
                raise StoreError(
                    f"memory {name}: says it has schema {REVISION}, but there is no "
                    f"{table.name}.{column.name} in it; nothing was changed; "
                    f"put a copy in its place, or {OTHER}"
                )
    return True


def lay_out(connection: Connection, *, name: str, wait_s: float) -> None:
    """Make the tables today's, in the transaction of `connection`; a second comer does nothing.

    On SQLite the connection holds the write lock, and foreign keys are off.
    """
    if connection.dialect.name == "postgresql":
        limit = f"{wait_s * 1000:.0f}ms"
        connection.execute(select(func.set_config("lock_timeout", limit, True)))
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    found = examine(connection, name=name)
    if found is None:
        Row.metadata.create_all(connection)
        connection.execute(insert(RevisionRow).values(version_num=REVISION))
    elif found != REVISION:
        _check_foreign_keys(connection, name=name)
        migrate(connection)


def migrate(connection: Connection) -> None:
    """Go up to the newest revision; tables from before revisions are those of the first."""
    from alembic import command

    if inspect(connection).has_table(FIRST.name):
        FIRST.drop(connection)
        RevisionRow.metadata.tables[RevisionRow.__tablename__].create(connection)
        connection.execute(insert(RevisionRow).values(version_num=REVISIONS[0]))
    command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: Connection) -> Config:
    """Tell Alembic where the migrations are, and which connection they run on."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    folder = Path(__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")  # a folder's name may hold any other
    return config


def _check_foreign_keys(connection: Connection, *, name: str) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise StoreError(
                f"memory {name}: a row of table {broken[0]} belongs to one of {broken[2]} that is "
                "missing; nothing was changed; put a copy in its place or name another database"
            )
