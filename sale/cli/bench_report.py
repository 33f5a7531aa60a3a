"""`sale bench report`, `compare` and `export-inspect`: what runs came to, for eyes and tools."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sale.cli.options import Json
from sale.cli.output import print_json
from sale.cli.text import plain
from sale.errors import SaleError
from sale.memory.store import Store
from sale.types import Auction

if TYPE_CHECKING:
    from sale.auction.calibration import Estimate
    from sale.bench.report import RunFolder
    from sale.bench.report.compare import PolicyChange, RunsCompared
    from sale.bench.samples import Sample
    from sale.bench.statistics import Results

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
RunDb = Annotated[
    str | None,
    typer.Option("--db", metavar="URL", help="The run's auctions; default: its own memories."),
]
_TASKS = 4
"""Tasks that are named of each policy; of a policy that was asked for all are."""


def report(
    run: RunArgument,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The page; default: report.html in the run's folder."),
    ] = None,
    db: RunDb = None,
    json: Json = False,
) -> int:
    """Tell what a run came to, and draw it: a page that needs nothing else, and PNGs beside it.

    Made of what the run folder holds alone: no suite, market or model is needed.
    """
    from sale.bench.report import read_run
    from sale.bench.singles import singles
    from sale.cli.bench_shown import Shown

    found = read_run(run)
    results = summed_up(found)
    written = draw_report(found, results, out=out, db=db)
    shown = Shown(results, tuple(singles(found.trials)), {})
    if json:
        print_json({"run": str(run), "files": [str(path) for path in written], **shown.json()})
    else:
        shown.print(Console())
        typer.echo(str(written[0]))
        typer.echo(f"{len(written) - 1} figures as PNG in {written[0].parent}", err=True)
    return 0


def summed_up(run: RunFolder) -> Results:
    """All figures of a run."""
    from sale.bench.statistics import summarise  # scipy takes a while

    return summarise(run.samples, roster=run.roster)


def draw_report(
    run: RunFolder, results: Results, *, out: Path | None = None, db: str | None = None
) -> list[Path]:
    """Write the page and the figures of a run; returns where they are, the page first."""
    from sale.bench.report import write_report  # matplotlib takes a while

    with closing(RunRecords(run, db)) as records:
        return list(write_report(run, results, out=out, records=records))


def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="The folder of a run.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="The folder of another one.")],
    policy: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this policy. May be given again."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the bootstrap.")] = 0,
    json: Json = False,
) -> int:
    """Say what changed from run A to run B: each policy on the tasks that both have."""
    from sale.bench.report import read_run
    from sale.bench.report.compare import compare_runs

    found = compare_runs(read_run(first), read_run(second), policies=policy, seed=seed)
    if json:
        print_json(_compared_json(found))
        return 0
    console = Console()
    console.print(_compared_table(found))
    for line in (*_sides(found), *_cautions(found)):
        console.print(Text(line))
    return 0


def export_inspect(
    run: RunArgument,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the logs go.")],
    db: RunDb = None,
    json: Json = False,
) -> int:
    """Write a run as logs of Inspect, one for each policy and suite: `inspect view --log-dir DIR`.

    Texts of tasks, answers and steps are there as far as the auction memory of the run has them.
    """
    from sale.bench.report import read_run
    from sale.bench.report.inspect_log import export_inspect as export
    from sale.bench.run import SAMPLES
    from sale.bench.statistics import summarise

    found = read_run(run)
    results = summarise(found.samples, roster=found.roster, draws=100)
    created = datetime.fromtimestamp((run / SAMPLES).stat().st_mtime, tz=UTC)
    with closing(RunRecords(found, db)) as records:
        written = export(found, results, out, created=created, records=records)
    if json:
        print_json({"run": str(run), "files": [str(path) for path in written]})
    else:
        typer.echo(f"{len(written)} logs in {out}; look at them: inspect view --log-dir {out}")
    return 0


def shown_url(url: str) -> str:
    """An address of a memory as a page may tell it: without its password."""
    from sqlalchemy import make_url

    return make_url(url).render_as_string(hide_password=True)


class RunRecords:
    """The auctions of a run: in its own memories, or all of them in one that the user names."""

    def __init__(self, run: RunFolder, db: str | None) -> None:
        self._run = run
        self._db = db
        self._stores: dict[str, Store] = {}

    def find(self, sample: Sample) -> Auction | None:
        """The auction of a sample; None where it isn't on record, or its task is secret."""
        url = self._url(sample)
        if url is None or sample.auction is None or self._run.secret(sample.task):
            return None
        if url not in self._stores:
            self._stores[url] = Store.open(url)
        try:
            return self._stores[url].get(sample.auction)
        except SaleError:
            return None  # a memory may have been pruned since

    def url(self, sample: Sample) -> str | None:
        """What `sale show` has to look in."""
        url = self._url(sample)
        return None if url is None else shown_url(url)

    def close(self) -> None:
        """Close the memories."""
        for store in self._stores.values():
            store.close()

    def _url(self, sample: Sample) -> str | None:
        path = self._run.memory(sample)
        return self._db or (None if path is None else f"sqlite:///{path}")


def _compared_table(found: RunsCompared) -> Table:
    first, second = (plain(name, limit=40) for name in found.names)
    table = Table(
        title=Text(f"From {first} to {second}, on {found.tasks:,} common tasks"),
        caption="solved: %; difference: points, with 95 % interval; saved: % of the first run's $",
        box=None,
        padding=(0, 1, 0, 0),
    )
    table.add_column("policy", no_wrap=True)
    for heading in ("solved", "difference", "saved", "gained", "lost"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found.policies:
        table.add_row(
            Text(plain(one.policy, limit=40)),
            f"{_percent(one.before.solved)} → {_percent(one.after.solved)}",
            _percents(one.difference.quality, ".1f"),
            _percents(one.difference.saving, ".0f"),
            str(len(one.gained)),
            str(len(one.lost)),
        )
    return table


def _sides(found: RunsCompared) -> Iterator[str]:
    """The sentences, and which tasks changed sides."""
    for one in found.policies:
        yield f"{plain(one.policy, limit=40)}: {plain(one.difference.sentence, limit=400)}"
        for word, tasks in (("gained", one.gained), ("lost", one.lost)):
            most = len(tasks) if len(found.policies) == 1 else _TASKS
            named = ", ".join(plain(task, limit=60) for task in tasks[:most])
            more = f" and {len(tasks) - most} more" if len(tasks) > most else ""
            if tasks:
                yield f"  {word}: {named}{more}"


def _cautions(found: RunsCompared) -> Iterator[str]:
    for name, only, alone in zip(found.names, found.only, found.alone, strict=True):
        if only:
            yield f"Left out: {only:,} tasks that only {plain(name, limit=60)} has."
        if alone:
            policies = ", ".join(plain(policy, limit=40) for policy in alone)
            yield f"Only in {plain(name, limit=60)}: {policies}."
    if found.prices:
        agents = ", ".join(plain(agent, limit=40) for agent in found.prices)
        yield f"The prices of {agents} differ, so dollars differ for no other reason, too."


def _compared_json(found: RunsCompared) -> dict[str, Any]:
    return {
        "runs": list(found.names),
        "tasks": found.tasks,
        "tasks_left_out": list(found.only),
        "policies": [_change_json(one) for one in found.policies],
        "policies_left_out": [list(alone) for alone in found.alone],
        "other_prices": list(found.prices),
    }


def _change_json(one: PolicyChange) -> dict[str, Any]:
    told = one.difference.model_dump(mode="json", include={"quality", "usd", "saving", "sentence"})
    return {
        "policy": one.policy,
        "pass@1": [one.before.solved, one.after.solved],
        "usd_per_task": [one.before.usd, one.after.usd],
        "n": one.difference.tasks,
        "difference": told,
        "gained": list(one.gained),
        "lost": list(one.lost),
    }


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _percents(found: Estimate | None, form: str) -> str:
    """A difference of shares in points, or a share in per cent, as narrow as it goes."""
    if found is None:
        return "-"
    told, low, high = (
        "" if share is None else f"{100 * share:{form}}"
        for share in (found.value, found.low, found.high)
    )
    return f"{told} [{low}, {high}]" if low and high else told
