"""Whom to send first, and whom next: the chain of awards with the largest expected profit.

profit = value x P(solved) - dollars. Agents work one after the other until an answer passes its
visible checks, or none is left who is worth its price; who has failed may be sent again, for a
fresh sample. Without checks the first answer is the last. Arrays in, arrays out: n agents, w
ways of working, q chains of at most d works.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sale.auction.design import Tensor, Vector
from sale.auction.ways import NOBODY, Codes, Ways

MOST = 6
"""Agents among which all chains are compared."""
AHEAD = 4
FEW = 4
"""Works that are looked ahead, one less for more than FEW ways: 340 chains of 4, 399 of 7.

Behind each failure the chain is made anew.
"""
HAIR = 1e-12
"""The share of the value by which a longer chain has to be better."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Ways of working in the order of the work, and what is expected of it."""

    ways: tuple[int, ...]
    """Their places; empty where nobody is worth its price."""
    solves: float = 0.0
    """P(solved) by any of them."""
    dollars: float = 0.0
    """Expected dollars of all the work, and of plans that are asked for on the way."""
    profit: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Chains:
    """Every chain that is compared, the shortest first, with what has failed before each work."""

    ways: Codes
    """Shape (q, d); NOBODY behind the end."""
    others: Codes
    """Shape (q, d): other agents that have failed by then."""
    betters: Codes
    """Shape (q, d): those of them that are dearer than who works."""
    again: Codes
    """Shape (q, d): failures of the agent itself."""
    asks: NDArray[np.bool_]
    """Shape (q, d): whether its plan was not in sight of any work before."""

    @property
    def works(self) -> NDArray[np.bool_]:
        """Shape (q, d): whether anybody works there."""
        return np.asarray(self.ways != NOBODY)


@dataclass(frozen=True, slots=True, eq=False)
class Odds:
    """What chains are expected to bring, each; shape (..., q)."""

    solves: Tensor
    dollars: Tensor
    profit: Tensor

    def best(self, value: float) -> Codes:
        """Places of the chains of the largest profit, shape (...,); of equals the first."""
        top = self.profit.max(axis=-1, keepdims=True)
        return np.asarray((self.profit >= top - HAIR * abs(value)).argmax(axis=-1))


@lru_cache(maxsize=128)
def chains(
    compared: tuple[int, ...],
    ways: Ways,
    failed: tuple[int, ...],
    longest: int,
    again: int,
    sizes: tuple[float, ...],
) -> Chains:
    """List the chains of at most `longest` works in some of the ways, the empty one first.

    `failed` has who has worked in vain, in order. Nobody works on a task more than 1 + `again`
    times, those before included. `sizes` says of each agent how dear it is.
    """
    depth = min(longest, AHEAD if len(compared) <= FEW else AHEAD - 1)
    listed = [
        chain
        for size in range(depth + 1)
        for chain in product(compared, repeat=size)
        if _is_allowed(failed + tuple(ways.workers[way] for way in chain), len(failed), 1 + again)
    ]
    return laid_out(listed, ways, failed, max(depth, 1), sizes)


def _is_allowed(agents: tuple[int, ...], before: int, most: int) -> bool:
    return all(agents.count(agent) <= most for agent in set(agents[before:]))


def laid_out(
    listed: Sequence[tuple[int, ...]],
    ways: Ways,
    failed: tuple[int, ...],
    depth: int,
    sizes: Sequence[float],
) -> Chains:
    """Lay out some chains of at most `depth` works, after those that have failed."""
    shape = (len(listed), depth)
    who, others, betters, own = (np.full(shape, fill) for fill in (NOBODY, 0, 0, 0))
    asks = np.zeros((len(listed), depth), dtype=bool)
    for row, chain in enumerate(listed):
        workers = failed + tuple(ways.workers[way] for way in chain)
        planners = tuple(ways.planners[way] for way in chain)
        for at, way in enumerate(chain):
            agent, before = ways.workers[way], workers[: len(failed) + at]
            who[row, at] = way
            failures = set(before) - {agent}
            others[row, at] = len(failures)
            betters[row, at] = sum(sizes[one] > sizes[agent] for one in failures)
            own[row, at] = before.count(agent)
            asks[row, at] = planners[at] not in {NOBODY, *planners[:at]}
    return Chains(who, others, betters, own, asks)


def odds(
    table: Chains, solves: Tensor, dollars: Vector, plans: Vector, *, value: float, checked: float
) -> Odds:
    """Say what is expected of each chain.

    `solves`, shape (..., f, f, r, w), is P(solved) by each way where 0 .. f - 1 others have failed,
    so many of them dearer ones, and its worker itself 0 .. r - 1 times. `dollars`, shape (..., w),
    has what the work costs in each way, `plans`, shape (w,), what its plan costs where it has to be
    asked for, and `checked` is the chance that a wrong answer is seen to be wrong.
    """
    works = table.works
    chance = solves[..., table.others, table.betters, table.again, table.ways] * works
    cost = np.where(works, dollars[..., table.ways], 0.0)
    cost = cost + np.where(table.asks, plans[table.ways], 0.0)
    passed_on = checked * (1.0 - chance[..., :-1])
    reach = np.concatenate(
        [np.ones_like(chance[..., :1]), np.cumprod(passed_on, axis=-1)], axis=-1
    )[..., : works.shape[1]]
    solved, spent = (reach * chance).sum(axis=-1), (reach * cost).sum(axis=-1)
    return Odds(solved, spent, value * solved - spent)


def worth_a_look(solves: Vector, dollars: Vector, *, value: float) -> tuple[int, ...]:
    """Name the agents that would earn the most alone, MOST at most, in roster order.

    Both of shape (n,). Who has nan stays at home.
    """
    alone = value * solves - dollars
    known = np.flatnonzero(~np.isnan(alone)).tolist()
    return tuple(sorted(sorted(known, key=lambda one: (-alone[one], one))[:MOST]))


def chain_at(table: Chains, found: Odds, place: int) -> Chain:
    """One chain of those that were compared."""
    ways = tuple(one for one in table.ways[place].tolist() if one != NOBODY)
    numbers = (float(one[place]) for one in (found.solves, found.dollars, found.profit))
    return Chain(ways, *numbers)
