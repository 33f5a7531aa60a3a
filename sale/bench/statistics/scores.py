"""Figures of one policy, or of a curve of its settings, against given ends."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from sale.auction.calibration import Estimate
from sale.bench.executions import Array

ARENA_COSTS = (0.0044, 200.0)
"""Dollars for 1,000 tasks at which RouterArena's cost score is 1 and 0."""
ARENA_BETA = 0.1
Z = float(special.ndtri(0.975))


def pass_at(attempts: Array, right: Array, k: int) -> Array:
    """Unbiased pass@k of each task: 1 - C(n-c, k) / C(n, k) (Chen et al. 2021, section 2.1)."""
    return np.asarray(1.0 - special.comb(attempts - right, k) / special.comb(attempts, k))


def wilson(share: float, tasks: int) -> Estimate:
    """A share with Wilson's 95 % interval, tasks being the unit.

    With several attempts at a task it is too wide rather than too narrow: a mean of values
    between 0 and 1 varies at most as much as that of yes-or-no values with the same mean.
    """
    spread = Z**2 / tasks
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(spread * share * (1 - share) + spread**2 / 4) / (1 + spread)
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    return Estimate(share, min(low, share), max(high, share))


def arena(quality: float, usd: float) -> float:
    """RouterArena's score of quality and dollars a task (arXiv 2510.00202).

    Costs beyond its ends count as the ends, or the score would leave 0 to 1.
    """
    low, high = (math.log2(end) for end in ARENA_COSTS)
    thousand = min(max(1000 * usd, ARENA_COSTS[0]), ARENA_COSTS[1])
    cheap = (high - math.log2(thousand)) / (high - low)
    total = ARENA_BETA * quality + cheap
    return (1 + ARENA_BETA) * quality * cheap / total if total > 0 else 0.0


def apgr(shares: Array, quality: Array, weak: float, strong: float) -> float | None:
    """RouteLLM's average performance gap recovered, over shares of calls of the strong agent.

    None where the strong agent is no better than the weak one. A curve without a point at share
    0 or 1 is given the weak, or the strong, agent there.
    """
    if strong <= weak:
        return None
    x, y = _ended(shares, quality, weak, strong)
    return float((np.trapezoid(y, x) - weak) / (strong - weak))


def cpt(
    shares: Array, quality: Array, weak: float, strong: float, *, percent: float
) -> float | None:
    """RouteLLM's call-performance threshold: the least share that closes `percent` of the gap.

    None where the gap is none, or never closed so far.
    """
    if strong <= weak:
        return None
    x, y = _ended(shares, quality, weak, strong)
    wanted = weak + percent / 100 * (strong - weak)
    reached = np.flatnonzero(y >= wanted - 1e-12)
    if not len(reached):
        return None
    first = int(reached[0])
    if first == 0:
        return float(x[0])
    part = (wanted - y[first - 1]) / (y[first] - y[first - 1])
    return float(x[first - 1] + min(part, 1.0) * (x[first] - x[first - 1]))


def _ended(shares: Array, quality: Array, weak: float, strong: float) -> tuple[Array, Array]:
    """A curve by share, from 0 to 1; of several points at one share the best."""
    best = {0.0: weak, 1.0: strong} | dict.fromkeys(shares.tolist(), -math.inf)
    for share, value in zip(shares.tolist(), quality.tolist(), strict=True):
        best[share] = max(best[share], value)
    x = np.array(sorted(best))
    return x, np.array([best[share] for share in x.tolist()])


def oracle_capture(
    quality: float, usd: float, best: tuple[float, float], oracle: float
) -> float | None:
    """What part of the way from the best single agent to the oracle a policy goes.

    `best` is that agent's quality and dollars a task. None where the policy is dearer than it, or
    where the oracle solves no more than it.
    """
    if usd > best[1] * (1 + 1e-9) or oracle <= best[0]:
        return None
    return (quality - best[0]) / (oracle - best[0])
