"""`sale submit`: one task, one auction, one answer."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from sale.agents.coding.handover import Change
from sale.agents.kinds import check_inputs
from sale.cli.apply import Force, applied_json, command, hand_over, say_applied
from sale.cli.compose import running_market
from sale.cli.hidden_tests import HiddenTests
from sale.cli.judging import Judged, JudgeOption, check_judge, judged, judged_json, judged_line
from sale.cli.options import (
    LARGEST,
    Db,
    Json,
    MarketOption,
    StagesOption,
    Without,
    missing_models,
    open_market,
    open_store,
)
from sale.cli.output import auction_json, print_json
from sale.cli.progress import Progress
from sale.cli.render import show_auction
from sale.cli.text import plain
from sale.cli.where import CorpusOption, ModeOption, WebOption, looked_in
from sale.errors import BudgetError, InputError, ModelError, SaleError
from sale.market_file import MarketFile
from sale.memory.privacy import Privacy
from sale.memory.runs import Run
from sale.tasks.exam import SuiteTask
from sale.tasks.single import read_suite_task
from sale.telemetry.observers import observing
from sale.types import Auction, Kind, StopReason, Task

MAX_RUN = 100


def submit(
    text: Annotated[str | None, typer.Argument(help="The task in words.")] = None,
    task: Annotated[
        str | None,
        typer.Option("--task", metavar="FILE", help="Read the task from FILE, or FILE#ID."),
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option(help="Default: search with --corpus or --web, else coding.")
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Work on a copy of DIR; answer with a diff.")
    ] = None,
    corpus: CorpusOption = None,
    web: WebOption = None,
    corpus_mode: ModeOption = None,
    judge: JudgeOption = None,
    apply: Annotated[
        bool,
        typer.Option(
            "--apply",
            help="Write the answer into DIR: all of it or nothing. Refused when a file that it "
            "changes has changed since or is not committed to git (other files may be dirty), "
            "and when a visible check fails.",
        ),
    ] = False,
    force: Force = False,
    market: MarketOption = None,
    stages: StagesOption = None,
    without: Without = None,
    db: Db = None,
    budget: Annotated[
        float | None, typer.Option(metavar="USD", help="Most dollars to spend, auction included.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=LARGEST, help="Makes it repeatable.")
    ] = None,
    run: Annotated[
        str | None, typer.Option(metavar="NAME", help="The run that the auction belongs to.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    answer: Annotated[
        bool, typer.Option("--answer", help="Print nothing but the answer on stdout.")
    ] = False,
    json: Json = False,
) -> int:
    """Put a task up for auction; the winner does it, and its answer is printed.

    Exit codes: 0 done, 1 no answer, 2 bad input, 3 no agent could bid, or none is worth its price,
    4 budget spent, 130 interrupted.
    """
    if budget is not None and not 0 < budget < float("inf"):
        raise InputError(f"--budget must be a positive number of dollars, got {budget}")
    part_of = None if run is None else _run(run)
    asked = read_suite_task(
        text,
        task,
        kind=kind,
        workspace=workspace,
        corpus=looked_in(corpus, web),
        mode=corpus_mode,
    )
    put_up = asked.task
    _check_apply(put_up, apply=apply, force=force)
    for notice in check_inputs(put_up):
        typer.echo(f"sale: {notice}", err=True)
    source, file = open_market(market, without=without or ())
    file = file if stages is None else file.waiting_for(stages)
    check_judge(judge, file)
    show = _shower(answer=answer, json=json, privacy=Privacy(file.privacy))
    _check_secret(asked, Privacy(file.privacy))
    if missing := missing_models(file):
        names = ", ".join(missing)
        raise ModelError(f"models not on this machine: {names}; run `sale models pull`")
    progress = Progress(Console(stderr=True), quiet=quiet)
    try:
        with progress:
            auction = _hold(
                asked, source, file, progress, db=db, seed=seed, usd=budget, run=part_of
            )
    except (SaleError, KeyboardInterrupt):
        if progress.auction is not None:
            show(progress.auction, None, None)
        raise
    usd = budget if budget is not None else file.limits.usd
    found = judged(judge, asked, auction, file, usd=usd)
    later = command(auction, market=market, db=db)
    if not (apply and _changes_files(auction)):
        show(auction, None, found)
        if _changes_files(auction) and not (answer or json):
            typer.echo(f"Apply it: {later}", err=True)
        return _exit_code(auction)
    try:
        made = hand_over(auction, None, force=force)
    except InputError as error:
        show(auction, None, None)
        raise InputError(f"{error}; the answer is kept, to apply it later: {later}") from error
    show(auction, made, None)
    return _exit_code(auction)


def _hold(
    asked: SuiteTask,
    source: str,
    file: MarketFile,
    progress: Progress,
    *,
    db: str | None,
    seed: int | None,
    usd: float | None,
    run: Run | None,
) -> Auction:
    """Open a market, hold one auction in it, and take it down again."""
    task, hidden = asked.task, HiddenTests({asked.id: asked}, file.sandbox.tier)
    with (
        open_store(db, file) as store,
        observing(file, progress.observe, tell=_warn) as observe,
        running_market(
            file,
            source,
            store,
            kind=task.kind,
            observe=observe,
            grader=lambda _, outcome: hidden(asked.id, outcome),
        ) as market,
    ):
        if run is not None:
            store.begin_run(run)
        usd = usd if usd is not None else file.limits.usd
        return market.auction(task, seed=seed, usd=usd, run=None if run is None else run.id)


def _warn(line: str) -> None:
    typer.echo(f"sale: {line}", err=True)


def _run(name: str) -> Run:
    """The run of a name: new, or one that goes on."""
    if not (name.isprintable() and 0 < len(name) <= MAX_RUN):
        raise InputError(f"--run is a name of 1 to {MAX_RUN} printable signs, got {name[:200]!r}")
    return Run(name, "submit", time.time(), settings="{}")


def _check_secret(asked: SuiteTask, privacy: Privacy) -> None:
    """What must not get around in clear is not kept in clear."""
    if asked.secret and privacy is not Privacy.HASH:
        raise InputError(
            f"--task: the authors of {asked.task.suite!r} ask that its questions are nowhere kept "
            'in clear, and the auction memory would; put `privacy = "hash"` into the market file'
        )


def _check_apply(task: Task, *, apply: bool, force: bool) -> None:
    """Say before any money is spent that an answer could not be applied."""
    if force and not apply:
        raise InputError("--force goes with --apply")
    if apply and task.workspace is None:
        raise InputError("--apply goes with --workspace DIR, the folder to change")
    if apply and not os.access(task.workspace or "", os.W_OK):
        raise InputError(f"--apply: {task.workspace!r} can't be written to")


def _changes_files(auction: Auction) -> bool:
    answered = auction.outcome is not None and auction.outcome.answer is not None
    return answered and auction.task.workspace is not None


Shower = Callable[[Auction, Sequence[Change] | None, Judged | None], None]


def _shower(*, answer: bool, json: bool, privacy: Privacy) -> Shower:
    """The way in which an auction is printed, with what was applied and what a judge said."""
    if answer and json:
        raise InputError("--answer and --json exclude each other; the JSON holds the answer")
    if json:
        return partial(_show_json, privacy)
    return _show_answer if answer else _show_all


def _show_json(
    privacy: Privacy, auction: Auction, made: Sequence[Change] | None, found: Judged | None
) -> None:
    more: dict[str, Any] = {} if made is None else {"applied": applied_json(made)}
    if found is not None:
        more |= {"judged": judged_json(found)}
    print_json(auction_json(auction, task_id=privacy.keep(auction.task).id) | more)


def _show_all(auction: Auction, made: Sequence[Change] | None, found: Judged | None) -> None:
    show_auction(Console(), auction)
    say_applied(made or ())
    if found is not None:
        typer.echo(judged_line(found))
    typer.echo(f"More: sale show {auction.id}", err=True)
    if auction.outcome is not None and auction.outcome.answer is not None:
        typer.echo(f"Right or wrong? sale feedback {auction.id[:8]} right|wrong", err=True)


def _show_answer(
    auction: Auction,
    made: Sequence[Change] | None,  # noqa: ARG001 - nothing but the answer goes to stdout
    found: Judged | None,
) -> None:
    if found is not None:
        typer.echo(judged_line(found), err=True)
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
    if outcome is not None and outcome.stop_reason is StopReason.NOT_FOUND:
        typer.echo(f"sale: not found; all that was done: sale show {auction.id}", err=True)
        return 1
    reason = "no agent worked"
    if outcome is not None:
        told = f": {plain(outcome.error)}" if outcome.error else ""
        reason = f"{plain(outcome.agent)}: {outcome.stop_reason}{told}"
    typer.echo(f"sale: no answer ({reason}); see: sale show {auction.id}", err=True)
    spent = outcome is not None and outcome.stop_reason is StopReason.BUDGET
    return BudgetError.exit_code if spent else 1
