"""What `sale whatif` found, as a table, a sentence, and JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sale.auction.calibration import FEWEST_TASKS, Estimate
from sale.bench.statistics.sentences import sentence
from sale.types import Kind
from sale.whatif.estimates import Answer, Interval

WAS = "what it was"


def show(console: Console, kind: Kind, found: Answer) -> None:
    """Print what was found of the auctions of a kind."""
    caption = f"{found.tasks} {kind} auctions; the record is worth {found.overlap:.0f} of them"
    table = Table(title="What if", caption=caption, box=None, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for heading in ("solved", "dollars a thousand tasks"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row("as it was", *_cells(found.logged))
    table.add_row("expected by the outcome model", *_cells(found.direct))
    table.add_row("by the record, weighted", *_cells(found.weighted))
    table.add_row("both (doubly robust)", *_both(found))
    console.print(table)
    console.print(Text(_sentence(found)))
    if found.tasks >= FEWEST_TASKS:
        console.print(Text(_next(found)))
    if found.is_thin:
        warning = (
            f"Careful: it would have gone another way in most auctions, so that their record "
            f"says little (it is worth {found.overlap:.0f} of {found.tasks}); this rests on the "
            "outcome model. `explore` under [auction] makes records that tell more."
        )
        console.print(Text(warning, style="yellow"))


def _both(found: Answer) -> tuple[str, str]:
    """The doubly robust estimates, with intervals where there are auctions enough."""
    share, usd = found.solved, found.usd
    if found.tasks < FEWEST_TASKS:
        return _cells((share.value, usd.value))
    return (
        f"{share.value:.1%} [{100 * share.low:.1f}, {100 * share.high:.1f}]",
        f"{1000 * usd.value:.4g} [{1000 * usd.low:.3g}, {1000 * usd.high:.3g}]",
    )


def _sentence(found: Answer) -> str:
    usd, enough = found.logged[1], found.tasks >= FEWEST_TASKS

    def estimate(one: Interval, by: float = 1.0) -> Estimate:
        ends = (one.low * by, one.high * by) if enough else (None, None)
        return Estimate(one.value * by, *ends)

    told = sentence(
        WAS,
        quality=estimate(found.gained),
        usd=estimate(found.saved),
        saving=None if usd == 0 else estimate(found.saved, 1.0 / usd),
        tasks=(found.tasks, found.tasks, found.tasks),
    )
    return told[0].upper() + told[1:] + "."


def _next(found: Answer) -> str:
    solved, usd = found.next_solved, found.next_usd
    return (
        f"Of {found.tasks} such tasks to come it would solve {100 * solved.low:.1f} to "
        f"{100 * solved.high:.1f} %, for {1000 * usd.low:.3g} to {1000 * usd.high:.3g} dollars a "
        "thousand, nineteen times in twenty."
    )


def _cells(numbers: tuple[float, float]) -> tuple[str, str]:
    solved, usd = numbers
    return (
        "-" if math.isnan(solved) else f"{solved:.1%}",
        "-" if math.isnan(usd) else f"{1000 * usd:.4g}",
    )


def as_json(found: Answer) -> Mapping[str, Any]:
    """The same for scripts."""
    told = asdict(found)
    for name in ("logged", "direct", "weighted"):
        numbers = (None if math.isnan(one) else one for one in told[name])
        told[name] = dict(zip(("solved", "usd"), numbers, strict=True))
    return told | {"thin": found.is_thin, "sentence": _sentence(found)}
