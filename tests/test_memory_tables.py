"""The tables: every filter has an index, and they fit PostgreSQL as well."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from sale.memory.columns import Row
from sale.memory.database import Database
from sale.memory.lessons import any_query, past_of_few
from sale.memory.log import log_query
from sale.memory.store import Store
from sale.memory.tables import AuctionRow
from sale.types import (
    Kind,
    State,
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'memory.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as store:
        yield store


FILTERS = [
    {"agent": "a"},
    {"kind": Kind.CODING},
    {"suite": "s"},
    {"since": 1.0},
    {"agent": "a", "kind": Kind.CODING, "suite": "s", "since": 1.0},
]


def log_of(filters: dict):
    return log_query(**({"agent": None, "kind": None, "suite": None, "since": None} | filters))


@pytest.mark.parametrize(
    "query",
    [
        *(log_of(filters) for filters in FILTERS),
        any_query(Kind.CODING, "a"),
        past_of_few(Kind.CODING, "a", model="m"),
        select(AuctionRow.id).where(AuctionRow.id.between("a", "azz")),
        select(AuctionRow.pid).where(AuctionRow.state == State.ANNOUNCED),
    ],
)
def test_every_filter_has_an_index(url: str, store: Store, query):
    database = Database.open(url, wait_s=1)
    sql = str(query.compile(database.engine, compile_kwargs={"literal_binds": True}))
    with database.engine.connect() as connection:
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
    database.close()
    scanned = {line.split()[1] for line in plan if line.startswith("SCAN")}
    assert not scanned & set(Row.metadata.tables)


def test_the_unfiltered_log_walks_the_index_of_time_and_sorts_nothing(url: str, store: Store):
    database = Database.open(url, wait_s=1)
    sql = str(log_of({}).compile(database.engine, compile_kwargs={"literal_binds": True}))
    with database.engine.connect() as connection:
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
    database.close()
    assert "SCAN auctions USING INDEX ix_auctions_started" in plan


def test_every_foreign_key_is_indexed_so_that_replacing_stays_quick():
    for table in Row.metadata.tables.values():
        indexed = {index.columns[0].name for index in table.indexes}
        indexed.add(table.primary_key.columns[0].name if table.primary_key.columns else "")
        assert {key.parent.name for key in table.foreign_keys} <= indexed, table.name


def test_the_tables_can_be_laid_out_on_postgresql_too():
    for table in Row.metadata.sorted_tables:
        ddl = str(CreateTable(table).compile(dialect=postgresql.dialect()))
        assert "AUTOINCREMENT" not in ddl
