"""Does `sale whatif` foretell what a changed setting comes to? On tables whose truth is known.

    python benchmarks/whatif.py TABLE [--trials 50] [--tasks 150] [--agents 3]

TABLE is one that `sale replay` reads. Each trial takes some agents and two halves of some tasks by
chance. A market with `stages = "auto"` awards the first half, and explores; its record is asked
what another setting (another `prefer`, without an agent, another price, or a policy that learns
nothing) would come to on as many tasks to come. Then that setting awards the second half, by the
same memory, for real. Printed: how often the truth is within the stated interval.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count, islice
from pathlib import Path
from statistics import mean

import numpy as np

from sale.auction.foresight import Foresight
from sale.auction.terms import Prefer
from sale.bench.executions import Executions
from sale.bench.tables import of_agents, read_table
from sale.types import AgentSpec, Kind, PastAuction, PastWork, Precedent, Price, Verdict
from sale.whatif.estimates import Answer, answer, expecting, gather
from sale.whatif.rules import Alone, ByForesight, Cascade, Random, Rule, Works

Policy = Callable[[Sequence[bool]], Rule]
"""A rule, given what can be checked of the tasks."""
LONGEST = 3
POLICIES = 0.3
"""Share of the trials that ask about a policy that learns nothing."""
CHECKABLE = 0.7
"""Share of the tasks whose failures can be seen."""


@dataclass(frozen=True)
class World:
    """Some tasks of a table, and which of them can be checked."""

    table: Executions
    checkable: np.ndarray

    def work(self, task: int, agent: str, factor: float) -> PastWork:
        """What came of an agent's work; nothing fails by chance."""
        place = self.table.agents.index(agent)
        solved = bool(self.table.solved[task, place])
        verified = Verdict.PASSED if solved else Verdict.FAILED
        if not self.checkable[task]:
            verified = Verdict.NONE
        tokens = round(1e6 * float(self.table.dollars[task, place]))
        return PastWork(agent, verified, float(solved), 0, 0, tokens, factor * tokens / 1e6)


def awarded(
    world: World, foresight: Foresight, known: list[Precedent], *, seed: int
) -> list[PastAuction]:
    """Hold an auction for each task, and add what comes of it to what is known."""
    rng = np.random.default_rng(seed)
    factors = {spec.name: spec.price.output for spec in foresight.roster if spec.price}
    past = []
    for task in range(len(world.table.tasks)):
        made: list[PastWork] = []
        look = foresight.look
        checkable = bool(world.checkable[task])
        propensity = 1.0
        if foresight.can_tell(Kind.CODING, known):
            found = look(Kind.CODING, known, checkable=checkable)
            award = found.foreseen(rng, foresight.explore).award
        else:
            award = None
            made.append(world.work(task, str(rng.choice(list(factors))), 1.0))
            made[0] = replace(made[0], usd=made[0].usd * factors[made[0].agent])
            propensity = 1.0 / len(factors)
        if award is not None:
            propensity = award.propensity
        while award is not None:
            made.append(world.work(task, award.agent, factors[award.agent]))
            if made[-1].passed is not False or len(made) == LONGEST:
                break
            failed = [one.agent for one in made]
            award = look(Kind.CODING, known, checkable=checkable, failed=failed).foreseen().award
        names = [one.agent for one in made]
        known += [
            Precedent(
                one.agent,
                0.0,
                one.passed,
                tuple(names[:at]),
                one.usd,
            )
            for at, one in enumerate(made)
        ]
        if made:
            past.append(PastAuction(str(task), Kind.CODING, tuple(made), propensity, 0.0))
    return past


def played(world: World, rule: Rule, *, seed: int) -> list[PastAuction]:
    """Have a rule send agents to each task; prices are as they were."""
    rng = np.random.default_rng(seed)
    past = []
    for task in range(len(world.table.tasks)):
        made: list[PastWork] = []
        while sending := rule.send(task, [one.agent for one in made]):
            chances = [one.propensity for one in sending.values()]
            made.append(world.work(task, str(rng.choice(list(sending), p=chances)), 1.0))
            if made[-1].passed is not False:
                break
        past.append(PastAuction(str(task), Kind.CODING, tuple(made), 1.0, 0.0))
    return past


def asked(
    past: Sequence[PastAuction], foresight: Foresight, policy: Policy | None
) -> Answer | None:
    """What `sale whatif` answers."""
    able = foresight.able(Kind.CODING)
    vectors = np.zeros((len(past), 0), np.float32)
    checkable = [one.checkable for one in past]
    rule = ByForesight(foresight, Works.seen(past, able, vectors), checkable)
    truth = ByForesight(foresight, Works.known(past, able, vectors), checkable)
    if rule.telling < 2:
        return None
    look = lru_cache(maxsize=8)(truth.outlook)
    prices = {spec.name: spec.price for spec in able}
    chosen = policy(checkable) if policy else rule
    return answer(gather(past, range(len(past)), chosen, expecting(look), prices))


def changed(foresight: Foresight, rng: np.random.Generator) -> tuple[str, Foresight]:
    """Another setting, by chance."""
    roster = foresight.roster

    def other_prefer() -> tuple[str, Foresight]:
        prefer = Prefer(rng.choice([one for one in Prefer if one is not foresight.value]))
        return f"prefer {prefer}", replace(foresight, value=prefer)

    def without() -> tuple[str, Foresight]:
        gone = int(rng.integers(len(roster)))
        left = tuple(one for place, one in enumerate(roster) if place != gone)
        return "without an agent", replace(foresight, roster=left)

    def price() -> tuple[str, Foresight]:
        chosen, factor = int(rng.integers(len(roster))), float(rng.choice([0.5, 2.0]))
        spec = replace(roster[chosen], price=Price(factor, factor, factor))
        priced = tuple(spec if place == chosen else one for place, one in enumerate(roster))
        return "another price", replace(foresight, roster=priced)

    ways: list[Callable[[], tuple[str, Foresight]]] = [other_prefer, without, price]
    return ways[int(rng.integers(len(ways)))]()


def another_policy(table: Executions, rng: np.random.Generator) -> tuple[str, Policy]:
    """A policy that learns nothing, by chance."""
    agents = [table.agents[place] for place in np.argsort(table.dollars.mean(axis=0))]
    policies: dict[str, Policy] = {
        "single": lambda _: Alone(agents[-1]),
        "random": lambda _: Random(agents),
        "verify-cascade": lambda checkable: Cascade(agents, checkable),
    }
    return (name := str(rng.choice(list(policies)))), policies[name]


@dataclass(frozen=True)
class Trial:
    """One setting, foretold and tried."""

    line: str
    solved: bool
    """Whether the truth was within the interval."""
    usd: bool
    thin: bool

    def __str__(self) -> str:
        missed = [name for name in ("solved", "usd") if not getattr(self, name)]
        notes = [", thin" if self.thin else "", *(f", {one} MISSED" for one in missed)]
        return self.line + "".join(notes)


def trial(table: Executions, tasks: int, agents: int, seed: int) -> Trial | None:
    """Foretell a setting on one half of some tasks, and try it on the other."""
    rng = np.random.default_rng(seed)
    chosen = [str(one) for one in rng.choice(table.agents, size=agents, replace=False)]
    table = of_agents(table, chosen)
    whole = ~(np.isnan(table.solved) | np.isnan(table.dollars)).any(axis=1)
    places = rng.permutation(np.flatnonzero(whole & (table.dollars > 0).all(axis=1)))[: 2 * tasks]
    if len(places) < 2 * tasks:
        return None
    # The table's dollars stand for tokens, and so a factor for a price.
    roster = tuple(AgentSpec(one, one, "none", Price(1.0, 1.0, 1.0)) for one in chosen)
    market = Foresight(roster, Prefer.BALANCED, LONGEST, explore=0.3)
    halves = [
        World(table.part(half), rng.random(tasks) < CHECKABLE)
        for half in (places[:tasks], places[tasks:])
    ]
    way, other, policy = *changed(market, rng), None
    if rng.random() < POLICIES:
        (way, policy), other = another_policy(halves[0].table, rng), market
    known: list[Precedent] = []
    found = asked(awarded(halves[0], market, known, seed=seed), other, policy)
    if found is None:
        return None
    prices = {one.name: one.price.output for one in other.roster if one.price}
    known = [replace(one, usd=(one.usd or 0.0) * prices.get(one.agent, 1.0)) for one in known]
    if policy:
        came = played(halves[1], policy(halves[1].checkable.tolist()), seed=seed + 1)
    else:
        came = awarded(halves[1], other, known, seed=seed + 1)
    solved = sum(_kept(one).solved is True for one in came) / tasks
    usd = sum(work.usd or 0.0 for one in came for work in one.works) / tasks
    share, cost = found.next_solved, found.next_usd
    return Trial(
        f"{way}: solved {solved:.3f} in [{share.low:.3f}, {share.high:.3f}], "
        f"dollars {usd:.4g} in [{cost.low:.4g}, {cost.high:.4g}], "
        f"overlap {found.overlap:.0f} of {found.tasks}",
        share.low <= solved <= share.high,
        cost.low <= usd <= cost.high,
        found.is_thin,
    )


def _kept(auction: PastAuction) -> PastWork:
    return max(auction.works, key=lambda one: (one.passed is True, one.passed is None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--tasks", type=int, default=150)
    parser.add_argument("--agents", type=int, default=3)
    options = parser.parse_args()
    table = read_table(options.table).executions
    tried = (trial(table, options.tasks, options.agents, seed) for seed in count())
    found = list(islice((one for one in tried if one is not None), options.trials))
    for one in found:
        print(one)
    for name, some in {
        "all": found,
        "thin": [one for one in found if one.thin],
        "not thin": [one for one in found if not one.thin],
    }.items():
        if some:
            solved, usd = (mean(getattr(one, key) for one in some) for key in ("solved", "usd"))
            print(f"{name}: {len(some)} trials, within: solved {solved:.0%}, dollars {usd:.0%}")


if __name__ == "__main__":
    main()
