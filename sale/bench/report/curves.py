"""How policies that learn did over the stream of tasks, and how far jurors can be believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sale.auction.quality import JurorQuality, quality
from sale.auction.votes import Vote
from sale.bench.report.drawing import (
    ACCENT,
    FAINT,
    GRID,
    INK,
    PAPER,
    Picture,
    picture,
    sheet,
)
from sale.bench.report.layers import layers, legend
from sale.bench.report.plane import SINGLE, is_auction
from sale.bench.report.words import number, percent, plain
from sale.bench.statistics.results import PolicyResult, SuiteResult
from sale.bench.trials import Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DASHES = ("-", "--", "-.", ":")
_COLUMNS, _PANELS = 4, 8


def learners(suite: SuiteResult) -> list[PolicyResult]:
    """The auctions that went through the tasks as a stream; at most as many as can be told."""
    able = [one for one in suite.policies if is_auction(one) and len(one.stream) > 1]
    return able[: len(_DASHES)]


def draw_learning(
    suite: SuiteResult, colours: Mapping[str, str], *, largest: str | None
) -> Picture | None:
    """The running score of each auction, and whom the first of them gave the work."""
    policies = learners(suite)
    if not policies:
        return None
    from matplotlib.ticker import MaxNLocator

    first = policies[0]
    with sheet(height=4.8) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.15, 1))
        for one, dash in zip(policies, _DASHES, strict=False):
            _running(above, one, dash, ACCENT if one is first else FAINT)
        _level(above, suite, largest, colours)
        above.set_ylabel("solved so far, %")
        above.margins(y=0.12)
        _areas(below, first, colours)
        below.set_ylabel(f"{plain(first.policy, limit=20)}: % of work")
        below.set_xlabel("tasks seen")
        below.xaxis.set_major_locator(MaxNLocator(integer=True))
        handles, names = above.get_legend_handles_labels()
        above.legend(handles, names, loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8.5)
        told = "; ".join(_stream_told(one) for one in policies)
        return picture(figure, "learning", "Over the stream of tasks", plain(told, limit=1_500))


def jurors(trials: Sequence[Trial]) -> tuple[JurorQuality, ...]:
    """What the trials say of the jury and of each juror: every plan was carried out."""
    return quality(_votes(trials))


def draw_calibration(found: Sequence[JurorQuality], colours: Mapping[str, str]) -> Picture | None:
    """Of plans that were rated alike, how many were solved; None where too little is known."""
    able = [one for one in found if one.reliability][:_PANELS]
    if not able:
        return None
    columns = min(len(able), _COLUMNS)
    rows = -(-len(able) // columns)
    with sheet(height=0.5 + (2.0 if columns == _COLUMNS else 2.5) * rows) as figure:
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
        panels: list[Axes] = list(grid.flat)
        for axes in panels[len(able) :]:
            axes.set_visible(False)
        for axes, one in zip(panels, able, strict=False):
            _reliability(axes, one, colours.get(one.juror, FAINT) if one.juror else INK)
        for row in grid:
            row[0].set_ylabel("came true, %")
        for axes in panels[max(len(able) - columns, 0) : len(able)]:
            axes.set_xlabel("rating of the plan")
        told = "; ".join(_juror_told(one) for one in able)
        alt = plain(f"Rating against share solved, by juror: {told}", limit=1_500)
        return picture(figure, "calibration", "Can the jurors be believed?", alt)


def _votes(trials: Sequence[Trial]) -> Iterator[Vote]:
    ratings: dict[tuple[str, str], dict[str, float]] = {}
    solved: dict[str, dict[str, bool]] = {}
    for trial in trials:
        if trial.solved is not None:
            solved.setdefault(trial.task, {})[trial.agent] = trial.solved
        for juror, rating in trial.ratings.items():
            ratings.setdefault((trial.task, juror), {})[trial.agent] = rating
    for (task, juror), by_agent in ratings.items():
        yield Vote(task, task, juror, by_agent, solved.get(task, {}))


def _running(axes: Axes, one: PolicyResult, dash: str, colour: str) -> None:
    told = [(part.until, 100 * part.running) for part in one.stream if part.running is not None]
    if told:
        seen, running = zip(*told, strict=True)
        name = plain(one.policy, limit=24)
        axes.plot(
            seen,
            running,
            dash,
            color=colour,
            lw=1.8,
            label=name.replace("_", " ", 1) if name.startswith("_") else name,
        )


def _level(axes: Axes, suite: SuiteResult, largest: str | None, colours: Mapping[str, str]) -> None:
    """The score of the largest agent alone, on all tasks."""
    alone = suite.policy(f"{SINGLE}{largest}")
    if largest is not None and alone is not None and alone.quality is not None:
        level = 100 * alone.quality.value
        name = f"{plain(largest, limit=20)} alone"
        axes.axhline(level, color=colours.get(largest, FAINT), lw=1.2, label=name, zorder=1)


def _areas(axes: Axes, one: PolicyResult, colours: Mapping[str, str]) -> None:
    """The share of each agent in each stretch, as steps that begin where the last one ended."""
    edges = [0, *(part.until for part in one.stream)]
    parts = layers([part.allocation for part in one.stream], colours)
    for part in parts:
        axes.stairs(part.ends, edges, baseline=part.starts, fill=True, color=part.colour, lw=0)
    axes.set_ylim(0, 100)
    axes.set_xlim(0, edges[-1])
    legend(axes, [(part.name, part.colour) for part in parts])


def _reliability(axes: Axes, one: JurorQuality, colour: str) -> None:
    rows = [row for row in one.reliability if row.n and row.probability is not None]
    said = [5 * (row.probability or 0.0) for row in rows]
    came = [100 * (row.solved or 0.0) for row in rows]
    size = [20 + 160 * row.n / one.labelled for row in rows]
    axes.plot([0, 5], [0, 100], "--", color=GRID, lw=1.2)
    axes.plot(said, came, "-", color=FAINT, lw=1.0)
    axes.scatter(said, came, s=size, color=colour, ec=PAPER, zorder=3)
    axes.set_xlim(-0.2, 5.2)
    axes.set_xticks(range(6))
    axes.set_ylim(-4, 104)
    axes.set_title("the jury" if one.juror is None else plain(one.juror, limit=24))
    told = "" if one.auc is None else f"AUC {number(one.auc.value)}"
    axes.annotate(told, (0.97, 0.05), xycoords="axes fraction", ha="right", fontsize=8.5)


def _juror_told(one: JurorQuality) -> str:
    rows = ", ".join(
        f"{number(5 * row.probability, 1)}: {percent(row.solved, 0)} %"
        for row in one.reliability
        if row.n and row.probability is not None
    )
    return f"{one.juror or 'the jury'} ({rows})"


def _stream_told(one: PolicyResult) -> str:
    begin, end = one.stream[0], one.stream[-1]
    shares = ", ".join(f"{agent} {percent(s, 0)} %" for agent, s in end.allocation.items())
    return (
        f"{one.policy}: {percent(begin.running)} % solved of the first {begin.until} tasks, "
        f"{percent(end.running)} % of all {end.until}; at the end {shares}"
    )
