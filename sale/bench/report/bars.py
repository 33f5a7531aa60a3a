"""Who got the work, by policy and by how long a task takes a human; and what each stage cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sale.bench.report.drawing import PAPER, Picture, picture, sheet
from sale.bench.report.layers import layers, legend, legend_height
from sale.bench.report.plane import ORACLE, PER, SINGLE, is_auction
from sale.bench.report.words import money, percent, plain
from sale.bench.statistics.results import PolicyResult, StageShare, SuiteResult
from sale.types import Stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer

STAGES = {
    Stage.BID: "#7d2f0d",
    Stage.RATE: "#c9602f",
    Stage.REFINE: "#eeb08d",
    Stage.EXECUTE: "#76808f",
    Stage.VERIFY: "#bcc3cd",
}
"""The auction in three browns, the work in two greys; they differ in lightness, too."""
_PANELS = 6
_ROWS = 30


def choosing(suite: SuiteResult) -> list[PolicyResult]:
    """The policies that have a choice: auctions first, the oracle last."""
    able = [one for one in suite.policies if not one.policy.startswith(SINGLE)]
    return sorted(able, key=lambda one: (one.policy == ORACLE, not is_auction(one)))


def draw_allocation(suite: SuiteResult, colours: Mapping[str, str]) -> Picture | None:
    """The share of each agent among the kept answers of each policy."""
    policies = choosing(suite)[:_ROWS]
    if not policies:
        return None
    shares = [{a: share.kept for a, share in one.allocation.items()} for one in policies]
    parts = layers(shares, colours)
    with sheet(height=0.8 + legend_height(parts) + 0.27 * len(policies)) as figure:
        axes = figure.subplots()
        for one in parts:
            bars = axes.barh(range(len(shares)), one.values, 0.72, left=one.starts)
            _paint(bars, one.colour)
        _rows(axes, policies)
        axes.set_xlim(0, 100)
        axes.set_xlabel("% of the answers that were kept")
        legend(figure, [(one.name, one.colour) for one in parts])
        told = "; ".join(
            f"{one.policy}: {_shares(share)}" for one, share in zip(policies, shares, strict=True)
        )
        return picture(figure, "allocation", "Who got the work", plain(told, limit=1_500))


def draw_bins(suite: SuiteResult, colours: Mapping[str, str]) -> Picture | None:
    """The same by how long a task takes a human; None where no task tells."""
    policies = [one for one in choosing(suite) if any(b.bin != "unknown" for b in one.bins)]
    policies = _chosen_panels(policies)
    if not policies:
        return None
    columns = min(len(policies), 3)
    rows = -(-len(policies) // columns)
    parts = layers([bin_.allocation for one in policies for bin_ in one.bins], colours)
    with sheet(height=0.5 + legend_height(parts) + 2.1 * rows) as figure:
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
        panels = list(grid.flat)
        for axes in panels[len(policies) :]:
            axes.set_visible(False)
        for axes, one in zip(panels, policies, strict=False):
            _panel(axes, one, colours)
        for row in grid:
            row[0].set_ylabel("% of answers")
        legend(figure, [(one.name, one.colour) for one in parts])
        told = "; ".join(_bins_told(one) for one in policies)
        alt = plain(f"By minutes that a task takes a human: {told}", limit=1_500)
        return picture(figure, "bins", "Who got which tasks", alt)


def draw_overhead(suite: SuiteResult) -> Picture | None:
    """Dollars by stage for 1,000 tasks, or tokens where no dollars are known."""
    policies = [one for one in suite.policies if one.policy != ORACLE and one.stages][:_ROWS]
    if not any(is_auction(one) for one in policies):
        return None
    priced = [one for one in policies if all(s.usd is not None for s in one.stages.values())]
    in_dollars = bool(priced)
    policies = priced or policies
    with sheet(height=1.2 + 0.27 * len(policies)) as figure:
        axes = figure.subplots()
        left = [0.0] * len(policies)
        for stage, colour in STAGES.items():
            used = [_used(one, one.stages.get(stage), in_dollars) for one in policies]
            axes.barh(range(len(policies)), used, 0.68, left=left, color=colour, lw=0)
            left = [before + value for before, value in zip(left, used, strict=True)]
        _rows(axes, policies)
        for row, (one, end) in enumerate(zip(policies, left, strict=True)):
            share = one.overhead.usd if in_dollars else one.overhead.tokens
            if share and is_auction(one):
                axes.annotate(
                    f"{100 * share:.0f} % auction",
                    (end, row),
                    (5, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=8.5,
                )
        axes.set_xlim(0, 1.22 * max(left, default=0.0) or 1.0)
        axes.set_xlabel(
            "dollars for 1,000 tasks" if in_dollars else "tokens a task, as dollars are not known"
        )
        legend(figure, [(str(stage), colour) for stage, colour in STAGES.items()])
        told = "; ".join(_stages_told(one) for one in policies)
        return picture(figure, "overhead", "What each stage costs", plain(told, limit=1_500))


def _chosen_panels(policies: Sequence[PolicyResult]) -> list[PolicyResult]:
    """As many as there are panels for, the oracle among them where there is one."""
    oracle = [one for one in policies if one.policy == ORACLE]
    others = [one for one in policies if one.policy != ORACLE]
    return [*others[: _PANELS - len(oracle)], *oracle]


def _panel(axes: Axes, one: PolicyResult, colours: Mapping[str, str]) -> None:
    shares = [bin_.allocation for bin_ in one.bins]
    for part in layers(shares, colours):
        _paint(axes.bar(range(len(shares)), part.values, 0.8, bottom=part.starts), part.colour)
    names = [f"{bin_.bin.replace('<=', '≤').replace('unknown', '?')}" for bin_ in one.bins]
    axes.set_xticks(range(len(names)), names, fontsize=7.5)
    axes.set_ylim(0, 100)
    axes.grid(visible=False, axis="x")
    axes.set_title(plain(one.policy, limit=28))


def _paint(bars: BarContainer, colour: str) -> None:
    for bar in bars:
        bar.set(facecolor=colour, edgecolor=PAPER, linewidth=0.5)


def _rows(axes: Axes, policies: Sequence[PolicyResult]) -> None:
    axes.set_yticks(range(len(policies)), [plain(one.policy, limit=28) for one in policies])
    axes.set_ylim(len(policies) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)


def _used(one: PolicyResult, stage: StageShare | None, in_dollars: bool) -> float:
    if stage is None:
        return 0.0
    return PER * (stage.usd or 0.0) / one.samples if in_dollars else stage.tokens / one.samples


def _shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{agent} {percent(share, 0)} %" for agent, share in shares.items())


def _bins_told(one: PolicyResult) -> str:
    told = ", ".join(f"{b.bin}: {_shares(b.allocation)}" for b in one.bins)
    return f"{one.policy} ({told})"


def _stages_told(one: PolicyResult) -> str:
    told = ", ".join(
        f"{stage} {money(None if used.usd is None else PER * used.usd / one.samples)}"
        for stage, used in one.stages.items()
    )
    return f"{one.policy}: {told}"
