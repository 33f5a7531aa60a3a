"""`sale bench`: every agent on every task of some suites, graded and kept in a run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sale.agents.kinds import check_inputs
from sale.bench.collect import Collector
from sale.bench.run import Run, settings
from sale.bench.trials import Trial
from sale.cli.bars import bar
from sale.cli.calls import CallsOption, checked
from sale.cli.compose import running_market
from sale.cli.hidden_tests import HiddenTests
from sale.cli.judging import JudgeOption, check_judge, opened_judge
from sale.cli.options import (
    LARGEST,
    Json,
    MarketOption,
    missing_models,
    open_market,
)
from sale.cli.output import print_json
from sale.cli.text import dollars, number
from sale.cli.where import CorpusOption, ModeOption, WebOption, looked_in
from sale.errors import InputError, ModelError
from sale.market_file import MarketFile
from sale.memory.store import Store
from sale.tasks.contents import content_hash
from sale.tasks.contexts import CorpusMode, placed
from sale.tasks.exam import SuiteTask
from sale.tasks.suites import open_suite, split
from sale.types import Kind


def bench(
    suites: Annotated[
        list[str], typer.Argument(metavar="SUITE...", help="Suites by name, or paths of some.")
    ],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The run folder: run.json and samples.jsonl.")
    ],
    limit: Annotated[
        int | None, typer.Option(min=1, max=LARGEST, help="Only the first N tasks of each suite.")
    ] = None,
    every: Annotated[
        int, typer.Option(min=1, max=LARGEST, help="Of each suite the first task and each Nth on.")
    ] = 1,
    calls: CallsOption = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make every model call anew.")] = False,
    judge: JudgeOption = None,
    corpus: CorpusOption = None,
    web: WebOption = None,
    corpus_mode: ModeOption = None,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST, help="Makes it repeatable.")] = 0,
    market: MarketOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where it stopped.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    json: Json = False,
) -> int:
    """Have every agent bid on, rate and do every task: what `sale fit` learns from.

    Answers are graded by the suite's hidden tests and keys, where it has any. Nothing is awarded
    and the auction memory isn't touched. What is done is kept at once, so a run that was stopped
    goes on with --resume.
    """
    from sale.bench.singles import singles  # scipy takes a while to import

    if len(set(suites)) < len(suites):
        raise InputError("a suite is named twice; give each suite once")
    where = looked_in(corpus, web)
    by_suite = {
        name: _tasks(name, limit=limit, every=every, mode=corpus_mode, where=where)
        for name in suites
    }
    tasks = _named(by_suite)
    contents = {name: content_hash(held) for name, held in by_suite.items()}
    source, file = open_market(market)
    check_judge(judge, file)
    kept = None if fresh else checked(calls)
    made_by = settings(contents, tasks, file.roster, seed=seed)
    if missing := missing_models(file):
        names = ", ".join(missing)
        raise ModelError(f"models not on this machine: {names}; run `sale models pull`")
    with closing(Run.open(out, made_by, resume=resume)) as run:
        left = _left(tasks, run.trials(), file)
        seeds = {name: seed + place for place, name in enumerate(tasks)}
        if left:
            _collect(left, seeds, run, source, file, judge, kept, quiet=quiet)
        found = singles(run.trials())
    if json:
        print_json({"run": str(out), "suites": suites, "policies": [_json(one) for one in found]})
    else:
        Console().print(_table(found))
        _say_judged(found)
        typer.echo(f"Learn weights from it: sale fit {out}", err=True)
    return 0


def _tasks(
    name: str, *, limit: int | None, every: int, mode: CorpusMode | None, where: str | None
) -> tuple[SuiteTask, ...]:
    """The tasks of a suite, or the one of `SUITE#ID`, with what they look at."""
    path, wanted = split(name)
    suite = open_suite(path)
    tasks = suite.read_all().tasks if wanted is None else (suite.read(wanted),)
    tasks = placed(tasks[::every][:limit], suite, mode=mode, where=where)
    for task in tasks:
        for notice in check_inputs(task.task):
            typer.echo(f"sale: {task.id}: {notice}", err=True)
    return tasks


def _named(by_suite: Mapping[str, Sequence[SuiteTask]]) -> dict[str, SuiteTask]:
    """The tasks by their names in a run; with several suites an id is led by its suite's name."""
    tasks: dict[str, SuiteTask] = {}
    for suite, held in by_suite.items():
        lead = f"{Path(suite).stem}/" if len(by_suite) > 1 else ""
        for task in held:
            if lead + task.id in tasks:
                raise InputError(f"two suites hold a task {lead + task.id!r}; give each suite once")
            tasks[lead + task.id] = task
    return tasks


def _left(
    tasks: Mapping[str, SuiteTask], trials: Sequence[Trial], file: MarketFile
) -> dict[str, SuiteTask]:
    """The tasks that not every agent of their kind has been tried on yet."""
    done = {(trial.task, trial.agent) for trial in trials}
    return {
        name: task
        for name, task in tasks.items()
        if any(task.task.kind in s.kinds and (name, s.name) not in done for s in file.roster)
    }


def _collect(
    left: Mapping[str, SuiteTask],
    seeds: Mapping[str, int],
    run: Run,
    source: str,
    file: MarketFile,
    judge: str | None,
    calls: Path | None,
    *,
    quiet: bool,
) -> None:
    total, kinds = len(seeds), {task.task.kind for task in left.values()}
    kind = Kind.CODING if Kind.CODING in kinds else Kind.SEARCH
    start = "starting the agents"
    with (
        Store.open("sqlite://") as nothing,
        running_market(
            file, source, nothing, kind=kind, observe=lambda *_: None, calls=calls
        ) as market,
        opened_judge(judge, file) as asked,
        bar(total=total, done=total - len(left), doing=start, quiet=quiet) as shown,
    ):
        collector = Collector(
            market.pool,
            market.verifier,
            market.rules,
            file.roster,
            HiddenTests(left, file.sandbox.tier, asked).marks,
            shown.doing,
        )
        for name, task in left.items():
            run.add(collector.collect(name, task.task, seed=seeds[name]))
            shown.done(name)


def _json(one: Any) -> dict[str, Any]:
    return {
        "policy": f"single:{one.agent}",
        "n": one.known,
        "pass@1": one.share,
        "f1": one.f1,
        "judged": {"tasks": one.judged, "usd": one.judge_usd},
        "ci95": one.interval,
        "usd_per_task": None if one.usd is None else one.usd / one.tasks,
        "usd_per_solved": one.usd / one.solved if one.usd is not None and one.solved else None,
        "visible_checks": {"passed_but_wrong": one.misled, "failed_but_right": one.doubted},
        "wall_s_per_task": one.wall_s / one.tasks,
        "bids_and_ratings_usd_per_task": (
            None if one.auction_usd is None else one.auction_usd / one.tasks
        ),
    }


def _say_judged(found: Sequence[Any]) -> None:
    for one in found:
        if one.judged:
            typer.echo(
                f"{one.agent}: on {one.judged} of {one.known} known tasks by a judge's word, as "
                f"they have no key; the judging cost {dollars(one.judge_usd)} more"
            )


def _table(found: Sequence[Any]) -> Table:
    table = Table(
        title="Each agent alone",
        caption="solved: of the tasks where it is known, with 95 % interval; $ a task: its work; "
        "misled: visible checks pass, hidden tests or the key don't",
        box=None,
        padding=(0, 2, 0, 0),
    )
    table.add_column("agent", no_wrap=True)
    for heading in ("tasks", "known", "solved", "95 %", "F1", "misled", "$ a task", "s a task"):
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
            number(one.f1, 2),
            "-" if one.misled is None else str(one.misled),
            dollars(usd),
            number(one.wall_s / one.tasks, 1),
        )
    return table
