"""`sale bench`: every agent on every task of some suites, kept in a run folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from sale.agents.kinds import check_inputs
from sale.bench.collect import Collector
from sale.bench.run import Run, settings
from sale.bench.trials import Trial
from sale.cli.compose import running_market
from sale.cli.options import LARGEST, Json, MarketOption, missing_models, open_market
from sale.cli.output import print_json
from sale.cli.text import dollars, number, plain
from sale.errors import InputError, ModelError
from sale.market_file import MarketFile
from sale.memory.store import Store
from sale.tasks.single import read_tasks
from sale.types import Kind, Task


def bench(
    suites: Annotated[
        list[str], typer.Argument(metavar="SUITE...", help="Shipped suites or .jsonl files.")
    ],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The run folder: run.json and samples.jsonl.")
    ],
    limit: Annotated[
        int | None, typer.Option(min=1, max=LARGEST, help="Only the first N tasks of each suite.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST, help="Makes it repeatable.")] = 0,
    market: MarketOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where it stopped.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    json: Json = False,
) -> int:
    """Have every agent bid on, rate and do every task: what `sale fit` learns from.

    Nothing is awarded and the auction memory isn't touched. What is done is kept at once, so a
    run that was stopped goes on with --resume.
    """
    from sale.bench.singles import singles  # scipy takes a while to import

    tasks = _tasks(suites, limit=limit)
    source, file = open_market(market)
    made_by = settings(suites, tasks, file.roster, seed=seed)
    if missing := missing_models(file):
        names = ", ".join(missing)
        raise ModelError(f"models not on this machine: {names}; run `sale models pull`")
    with closing(Run.open(out, made_by, resume=resume)) as run:
        left = _left(tasks, run.trials(), file)
        seeds = {name: seed + place for place, name in enumerate(tasks)}
        if left:
            _collect(left, seeds, run, source, file, quiet=quiet)
        found = singles(run.trials())
    if json:
        print_json({"run": str(out), "suites": suites, "policies": [_json(one) for one in found]})
    else:
        Console().print(_table(found))
        typer.echo(f"Learn weights from it: sale fit {out}", err=True)
    return 0


def _tasks(suites: Sequence[str], *, limit: int | None) -> dict[str, Task]:
    """The tasks of all suites; with several suites an id is led by its suite's name."""
    tasks: dict[str, Task] = {}
    for suite in suites:
        lead = f"{Path(suite).stem}/" if len(suites) > 1 else ""
        for name, task in islice(read_tasks(suite).items(), limit):
            if lead + name in tasks:
                raise InputError(f"two suites hold a task {lead + name!r}; give each suite once")
            for notice in check_inputs(task):
                typer.echo(f"sale: {name}: {notice}", err=True)
            tasks[lead + name] = task
    return tasks


def _left(tasks: Mapping[str, Task], trials: Sequence[Trial], file: MarketFile) -> dict[str, Task]:
    """The tasks that not every agent of their kind has been tried on yet."""
    done = {(trial.task, trial.agent) for trial in trials}
    return {
        name: task
        for name, task in tasks.items()
        if any(task.kind in s.kinds and (name, s.name) not in done for s in file.roster)
    }


def _collect(
    left: Mapping[str, Task],
    seeds: Mapping[str, int],
    run: Run,
    source: str,
    file: MarketFile,
    *,
    quiet: bool,
) -> None:
    done = len(seeds) - len(left)
    kinds = {task.kind for task in left.values()}
    kind = Kind.CODING if Kind.CODING in kinds else Kind.SEARCH
    with (
        Store.open("sqlite://") as nothing,
        running_market(file, source, nothing, kind=kind, observe=lambda *_: None) as market,
        _bar(total=len(seeds), done=done, quiet=quiet) as (bar, row),
    ):
        collector = Collector(
            market.pool,
            market.verifier,
            market.rules,
            file.roster,
            lambda doing: bar.update(row, doing=plain(doing, limit=80)),
        )
        for name, task in left.items():
            run.add(collector.collect(name, task, seed=seeds[name]))
            bar.advance(row)
            if not (quiet or bar.console.is_terminal):  # a log shows no bar: a line a task
                bar.print(f"{bar.tasks[0].completed:g} of {len(seeds)}: {plain(name, limit=80)}")


@contextmanager
def _bar(*, total: int, done: int, quiet: bool) -> Iterator[tuple[Progress, Any]]:
    columns = (
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[doing]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
        yield bar, bar.add_task("", total=total, completed=done, doing="starting the agents")


def _json(one: Any) -> dict[str, Any]:
    return {
        "policy": f"single:{one.agent}",
        "n": one.known,
        "pass@1": one.share,
        "ci95": one.interval,
        "usd_per_task": None if one.usd is None else one.usd / one.tasks,
        "usd_per_solved": one.usd / one.solved if one.usd is not None and one.solved else None,
        "wall_s_per_task": one.wall_s / one.tasks,
        "bids_and_ratings_usd_per_task": (
            None if one.auction_usd is None else one.auction_usd / one.tasks
        ),
    }


def _table(found: Sequence[Any]) -> Table:
    table = Table(
        title="Each agent alone",
        caption="solved: of the tasks where it is known, with 95 % interval; $ a task: its work",
        box=None,
        padding=(0, 2, 0, 0),
    )
    table.add_column("agent", no_wrap=True)
    for heading in ("tasks", "known", "solved", "95 %", "$ a task", "s a task"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found:
        share = "-" if one.share is None else f"{one.share:.1%}"
        interval = "-" if one.interval is None else "{:.0%}-{:.0%}".format(*one.interval)
        usd = None if one.usd is None else one.usd / one.tasks
        table.add_row(
            Text(one.agent),
            str(one.tasks),
            str(one.known),
            share,
            interval,
            dollars(usd),
            number(one.wall_s / one.tasks, 1),
        )
    return table
