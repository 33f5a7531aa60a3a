"""`sale stats`: sums by agent and by stage; its sub-commands look closer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sale.cli import jury
from sale.cli.history import NO_AUCTIONS
from sale.cli.options import Db, Json, MarketOption, open_memory
from sale.cli.output import print_json
from sale.cli.render import usage_cells
from sale.cli.text import dollars, number
from sale.memory.stats import Stats

app = typer.Typer()
app.command(name="jury")(jury.jury)


@app.callback(invoke_without_command=True)
def stats(
    context: typer.Context, market: MarketOption = None, db: Db = None, json: Json = False
) -> int:
    """Sum up all auctions by agent and by stage."""
    if context.invoked_subcommand is not None:
        return 0
    with open_memory(db, market) as store:
        found = store.stats()
    if json:
        print_json(_stats_json(found))
        return 0
    if not found.states:
        typer.echo(NO_AUCTIONS, err=True)
        return 0
    console = Console()
    for table in (_agents_table(found), _stages_table(found)):
        console.print(table)
    states = ", ".join(f"{count} {state}" for state, count in found.states.items())
    console.print(Text(f"auctions: {states or 'none yet'}"))
    return 0


def _agents_table(found: Stats) -> Table:
    table = _table("By agent", "bids", "wins", "passed", "failed", "score", "calls", "dollars")
    for entry in found.agents:
        counts = (entry.bids, entry.wins, entry.passed, entry.failed)
        table.add_row(
            Text(entry.agent),
            *map(str, counts),
            number(entry.score),
            f"{entry.usage.calls:,}",
            dollars(entry.usage.usd),
        )
    return table


def _stages_table(found: Stats) -> Table:
    headings = ("prompt", "cached", "output", "calls", "tools", "seconds", "dollars", "share")
    table = _table("By stage", *headings)
    for entry in found.stages:
        share = "-" if entry.usd_share is None else f"{entry.usd_share:.0%}"
        table.add_row(entry.stage, *usage_cells(entry.usage), share)
    table.add_section()
    table.add_row("total", *usage_cells(found.total), "")
    return table


def _table(title: str, *headings: str) -> Table:
    """A table whose first column is a name and whose other columns are numbers."""
    table = Table(title=title, box=None, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _stats_json(found: Stats) -> dict[str, Any]:
    return {
        "agents": [asdict(entry) for entry in found.agents],
        "stages": [asdict(entry) for entry in found.stages],
        "states": {str(state): count for state, count in found.states.items()},
        "total": asdict(found.total),
    }
