"""`sale replay`: policies on a table of outcomes, without running anything."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from sale.agents.backends.embedder import EMBEDDING, embedder_if_here
from sale.cli.bars import bar
from sale.cli.options import LARGEST, Json
from sale.cli.output import print_json
from sale.cli.text import plain
from sale.embedding import HashEmbedder
from sale.errors import InputError

if TYPE_CHECKING:
    from sale.bench.executions import Executions
    from sale.bench.policies import Encoder
    from sale.bench.replay import Replayed
    from sale.bench.table_selection import Selection
    from sale.cli.replay_shown import Shown

SEEDS = 2**32 - 1
"""The largest seed that scikit-learn takes."""


class Embedding(StrEnum):
    """What turns task texts into vectors."""

    MODEL = "model"
    """The embedding model, where it is on this machine."""
    WORDS = "words"
    """Hashed words: no model."""
    NONE = "none"
    """Nothing: no text is looked at."""


def replay(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="A .csv or .parquet file.")],
    policy: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="May be given again; default: all of docs/policies.md."),
    ] = None,
    agents: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Only these agents of the table.")
    ] = None,
    suite: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this suite. May be given again.")
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="JSON: agent -> $ per million output tokens."),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(min=2, max=1000, help="Each is allocated by the others; default: 5."),
    ] = None,
    split: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Learn from it, report the rest; no folds."),
    ] = None,
    incomplete: Annotated[
        bool, typer.Option("--keep-incomplete", help="Keep tasks where some result is unknown.")
    ] = False,
    embedder: Annotated[
        Embedding, typer.Option(help="What turns task texts into vectors.")
    ] = Embedding.MODEL,
    limit: Annotated[
        int | None, typer.Option(min=1, max=LARGEST, help="Only the first N tasks of each suite.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=SEEDS, help="Makes it repeatable.")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a run folder with every sample.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    json: Json = False,
) -> int:
    """Play policies on a table of outcomes: whom each would have chosen, and what came of it.

    The table has a row for each task and agent: task_id, agent, resolved (1, 0 or empty) and, as
    far as they are known, cost_usd, suite, text, minutes, seconds, verified, answer. A policy that
    learns is fitted on other tasks than those that it allocates. Nothing runs.
    """
    from sale.bench.replay_folder import check_folder  # scipy takes a while to import
    from sale.bench.table_selection import Selection

    if out is not None:
        check_folder(out)
    _check(folds, split)
    wanted = tuple(name.strip() for name in agents.split(",")) if agents is not None else ()
    selection = Selection(wanted, tuple(suite or ()), limit, incomplete)
    chosen = Chosen(tuple(policy or ()), prices, folds, split, embedder, seed)
    shown = _replayed(table, selection, chosen, out, quiet=quiet)
    if json:
        print_json({"run": None if out is None else str(out), "table": str(table), **shown.json()})
    else:
        shown.print(Console())
        if out is not None:
            typer.echo(f"Look at it: sale bench report {plain(str(out))}", err=True)
    return 0


@dataclass(frozen=True, slots=True)
class Chosen:
    """How a table is to be played."""

    policies: tuple[str, ...]
    prices: Path | None
    folds: int | None
    split: float | None
    embedder: Embedding
    seed: int


def _check(folds: int | None, split: float | None) -> None:
    if folds is not None and split is not None:
        raise InputError("--folds and --split are two ways of one thing; give one of them")
    if split is not None and not 0 < split < 1:
        raise InputError(f"--split is a share between 0 and 1, got {split:g}")


def _replayed(
    path: Path, selection: Selection, chosen: Chosen, out: Path | None, *, quiet: bool
) -> Shown:
    from sale.bench.replay import named, replay, splits_of
    from sale.bench.replay_folder import settings, write_folder
    from sale.bench.statistics import summarise
    from sale.bench.tables import read_table
    from sale.cli.replay_shown import Shown

    read = selection.of(read_table(path))
    table, roster = _priced(read.executions, chosen.prices)
    splits = splits_of(table, folds=chosen.folds, split=chosen.split, seed=chosen.seed)
    encoder, more = _encoder(table, chosen.embedder)
    for notice in (*read.notices, *more):
        typer.echo(f"sale: {plain(notice)}", err=True)
    names = named(chosen.policies, table.agents)
    with bar(total=len(names), doing="starting", quiet=quiet) as shown:
        played = replay(
            table,
            names,
            splits=splits,
            encoder=encoder,
            seed=chosen.seed,
            doing=shown.doing,
            done=shown.done,
        )
        _say_left_out(played)
        shown.doing("drawing the intervals")
        results = summarise(played.samples, roster=roster, seed=chosen.seed)
    if out is not None:
        asked = asdict(selection) | asdict(chosen) | {"policies": names}
        asked["prices"] = chosen.prices and chosen.prices.name
        del asked["agents"]  # the roster says it
        write_folder(out, settings(path, roster, **asked), played.samples, results)
    return Shown(table, (*read.notices, *more), played, results)


def _say_left_out(played: Replayed) -> None:
    for name, reason in played.left_out.items():
        typer.echo(f"sale: {plain(name)} is left out: {plain(reason)}", err=True)
    if not played.samples:
        raise InputError(
            "no policy could be played; `sale replay --help` and docs/policies.md say what each "
            "needs"
        )


def _priced(table: Executions, prices: Path | None) -> tuple[Executions, dict[str, float | None]]:
    """The table with the prices of a list, and the roster of prices as far as they are known."""
    from sale.bench.table_prices import read_prices
    from sale.bench.tables import with_prices

    if prices is None:
        return table, dict.fromkeys(table.agents)
    listed = read_prices(prices)
    return with_prices(table, listed), {name: listed.get(name) for name in table.agents}


def _encoder(table: Executions, embedding: Embedding) -> tuple[Encoder, tuple[str, ...]]:
    """The encoder, and what is to be said of it."""
    from sale.bench.policies import Encoder

    if embedding is Embedding.NONE or not any(table.texts):
        return Encoder(None, table.suites), ()
    if embedding is Embedding.WORDS:
        return Encoder(HashEmbedder(), table.suites), ()
    if (model := embedder_if_here()) is not None:
        return Encoder(model, table.suites), ()
    return Encoder(None, table.suites), (
        f"no text is looked at, as the embedding model is not here; run `sale models pull "
        f"{EMBEDDING}`, or give --embedder {Embedding.WORDS}",
    )
