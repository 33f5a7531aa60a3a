"""What a run came to, as tables and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sale.bench.singles import Single
from sale.bench.statistics import ALL, Baseline, Results
from sale.bench.statistics.results import PolicyResult
from sale.cli.replay_shown import policies_json, policies_table
from sale.cli.text import dollars, number, plain

AUCTION = "sale"


@dataclass(frozen=True, slots=True)
class Shown:
    """A run that is done."""

    results: Results
    singles: Sequence[Single]
    left_out: Mapping[str, str]

    def print(self, console: Console) -> None:
        """Print each agent alone, every policy over all suites, and how the auctions compare."""
        console.print(_agents(self.singles))
        everything = self.results.suite(ALL)
        if everything is not None:
            console.print()
            console.print(policies_table(everything.policies, title="Every policy, all paid"))
            for one in everything.policies:
                if one.policy.partition("-")[0] == AUCTION:
                    _say(console, one)
        for single in self.singles:
            if single.judged:
                typer.echo(
                    f"{plain(single.agent)}: on {single.judged} of {single.known} known tasks by a "
                    f"judge's word, as they have no key; the judging cost "
                    f"{dollars(single.judge_usd)} more"
                )

    def json(self) -> dict[str, Any]:
        """The same and all suites, as one object."""
        return {
            "agents": [_agent_json(one) for one in self.singles],
            "left_out": dict(self.left_out),
            "largest": self.results.largest,
            "policies": policies_json(self.results),
        }


def _say(console: Console, one: PolicyResult) -> None:
    told = [other.sentence for other in one.comparisons if other.baseline is not Baseline.HULL]
    for sentence in dict.fromkeys(told):
        console.print(Text(plain(f"{one.policy}: {sentence}")))


def _agent_json(one: Single) -> dict[str, Any]:
    return {
        "agent": one.agent,
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


def _agents(found: Sequence[Single]) -> Table:
    table = Table(
        title="Each agent alone",
        caption="solved: of the tasks where it is known, with 95 % interval; $/1000: dollars a "
        "thousand tasks, its work alone; "
        "misled: visible checks pass, hidden tests or "
        "the key don't; s: seconds a task",
        box=None,
        padding=(0, 2, 0, 0),
    )
    table.add_column("agent", no_wrap=True)
    for heading in ("tasks", "known", "solved", "95 %", "F1", "misled", "$/1000", "s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found:
        share = "-" if one.share is None else f"{one.share:.1%}"
        interval = (
            "-"
            if one.interval is None
            else "{:.0f}-{:.0f}".format(*(100 * end for end in one.interval))
        )
        usd = "unknown" if one.usd is None else f"{1000 * one.usd / one.tasks:.4g}"
        table.add_row(
            Text(plain(one.agent)),
            str(one.tasks),
            str(one.known),
            share,
            interval,
            number(one.f1, 2),
            "-" if one.misled is None else str(one.misled),
            usd,
            number(one.wall_s / one.tasks, 1),
        )
    return table
