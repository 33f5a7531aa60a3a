"""How values are written in a report. Text from outside loses what could mislead the eye."""

from __future__ import annotations

import unicodedata
from math import floor, log10

UNKNOWN = "unknown"
NONE = "–"  # noqa: RUF001 - the dash that tables use
_PLACES = 30
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Kinds of characters that have no face: controls, turns of direction, halves of pairs."""


def plain(text: str, *, limit: int = 120) -> str:
    """One line of outside text, each faceless character replaced, cut at `limit`."""
    words = " ".join(text[: 4 * limit].split())
    shown = "".join("\ufffd" if unicodedata.category(c) in _HIDDEN else c for c in words)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def money(usd: float | None) -> str:
    """Dollars with three digits that tell, however small they are."""
    if usd is None:
        return UNKNOWN
    if usd == 0:
        return "$0"
    size = abs(usd) if abs(usd) >= 100 else float(f"{abs(usd):.2e}")
    places = min(2 - floor(log10(size)), _PLACES) if size < 100 else 0
    return f"{'-' if usd < 0 else ''}${size:,.{places}f}"


def tick(usd: float) -> str:
    """Dollars at an axis, without zeros that tell nothing."""
    told = f"{float(f'{usd:.3g}'):.12f}".rstrip("0").rstrip(".")
    return f"${told}"


def percent(share: float | None, places: int = 1) -> str:
    """A share of 1 as per cent."""
    if share is None:
        return NONE
    told = f"{100 * share:.{places}f}"
    return told.removeprefix("-") if not told.strip("-0.") else told


def number(value: float | None, places: int = 2) -> str:
    """A number, or a dash where there is none."""
    return NONE if value is None else f"{value:.{places}f}"


def points(share: float | None) -> str:
    """A difference of shares in percentage points, with its sign."""
    return NONE if share is None else f"{100 * share + 0.0:+.1f}".replace("-0.0", "+0.0")


def task_name(suite: str, task: str) -> str:
    """A task with its suite, where its name doesn't begin with it already."""
    return task if not suite or task.startswith(f"{suite}/") else f"{suite}/{task}"


def count(value: int, one: str, many: str | None = None) -> str:
    """A count with its noun."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"
