"""Outcome tables: who solved which task for how many dollars, from CSV or Parquet.

Nothing is mended in silence: what is broken, empty, double or missing is counted and said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from sale.bench.executions import Array, Executions
from sale.bench.policies.choosing import means
from sale.bench.policies.views import Flags
from sale.bench.table_columns import Column, Columns, read_columns, shown
from sale.bench.table_notices import Rows, notices
from sale.errors import InputError
from sale.types import Verdict

LARGEST = 1e9
"""Numbers beyond it are no measurements."""
CELLS = 50_000_000
"""Tasks by agents that are held in memory."""
UNKNOWN = frozenset({"", "nan", "na", "n/a", "null", "none", "?"})
OUTCOMES = {"1": 1.0, "1.0": 1.0, "true": 1.0, "0": 0.0, "0.0": 0.0, "false": 0.0}
VERDICTS = {
    **{word: Verdict.PASSED if right else Verdict.FAILED for word, right in OUTCOMES.items()},
    **{str(verdict): verdict for verdict in Verdict},
    **dict.fromkeys(UNKNOWN, Verdict.NONE),
}
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class OutcomeTable:
    """A table that was read, and what is odd about it."""

    executions: Executions
    notices: tuple[str, ...]


def read_table(path: Path) -> OutcomeTable:
    """Read a table with the columns of docs/replay.md, a row for each task and agent.

    The prices are each agent's mean dollars a task, until `with_prices` sets others. Raises
    `InputError` with file, line and column of the first mistake.
    """
    columns = read_columns(path)
    suites = columns.get(Column.SUITE)
    tasks, agents = columns.names(Column.TASK), columns.names(Column.AGENT)
    keys = list(zip(suites or [""] * columns.count, tasks, strict=True))
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    roster = {agent: place for place, agent in enumerate(dict.fromkeys(agents))}
    if len(places) * len(roster) > CELLS:
        raise InputError(
            f"table {str(path)!r} names {len(places):,} tasks and {len(roster):,} agents, which "
            "are too many; every agent should be there for most of the tasks"
        )
    rows = Rows(
        np.array([places[key] for key in keys]), np.array([roster[agent] for agent in agents])
    )
    table = _filled(columns, rows, tuple(places), tuple(roster), named=suites is not None)
    free = _free(table.dollars)
    said = notices(columns, rows, table, free)
    table.dollars[free] = np.nan
    return OutcomeTable(replace(table, prices=means(table.dollars)), said)


def with_prices(table: Executions, prices: Mapping[str, float]) -> Executions:
    """The same table with prices of the agents; who has none is of unknown price."""
    return replace(table, prices=np.array([prices.get(name, np.nan) for name in table.agents]))


def of_agents(table: Executions, names: Sequence[str]) -> Executions:
    """The same table with some of its agents, in the table's order."""
    for name in names:
        if name not in table.agents:
            known = ", ".join(table.agents)
            raise InputError(f"there is no agent {shown(name)} in the table; choose from {known}")
    kept = [place for place, name in enumerate(table.agents) if name in set(names)]

    def chosen(values: tuple[tuple[Value, ...], ...]) -> tuple[tuple[Value, ...], ...]:
        return tuple(tuple(row[place] for place in kept) for row in values)

    return replace(
        table,
        agents=tuple(table.agents[place] for place in kept),
        solved=table.solved[:, kept],
        dollars=table.dollars[:, kept],
        prices=table.prices[kept],
        seconds=None if table.seconds is None else table.seconds[:, kept],
        verified=chosen(table.verified),
        answers=chosen(table.answers),
    )


def _filled(
    columns: Columns,
    rows: Rows,
    keys: tuple[tuple[str, str], ...],
    agents: tuple[str, ...],
    *,
    named: bool,
) -> Executions:
    shape = (len(keys), len(agents))

    def grid(values: Sequence[Value] | None, empty: Value) -> list[list[Value]]:
        """One value for each task and agent: the first that the table gives."""
        cells = [[empty] * shape[1] for _ in range(shape[0])]
        for task, agent, row in rows.first():
            cells[task][agent] = values[row] if values is not None else empty
        return cells

    def numbers(column: Column) -> Array:
        return np.array(grid(columns.read(column, _size), math.nan), dtype=float)

    def has(column: Column) -> bool:
        return columns.get(column) is not None

    texts = rows.by_task(columns.get(Column.TEXT), "", "")
    answers, verdicts = columns.get(Column.ANSWER), columns.read(Column.VERIFIED, _verdict)
    minutes = columns.read(Column.MINUTES, _size)
    return Executions(
        tasks=tuple(task for _, task in keys),
        agents=agents,
        solved=np.array(grid(columns.read(Column.RESOLVED, _outcome), math.nan), dtype=float),
        dollars=numbers(Column.DOLLARS),
        prices=np.full(shape[1], np.nan),
        seconds=numbers(Column.SECONDS) if has(Column.SECONDS) else None,
        suites=tuple(suite for suite, _ in keys) if named else (),
        texts=tuple(texts) if any(texts) else (),
        minutes=None if minutes is None else np.array(rows.by_task(minutes, math.nan, math.nan)),
        verified=() if verdicts is None else tuple(map(tuple, grid(verdicts, Verdict.NONE))),
        answers=() if answers is None else tuple(map(tuple, grid(answers, ""))),
    )


def _free(dollars: Array) -> Flags:
    """Which runs cost $0 while others of the same agent cost something, shape (T, A)."""
    paid = (np.nan_to_num(dollars) > 0).any(axis=0)
    return np.asarray((dollars == 0) & paid)


def _outcome(text: str) -> float:
    word = text.strip().lower()
    if word in UNKNOWN:
        return math.nan
    if word not in OUTCOMES:
        raise ValueError(f"{shown(text)} is no outcome; give 1, 0, true, false, or leave it empty")
    return OUTCOMES[word]


def _size(text: str) -> float:
    word = text.strip().lower()
    if word in UNKNOWN:
        return math.nan
    try:
        number = float(word)
    except ValueError:
        number = math.inf
    if not 0 <= number <= LARGEST:
        raise ValueError(
            f"{shown(text)} is no number from 0 to {LARGEST:,.0f}; leave it empty where it is "
            "unknown"
        )
    return number


def _verdict(text: str) -> Verdict:
    word = text.strip().lower()
    if word not in VERDICTS:
        raise ValueError(f"{shown(text)} is no verdict; give passed, failed, or leave it empty")
    return VERDICTS[word]
