"""`sale submit`: one task, one auction, one answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sale.agents.kinds import check_inputs
from sale.cli.compose import running_market
from sale.cli.options import (
    LARGEST,
    Db,
    Json,
    MarketOption,
    Without,
    missing_models,
    open_market,
    open_store,
)
from sale.cli.output import auction_json, print_json
from sale.cli.progress import Progress
from sale.cli.render import show_auction
from sale.errors import BudgetError, InputError, ModelError, SaleError
from sale.market_file import MarketFile
from sale.tasks.single import read_task
from sale.types import Auction, Kind, StopReason, Task


def submit(
    text: Annotated[str | None, typer.Argument(help="The task in words.")] = None,
    task: Annotated[
        str | None,
        typer.Option("--task", metavar="FILE", help="Read the task from FILE, or FILE#ID."),
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option(help="Default: search when --corpus is given, else coding.")
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Work on a copy of DIR; answer with a diff.")
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Answer from the documents in DIR.")
    ] = None,
    market: MarketOption = None,
    without: Without = None,
    db: Db = None,
    budget: Annotated[
        float | None, typer.Option(metavar="USD", help="Most dollars to spend, auction included.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=LARGEST, help="Makes it repeatable.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    answer: Annotated[
        bool, typer.Option("--answer", help="Print nothing but the answer on stdout.")
    ] = False,
    json: Json = False,
) -> int:
    """Put a task up for auction; the winner does it, and its answer is printed.

    Exit codes: 0 done, 1 no answer, 2 bad input, 3 no agent could bid, 4 budget spent,
    130 interrupted.
    """
    if budget is not None and not 0 < budget < float("inf"):
        raise InputError(f"--budget must be a positive number of dollars, got {budget}")
    put_up = read_task(text, task, kind=kind, workspace=workspace, corpus=corpus)
    show = _shower(answer=answer, json=json)
    for notice in check_inputs(put_up):
        typer.echo(f"sale: {notice}", err=True)
    source, file = open_market(market, without=without or ())
    if missing := missing_models(file):
        names = ", ".join(missing)
        raise ModelError(f"models not on this machine: {names}; run `sale models pull`")
    progress = Progress(Console(stderr=True), quiet=quiet)
    try:
        with progress:
            auction = _hold(put_up, source, file, progress, db=db, seed=seed, usd=budget)
    except (SaleError, KeyboardInterrupt):
        if progress.auction is not None:
            show(progress.auction)
        raise
    show(auction)
    return _exit_code(auction)


def _hold(
    task: Task,
    source: str,
    file: MarketFile,
    progress: Progress,
    *,
    db: str | None,
    seed: int | None,
    usd: float | None,
) -> Auction:
    """Open a market, hold one auction in it, and take it down again."""
    with (
        open_store(db, file) as store,
        running_market(file, source, store, kind=task.kind, observe=progress.observe) as market,
    ):
        return market.auction(task, seed=seed, usd=usd if usd is not None else file.limits.usd)


def _shower(*, answer: bool, json: bool) -> Callable[[Auction], None]:
    """The way in which an auction is printed."""
    if answer and json:
        raise InputError("--answer and --json exclude each other; the JSON holds the answer")
    if json:
        return lambda auction: print_json(auction_json(auction))
    return _show_answer if answer else _show_all


def _show_all(auction: Auction) -> None:
    show_auction(Console(), auction)
    typer.echo(f"More: sale show {auction.id}", err=True)


def _show_answer(auction: Auction) -> None:
    if auction.outcome is not None and auction.outcome.answer is not None:
        typer.echo(auction.outcome.answer.removesuffix("\n"))


def _exit_code(auction: Auction) -> int:
    """0 with an answer; what is wrong otherwise, or with the answer, is said on stderr."""
    outcome = auction.outcome
    if outcome is not None and outcome.answer is not None:
        failed = sum(not check.passed for check in outcome.checks)
        if failed:
            typer.echo(f"sale: the answer fails {failed} of its visible checks", err=True)
        return 0
    reason = "no agent worked" if outcome is None else f"{outcome.agent}: {outcome.stop_reason}"
    typer.echo(f"sale: no answer ({reason}); see: sale show {auction.id}", err=True)
    spent = outcome is not None and outcome.stop_reason is StopReason.BUDGET
    return BudgetError.exit_code if spent else 1
