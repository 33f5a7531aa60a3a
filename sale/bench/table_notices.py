"""What is odd about an outcome table, counted and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from sale.bench.executions import Executions, Index
from sale.bench.policies.views import Flags
from sale.bench.table_columns import Column, Columns

NAMED = 3
"""Agents that a notice names."""
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Rows:
    """Which task and which agent each row is of; both of shape (N,)."""

    tasks: Index
    agents: Index

    def first(self) -> Iterator[tuple[int, int, int]]:
        """Task, agent and the first row of both."""
        _, rows = np.unique(np.stack([self.tasks, self.agents]), axis=1, return_index=True)
        for row in rows.tolist():
            yield int(self.tasks[row]), int(self.agents[row]), row

    def again(self) -> list[tuple[int, int]]:
        """Rows that name a task and agent again, each with the first one that did."""
        first = {(task, agent): row for task, agent, row in self.first()}
        pairs = zip(self.tasks.tolist(), self.agents.tolist(), strict=True)
        return [(row, first[pair]) for row, pair in enumerate(pairs) if first[pair] != row]

    def by_task(self, values: Sequence[Value] | None, empty: Value, missing: Value) -> list[Value]:
        """The first value of each task that isn't empty; no values where there is no column."""
        if values is None:
            return []
        found: list[Value] = [missing] * (int(self.tasks.max()) + 1)
        told = np.zeros(len(found), dtype=np.bool_)
        for task, value in zip(self.tasks.tolist(), values, strict=True):
            if not told[task] and value != empty:
                found[task], told[task] = value, True
        return found


def notices(columns: Columns, rows: Rows, table: Executions, free: Flags) -> tuple[str, ...]:
    """All that a reader of the figures should know of the table."""
    there = np.zeros(table.solved.shape, dtype=np.bool_)
    there[rows.tasks, rows.agents] = True
    unsolved, unpaid = there & np.isnan(table.solved), there & np.isnan(table.dollars)
    told = [
        _counted(unsolved, table, "runs without an outcome, broken or unknown"),
        _counted(unpaid, table, "runs without dollars"),
        _counted(
            free,
            table,
            "runs at $0 though others of their agent cost something, so taken as unknown dollars",
        ),
        _counted(~there, table, "runs that are missing, as the agent was never run on the task"),
        _repeated(columns, rows),
        _changing(columns, rows, Column.TEXT),
        _changing(columns, rows, Column.MINUTES),
        columns.unused and f"columns that are not used: {_listed(columns.unused)}",
    ]
    return tuple(one for one in told if one)


def _counted(flags: Flags, table: Executions, words: str) -> str:
    """How many, and whose they mostly are."""
    total = int(flags.sum())
    if not total:
        return ""
    by_agent = flags.sum(axis=0)
    most = np.argsort(-by_agent, kind="stable")
    whose = [f"{table.agents[a]} {by_agent[a]:,}" for a in most if by_agent[a]]
    return f"{words}: {total:,} ({_listed(whose)})"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _repeated(columns: Columns, rows: Rows) -> str:
    again = rows.again()
    known = [columns.get(one) for one in Column]
    texts = [column for column in known if column is not None]
    other = sum(any(column[row] != column[first] for column in texts) for row, first in again)
    if not again:
        return ""
    return (
        f"rows that name a task and agent again, of which the first counts: {len(again):,}; they "
        f"say something else: {other:,}"
    )


def _changing(columns: Columns, rows: Rows, column: Column) -> str:
    """Tasks of which a column says several things."""
    values = columns.get(column)
    if values is None:
        return ""
    said = {(task, value) for task, value in zip(rows.tasks.tolist(), values, strict=True) if value}
    tasks = [task for task, _ in said]
    several = len(tasks) - len(set(tasks))
    if not several:
        return ""
    return (
        f"further values of {columns.headings[column]} for a task, whose first counts: {several:,}"
    )
