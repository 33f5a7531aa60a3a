"""`sale export` and `sale import`: auctions out of one memory and into another."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Annotated

import typer
from rich.console import Console
from rich.status import Status
from sqlalchemy.engine import URL

from sale.cli.history import moment
from sale.cli.options import Db, Json, MarketOption, open_memory
from sale.cli.output import print_json
from sale.errors import InputError, SaleError
from sale.memory.database import shown, where
from sale.memory.exchange import Conflict, Imported, export_records, import_records
from sale.memory.formats import FORMATS, format_of
from sale.memory.records import Record
from sale.memory.store import Store
from sale.types import Kind

DATABASES = (".db", ".sqlite", ".sqlite3")
"""Endings of the names of files that are memories themselves."""

TOLD = 100
"""Auctions between two lines of progress."""


def export(
    file: Annotated[
        str, typer.Argument(help=f"Ends in {' or '.join(FORMATS)}; - writes JSONL to stdout.")
    ],
    kind: Annotated[Kind | None, typer.Option(help="Only tasks of this kind.")] = None,
    suite: Annotated[str | None, typer.Option(help="Only tasks of this suite.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="A date, or an age such as 30m, 12h, 7d.")
    ] = None,
    market: MarketOption = None,
    db: Db = None,
    json: Json = False,
) -> int:
    """Write the auctions that have ended to a file; a file of this name is replaced as a whole."""
    write = format_of(file).write
    if json and file == "-":
        raise InputError("--json and - both write to stdout; name a file")
    earliest = None if since is None else moment(since)
    count = 0
    with open_memory(db, market) as store, _progress("exporting") as status:

        def counted() -> Iterator[Record]:
            nonlocal count
            for record in export_records(store, kind=kind, suite=suite, since=earliest):
                yield record
                count += 1
                if count % TOLD == 0:
                    status.update(f"exporting: {count:,} auctions")

        with _replacing(file) as target:
            write(target, counted())
    if json:
        print_json({"file": file, "auctions": count})
    else:
        typer.echo(f"{count:,} auctions written", err=file == "-")
    return 0


def import_(
    source: Annotated[
        str,
        typer.Argument(
            help="A file of `sale export`, - for JSONL from stdin, or another memory: "
            "its URL, or a file ending in .db."
        ),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the incoming one of two that differ.")
    ] = False,
    market: MarketOption = None,
    db: Db = None,
    json: Json = False,
) -> int:
    """Put auctions of a file or of another memory on record, each once."""
    conflict = Conflict.REPLACE if replace else Conflict.REFUSE
    done = Imported()
    with _opened(source) as records, open_memory(db, market) as store, _progress("") as status:

        def observe(so_far: Imported) -> None:
            nonlocal done
            done = so_far
            status.update(f"importing: {_told(done)}")

        try:
            import_records(store, records, conflict=conflict, observe=observe)
        except SaleError as error:
            raise type(error)(f"{error}; before it: {_told(done)}") from error
    if json:
        print_json(asdict(done))
    else:
        typer.echo(_told(done))
    if done.refused:
        more = ", ..." if done.refused > len(done.names) else ""
        raise InputError(
            f"{done.refused} auctions are here with other content and stayed as they are: "
            f"{', '.join(done.names)}{more}; take the incoming ones with --replace"
        )
    return 0


def _told(done: Imported) -> str:
    parts = [f"{done.new:,} new", f"{done.skipped:,} here already"]
    parts += [f"{done.replaced:,} replaced"] if done.replaced else []
    parts += [f"{done.refused:,} refused"] if done.refused else []
    return ", ".join(parts)


def _progress(text: str) -> Status:
    return Status(text, console=Console(stderr=True))


@contextmanager
def _replacing(name: str) -> Iterator[IO[bytes]]:
    """Open a file whose place a whole new one takes at the end, or none at all."""
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(name).resolve()
    if path.exists() and not path.is_file():
        raise InputError(f"{name}: is no plain file; name another one, or - for stdout")
    fresh: Path | None = None
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            fresh = Path(file.name)
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise InputError(f"{name}: can't be written ({error.strerror or error})") from error
    finally:
        if fresh is not None:
            fresh.unlink(missing_ok=True)


@contextmanager
def _opened(source: str) -> Iterator[Iterable[Record]]:
    if "://" in source or Path(source).suffix.lower() in DATABASES:
        with _other_memory(source) as other:
            yield export_records(other)
    elif source == "-":
        yield format_of(source).read(sys.stdin.buffer, name="stdin")
    else:
        read = format_of(source).read
        try:
            file = Path(source).open("rb")  # noqa: SIM115 - closed below
        except OSError as error:
            raise InputError(f"{source}: can't be read ({error.strerror})") from error
        with file:
            yield read(file, name=source)


def _other_memory(source: str) -> Store:
    """Open a memory that is there: a name with a slip must not lay out an empty one."""
    is_url = "://" in source
    url = where(source) if is_url else URL.create("sqlite", database=str(Path(source).resolve()))
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise InputError(f"{shown(url)}: there is no such memory; name a file that exists")
    return Store.open(url.render_as_string(hide_password=False))
