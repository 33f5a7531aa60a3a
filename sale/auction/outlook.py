"""What is believed of a task, and whom that sends: score = dollars - value x P(solved)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from sale.auction.chains import (
    NOBODY,
    Chain,
    Chains,
    Odds,
    Vector,
    chain_at,
    odds,
)
from sale.auction.outcomes import (
    SIGNS,
    Matrix,
    Posterior,
    Tensor,
)
from sale.types import DOLLARS, SOLVES, Appraisal, Award, Signs, Term

NAN = float("nan")
DRAWS = 64
"""Of the coefficients, to explore by; and of plans that might be written."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What is believed of a task, and whom that sends."""

    appraisals: tuple[Appraisal, ...]
    """Of every agent that takes such tasks, in roster order."""
    chain: Chain
    """The awards that are expected to earn the most; its places are those of the appraisals."""
    award: Award | None
    """To the first of the chain; None where nobody is worth its price."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What is believed of a task before somebody works on it; n agents in roster order."""

    agents: tuple[str, ...]
    cost: Vector
    """Shape (n,): predicted dollars of each one's work."""
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
    round: int = 0
    """Of the bids that are looked at; 0 where nobody was asked for any."""

    def with_plans(self, plans: Mapping[str, Signs]) -> Outlook:
        """The same with the signs of some agents' plans."""
        return replace(self, plans=signs_of([plans.get(one) for one in self.agents]), round=1)

    def foreseen(self, rng: np.random.Generator | None = None, explore: float = 0.0) -> Foreseen:
        """Find the chain that is expected to earn the most; its first agent gets the award.

        With an `rng` others may be sent, too, by draws from what is believed of the agents
        (Thompson sampling), as often as the profit that is given up is expected to be at most
        `explore` times the predicted dollars of the best chain.
        """
        solves = self._solves(self.plans)
        found = self._odds(solves)
        best = int(found.best(self.value))
        appraisals = tuple(self._appraisal(one, solves) for one in range(len(self.agents)))
        place, propensity = best, 1.0
        if rng is not None and self.table.works[best].any():
            chances = self._mixed(found, best, explore)
            place, propensity = _drawn(self.table, found, chances, self.value, rng)
        chain = chain_at(self.table, found, place)
        return Foreseen(appraisals, chain, self._award(appraisals, chain, propensity))

    def gain(self, seen: Sequence[str]) -> float:
        """Dollars of profit that some signs of everybody's plan are expected to add.

        The value of information: what the best chain earns on the average once they are known,
        less what the chain earns that is best without them. Signs are taken to be normal.
        """
        columns = [SIGNS.index(one) for one in seen]
        scaling, shape = self.posterior.scaling, (DRAWS, *self.plans.shape)
        written = scaling.middle + scaling.width * _normals(self.plans.size).reshape(shape)
        plans = np.broadcast_to(self.plans, shape).copy()
        plans[..., columns] = written[..., columns]
        profit = self._odds(self._solves(plans)).profit
        return float(profit.max(axis=-1).mean() - profit.mean(axis=0).max())

    def _solves(self, plans: Matrix) -> Tensor:
        return self.posterior.solves(*self._depth, plans)

    @property
    def _depth(self) -> tuple[int, int]:
        """Failures of others, and of an agent itself, that there may be: each one more."""
        ahead = self.table.agents.shape[1] + 1
        counts = [self.failed.count(one) for one in self.failed]
        return len(set(self.failed)) + ahead, max(counts, default=0) + ahead

    def _odds(self, solves: Tensor) -> Odds:
        return odds(self.table, solves, self.cost, value=self.value, checked=self.checked)

    def _mixed(self, found: Odds, best: int, explore: float) -> Vector:
        """The probability of each agent to be the first, shape (n,)."""
        first, n = self.table.agents[:, 0], len(self.agents)
        drawn = self.posterior.drawn(_normals(len(self.posterior.mean)), *self._depth, self.plans)
        worlds = self._odds(drawn)
        somebody = replace(worlds, profit=np.where(first == NOBODY, -np.inf, worlds.profit))
        counts = np.bincount(first[somebody.best(self.value)], minlength=n)
        most = np.array([found.profit[first == one].max(initial=-np.inf) for one in range(n)])
        lost = float(counts[counts > 0] @ (found.profit[best] - most[counts > 0])) / DRAWS
        allowed = explore * float(found.dollars[best])
        share = 1.0 if lost <= allowed else allowed / lost
        chances = share * counts / DRAWS
        chances[first[best]] += 1.0 - share
        return np.asarray(chances)

    def _award(
        self, appraisals: Sequence[Appraisal], chain: Chain, propensity: float
    ) -> Award | None:
        if not chain.agents:
            return None
        first = appraisals[chain.agents[0]]
        return Award(first.agent, self.round, first.score, first.agent, propensity)

    def _appraisal(self, agent: int, solves: Tensor) -> Appraisal:
        others, again = len(set(self.failed) - {agent}), self.failed.count(agent)
        chance = float(solves[others, again, agent])
        cost, worth = float(self.cost[agent]), self.value * chance
        terms = (
            Term(DOLLARS, cost, 1.0, cost),
            Term(SOLVES, chance, self.value, worth),
        )
        return Appraisal(self.agents[agent], self.round, cost, worth, cost - worth, terms)


def _drawn(
    table: Chains, found: Odds, chances: Vector, value: float, rng: np.random.Generator
) -> tuple[int, float]:
    """Draw the agent that is first; returns its best chain, and how likely it was."""
    first = int(rng.choice(len(chances), p=chances / chances.sum()))
    own = replace(found, profit=np.where(table.agents[:, 0] == first, found.profit, -np.inf))
    return int(own.best(value)), float(chances[first])


def signs_of(plans: Sequence[Signs | None]) -> Matrix:
    """Give the SIGNS of some plans, shape (m, 3); nan where there is no plan, or nobody knows."""
    rows = [
        (NAN, NAN, NAN)
        if one is None
        else (
            NAN if one.tokens is None else float(np.log1p(one.tokens)),
            number_of(one.entropy),
            number_of(one.rating),
        )
        for one in plans
    ]
    return np.array(rows, dtype=float).reshape(-1, len(SIGNS))


def number_of(value: float | None) -> float:
    """Give a number; nan for what nobody knows."""
    return NAN if value is None else float(value)


@lru_cache(maxsize=32)
def _normals(size: int) -> Matrix:
    """Standard normal numbers, always the same, shape (DRAWS, size): so chances are exact."""
    return np.random.default_rng(0).standard_normal((DRAWS, size))
