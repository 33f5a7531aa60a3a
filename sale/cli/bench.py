"""`sale bench`: every policy on the same tasks, with the same executions and everything paid."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sale.auction.terms import Stages
from sale.bench.run import Run
from sale.bench.variants import VARIANTS
from sale.cli.bars import bar
from sale.cli.bench_play import Play, played
from sale.cli.bench_report import compare, draw_report, export_inspect, report, summed_up
from sale.cli.bench_tasks import Asked, Choice, Means, check_means, chosen_agents, machine
from sale.cli.calls import CallsOption, checked
from sale.cli.group import DefaultGroup
from sale.cli.judging import JudgeOption, check_judge
from sale.cli.learning import learnt
from sale.cli.options import LARGEST, Json, MarketOption, open_market
from sale.cli.output import print_json
from sale.cli.text import plain
from sale.cli.where import CorpusOption, ModeOption, WebOption, looked_in
from sale.errors import InputError

RUNS = Path("runs")
ABLATIONS = "ablations"

app = typer.Typer(
    cls=DefaultGroup, help="Compare policies on the same tasks.", rich_markup_mode=None
)


@app.command("run")
def bench(
    suites: Annotated[
        list[str], typer.Argument(metavar="SUITE...", help="Suites by name, or paths of some.")
    ],
    policy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="May be given again; default: all but the ablations. Also `single`, `routers` "
            "and `ablations`; docs/policies.md has the names.",
        ),
    ] = None,
    agents: Annotated[
        str | None, typer.Option(metavar="A,B", help="Only these agents of the market.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The run folder; default: runs/SUITE.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, max=LARGEST, help="Only the first N tasks of each suite.")
    ] = None,
    every: Annotated[
        int, typer.Option(min=1, max=LARGEST, help="Of each suite the first task and each Nth on.")
    ] = 1,
    orders: Annotated[
        int, typer.Option(min=1, max=100, help="Orders of the tasks, for what learns on the way.")
    ] = 1,
    folds: Annotated[
        int | None, typer.Option(min=2, max=1000, help="For what is fitted; default: 5.")
    ] = None,
    split: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Fit on it, report the rest; no folds.")
    ] = None,
    attempts: Annotated[
        int, typer.Option(min=1, max=100, help="Tries of each agent on each task, for pass@k.")
    ] = 1,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Tasks side by side; agents need as many slots.")
    ] = 1,
    budget: Annotated[
        float | None, typer.Option(min=0, metavar="USD", help="Stop when this much is spent.")
    ] = None,
    warm: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN", help="Also play sale-warm: its memory begins with what RUN has taught."
        ),
    ] = None,
    calls: CallsOption = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make every model call anew.")] = False,
    judge: JudgeOption = None,
    corpus: CorpusOption = None,
    web: WebOption = None,
    corpus_mode: ModeOption = None,
    seed: Annotated[int, typer.Option(min=0, max=2**30, help="Makes it repeatable.")] = 0,
    market: MarketOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where it stopped.")] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Draw no report.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    json: Json = False,
) -> int:
    """Have every agent bid on, rate and do every task, and play every policy on what came of it.

    Answers are graded by the suite's hidden tests and keys, where it has any. What is done is kept
    at once in the run folder, so a run that was stopped goes on with --resume; model calls are
    kept in a cache and made once. Your auction memory isn't touched. Examples:

    sale bench coding --limit 10 --out runs/first

    sale bench humaneval --every 2 --orders 3 --policy sale --policy single
    """
    names = tuple(name.strip() for name in agents.split(",")) if agents else ()
    source, file = open_market(market)
    file = chosen_agents(file, names)
    check_judge(judge, file)
    choice = Choice(limit, every, corpus_mode, looked_in(corpus, web))
    stages = file.auction.stages
    wanted = Wanted.of(policy or (), orders, folds, split, stages=stages, warm=warm is not None)
    asked = Asked.of(suites, choice, file, source, seed=seed, judge=judge)
    begun = None if warm is None else learnt(warm, file)
    made_by = asked.settings(begun)
    if attempts > 1 and not file.limits.temperature:
        raise InputError(
            "--attempts: at temperature 0 all attempts are the same one; set `temperature` under "
            "[limits] in the market file, e.g. to 0.8"
        )
    if folds is not None and folds > len(asked.tasks):
        raise InputError(f"--folds: {len(asked.tasks)} tasks can't be cut into {folds} folds")
    check_means(file, workers, budget)
    kept = None if fresh or asked.secret else checked(calls)
    bids = wanted.bids(stages)
    means = Means(kept, judge, attempts, workers, budget, bids=bids, warm=begun)
    folder = out or RUNS / "-".join(asked.by_suite)
    with closing(Run.open(folder, made_by, made_on=machine(), resume=resume)) as run:
        run.name_tasks(asked.listed.values())
        with played(asked, run, means) as play:
            left_out = _play(play, wanted, quiet=quiet)
        _tell(asked, run, left_out, draw=not no_report, json=json)
    return 0


app.command("report")(report)
app.command("compare")(compare)
app.command("export-inspect")(export_inspect)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which policies are asked for, and how those that learn are to do it."""

    auctions: tuple[str, ...]
    others: tuple[str, ...]
    orders: int
    folds: int | None
    split: float | None

    @staticmethod
    def of(
        names: Sequence[str],
        orders: int,
        folds: int | None,
        split: float | None,
        *,
        stages: Stages,
        warm: bool = False,
    ) -> Wanted:
        """Sort policies by what plays them; raises `InputError` for one that isn't known.

        `stages` are the market's; by default the auction is played with the others, too. With
        `warm` the one is as well whose memory begins with another run.
        """
        from sale.bench.policies import POLICIES, load_policy
        from sale.bench.replay import MIXTURE

        if folds is not None and split is not None:
            raise InputError("--folds and --split are two ways of one thing; give one of them")
        if split is not None and not 0 < split < 1:
            raise InputError(f"--split is a share between 0 and 1, got {split:g}")
        routers = [name for name in POLICIES if name not in ("single", "oracle", "mixture")]
        ablations = [name for name, one in VARIANTS.items() if one.without]
        groups = {"routers": routers, ABLATIONS: ablations}
        other = "sale-full" if stages is Stages.AUTO else "sale-auto"
        auctions = ["sale", other, "sale-published", "sale-nomem"]
        default = [*auctions, "single", "mixture", *routers, "oracle"]
        asked = [*(names or default), *(["sale-warm"] if warm else [])]
        chosen = [one for name in asked for one in groups.get(name, [name])]
        for name in chosen:
            kind, _, copied = name.partition(":")
            meant = (copied or MIXTURE) if kind == MIXTURE else name
            if meant not in (*VARIANTS, "single"):
                load_policy(meant)
        return Wanted(
            tuple(dict.fromkeys(name for name in chosen if name in VARIANTS)),
            tuple(dict.fromkeys(name for name in chosen if name not in VARIANTS)),
            orders,
            folds,
            split,
        )

    def bids(self, stages: Stages) -> bool:
        """Whether an auction among them asks for bids on every task, in a market with `stages`."""
        return any((VARIANTS[name].stages or stages) is Stages.FULL for name in self.auctions)

    @property
    def streams(self) -> tuple[tuple[str, int], ...]:
        """The auctions with each of their orders; one is enough for those that don't learn."""
        return tuple(
            (name, order)
            for name in self.auctions
            for order in range(self.orders if VARIANTS[name].learns else 1)
        )


def _play(play: Play, wanted: Wanted, *, quiet: bool) -> dict[str, str]:
    """Collect what is left, and play what isn't on record; returns who could not be played."""
    from sale.cli.bench_routers import play_others

    left = play.left()
    if left:
        total = len(play.asked.tasks) * play.means.attempts
        start = "starting the agents"
        with bar(total=total, done=total - len(left), doing=start, quiet=quiet) as shown:
            play.collect(left, shown)
    left_out = play.stream_all(wanted.streams, quiet=quiet)
    if wanted.others:
        left_out |= play_others(
            play.asked,
            play.run,
            wanted.others,
            attempts=play.means.attempts,
            folds=wanted.folds,
            split=wanted.split,
            quiet=quiet,
        )
    for name, reason in left_out.items():
        typer.echo(f"sale: {plain(name)} is left out: {plain(reason)}", err=True)
    return left_out


def _tell(asked: Asked, run: Run, left_out: dict[str, str], *, draw: bool, json: bool) -> None:
    """Sum the run up, draw its report, and say what it came to."""
    from sale.bench.report import read_run
    from sale.bench.singles import singles  # scipy takes a while to import
    from sale.cli.bench_shown import Shown

    found = read_run(run.folder)
    results = summed_up(found)
    run.sum_up(results.lm_eval())
    shown = Shown(results, tuple(singles(found.trials)), left_out)
    if draw:
        draw_report(found, results)
    if json:
        print_json({"run": str(run.folder), "suites": list(asked.by_suite), **shown.json()})
        return
    shown.print(Console())
    if draw:
        typer.echo(f"Look at it: {plain(str(run.folder / 'report.html'))}", err=True)
    if any(one.played is not None for one in found.trials) and not asked.secret:
        told = f"Award by it from now on: sale memory learn {plain(str(run.folder))}"
        typer.echo(told, err=True)
    if any(one.bid_error is None for one in found.trials):
        typer.echo(f"Learn weights from it: sale fit {plain(str(run.folder))}", err=True)
