"""`sale stats jury`: how well the jury's ratings foretell outcomes, and what sways them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sale.cli.history import moment
from sale.cli.options import Db, Json, MarketOption, open_memory
from sale.cli.output import print_json
from sale.cli.text import number, plain
from sale.errors import InputError
from sale.types import Kind

if TYPE_CHECKING:
    from sale.auction.calibration import Estimate
    from sale.auction.quality import JurorQuality

NO_RATINGS = 'no ratings here; hold an auction with a jury: sale submit "TASK"'
_SELECTED = (
    "Only bids that were carried out have a known result: in the log a sample that the awards "
    "chose. `--run RUN` takes a run in which every agent was tried on every task."
)
_UNSELECTED = "Every agent was tried on every task; under which letters is not known."


def jury(
    context: typer.Context,
    kind: Annotated[Kind | None, typer.Option(help="Only tasks of this kind.")] = None,
    suite: Annotated[str | None, typer.Option(help="Only tasks of this suite.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="A date, or an age such as 30m, 12h, 7d.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option(metavar="RUN", help="A run of `sale bench`, not the memory.")
    ] = None,
    market: MarketOption = None,
    db: Db = None,
    json: Json = False,
) -> int:
    """Measure the jury: correlation with outcomes, calibration, position bias, self-preference."""
    before = context.parent.params if context.parent else {}
    market, db, json = (
        market or before.get("market"),
        db or before.get("db"),
        json or before["json"],
    )
    earliest = None if since is None else moment(since)
    # SciPy takes most of a second to import, and no other command should wait for it.
    from sale.auction.quality import quality
    from sale.cli.jury_votes import votes_of_memory, votes_of_run

    if run is None:
        with open_memory(db, market) as store:
            votes = list(votes_of_memory(store, kind=kind, suite=suite, since=earliest))
    elif suite is not None or since is not None:
        raise InputError("--suite and --since choose from the memory; leave them out with --run")
    else:
        votes = votes_of_run(run, kind=kind)
    found = quality(votes)
    if json:
        print_json(_json(found, run))
    elif found:
        _show(Console(), found, selected=run is None)
    else:
        typer.echo(NO_RATINGS, err=True)
    return 0


def _json(found: Sequence[JurorQuality], run: Path | None) -> dict[str, Any]:
    from sale.auction.quality import NEEDED, NEEDED_EACH

    return {
        "source": "memory" if run is None else "run",
        "needed": {"labelled": NEEDED, "solved": NEEDED_EACH, "unsolved": NEEDED_EACH},
        "jury": asdict(found[0]) if found else None,
        "jurors": [asdict(one) for one in found[1:]],
    }


def _show(console: Console, found: Sequence[JurorQuality], *, selected: bool) -> None:
    console.print(_outcomes(found))
    console.print(_probabilities(found))
    if any(one.reliability for one in found):
        console.print(_reliability(found))
    console.print(_biases(found))
    for line in (*_missing(found), _SELECTED if selected else _UNSELECTED):
        console.print(Text(line))


def _outcomes(found: Sequence[JurorQuality]) -> Table:
    table = _table("Do ratings foretell outcomes?", "plans", "known", "solved", "mean", "r", "AUC")
    for one in found:
        table.add_row(
            _name(one),
            *(f"{count}" for count in (one.plans, one.labelled, one.solved)),
            number(one.mean_rating, 2),
            _estimate(one.correlation),
            _estimate(one.auc),
        )
    return table


def _probabilities(found: Sequence[JurorQuality]) -> Table:
    table = _table("Is rating / 5 the chance of success?", "Brier", "base rate", "ECE")
    for one in found:
        values = (one.brier, one.base_brier, one.calibration_error)
        table.add_row(_name(one), *(number(value) for value in values))
    return table


def _reliability(found: Sequence[JurorQuality]) -> Table:
    table = _table("Reliability, six bins", "said", "plans", "mean said", "came true")
    for one in found:
        table.add_section()
        for row in (row for row in one.reliability if row.n):
            said = f"{row.low:.0%}-{row.high:.0%}"
            shares = (number(row.probability, 2), number(row.solved, 2))
            table.add_row(_name(one), said, f"{row.n}", *shares)
    return table


def _biases(found: Sequence[JurorQuality]) -> Table:
    table = _table("What else sways them? (points of 5)", "for its own plan", "spread", "p")
    table.add_column("by letter")
    for one in found:
        position = one.position
        letters = position.letters if position else ()
        table.add_row(
            _name(one),
            _estimate(one.self_preference),
            number(position.spread if position else None, 2),
            number(position.p_value if position else None),
            " ".join(f"{each.letter}{each.deviation:+.2f}" for each in letters) or "-",
        )
    return table


def _missing(found: Sequence[JurorQuality]) -> Iterator[str]:
    """Why there are dashes, as far as it is for want of data."""
    from sale.auction.quality import NEEDED, NEEDED_EACH

    if any(one.auc is None for one in found):
        fewest = min(found, key=lambda one: one.labelled)
        yield (
            f"Outcomes need {NEEDED} plans with a known result; r and AUC also need "
            f"{NEEDED_EACH} solved and {NEEDED_EACH} unsolved ones. "
            f"{_name(fewest)} has {fewest.labelled}, {fewest.solved} of them solved."
        )
    if any(one.position is None for one in found):
        yield f"Position bias needs {NEEDED} drawings of letters over plans rated side by side."
    if any(one.self_preference is None for one in found):
        yield (
            f"Self-preference needs {NEEDED} rounds in which a juror rated its own plan and "
            "another one, and so did jurors who wrote neither."
        )


def _name(one: JurorQuality) -> Text:
    return Text("the jury", style="bold") if one.juror is None else Text(plain(one.juror, limit=40))


def _estimate(estimate: Estimate | None) -> str:
    """A value with its interval, as narrow as it goes."""
    if estimate is None:
        return "-"
    value, low, high = (number(x, 2) for x in (estimate.value, estimate.low, estimate.high))
    return value if low == "-" else f"{value} [{low}, {high}]"


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, box=None, padding=(0, 1, 0, 0))
    table.add_column("")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
