"""`sale log` and `sale show`: the auctions that the memory holds."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from sale.cli.options import LARGEST, Db, Json, MarketOption, open_memory
from sale.cli.output import auction_json, print_json
from sale.cli.render import show_auction
from sale.cli.text import dollars, number, plain, when
from sale.errors import InputError
from sale.memory.log import LogEntry
from sale.types import Kind, Verdict

NO_AUCTIONS = 'no auctions yet; hold one with: sale submit "TASK"'
_CHECKED = (Verdict.PASSED, Verdict.FAILED)
_UNITS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def log(
    agent: Annotated[str | None, typer.Option(help="Only auctions in which it bid.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only tasks of this kind.")] = None,
    suite: Annotated[str | None, typer.Option(help="Only tasks of this suite.")] = None,
    run: Annotated[str | None, typer.Option(help="Only auctions of this run.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="A date, or an age such as 30m, 12h, 7d.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=LARGEST, help="How many at most.")] = 20,
    market: MarketOption = None,
    db: Db = None,
    json: Json = False,
) -> int:
    """List auctions, newest first."""
    earliest = None if since is None else moment(since)
    with open_memory(db, market) as store:
        entries = store.log(
            agent=agent, kind=kind, suite=suite, since=earliest, run=run, limit=limit
        )
    if json:
        print_json([_entry_json(entry) for entry in entries])
    elif entries:
        console = Console()
        for line in _log_lines(entries):
            console.print(line, no_wrap=True, overflow="ellipsis")
    else:
        typer.echo(NO_AUCTIONS, err=True)
    return 0


def show(
    auction: Annotated[str, typer.Argument(help="The id of an auction, or how it begins.")],
    market: MarketOption = None,
    db: Db = None,
    json: Json = False,
) -> int:
    """Show one auction: bids with every term, why the winner won, and what it did."""
    with open_memory(db, market) as store:
        found = store.get(auction)
    if json:
        print_json(auction_json(found, trajectory=True))
    else:
        show_auction(Console(), found, trajectory=True)
    return 0


def moment(text: str, *, option: str = "--since") -> float:
    """Seconds since the epoch for a date or an age."""
    if age := re.fullmatch(r"(\d{1,6})([mhdw])", text.strip()):
        return time.time() - int(age[1]) * _UNITS[age[2]]
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise InputError(
            f"{option} {text!r} is no moment; give a date such as 2026-11-22 or an age such as 7d"
        ) from error


def _entry_json(entry: LogEntry) -> dict[str, Any]:
    return {"auction_id" if key == "id" else key: value for key, value in asdict(entry).items()}


def _log_lines(entries: list[LogEntry]) -> Iterator[Text]:
    """Two lines an auction: how it went, and what it was about."""
    width = max(len(entry.winner or "-") for entry in entries)
    for entry in entries:
        reason = entry.stop_reason or entry.state
        result = f"checks {entry.verified}" if entry.verified in _CHECKED else str(reason)
        if entry.feedback is not None:
            result = f"{'right' if entry.feedback else 'wrong'}, as you say"
        yield Text(
            f"{entry.id}  {when(entry.started)}  {dollars(entry.usd):>10}  "
            f"{number(entry.wall_s, 0):>4} s  {entry.winner or '-':{width}}  {result}"
        )
        yield Text(f"    {entry.kind}: {plain(entry.text, limit=300)}", style="dim")
