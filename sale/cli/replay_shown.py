"""What a replay came to, as a table and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sale.auction.calibration import Estimate
from sale.bench.executions import Executions
from sale.bench.replay import Replayed
from sale.bench.statistics import ALL, Baseline, Results
from sale.bench.statistics.results import PolicyResult
from sale.cli.text import number, plain

COLUMNS = ("tasks", "pass@1", "95 %", "$ a task", "$ a solved", "largest", "over hull", "oracle")
CAPTION = (
    "largest: share of tasks that the agent of the highest price worked on; over hull: points of "
    "pass@1 above random mixing of single agents at the same dollars, with 95 % interval; oracle: "
    "share of the way from the best single agent to the oracle"
)
BOUNDS = ("single", "oracle")


@dataclass(frozen=True, slots=True)
class Shown:
    """A replay that is done."""

    table: Executions
    notices: tuple[str, ...]
    played: Replayed
    results: Results

    def print(self, console: Console) -> None:
        """Print all policies over all suites, and how those that choose compare."""
        everything = self.results.suite(ALL)
        if everything is None:
            return
        console.print(self._table(everything.policies))
        for one in everything.policies:
            if one.policy.partition(":")[0] not in BOUNDS:
                for comparison in one.comparisons:
                    if comparison.baseline is Baseline.BEST:
                        console.print(Text(plain(f"{one.policy}: {comparison.sentence}")))

    def _table(self, found: tuple[PolicyResult, ...]) -> Table:
        suites = len(dict.fromkeys(self.table.suites)) or 1
        title = f"{len(self.table.tasks):,} tasks of {suites} suite{'s' * (suites > 1)}"
        table = Table(title=title, caption=CAPTION, box=None, padding=(0, 2, 0, 0))
        table.add_column("policy", overflow="fold")
        for heading in COLUMNS:
            table.add_column(heading, justify="right", no_wrap=True)
        for one in found:
            table.add_row(Text(plain(one.policy, limit=60)), *_cells(one))
        return table

    def json(self) -> dict[str, Any]:
        """The same and all suites, as one object."""
        return {
            "tasks": len(self.table.tasks),
            "agents": list(self.table.agents),
            "suites": [one.suite for one in self.results.suites if one.suite != ALL],
            "notices": list(self.notices),
            "left_out": dict(self.played.left_out),
            "largest": self.results.largest,
            "policies": [_json(one) for suite in self.results.suites for one in suite.policies],
        }


def _cells(one: PolicyResult) -> tuple[str, ...]:
    return (
        f"{one.known:,}",
        "-" if one.quality is None else f"{one.quality.value:.1%}",
        "-" if one.quality is None else _range(one.quality, 100, 1),
        _dollars(one.usd_per_task),
        _dollars(one.usd_per_solved),
        "-" if one.reliance is None else f"{one.reliance:.0%}",
        _points(one.hull_gain),
        number(one.oracle_capture, 2),
    )


def _dollars(one: Estimate | None) -> str:
    return "unknown" if one is None else f"{one.value:.4g}"


def _points(one: Estimate | None) -> str:
    if one is None:
        return "-"
    return f"{100 * one.value:+.1f} [{_range(one, 100, 1)}]"


def _range(one: Estimate, times: float, places: int) -> str:
    if one.low is None or one.high is None:
        return "-"
    return f"{times * one.low:.{places}f}, {times * one.high:.{places}f}"


def _json(one: PolicyResult) -> dict[str, Any]:
    quality = one.quality
    return {
        "policy": one.policy,
        "suite": one.suite,
        "n": one.known,
        "pass@1": quality and quality.value,
        "ci95": None if quality is None or quality.low is None else [quality.low, quality.high],
        "usd_per_task": one.usd_per_task and one.usd_per_task.value,
        "usd_per_solved": one.usd_per_solved and one.usd_per_solved.value,
        "allocation": {agent: share.kept for agent, share in one.allocation.items()},
        "largest": one.reliance,
        "hull_gain": one.hull_gain and asdict(one.hull_gain),
        "oracle_capture": one.oracle_capture,
        "sentences": [comparison.sentence for comparison in one.comparisons],
    }
