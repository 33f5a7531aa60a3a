"""`sale fit`: weights for a market, learnt from a run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from sale.auction.objectives import Objective
from sale.bench.trials import first_tries
from sale.cli.options import Json, open_market
from sale.cli.output import print_json
from sale.cli.text import dollars, number, plain
from sale.errors import InputError
from sale.weights_file import CrossValidation, Figures, Interval, WeightsFile, write_weights


def fit(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that `sale bench` wrote.")],
    objective: Annotated[
        Objective, typer.Option(help="What good weights make large or small; see docs/fit.md.")
    ] = Objective.UTILITY,
    value: Annotated[
        float | None,
        typer.Option(
            metavar="USD",
            help="What a solved task is worth; default: 10 times what the dearest agent costs.",
        ),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, max=100, help="For the held-out figures.")] = 5,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Makes it repeatable.")] = 0,
    time_limit: Annotated[
        float, typer.Option(min=1, max=86_400, help="Seconds for everything, about.")
    ] = 60.0,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: weights.json in the run's folder.")
    ] = None,
    market: Annotated[
        str | None, typer.Option(metavar="FILE", help="Compare with the weights of this market.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    json: Json = False,
) -> int:
    """Learn the weights of the score from a run, and report them on tasks held out.

    Every agent must have been tried on every task. The file goes into a market with
    `[auction.weights] file = "weights.json"`.
    """
    from sale.bench.fit import Settings, fit_run  # scikit-learn takes a second to import
    from sale.bench.fit_table import outcomes
    from sale.bench.market_rule import market_rule

    if value is not None and not (math.isfinite(value) and value > 0):
        raise InputError(f"--value must be a positive number of dollars, got {value}")
    path = out or (run if run.is_dir() else run.parent) / "weights.json"
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"--out {str(path)!r} can't be written; name a file in a folder there is")
    found = outcomes(first_tries(run))
    for notice in found.notices:
        typer.echo(f"sale: {notice}", err=True)
    rule = None if market is None else market_rule(open_market(market)[1].weights(), found.jurors)
    settings = Settings(objective, value, folds, seed, time_limit)
    console = Console(stderr=True, quiet=quiet)
    with Status(f"fitting {len(found.table.solved)} tasks", console=console) as status:

        def observe(done: int, total: int) -> None:
            status.update(f"{done} of {total} fits done, about {time_limit:g} s in all")

        fitted = fit_run(found, settings, run=run.resolve().name, market=rule, observe=observe)
    write_weights(fitted, path)
    if json:
        print_json({"file": str(path), **fitted.model_dump(mode="json")})
    else:
        _show(fitted, path)
    return 0


def _show(fitted: WeightsFile, path: Path) -> None:
    console, facts, proof = Console(), fitted.cross_validation, fitted.fitted
    console.print(_weights(fitted))
    console.print(_figures(facts))
    for what, gain in (("solved", facts.solved_gain), ("utility", facts.utility_gain)):
        if gain is not None:
            console.print(Text(f"{what} against the best single agent: {_interval(gain)}"))
    console.print(
        Text(
            f"{fitted.objective} {proof.found:.4f} on the tasks fitted on; nothing gets past "
            f"{proof.bound:.4f} there (gap {proof.gap:.4f}); {proof.seconds:.0f} s"
        )
    )
    name = "--value" if fitted.value is not None else "value (dollars are partly unknown)"
    console.print(Text(f"a solved task counts as worth {dollars(fitted.value)}; {name} changes it"))
    typer.echo(f'Use them: [auction.weights] file = "{plain(str(path))}"', err=True)


def _weights(fitted: WeightsFile) -> Table:
    table = _titled("Weights", "weight", "counts as 0", "counts as 1")
    weights, scales = fitted.weights, fitted.scales
    rows = [("cost, $ millionths", weights.cost, scales.cost)]
    rows.append(("entropy, nats", weights.entropy, scales.entropy))
    rows += [
        (f"rating by {name}", weight, scales.jurors[name])
        for name, weight in weights.jurors.items()
    ]
    for name, weight, (low, high) in rows:
        table.add_row(Text(plain(name, limit=60)), *map(number, (weight, low, high)))
    return table


def _figures(facts: CrossValidation) -> Table:
    title = f"On held-out tasks ({facts.tasks} tasks, {facts.folds} folds)"
    table = _titled(title, "solved", "$ a task, work", "with auction", "utility", "share")
    table.caption = "utility = solved - dollars with auction / value; single agents hold no auction"
    named: dict[str, Figures | None] = {"these weights": facts.fitted, "the market": facts.market}
    named |= {"best single agent": facts.best_single, "random agent": facts.random}
    named |= {"oracle": facts.oracle}
    for name, figures in named.items():
        if figures is not None:
            table.add_row(name, *_cells(figures), "")
    table.add_section()
    for name, figures in facts.singles.items():
        share = f"{facts.allocation[name]:.0%}"
        table.add_row(Text(plain(name, limit=60)), *_cells(figures), share)
    return table


def _cells(figures: Figures) -> tuple[str, ...]:
    utility = "unknown" if figures.utility is None else number(figures.utility)
    money = (dollars(figures.usd_work), dollars(figures.usd_per_task))
    return f"{figures.solved:.1%}", *money, utility


def _interval(gain: Interval) -> str:
    return f"{gain.mean:+.3f}, 95 % interval {gain.low:+.3f} to {gain.high:+.3f}"


def _titled(title: str, *headings: str) -> Table:
    table = Table(title=title, box=None, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
