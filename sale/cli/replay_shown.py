"""What a replay came to, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
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
from sale.cli.text import plain

COLUMNS = ("tasks", "pass@1", "95 %", "$/1000", "largest", "over hull")
CAPTION = (
    "$/1000: dollars a thousand tasks, everything paid; largest: share of tasks that the agent of "
    "the highest price worked on; over hull: points of pass@1 above random mixing of single agents "
    "at the same dollars, with 95 % interval"
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
        suites = len(dict.fromkeys(self.table.suites)) or 1
        title = f"{len(self.table.tasks):,} tasks of {suites} suite{'s' * (suites > 1)}"
        console.print(policies_table(everything.policies, title=title))
        for one in everything.policies:
            if one.policy.partition(":")[0] not in BOUNDS:
                for comparison in one.comparisons:
                    if comparison.baseline is Baseline.BEST:
                        console.print(Text(plain(f"{one.policy}: {comparison.sentence}")))

    def json(self) -> dict[str, Any]:
        """The same and all suites, as one object."""
        return {
            "tasks": len(self.table.tasks),
            "agents": list(self.table.agents),
            "suites": [one.suite for one in self.results.suites if one.suite != ALL],
            "notices": list(self.notices),
            "left_out": dict(self.played.left_out),
            "largest": self.results.largest,
            "policies": policies_json(self.results),
        }


def policies_table(found: Sequence[PolicyResult], *, title: str) -> Table:
    """A row for each policy."""
    table = Table(title=title, caption=CAPTION, box=None, padding=(0, 2, 0, 0))
    table.add_column("policy", overflow="fold")
    for heading in COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found:
        table.add_row(Text(plain(one.policy.removeprefix("single:"), limit=60)), *_cells(one))
    return table


def policies_json(results: Results) -> list[dict[str, Any]]:
    """An object for each policy and suite, and for all suites."""
    return [_json(one) for suite in results.suites for one in suite.policies]


def _cells(one: PolicyResult) -> tuple[str, ...]:
    quality = one.quality
    return (
        f"{one.known:,}",
        "-" if quality is None else f"{quality.value:.1%}",
        "-" if quality is None else _range(quality, "-"),
        "unknown" if one.usd_per_task is None else f"{1000 * one.usd_per_task.value:.4g}",
        "-" if one.reliance is None else f"{one.reliance:.0%}",
        _points(one.hull_gain),
    )


def _points(one: Estimate | None) -> str:
    return "-" if one is None else f"{100 * one.value:+.1f} [{_range(one, ', ')}]"


def _range(one: Estimate, between: str) -> str:
    """In whole points."""
    if one.low is None or one.high is None:
        return "-"
    return between.join(str(round(100 * end)) for end in (one.low, one.high))


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
        "overhead": one.overhead.model_dump(mode="json"),
        "allocation": {agent: share.kept for agent, share in one.allocation.items()},
        "largest": one.reliance,
        "hull_gain": one.hull_gain and asdict(one.hull_gain),
        "oracle_capture": one.oracle_capture,
        "sentences": [comparison.sentence for comparison in one.comparisons],
    }
