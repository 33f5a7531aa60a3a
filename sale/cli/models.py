"""`sale models`: the models of the embedded market, and fetching them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from sale.agents.backends.catalogue import Model, catalogue
from sale.agents.backends.pull import cache_folder, locate, pull
from sale.cli.options import Json
from sale.cli.output import print_json

app = typer.Typer(help="List and fetch models.")


@app.command(name="list")
def list_models(json: Json = False) -> int:
    """List the models of the catalogue and whether they are on this machine."""
    models = list(catalogue().values())
    if json:
        print_json([_model_json(model) for model in models])
        return 0
    table = Table(caption=f"kept in {cache_folder()}", box=None, padding=(0, 2, 0, 0))
    for heading in ("model", "kind", "size", "licence", "$/Mtoken", "here"):
        table.add_column(heading, no_wrap=True)
    for model in models:
        price = "-" if model.price is None else f"{model.price.input:g}"
        size = f"{model.bytes / 1e6:,.0f} MB"
        here = "yes" if locate(model.name) else "no"
        table.add_row(model.name, model.kind, size, model.licence, price, here)
    Console().print(table)
    return 0


@app.command(name="pull")
def pull_models(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Default: all of them.")
    ] = None,
    json: Json = False,
) -> int:
    """Fetch models; what is here and whole is not fetched again."""
    wanted = names or list(catalogue())
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    name_first = TextColumn("{task.description:>20}", markup=False)
    bar = Progress(name_first, *columns, console=Console(stderr=True))
    rows: dict[str, TaskID] = {}
    with ExitStack() as shown:

        def draw(name: str, done: int, total: int) -> None:
            if not rows:  # a bar that never had to start leaves an empty line
                shown.enter_context(bar)
            if name not in rows:
                rows[name] = bar.add_task(name, total=total)
            bar.update(rows[name], completed=done)

        paths = pull(wanted, progress=draw)
    if json:
        print_json(dict(zip(dict.fromkeys(wanted), map(str, paths), strict=True)))
    return 0


@app.command(name="convert")
def convert_model(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A GGUF model of the catalogue.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to make.")],
    json: Json = False,
) -> int:
    """Unpack a GGUF model into a folder in Hugging Face's form, as vLLM wants it.

    It takes a minute or more and four times the room; the weights become bfloat16. Example:

    sale models convert qwen2.5-coder-0.5b --out models/qwen2.5-coder-0.5b
    """
    from sale.agents.backends.convert import convert

    with Console(stderr=True).status(f"unpacking {name}"):
        folder = convert(name, out)
    if json:
        print_json({"name": name, "path": str(folder)})
    else:
        Console().print(f"{name} is in {folder}", markup=False, soft_wrap=True)
    return 0


def _model_json(model: Model) -> dict[str, Any]:
    here = locate(model.name)
    return {
        "name": model.name,
        "kind": model.kind,
        "bytes": model.bytes,
        "licence": model.licence,
        "price": model.price and asdict(model.price),
        "here": here is not None,
        "path": here and str(here),
    }
