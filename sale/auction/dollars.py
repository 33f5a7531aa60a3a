"""What an agent's work on a task is likely to cost, and how sure that is.

Arrays in, arrays out: n agents, m precedents.
"""

from __future__ import annotations

import numpy as np

from sale.auction.outcomes import Precedents, Vector

FAR = 0.1
"""What work on an unlike task counts for, where work on the same task counts for 1."""
WORKS_DIFFER = 0.7
"""Standard deviation of the logarithms of an agent's dollars, before any were seen."""
MOST_VARIANCE = 9.0
"""Of those logarithms; beyond it nothing can be said of a mean."""
PRIOR_WORKS = 2.0
"""Works that the price of an agent counts for, against works that were seen."""


def dollars(precedents: Precedents, prices: Vector) -> Vector:
    """Predicted dollars of each agent's work on the task, shape (n,).

    The weighted mean of an agent's past works, shrunk towards its price times what a work of
    anybody has cost in prices. What is free costs nothing; an unknown price (nan) of an agent that
    has not worked gives nan.
    """
    known = ~np.isnan(precedents.dollars)
    agents, weights = precedents.agents[known], _weights(precedents)[known]
    paid = precedents.dollars[known]
    priced = ~np.isnan(prices[agents]) & (prices[agents] > 0)
    in_prices = float(weights[priced] @ prices[agents[priced]])
    ratio = float(weights[priced] @ paid[priced]) / in_prices if in_prices > 0 else np.nan
    total = np.bincount(agents, weights * paid, minlength=len(prices))
    count = np.bincount(agents, weights, minlength=len(prices))
    prior = np.where(prices == 0, 0.0, ratio * prices)
    shrunk = (total + PRIOR_WORKS * prior) / (count + PRIOR_WORKS)
    alone = np.divide(total, count, out=np.full(len(prices), np.nan), where=count > 0)
    return np.asarray(np.where(np.isnan(prior), alone, shrunk))


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


def _weights(precedents: Precedents) -> Vector:
    """Shape (m,): FAR .. 1, what each counts for."""
    return np.asarray(FAR + (1.0 - FAR) * precedents.alike)
