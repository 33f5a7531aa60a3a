"""What is believed of a task, and whom that sends: score = dollars - value x P(solved)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sale.auction.chains import Chain, Chains, Odds, chain_at, laid_out, odds
from sale.auction.design import SIGNS, Matrix, Tensor, Vector
from sale.auction.outcomes import WORLDS, Posterior
from sale.auction.ways import NOBODY, Ways
from sale.types import DOLLARS, SOLVES, Appraisal, Award, Term

NAN = float("nan")
FEWER = 32
"""Draws of the coefficients for each set of plans that might be written."""
HOPE = 0.1
"""The probability that somebody is worth its price, from which on somebody is sent."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What is believed of a task, and whom that sends."""

    appraisals: tuple[Appraisal, ...]
    """Of every agent that takes such tasks, in roster order, and of plans that may be shown."""
    chain: Chain
    """The awards that are expected to earn the most; its places are those of the appraisals."""
    award: Award | None
    """To the first of the chain; None where nobody is worth its price."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to go about the task first."""

    propensity: float
    """How likely it is."""
    chain: Chain
    """The best one that it begins."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What is believed of a task before somebody works on it; n agents, w ways of working."""

    agents: tuple[str, ...]
    """In roster order."""
    ways: Ways
    """Every agent by itself, in roster order, and behind them what else is worth a look."""
    cost: Vector
    """Shape (w,): predicted dollars of the work."""
    cost_spread: Vector
    """Shape (w,): how far the dollars may be off, as a standard deviation of their logarithm."""
    plan_cost: Vector
    """Shape (w,): predicted dollars of its plan, 0 for one that is there."""
    value: float
    """Dollars that a solved task is worth."""
    posterior: Posterior
    failed: tuple[int, ...]
    """Who has worked in vain, in order."""
    table: Chains
    """What may be done."""
    checked: float
    """The chance that a wrong answer is seen to be wrong."""
    plans: Matrix
    """Shape (n, 3): the SIGNS of the plans for the task, nan where there are none."""
    plans_usd: float = NAN
    """Predicted dollars of everybody's plan; nan where nobody knows."""
    shows_own: bool = False
    """Whether everybody sees its own plan once it is there."""
    reserve: bool = True
    """Whether nobody may be sent at all; else it only ends the work of those that failed."""
    round: int = 0
    """Of the bids that are looked at; 0 where nobody was asked for any."""

    def foreseen(self, rng: np.random.Generator | None = None, explore: float = 0.0) -> Foreseen:
        """Find the chain that is expected to earn the most; its first agent gets the award.

        With an `rng` others may be sent, too, by draws from what is believed of the agents
        (Thompson sampling), as often as the profit that is given up is expected to be at most
        `explore` times the predicted dollars of the best chain.
        """
        solves = self._solves(self.plans)
        found = self._odds(solves)
        best = self._best(found)
        appraisals = tuple(self._appraisal(one, solves) for one in range(len(self.ways)))
        place, propensity = best, 1.0
        if rng is not None and self.table.works[best].any():
            chances = self._mixed(found, best, explore)
            first = int(rng.choice(len(chances), p=chances / chances.sum()))
            place, propensity = self._best_from(found, first), float(chances[first])
        chain = chain_at(self.table, found, place)
        return Foreseen(appraisals, chain, self._award(appraisals, chain, propensity))

    def first(self, explore: float = 0.0) -> Mapping[int, Choice]:
        """Say of each way that may come first how likely it is, and what is expected then.

        Empty where nobody is worth its price.
        """
        found = self._odds(self._solves(self.plans))
        best = self._best(found)
        if not self.table.works[best].any():
            return {}
        chances = self._mixed(found, best, explore)
        places = {int(one) for one in self.table.ways[1:, 0]}
        return {
            one: Choice(
                float(chances[one]), chain_at(self.table, found, self._best_from(found, one))
            )
            for one in sorted(places)
        }

    def workers(self, chain: Chain) -> tuple[str, ...]:
        """Name the agents of a chain."""
        return tuple(self.agents[self.ways.workers[way]] for way in chain.ways)

    def expected(self, names: Sequence[str]) -> Matrix:
        """Say what is expected of some agents, sent one after the other, shape (1 + WORLDS, 2).

        P(solved) and dollars, first as they are believed to be, then by draws from what they may
        be.
        """
        chain = tuple(self.agents.index(one) for one in names)
        sizes = tuple(self.posterior.scaling.sizes)
        one = replace(self, table=laid_out([chain], self.ways, self.failed, len(chain), sizes))
        noise = np.exp(self.cost_spread * standard_normals(len(self.ways)))
        likely = one._odds(one._solves(self.plans))
        found = replace(one, cost=self.cost * noise)._odds(one._drawn())
        solves = np.append(likely.solves, found.solves)
        return np.column_stack([solves, np.append(likely.dollars, found.dollars)])

    def gain(self, seen: Sequence[str]) -> float:
        """Dollars of profit that some signs of everybody's plan are expected to add.

        The value of information: what the best chain earns on the average once they are known,
        less what the chain earns that is best without them.
        """
        one = self._of_those_compared()
        columns = [SIGNS.index(name) for name in seen]
        plans = np.broadcast_to(one.plans, (WORLDS, *one.plans.shape)).copy()
        plans[..., columns] = one._written()[..., columns]
        without, known = one._odds(one._solves(plans)), one._with_all_plans()
        with_plans = known._odds(known._solves(plans))
        return float(with_plans.profit.max(axis=-1).mean() - without.profit.mean(axis=0).max())

    def gain_of_new_plans(self, authors: Collection[str], seen: Sequence[str]) -> float:
        """Dollars of profit that new plans by some agents, in place of theirs, are expected to add.

        Of the new ones some signs are seen. They are like any other plans, so there is something to
        be won where those that are there look bad.
        """
        one = self._of_those_compared()
        here = [at for at, agent in enumerate(one.agents) if agent in authors]
        columns = [SIGNS.index(name) for name in seen]
        plans = np.broadcast_to(one.plans, (WORLDS, *one.plans.shape)).copy()
        plans[:, here] = NAN
        rows, signs = np.ix_(here, columns)
        plans[:, rows, signs] = one._written()[:, rows, signs]
        now, then = one._odds(one._solves(one.plans)), one._odds(one._solves(plans))
        return float(then.profit.max(axis=-1).mean() - now.profit.max())

    def _written(self) -> Tensor:
        """Signs of plans that everybody might write, shape (WORLDS, n, 3); they are normal."""
        scaling, shape = self.posterior.scaling, (WORLDS, *self.plans.shape)
        normals = standard_normals(self.plans.size).reshape(shape)
        return np.asarray(scaling.middle + scaling.width * normals)

    def _with_all_plans(self) -> Outlook:
        """The same as it is once everybody's plan is there."""
        ways = self.ways.with_own([True] * len(self.agents)) if self.shows_own else self.ways
        return replace(self, ways=ways, plan_cost=np.zeros(len(ways)))

    def _best(self, found: Odds) -> int:
        """The place of the best chain; the empty one only where it is all but sure to be best."""
        best = int(found.best(self.value))
        somebody = self.table.ways[:, 0] != NOBODY
        if self.table.works[best].any() or self.failed or not somebody.any():
            return best
        if self.reserve:
            worlds = self._odds(self._drawn())
            if (worlds.profit.max(axis=-1) > 0.0).mean() < HOPE:
                return best
        return self._best_of(found, somebody)

    def _of_those_compared(self) -> Outlook:
        """The same of the agents in some chain alone, by fewer draws: many plans are looked at."""
        works, posterior = self.table.works, self.posterior.thinned(FEWER)
        compared = np.unique(self.table.ways[works])
        ways = self.ways.only(compared.tolist())
        kept = np.unique(np.concatenate([ways.who, ways.shown]))
        kept = kept[kept >= 0]
        if len(kept) == len(self.agents):
            return replace(self, posterior=posterior)
        here = {NOBODY: NOBODY} | {int(one): place for place, one in enumerate(kept)}
        places = np.where(works, np.searchsorted(compared, self.table.ways), NOBODY)
        return replace(
            self,
            agents=tuple(self.agents[one] for one in kept),
            ways=Ways(
                tuple(here[one] for one in ways.workers), tuple(here[one] for one in ways.planners)
            ),
            cost=self.cost[compared],
            cost_spread=self.cost_spread[compared],
            plan_cost=self.plan_cost[compared],
            posterior=posterior.of(kept),
            table=replace(self.table, ways=places),
            plans=self.plans[kept],
        )

    def _drawn(self) -> Tensor:
        """P(solved) in worlds that may be so."""
        return self.posterior.drawn(self.ways, *self._depth, self.plans)

    def _solves(self, plans: Matrix) -> Tensor:
        return self.posterior.solves(self.ways, *self._depth, plans)

    @property
    def _depth(self) -> tuple[int, int]:
        """Failures of others, and of an agent itself, that there may be: each one more."""
        counts = [self.failed.count(one) for one in self.failed]
        others, again = len(set(self.failed)), max(counts, default=0)
        return (
            1 + max(others, int(self.table.others.max(initial=0))),
            1 + max(again, int(self.table.again.max(initial=0))),
        )

    def _odds(self, solves: Tensor) -> Odds:
        worth = {"value": self.value, "checked": self.checked}
        return odds(self.table, solves, self.cost, self.plan_cost, **worth)

    def _mixed(self, found: Odds, best: int, explore: float) -> Vector:
        """The probability of each way to be the first, shape (w,)."""
        first, n = self.table.ways[:, 0], len(self.ways)
        worlds = self._odds(self._drawn())
        somebody = replace(worlds, profit=np.where(first == NOBODY, -np.inf, worlds.profit))
        counts = np.bincount(first[somebody.best(self.value)], minlength=n)
        most = np.array([found.profit[first == one].max(initial=-np.inf) for one in range(n)])
        lost = float(counts[counts > 0] @ (found.profit[best] - most[counts > 0])) / WORLDS
        allowed = explore * float(found.dollars[best])
        share = 1.0 if lost <= allowed else allowed / lost
        chances = share * counts / WORLDS
        chances[first[best]] += 1.0 - share
        return np.asarray(chances)

    def _best_from(self, found: Odds, first: int) -> int:
        """The place of the best chain that begins in some way."""
        return self._best_of(found, self.table.ways[:, 0] == first)

    def _best_of(self, found: Odds, allowed: NDArray[np.bool_]) -> int:
        profit = np.where(allowed, found.profit, -np.inf)
        return int(replace(found, profit=profit).best(self.value))

    def _award(
        self, appraisals: Sequence[Appraisal], chain: Chain, propensity: float
    ) -> Award | None:
        if not chain.ways:
            return None
        first = appraisals[chain.ways[0]]
        return Award(first.agent, self.round, first.score, first.agent, propensity, first.planner)

    def _appraisal(self, way: int, solves: Tensor) -> Appraisal:
        worker, planner = self.ways.workers[way], self.ways.planners[way]
        others, again = set(self.failed) - {worker}, self.failed.count(worker)
        sizes = self.posterior.scaling.sizes
        betters = sum(sizes[one] > sizes[worker] for one in others)
        chance = float(solves[len(others), betters, again, way])
        cost, worth = float(self.cost[way] + self.plan_cost[way]), self.value * chance
        terms = (
            Term(DOLLARS, cost, 1.0, cost),
            Term(SOLVES, chance, self.value, worth),
        )
        shown = None if planner == NOBODY else self.agents[planner]
        agent = self.agents[worker]
        return Appraisal(agent, self.round, cost, worth, cost - worth, terms, shown)


@lru_cache(maxsize=32)
def standard_normals(size: int) -> Matrix:
    """Standard normal numbers, always the same, shape (WORLDS, size): so chances are exact."""
    return np.random.default_rng(0).standard_normal((WORLDS, size))
