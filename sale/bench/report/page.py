"""The page: one file that loads nothing, whose only script is known by its hash."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from sale.auction.quality import NEEDED, JurorQuality
from sale.bench.report import tables
from sale.bench.report.drawing import Picture
from sale.bench.report.folder import RunFolder
from sale.bench.report.parts import parts
from sale.bench.report.plane import ORACLE, SINGLE, alone, is_auction
from sale.bench.report.tasks import SHOWN, Tasks, letter
from sale.bench.report.words import count, plain
from sale.bench.statistics.results import ALL, PolicyResult, Results, SuiteResult
from sale.bench.statistics.signals import Signal

if TYPE_CHECKING:
    from jinja2 import Template

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent in the legend of the page."""

    name: str
    letter: str
    price: str


def render(
    run: RunFolder,
    results: Results,
    *,
    shades: Mapping[str, str],
    pictures: Mapping[str, Picture | None],
    tasks: Tasks,
    jurors: Sequence[JurorQuality],
    signals: Sequence[Signal],
) -> str:
    """The page as text."""
    whole = results.suites[-1]
    agents = tuple(run.roster)
    style, script = _style(shades), (_HERE / "report.js").read_text()
    filled = [one for one in parts(run, results, pictures, jurors, signals) if one.filled]
    first, more = _sentences(whole)
    shown = plain(run.path.resolve().name)
    contents = [("short", "In short"), *((one.id, one.title) for one in filled)]
    contents += [("tasks", "Task by task")]
    contents += [("auctions", "Auctions")] if tasks.auctions else []
    contents += [("notes", "Notes")]
    return (
        _template()
        .render(
            title=f"SALE benchmark: {shown}",
            subtitle=_subtitle(results),
            agents=[_agent(name, place, run) for place, name in enumerate(agents)],
            contents=contents,
            sentences=first,
            more_sentences=more,
            parts=filled,
            tasks=tasks,
            auctions_told=_auctions_told(tasks),
            notes=list(_notes(run, results, jurors)),
            settings=[(plain(name), plain(value, limit=300)) for name, value in run.settings],
            style=Markup(style),  # noqa: S704 - ours alone: nothing from outside is in it
            script=Markup(script),  # noqa: S704
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
        .strip()
    )


def _sentences(suite: SuiteResult) -> tuple[list[str], list[str]]:
    """What the intervals show in plain words: of the auctions, and of everybody else."""
    first: list[str] = []
    more: list[str] = []
    for one in suite.policies:
        if one.policy == ORACLE or alone(one):
            continue
        for found in tables.differences(one).values():
            told = plain(f"{one.policy}: {found.sentence}", limit=600)
            (first if is_auction(one) and "-" not in one.policy else more).append(told)
    if not first:
        return more or ["There is nothing to compare: a run needs a policy and a single agent."], []
    return first, more


def _subtitle(results: Results) -> str:
    whole = results.suites[-1]
    suites = [plain(one.suite, limit=40) for one in results.suites if one.suite not in {ALL, ""}]
    orders = max(one.orders for one in whole.policies)
    attempts = max(one.attempts for one in whole.policies)
    told = [
        count(whole.tasks, "task") + (f" of {', '.join(suites)}" if suites else ""),
        count(len(whole.policies), "policy", "policies"),
        f"up to {orders} orders of the stream" if orders > 1 else "",
        f"{attempts} attempts a task" if attempts > 1 else "",
    ]
    return ", ".join(filter(None, told))


def _notes(run: RunFolder, results: Results, jurors: Sequence[JurorQuality]) -> Iterator[str]:
    """What these figures rest on, and what is not known."""
    whole = results.suites[-1]
    yield (
        f"Intervals are 95 %; differences are paired by task ({results.draws:,} draws of a "
        f"bootstrap, seed {results.seed}); orders and attempts of one task stay together."
    )
    if whole.common < whole.tasks:
        yield (
            f"Of {count(whole.tasks, 'task')} every policy has {whole.common:,}; a comparison "
            "uses the tasks that both sides have."
        )
    yield from (_lacks(one) for one in whole.policies if one.known < one.tasks)
    unpriced = [one.policy for one in whole.policies if one.usd_per_task is None]
    if unpriced:
        yield f"Dollars are not known of: {plain(', '.join(unpriced), limit=600)}."
    if results.largest is None:
        yield "No price is known, so there is no largest agent to compare with."
    elif whole.policy(SINGLE + results.largest) is None:
        yield f"The largest agent, {plain(results.largest)}, did not run alone."
    if all(one.bin == "unknown" for policy in whole.policies for one in policy.bins):
        yield "No task says how long it takes a human, so there is no figure by it."
    short = [one for one in jurors if not one.reliability]
    if short:
        yield f"Jurors with fewer than {NEEDED} plans of known outcome have no figures."
    yield from run.notes


def _lacks(one: PolicyResult) -> str:
    return (
        f"{plain(one.policy, limit=60)}: of {count(one.tasks, 'task')} the outcome of "
        f"{one.tasks - one.known:,} is not known; they count in dollars, not in what was solved."
    )


def _auctions_told(tasks: Tasks) -> str:
    listed = sum(len(one.lines) for one in tasks.auctions)
    told = f"{count(tasks.held, 'auction')} in all"
    if listed < tasks.held:
        told += f"; {listed:,} are listed, the first of every task before the second of any"
    if not any(line.bids for one in tasks.auctions for line in one.lines):
        return f"{told}. No memory of them is at hand, so their bids are not shown."
    more = f"; the first {SHOWN} with their bids" if listed > SHOWN else ""
    return f"{told}{more}. The line of each shows every term and every step."


def _agent(name: str, place: int, run: RunFolder) -> Agent:
    price = run.roster[name]
    told = "price unknown" if price is None else f"${price:g} per M tokens"
    known = any(price is not None for price in run.roster.values())
    return Agent(plain(name, limit=48), letter(place), told if known else "")


def _style(shades: Mapping[str, str]) -> str:
    """The style sheet with a class for each agent."""
    classes = [
        f'.a{place}{{--c:{shade}}}.marks td.a{place}::after{{content:"{letter(place)}"}}'
        for place, shade in enumerate(shades.values())
    ]
    return (_HERE / "report.css").read_text() + "\n".join(classes)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")
