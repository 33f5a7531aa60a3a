"""What each agent adds to a market: its gain in pass@1, averaged over all ways to join it."""

from __future__ import annotations

from collections.abc import Callable
from math import factorial

import numpy as np
from numpy.typing import NDArray

from sale.bench.executions import Array
from sale.bench.statistics.cells import Mask

EXACT = 12
"""Agents up to whom all coalitions are counted."""
PERMUTATIONS = 300
"""Drawn beyond that."""
CHUNK = 100_000
"""Coalitions times attempts that are worked out at once: what a processor's cache holds."""

Masks = NDArray[np.bool_]
Value = Callable[[Masks], Array]
"""Coalitions of shape (C, A), True for a member -> what each is worth, shape (C,)."""


def shapley(value: Value, agents: int, *, seed: int) -> tuple[Array, Array]:
    """The Shapley value of each agent and its standard error, each of shape (A,).

    Exact, with error 0, up to `EXACT` agents; beyond, the mean over random orders of joining
    (Castro, Gómez, Tejada 2009). Either way the values add up to what all agents are worth
    together less what nobody is.
    """
    return _exact(value, agents) if agents <= EXACT else _sampled(value, agents, seed)


def _exact(value: Value, agents: int) -> tuple[Array, Array]:
    numbers = np.arange(1 << agents)
    members = (numbers[:, None] >> np.arange(agents)) & 1 == 1
    worth, sizes = value(members), members.sum(axis=1)
    weights = np.array([factorial(s) * factorial(agents - s - 1) for s in range(agents)])
    found = np.empty(agents)
    for agent in range(agents):
        without = numbers[~members[:, agent]]
        added = worth[without | (1 << agent)] - worth[without]
        found[agent] = (weights[sizes[without]] / factorial(agents)) @ added
    return found, np.zeros(agents)


def _sampled(value: Value, agents: int, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    orders = rng.permuted(np.tile(np.arange(agents), (PERMUTATIONS, 1)), axis=1)
    joined = np.argsort(orders, axis=1)
    members = joined[:, None, :] < np.arange(agents + 1)[None, :, None]
    worth = value(members.reshape(-1, agents)).reshape(PERMUTATIONS, agents + 1)
    added = np.take_along_axis(np.diff(worth, axis=1), joined, axis=1)
    return added.mean(axis=0), added.std(axis=0, ddof=1) / np.sqrt(PERMUTATIONS)


def by_oracle(solved: Array, weights: Array) -> Value:
    """A coalition solves what any of its members solves; arrays of shape (A, U) and (U,)."""

    def worth(members: Masks) -> Array:
        best = np.zeros((len(members), solved.shape[1]))
        for agent, row in enumerate(solved):
            np.maximum(best, row, out=best, where=members[:, agent, None])
        return np.asarray(best @ weights)

    return _chunked(worth, solved.shape[1])


def by_checks(solved: Array, passed: Mask, weights: Array) -> Value:
    """Members work in the order of the rows till the visible checks pass, else the last counts.

    Arrays of shape (A, U), (A, U) and (U,).
    """

    def worth(members: Masks) -> Array:
        kept = np.zeros((len(members), solved.shape[1]))
        seeking = np.ones(kept.shape, dtype=np.bool_)
        for agent, row in enumerate(solved):
            works = members[:, agent, None] & seeking
            np.copyto(kept, row, where=works)
            seeking &= ~(works & passed[agent])
        return np.asarray(kept @ weights)

    return _chunked(worth, solved.shape[1])


def _chunked(worth: Value, units: int) -> Value:
    """The same, for as many coalitions at once as fit into memory."""
    step = max(CHUNK // max(units, 1), 1)

    def whole(members: Masks) -> Array:
        parts = [worth(members[at : at + step]) for at in range(0, len(members), step)]
        return np.concatenate(parts)

    return whole
