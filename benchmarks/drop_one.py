"""What each part of the outcome model is worth, and whether its chances come true.

    python benchmarks/drop_one.py RUN [--orders 6]

RUN is a run folder of `sale bench` with every agent's work on every task, such as
results/humaneval-82. Streams of awards from memory alone go over its trials, in several orders,
each with a memory of its own that starts empty, with one part of the model left out at a time; the
first award of a stream goes to an agent by chance. Nobody is sent twice, as a run has one work of
each. Chances are those of the agents that were sent, against what the visible checks said then:
log loss and Brier score, lower is better, and a table of reliability.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from sklearn.metrics import brier_score_loss, log_loss

from sale.agents.backends.embedder import open_embedder
from sale.auction import design, dollars, foresight
from sale.auction.foresight import GUESS, Foresight
from sale.auction.terms import Prefer
from sale.bench.streams import order_of
from sale.bench.trials import Trial, first_tries
from sale.types import SOLVES, AgentSpec, Kind, Precedent, Price, Verdict

PARTS = {
    "whole": (),
    "how near tasks are": ("task",),
    "an agent's own effect": ("agent",),
    "failures of others": ("others", "betters"),
    "the price": ("price",),
    "exploring": ("explore",),
}
BINS = 5


@dataclass(frozen=True)
class Recorded:
    """The trials of a run, and how near its tasks are."""

    trials: dict[str, dict[str, Trial]]
    near: np.ndarray
    roster: tuple[AgentSpec, ...]
    kind: Kind

    @staticmethod
    def of(run: Path) -> Recorded:
        """Read a run folder."""
        made: dict[str, dict[str, Trial]] = {}
        for one in first_tries(run):
            made.setdefault(one.task, {})[one.agent] = one
        listed = [json.loads(line) for line in (run / "tasks.jsonl").open()]
        texts = {one["name"]: one["text"] for one in listed}
        rows = open_embedder().embed([texts[name] for name in made])
        prices = {one.agent: one.price or 0.0 for each in made.values() for one in each.values()}
        roster = tuple(
            AgentSpec(name, name, "none", Price(price, price / 10, price))
            for name, price in prices.items()
        )
        return Recorded(made, rows @ rows.T, roster, Kind(listed[0]["kind"]))


@dataclass
class Stream:
    """What a stream of awards has come to."""

    solved: int = 0
    usd: float = 0.0
    chances: list[float] = field(default_factory=list)
    passed: list[bool] = field(default_factory=list)

    def note(self, chance: float | None, passed: bool | None) -> None:
        """Note a chance and what came of it, where both are known."""
        if chance is not None and passed is not None:
            self.chances.append(chance)
            self.passed.append(passed)


@contextmanager
def without(parts: tuple[str, ...]) -> Iterator[float]:
    """The outcome model without some parts; gives the share to explore with."""
    center, spread, far = dict(design.CENTER), dict(design.SPREAD), dollars.FAR
    again, foresight.AGAIN = foresight.AGAIN, 0
    for part in {*parts} & {*spread}:
        design.CENTER[part], design.SPREAD[part] = 0.0, 1e-6
    dollars.FAR = 1.0 if "task" in parts else far
    try:
        yield 0.0 if "explore" in parts else 0.05
    finally:
        design.CENTER.update(center)
        design.SPREAD.update(spread)
        dollars.FAR, foresight.AGAIN = far, again


def stream(run: Recorded, order: int, explore: float, prefer: Prefer) -> Stream:
    """Award every task of a run, one after the other."""
    rng = np.random.default_rng([order, 1])
    names = list(run.trials)
    rule = Foresight(run.roster, prefer, len(run.roster), explore)
    works: list[tuple[int, Precedent]] = []
    made = Stream()
    for at in order_of(len(names), order=order, seed=0):
        tried = run.trials[names[at]]
        checkable = any(one.verified is not Verdict.NONE for one in tried.values())
        known = [replace(one, nearness=float(run.near[at, place])) for place, one in works]
        failed: list[str] = []
        came: list[Trial] = []
        while (sent := _sent(rule, run.kind, known, checkable, failed, rng)) is not None:
            agent, chance = sent
            trial = tried[agent]
            solved = _seen(trial)
            came.append(trial)
            made.usd += trial.usd or 0.0
            works.append((at, Precedent(agent, 0.0, solved, tuple(failed), trial.usd)))
            made.note(chance, solved)
            if solved is not False:
                break
            failed.append(agent)
        kept = max(came, key=lambda one: {True: 2, None: 1, False: 0}[_seen(one)])
        made.solved += bool(kept.solved)
    return made


def _sent(
    rule: Foresight,
    kind: Kind,
    known: list[Precedent],
    checkable: bool,
    failed: list[str],
    rng: np.random.Generator,
) -> tuple[str, float | None] | None:
    """Who is sent now, and with what chance it is believed to pass its checks."""
    if not rule.can_tell(kind, known):
        left = [one.name for one in rule.roster if one.name not in failed]
        return (str(rng.choice(left)), None) if left else None
    outlook = rule.look(kind, known, checkable=checkable, failed=failed)
    found = outlook.foreseen(None if failed else rng, rule.explore)
    if found.award is None:
        return None
    entry = next(one for one in found.appraisals if one.agent == found.award.agent)
    solves = next(term.feature for term in entry.terms if term.name == SOLVES)
    return entry.agent, GUESS[kind] + (1.0 - GUESS[kind]) * solves


def _seen(trial: Trial) -> bool | None:
    if trial.played is not None and trial.played.answer is None:
        return False
    return None if trial.verified is Verdict.NONE else trial.verified is Verdict.PASSED


def row(name: str, run: Recorded, orders: int, prefer: Prefer) -> tuple[str, Any, Any]:
    """One line of the table, and the chances with what came of them."""
    with without(PARTS[name]) as explore:
        made = [stream(run, order, explore, prefer) for order in range(orders)]
    chances = np.concatenate([one.chances for one in made])
    passed = np.concatenate([one.passed for one in made]).astype(int)
    tasks = len(run.trials)
    line = (
        f"| {name} | {mean(one.solved for one in made) / tasks:.1%} "
        f"| {1000 * mean(one.usd for one in made) / tasks:.4f} "
        f"| {log_loss(passed, chances):.3f} | {brier_score_loss(passed, chances):.3f} |"
    )
    return line, chances, passed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--orders", type=int, default=6)
    parser.add_argument("--prefer", type=Prefer, default=Prefer.BALANCED)
    options = parser.parse_args()
    run = Recorded.of(options.run)
    print(
        "| without | solved | dollars a thousand tasks | log loss | Brier |\n|---|---|---|---|---|"
    )
    kept = None
    for name in PARTS:
        line, *told = row(name, run, options.orders, options.prefer)
        kept = kept or told
        print(line, flush=True)
    chances, passed = kept or ([], [])
    print("\n| chance | works | said | passed |\n|---|---|---|---|")
    for low in np.arange(BINS) / BINS:
        inside = (chances >= low) & (chances < low + 1 / BINS)
        if inside.any():
            said, came = chances[inside].mean(), passed[inside].mean()
            print(
                f"| {low:.0%} to {low + 1 / BINS:.0%} | {inside.sum()} | {said:.0%} | {came:.0%} |"
            )


if __name__ == "__main__":
    main()
