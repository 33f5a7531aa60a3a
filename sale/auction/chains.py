"""Whom to send first, and whom next: the chain of awards with the largest expected profit.

profit = value x P(solved) - dollars. Agents work one after the other until an answer passes its
visible checks, or none is left who is worth its price. Without checks the first answer is the last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

MOST = 6
"""Agents among which all chains are compared: 1,957 of them."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Agents in the order in which they are to work, and what is expected of it."""

    agents: tuple[int, ...]
    """Places in the roster; empty where nobody is worth its price."""
    solves: float = 0.0
    """P(solved) by any of them."""
    dollars: float = 0.0
    """Expected dollars of all their work."""
    profit: float = 0.0


def best_chain(
    solves: Matrix, dollars: Vector, *, value: float, checked: float, longest: int
) -> Chain:
    """Find the chain of the largest expected profit, of at most `longest` agents.

    `solves`, shape (k, n), is P(solved) of each of n agents after 0 .. k - 1 failures; more
    failures count as k - 1. `dollars`, shape (n,), has what each one's work costs; who has nan is
    left out. `checked` is the chance that a wrong answer is seen to be wrong. Ties go to the
    shorter chain, then to roster order. With more than MOST agents only those that would earn the
    most alone are looked at.
    """
    alone = value * solves[0] - dollars
    known = [int(one) for one in np.flatnonzero(~np.isnan(alone))]
    looked_at = sorted(sorted(known, key=lambda one: (-alone[one], one))[:MOST])
    costs, chances = dollars.tolist(), solves.tolist()
    best = Chain(())
    stack: list[tuple[Chain, float]] = [(best, 1.0)]
    while stack:
        chain, reach = stack.pop()
        if chain.profit > best.profit + 1e-15 * value:
            best = chain
        if len(chain.agents) == longest:
            continue
        row = chances[min(len(chain.agents), len(chances) - 1)]
        for agent in reversed(looked_at):
            if agent not in chain.agents:
                stack.append(_longer(chain, agent, row[agent], costs[agent], reach, value, checked))
    return best


def _longer(
    chain: Chain,
    agent: int,
    chance: float,
    cost: float,
    reach: float,
    value: float,
    checked: float,
) -> tuple[Chain, float]:
    """A chain with one more agent, and the probability that the work is passed on behind it."""
    solves = chain.solves + reach * chance
    dollars = chain.dollars + reach * cost
    longer = Chain((*chain.agents, agent), solves, dollars, value * solves - dollars)
    return longer, reach * checked * (1.0 - chance)
