"""The part of an outcome table that policies are played on, and what is left out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sale.bench.executions import Executions, Index
from sale.bench.policies.views import Flags
from sale.bench.table_columns import shown
from sale.bench.tables import OutcomeTable, of_agents
from sale.errors import InputError

NAMED = 5
"""Agents that a notice names."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which agents, suites and tasks of a table are wanted."""

    agents: tuple[str, ...] = ()
    """Empty: all."""
    suites: tuple[str, ...] = ()
    """Empty: all."""
    limit: int | None = None
    """The first so many tasks of each suite."""
    incomplete: bool = False
    """Whether tasks stay on which something is unknown of some agent."""

    def of(self, read: OutcomeTable) -> OutcomeTable:
        """The wanted part, and what is left out besides; `InputError` where nothing is left."""
        table, notices = read.executions, list(read.notices)
        if self.agents:
            table = of_agents(table, self.agents)
        table = table.part(self._of_suites(table))
        complete = whole(table)
        if not (self.incomplete or complete.all()):
            notices.append(_left_out(table, complete))
            if not complete.any():
                raise InputError(
                    f"{notices[-1]}; name the --agents that are to be compared, or play on what "
                    "is there with --keep-incomplete"
                )
            table = table.part(np.flatnonzero(complete))
        if self.limit is not None:
            table = table.part(_first(table, self.limit))
        return OutcomeTable(table, tuple(notices))

    def _of_suites(self, table: Executions) -> Index:
        known = set(table.suites)
        for suite in self.suites:
            if suite not in known:
                there = ", ".join(sorted(known)) or "the table has no column suite"
                raise InputError(f"there is no suite {shown(suite)} in the table; it has: {there}")
        if not self.suites:
            return np.arange(len(table.tasks))
        return np.flatnonzero([suite in self.suites for suite in table.suites])


def whole(table: Executions) -> Flags:
    """The tasks on which outcome and dollars of every agent are known, shape (T,).

    An agent whose dollars, or whose outcomes, are known nowhere is not waited for.
    """
    return np.asarray(~_lacking(table).any(axis=1))


def _lacking(table: Executions) -> Flags:
    """Where an agent's outcome or dollars are unknown though they are known elsewhere, (T, A)."""
    flags = np.zeros(table.solved.shape, dtype=np.bool_)
    for values in (table.solved, table.dollars):
        missing = np.isnan(values)
        flags |= missing & ~missing.all(axis=0)
    return flags


def _left_out(table: Executions, complete: Flags) -> str:
    lacking = _lacking(table)
    alone = (lacking & (lacking.sum(axis=1, keepdims=True) == 1)).sum(axis=0)
    most = np.argsort(-alone, kind="stable")[:NAMED]
    whose = ", ".join(f"{table.agents[agent]} {alone[agent]:,}" for agent in most if alone[agent])
    blame = f"; by one agent alone: {whose}" if whose else ""
    return (
        f"{(~complete).sum():,} of {len(complete):,} tasks are left out, as the outcome or the "
        f"dollars of some agent are unknown there{blame}"
    )


def _first(table: Executions, limit: int) -> Sequence[int]:
    """The places of the first tasks of each suite."""
    seen: dict[str, int] = {}
    places = []
    for place, suite in enumerate(table.suites or [""] * len(table.tasks)):
        seen[suite] = seen.get(suite, 0) + 1
        if seen[suite] <= limit:
            places.append(place)
    return places
