"""`sale memory`: how large the auction memory is, and how it stays small."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from pydantic import ByteSize, TypeAdapter, ValidationError
from rich.console import Console
from rich.status import Status
from rich.table import Table

from sale.cli.history import moment
from sale.cli.learning import learn
from sale.cli.options import Db, Json, MarketOption, open_memory
from sale.cli.output import print_json
from sale.cli.text import when
from sale.errors import InputError
from sale.memory.census import Census, take_census
from sale.memory.growth import Pruned, compact, prunable, prune
from sale.memory.remasking import Remasked, remask

app = typer.Typer(help="See how large the auction memory is, keep it small, and teach it.")

_SIZES = TypeAdapter(ByteSize)


@app.command()
def stats(market: MarketOption = None, db: Db = None, json: Json = False) -> int:
    """Count what the memory holds, and what it takes on disk."""
    with open_memory(db, market) as store:
        found = take_census(store)
    if json:
        print_json(asdict(found))
    else:
        Console().print(_census_table(found))
    return 0


@app.command(name="prune")
def prune_steps(
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Of auctions this old: 30d, 12h, or a date.")
    ] = None,
    keep_size: Annotated[
        str | None, typer.Option(metavar="SIZE", help="All but the newest so much, e.g. 500MB.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Only say what would be dropped.")] = False,
    market: MarketOption = None,
    db: Db = None,
    json: Json = False,
) -> int:
    """Drop the texts of old steps; bids, plans, outcomes and costs stay."""
    before = None if older_than is None else moment(older_than, option="--older-than")
    keep = None if keep_size is None else _size(keep_size)
    if before is None and keep is None:
        raise InputError("prune needs a limit; give --older-than, --keep-size, or both")
    with open_memory(db, market) as store:
        chosen = prunable(store, before=before, keep_bytes=keep)
        if dry_run:
            done = Pruned(len(chosen), sum(bulk.bytes for bulk in chosen))
        else:
            with Status("pruning", console=Console(stderr=True)) as status:
                done = prune(store, chosen, observe=lambda so_far: status.update(_told(so_far)))
    if json:
        print_json(asdict(done) | {"dry_run": dry_run})
    elif dry_run:
        typer.echo(f"would drop {_told(done)}")
    else:
        typer.echo(f"dropped {_told(done)}; `sale memory compact` gives the space back")
    return 0


@app.command(name="mask")
def mask_stored(
    dry_run: Annotated[bool, typer.Option(help="Only count what holds a secret.")] = False,
    market: MarketOption = None,
    db: Db = None,
    json: Json = False,
) -> int:
    """Mask secrets in what was recorded before SALE knew their shape."""
    with (
        open_memory(db, market) as store,
        Status("looking for secrets", console=Console(stderr=True)) as status,
    ):

        def observe(so_far: Remasked) -> None:
            status.update(f"{so_far.masked:,} of {so_far.auctions:,} auctions held secrets")

        done = remask(store, dry_run=dry_run, observe=observe)
    if json:
        print_json(asdict(done) | {"dry_run": dry_run})
        return 0
    does = "hold secrets" if dry_run else "held secrets, which are masked now"
    typer.echo(f"{done.masked:,} of {done.auctions:,} auctions {does}")
    if done.masked and not dry_run:
        typer.echo("free space may still hold them; `sale memory compact` gives it back", err=True)
    return 0


app.command(name="learn")(learn)


@app.command(name="compact")
def compact_memory(market: MarketOption = None, db: Db = None, json: Json = False) -> int:
    """Give free space back to the disk; nothing else may write meanwhile."""
    with open_memory(db, market) as store, Status("compacting", console=Console(stderr=True)):
        done = compact(store)
    if json:
        print_json(asdict(done))
    else:
        typer.echo(f"{_bytes(done.before)} before, {_bytes(done.after)} after")
    return 0


def _size(text: str) -> int:
    try:
        return int(_SIZES.validate_python(text))
    except (ValidationError, OverflowError) as error:
        raise InputError(
            f"--keep-size {text!r} is no size; give bytes, or a size such as 500MB or 2GiB"
        ) from error


def _told(done: Pruned) -> str:
    return f"the step texts of {done.auctions:,} auctions, {_bytes(done.bytes)}"


def _bytes(count: int) -> str:
    return ByteSize(count).human_readable(decimal=True, separator=" ")


def _census_table(found: Census) -> Table:
    table = Table(title=found.name, box=None, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    about = "about " if found.step_bytes_are_estimated else ""
    table.add_row("on disk", _bytes(found.bytes))
    table.add_row("texts of steps", f"{about}{_bytes(found.step_bytes)}")
    if found.oldest is not None and found.newest is not None:
        table.add_row("oldest auction", when(found.oldest))
        table.add_row("newest auction", when(found.newest))
    table.add_row("revision", found.revision)
    table.add_row("different task texts", f"{found.texts:,}")
    for model, count in found.embedded.items():
        table.add_row(f"embedded by {model}", f"{count:,}")
    table.add_section()
    for name, count in found.rows.items():
        table.add_row(f"rows of {name}", f"{count:,}")
    return table
