"""What an agent's work on a task is likely to cost, and how sure that is.

Arrays in, arrays out: n agents, m precedents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sale.auction.design import Precedents, Vector
from sale.auction.ways import NOBODY, Ways

FAR = 0.1
"""What work on an unlike task counts for, where work on the same task counts for 1."""
WORKS_DIFFER = 0.7
"""Standard deviation of the logarithms of an agent's dollars, before any were seen."""
MOST_VARIANCE = 9.0
"""Of those logarithms; beyond it nothing can be said of a mean."""
PRIOR_WORKS = 2.0
"""Works that the price of an agent counts for, against works that were seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """What each of n agents is likely to cost, in dollars; nan where nobody knows."""

    plain: Vector
    """Shape (n,): its work without a plan in sight."""
    shown: Vector
    """Shape (n,): its work with one."""
    plans: Vector
    """Shape (n,): its plan; 0 where that is there, nan where it can't be had."""
    spread: Vector
    """Shape (n,): how far its work may be off, as a standard deviation of the logarithm."""

    @staticmethod
    def of(precedents: Precedents, prices: Vector, plans: Vector) -> Costs:
        """Predict them from precedents; `plans` are known already."""
        plain = dollars(precedents, prices)
        shown, spread = dollars_with_plan(precedents, plain), dollars_spread(precedents, len(plain))
        return Costs(plain, shown, plans, spread)

    def work(self, ways: Ways) -> Vector:
        """Dollars of the work of some ways, shape (w,)."""
        return np.where(ways.shown == NOBODY, self.plain[ways.who], self.shown[ways.who])

    def plan(self, ways: Ways) -> Vector:
        """Dollars of the plans of some ways, shape (w,)."""
        return np.where(ways.shown == NOBODY, 0.0, self.plans[ways.shown])


def dollars(precedents: Precedents, prices: Vector) -> Vector:
    """Predicted dollars of each agent's work on the task without a plan in sight, shape (n,).

    The weighted mean of an agent's past works, shrunk towards its price times what a work of
    anybody has cost in prices. What is free costs nothing; an unknown price (nan) of an agent that
    has not worked gives nan.
    """
    works = precedents.only(~np.isnan(precedents.dollars))
    agents, weights, paid = works.agents, _weights(works), works.dollars
    priced = ~np.isnan(prices[agents]) & (prices[agents] > 0)
    in_prices = float(weights[priced] @ prices[agents[priced]])
    ratio = float(weights[priced] @ paid[priced]) / in_prices if in_prices > 0 else np.nan
    total, count = _sums(works.only(works.planners == NOBODY), len(prices))
    prior = np.where(prices == 0, 0.0, ratio * prices)
    shrunk = (total + PRIOR_WORKS * prior) / (count + PRIOR_WORKS)
    alone = np.divide(total, count, out=np.full(len(prices), np.nan), where=count > 0)
    return np.asarray(np.where(np.isnan(prior), alone, shrunk))


def dollars_with_plan(precedents: Precedents, plain: Vector) -> Vector:
    """Predicted dollars of each agent's work with a plan in sight, shape (n,).

    The weighted mean of its past ones, shrunk towards what its work costs without: a plan makes
    prompts longer, and may make the work longer or shorter.
    """
    works = precedents.only(~np.isnan(precedents.dollars))
    total, count = _sums(works.only(works.planners != NOBODY), len(plain))
    return np.asarray((total + PRIOR_WORKS * plain) / (count + PRIOR_WORKS))


def dollars_of_plans(known: Vector, prices: Vector) -> Vector:
    """Predicted dollars of each agent's plan, shape (n,): as its past ones, else by its price.

    `known` has the mean of its past plans, or nan. Where nobody's is known, all are nan.
    """
    seen = ~np.isnan(known) & (prices > 0)
    ratio = known[seen].sum() / prices[seen].sum() if seen.any() else np.nan
    told = not np.isnan(known).all()
    return np.where(np.isnan(known), np.where(told & (prices == 0), 0.0, ratio * prices), known)


def dollars_spread(precedents: Precedents, agents: int) -> Vector:
    """How far predicted dollars may be off, shape (n,): standard deviations of their logarithms.

    Those of means of log-normal numbers, by how much these differ and by how many were seen.
    """
    known = precedents.dollars > 0  # nan is not
    who, logs = precedents.agents[known], np.log(precedents.dollars[known])
    count = np.bincount(who, minlength=agents)
    middle = np.bincount(who, logs, minlength=agents) / np.maximum(count, 1)
    seen = max(len(who) - int((count > 0).sum()), 0)
    off = float(((logs - middle[who]) ** 2).sum()) + PRIOR_WORKS * WORKS_DIFFER**2
    variance = min(off / (seen + PRIOR_WORKS), MOST_VARIANCE)
    return np.asarray(np.sqrt(np.log1p(np.expm1(variance) / (count + PRIOR_WORKS))))


def _sums(works: Precedents, agents: int) -> tuple[Vector, Vector]:
    """Weighted dollars of each agent's works, and their weights; both of shape (n,)."""
    weights = _weights(works)
    total = np.bincount(works.agents, weights * works.dollars, minlength=agents)
    return np.asarray(total), np.asarray(np.bincount(works.agents, weights, minlength=agents))


def _weights(precedents: Precedents) -> Vector:
    """Shape (m,): FAR .. 1, what each counts for."""
    return np.asarray(FAR + (1.0 - FAR) * precedents.alike)
