"""Does the outcome model find out whether a plan in sight helps? Streams with a known truth.

    python benchmarks/lent_plans.py [--tasks 300] [--streams 6]

Three agents, each three times as dear and one logit better than the one before it. A plan costs
0.3 of its agent's work. In each world a plan in sight changes the logits of who works by it: it
`hurts` everybody, as measured with small models (mechanism.md), `own plans help` everybody, or
`lent plans help`: those of an agent that is dearer. A wrong answer passes its checks in 13 % of
all cases. Beside each other: nobody ever sees a plan, and
the model decides, with the exploring that a market does. Value: ten times the dearest work, as
with `prefer = "balanced"`. Profit is solved tasks times that value, less all dollars, in prices of
the dearest work; `planned` is the share of works by a plan in the first and the last third.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import mean

import numpy as np
from scipy.special import expit

from sale.auction.foresight import Foresight, Plans
from sale.auction.terms import Sight
from sale.types import AgentSpec, Award, Kind, Precedent, Price, Signs

NAMES = ("small", "middle", "large")
PRICES = {"small": 1.0, "middle": 3.0, "large": 9.0}
ABILITY = {"small": -0.5, "middle": 0.5, "large": 1.5}
PLAN = 0.3
FALSE_PASS = 0.13
"""Of wrong answers, as benchmarks/false_passes.py found for code."""
Lift = Callable[[str, str], float]
"""Of who works and whose plan it sees."""
WORLDS: dict[str, Lift] = {
    "plans hurt": lambda _worker, _planner: -0.7,
    "own plans help": lambda worker, planner: 1.5 if worker == planner else 0.0,
    "lent plans help": lambda worker, planner: 2.0 if PRICES[planner] > PRICES[worker] else -0.7,
}


@dataclass
class Stream:
    """What a stream of auctions has come to."""

    solved: int = 0
    dollars: float = 0.0
    planned: list[bool] = field(default_factory=list)
    """Of each first work."""
    works: list[Precedent] = field(default_factory=list)


def play(lift: Lift, sight: Sight, *, tasks: int, seed: int, checkable: bool) -> Stream:
    """Award some tasks by memory alone, one after the other."""
    rng, made = np.random.default_rng(seed), Stream()
    roster = tuple(
        AgentSpec(name, name, "none", Price(usd, usd / 10, usd)) for name, usd in PRICES.items()
    )
    value = 10.0 * PRICES["large"]
    rule = Foresight(roster, value, 3 if checkable else 1, explore=0.05, sight=sight)
    for _ in range(tasks):
        hard = float(rng.normal())
        failed: list[str] = []
        seen: list[str | None] = []
        here: dict[str, Signs] = {}
        right = passed = False
        while len(failed) < rule.longest and not passed:
            plans = Plans({name: PLAN * usd for name, usd in PRICES.items()}, here, (), seen)
            known = made.works[-256:]
            if rule.can_tell(Kind.CODING, known):
                look = rule.look(
                    Kind.CODING, known, checkable=checkable, failed=failed, plans=plans
                )
                award = look.foreseen(None if failed else rng, rule.explore).award
            else:
                first = str(rng.choice(NAMES))
                award = Award(first, 0, 0.0, first)
            if award is None:
                break
            if award.planner and award.planner not in here:
                made.dollars += PLAN * PRICES[award.planner]
                here[award.planner] = Signs(80)
            if not failed:
                made.planned.append(award.planner is not None)
            right = bool(rng.random() < chance(award, lift, hard))
            passed = right or bool(rng.random() < FALSE_PASS)
            usd = PRICES[award.agent] * float(rng.lognormal(-0.1, 0.45))
            made.dollars += usd
            made.works.append(
                Precedent(
                    award.agent,
                    0.0,
                    passed,
                    tuple(failed),
                    usd,
                    planner=award.planner,
                )
            )
            failed.append(award.agent)
            seen.append(award.planner)
        made.solved += right
    return made


def chance(award: Award, lift: Lift, hard: float) -> float:
    """The truth."""
    shown = 0.0 if award.planner is None else lift(award.agent, award.planner)
    return float(expit(ABILITY[award.agent] + shown - hard))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=300)
    parser.add_argument("--streams", type=int, default=6)
    options = parser.parse_args()
    print("| world | awards | plans | solved | dollars | profit | planned, first and last third |")
    print("|---|---|---|---|---|---|---|")
    for world, lift in WORLDS.items():
        for checkable in (True, False):
            for sight in (Sight.NONE, Sight.AUTO):
                made = [
                    play(lift, sight, tasks=options.tasks, seed=seed, checkable=checkable)
                    for seed in range(options.streams)
                ]
                solved = mean(one.solved for one in made) / options.tasks
                dollars = mean(one.dollars for one in made) / options.tasks / PRICES["large"]
                third = options.tasks // 3
                thirds = [
                    mean(mean(one.planned[part]) for one in made)
                    for part in (slice(third), slice(-third, None))
                ]
                awards = "up to 3, checked" if checkable else "1"
                print(
                    f"| {world} | {awards} | {sight} | {solved:.1%} "
                    f"| {dollars:.3f} | {10 * solved - dollars:.3f} "
                    f"| {thirds[0]:.0%}, {thirds[1]:.0%} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
