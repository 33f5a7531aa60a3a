"""What tables are made of: plain text in cells, so that nothing from outside can be markup."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sale.auction.calibration import Estimate
from sale.bench.report.plane import PER, SINGLE
from sale.bench.report.words import NONE, UNKNOWN, money, number, percent, plain, points

_NAME = 48


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell, and the number of the agent whose colour it shows."""

    text: str
    agent: int | None = None
    interval: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that can be sorted; the first column names its rows."""

    caption: str
    columns: tuple[tuple[str, str], ...]
    """(heading, what it means)."""
    rows: tuple[tuple[Cell, ...], ...]
    words: frozenset[int] = frozenset({0})
    """The columns that hold words, and are set to the left."""

    @property
    def room(self) -> tuple[int, ...]:
        """For each column how many letters its intervals take at most."""
        return tuple(
            max((len(row[place].interval) for row in self.rows), default=0)
            for place in range(len(self.columns))
        )


def agent_cell(agent: str, agents: Sequence[str]) -> Cell:
    """An agent with its colour."""
    return Cell(plain(agent, limit=_NAME), agents.index(agent) if agent in agents else None)


def policy_cell(policy: str, agents: Sequence[str]) -> Cell:
    """A policy; an agent alone has its colour."""
    agent = policy.removeprefix(SINGLE)
    alone = policy.startswith(SINGLE) and agent in agents
    return Cell(plain(policy, limit=_NAME), agents.index(agent) if alone else None)


def share_cell(found: Estimate | None) -> Cell:
    """A share in per cent."""
    return _cell(found, percent)


def points_cell(found: Estimate | None) -> Cell:
    """A difference in percentage points."""
    return _cell(found, points)


def number_cell(found: Estimate | None) -> Cell:
    """A number as it is."""
    return _cell(found, number)


def saved_cell(found: Estimate | None) -> Cell:
    """A saving in whole per cent."""
    return _cell(found, lambda share: percent(share, 0))


def dollars_cell(found: Estimate | None) -> Cell:
    """Dollars for 1,000 tasks; the ends of the interval to as many places as the value."""
    if found is None:
        return Cell(UNKNOWN)
    places = len(money(PER * found.value).partition(".")[2])
    return Cell(
        money(PER * found.value),
        interval=_interval(found, lambda usd: NONE if usd is None else f"{PER * usd:,.{places}f}"),
    )


def _cell(found: Estimate | None, told: Callable[[float | None], str]) -> Cell:
    return Cell(told(found.value), interval=_interval(found, told)) if found else Cell(NONE)


def _interval(found: Estimate, told: Callable[[float | None], str]) -> str:
    if found.low is None or found.high is None:
        return ""
    return f"{told(found.low)}, {told(found.high)}"
