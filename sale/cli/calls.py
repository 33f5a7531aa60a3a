"""`sale calls`: the cache of model calls that runs share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sale.agents.calls import carry
from sale.agents.calls.store import DAY_S, CallStore, default_path
from sale.cli.options import Json
from sale.cli.output import print_json
from sale.cli.text import plain
from sale.errors import InputError

CallsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Where model calls are kept, so that none is made twice; default: SALE_CALLS, else "
        "the user's cache.",
    ),
]
MEGABYTE = 1_000_000
MOST = 1e9

app = typer.Typer(no_args_is_help=True, help="The model calls that runs share, made once.")


def checked(path: Path | None) -> Path:
    """The cache to use, seen to be one that opens; raises `StoreError`."""
    where = (path or default_path()).absolute()
    with closing(CallStore(where)) as calls:
        calls.size()
    return where


@app.command("list")
def list_(calls: CallsOption = None, json: Json = False) -> int:
    """Show how many calls are kept, by model."""
    with _opened(calls) as store:
        size = store.size()
    if json:
        by_model = {name: {"calls": n, "bytes": b} for name, (n, b) in size.by_model.items()}
        print_json(
            {"file": str(store.path), "calls": size.calls, "bytes": size.bytes, "models": by_model}
        )
        return 0
    table = Table(box=None, padding=(0, 2, 0, 0), caption=Text(f"kept in {store.path}"))
    table.add_column("model", no_wrap=True)
    table.add_column("calls", justify="right")
    table.add_column("MB", justify="right")
    for name, (count, held) in size.by_model.items():
        table.add_row(Text(plain(name)), f"{count:,}", f"{held / MEGABYTE:,.1f}")
    table.add_row("all", f"{size.calls:,}", f"{size.bytes / MEGABYTE:,.1f}")
    Console().print(table)
    return 0


@app.command()
def prune(
    megabytes: Annotated[
        float | None,
        typer.Option(
            min=0, max=MOST, help="Drop the calls longest unused until no more than this is left."
        ),
    ] = None,
    unused_days: Annotated[
        float | None, typer.Option(min=0, max=MOST, help="Drop calls unused for so many days.")
    ] = None,
    calls: CallsOption = None,
    json: Json = False,
) -> int:
    """Drop calls; a run that needs them again makes them again."""
    if megabytes is None and unused_days is None:
        raise InputError("say what may stay: give --megabytes, --unused-days or both")
    with _opened(calls) as store:
        dropped = store.prune(
            keep_bytes=None if megabytes is None else int(megabytes * MEGABYTE),
            unused_s=None if unused_days is None else unused_days * DAY_S,
        )
        left = store.size()
    if json:
        print_json({"dropped": dropped, "calls": left.calls, "bytes": left.bytes})
    else:
        typer.echo(f"dropped {dropped:,} calls; {left.calls:,} are left")
    return 0


@app.command()
def export(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, e.g. calls.jsonl.xz.")],
    calls: CallsOption = None,
) -> int:
    """Write all calls to one compressed file, to publish with a run or to take elsewhere."""
    if out.exists():
        raise InputError(f"{str(out)!r} is there already; name a new file")
    with _opened(calls) as store:
        count = carry.pack(store, out)
    typer.echo(f"wrote {count:,} calls to {out}")
    return 0


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="What `sale calls export` wrote.")],
    calls: CallsOption = None,
) -> int:
    """Add the calls of such a file; what is there already stays as it is."""
    with _opened(calls) as store:
        held, new = carry.unpack(source, store)
    typer.echo(f"{held:,} calls in {source}, {new:,} of them new")
    return 0


@contextmanager
def _opened(path: Path | None) -> Iterator[CallStore]:
    with closing(CallStore((path or default_path()).absolute())) as store:
        yield store
