"""What is known of earlier work, and how it becomes the design of the outcome model's regression.

Arrays in, arrays out: n agents, m precedents, c = 12 + 2n columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sale.auction.ways import NOBODY, Codes

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Tensor = NDArray[np.float64]

SHARPNESS = 2.0
"""The power of the cosine: how fast a precedent fades with distance."""
SIGNS = ("length", "entropy", "rating")
"""What is known of a plan: log of its tokens, mean entropy, mean rating by the jury."""
CENTER = {
    "kind": 0.0,
    "task": 0.0,
    "agent": 0.0,
    "others": 0.0,
    "betters": -0.7,
    "again": -2.0,
    "price": 0.7,
    "own": -0.7,
    "lent": -0.7,
    "dearer": 0.0,
    "cheaper": -0.7,
    "shown": 0.0,
    "plan": 0.0,
}
"""Prior means, in logits.

others: each other agent that has failed at the task; never above 0, so its mean is -0.7. Of 15
HumanEval tasks that the 0.5B model failed and one of the two solved, the 1.5B model solved 75 %,
and 86 % of all (mechanism.md).
betters: what it tells more that one was dearer than the worker. Of 18 even HumanEval tasks that the
1.5B model failed the smaller ones solved 6, of 23 questions none.
again: the agent itself has failed there. Of 40 fresh samples of the 0.5B model on ten tasks that it
had failed 4 to 10 were right (mechanism.md): from 70 % to about 17 %. Of the first fresh samples on
HumanEval's even tasks 5 of 21 were right (0.5B) and 8 of 19 (1.5B); of `coding` 0 of 26, 1 of 23.
price: an e times higher price.
own, lent, cheaper: the worker sees its own plan, that of an agent as dear or dearer, or a cheaper
one's: that it is helped by its betters says nothing of the others. Of 79 tasks the 0.5B model
solved 74.7 % by itself, 59.5 % with its own plan in sight and 58.2 % with the 1.5B model's
(mechanism.md).
dearer: a plan of an agent of an e times higher price.
"""
SPREAD = {
    "kind": 1.5,
    "task": 1.0,
    "agent": 1.0,
    "others": 0.9,
    "betters": 1.0,
    "again": 1.0,
    "price": 0.5,
    "own": 1.0,
    "lent": 1.0,
    "dearer": 0.5,
    "cheaper": 1.0,
    "shown": 0.7,
    "plan": 0.5,
}
"""Prior standard deviations, in logits; those of a plan are for one standard deviation of it.

shown: how much more, or less, some agent makes of any plan in sight than the others do.
"""
LEFT = 0.5
"""What all else counts for once an agent has failed at a task, so that good ones fail there, too.

Chances of a beta distribution with a + b = 0.32 and the means 0.5, 0.7 and 0.9 fall to 0.12, 0.17
and 0.22 with a failure; these to 0.12, 0.17 and 0.29.
"""
EVEN = 1e-9
"""A sign that differs by less is the same in all plans."""


@dataclass(frozen=True, slots=True, eq=False)
class Precedents:
    """Earlier work on tasks of one kind; nan stands for what nobody knows."""

    agents: Codes
    """Shape (m,): who worked, as a place in the roster."""
    nearness: Vector
    """Shape (m,): cosine of the two tasks."""
    solved: Vector
    """Shape (m,): 1 where its visible checks passed, 0 where they failed, nan without any."""
    others: Vector
    """Shape (m,): other agents that had failed at the same task before."""
    betters: Vector
    """Shape (m,): those of them that are dearer than who worked."""
    again: Vector
    """Shape (m,): times that the agent itself had failed there before."""
    dollars: Vector
    """Shape (m,): of the work."""
    plans: Matrix
    """Shape (m, 3): the SIGNS of its plan."""
    planners: Codes
    """Shape (m,): whose plan was in sight; NOBODY's where none was."""
    certain: NDArray[np.bool_]
    """Shape (m,): whether `solved` is the truth, and not what checks said."""

    def and_then(self, more: Precedents) -> Precedents:
        """These and more of them."""
        pairs = ((getattr(self, f.name), getattr(more, f.name)) for f in fields(self))
        return Precedents(*(np.concatenate(pair) for pair in pairs))

    def only(self, chosen: NDArray[Any]) -> Precedents:
        """Those at some places, or where a mask of shape (m,) says so."""
        return Precedents(*(getattr(self, f.name)[chosen] for f in fields(self)))

    @property
    def alike(self) -> Vector:
        """Shape (m,): 0 .. 1, how far what made its task hard makes the task at hand hard."""
        return np.asarray(np.clip(np.nan_to_num(self.nearness), 0.0, 1.0) ** SHARPNESS)


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """How the agents' prices and the signs of plans become columns of the design."""

    sizes: Vector
    """Shape (n,): logarithms of the agents' prices, around 0."""
    middle: Vector
    """Shape (3,): means of the SIGNS over the plans that were seen."""
    width: Vector
    """Shape (3,): their standard deviations."""

    @staticmethod
    def of(plans: Matrix, prices: Vector) -> Scaling:
        """Take them from the plans that were seen, and the prices of the roster."""
        known = ~np.isnan(plans)
        count = np.maximum(known.sum(axis=0), 1)
        middle = np.where(known, plans, 0.0).sum(axis=0) / count
        width = np.sqrt((np.where(known, plans - middle, 0.0) ** 2).sum(axis=0) / count)
        return Scaling(_sizes(prices), middle, np.where(width > EVEN, width, 1.0))

    def only(self, agents: Codes) -> Scaling:
        """The same of some of the agents alone."""
        return replace(self, sizes=self.sizes[agents])

    def rows(self, work: Precedents) -> Matrix:
        """The design of some works, shape (m, c), its columns as `columns` has them."""
        who, shown, itself = work.agents, work.planners, np.eye(len(self.sizes))[work.agents]
        own, other = shown == who, (shown != NOBODY) & (shown != who)
        lead = np.where(shown >= 0, self.sizes[np.maximum(shown, 0)] - self.sizes[who], 0.0)
        lent, cheaper = other & (lead >= 0.0), other & (lead < 0.0)
        parts: list[NDArray[Any]] = [
            np.ones(len(who)),
            work.alike,
            itself,
            work.others,
            work.betters,
        ]
        parts += [work.again > 0, self.sizes[who], own, lent, lent * lead, cheaper]
        parts.append(itself * (own | other)[:, None])
        rows = np.column_stack([*parts, self.scaled(work.plans)])
        failed = work.again > 0
        rows[failed] *= LEFT
        rows[failed, columns(len(self.sizes))["again"]] = 1.0
        return rows

    def scaled(self, plans: Tensor) -> Tensor:
        """Signs in standard deviations; what nobody knows is in the middle."""
        return np.asarray(np.nan_to_num((plans - self.middle) / self.width))


def columns(agents: int) -> Mapping[str, slice]:
    """Say where each part of the design has its columns."""
    found, start = {}, 0
    for name in CENTER:
        width = {"agent": agents, "shown": agents, "plan": len(SIGNS)}.get(name, 1)
        found[name] = slice(start, start + width)
        start += width
    return found


def column_of_each(each: Mapping[str, float], agents: int) -> Vector:
    """Repeat a number of each part for all its columns, shape (c,)."""
    widths = [(at.stop - at.start, name) for name, at in columns(agents).items()]
    return np.concatenate([np.full(width, each[name]) for width, name in widths])


def columns_only(chosen: Codes, agents: int) -> Codes:
    """Places of the columns that are left where some of the agents are."""
    places = {name: np.arange(at.start, at.stop) for name, at in columns(agents).items()}
    kept = {name: at[chosen] if name in {"agent", "shown"} else at for name, at in places.items()}
    return np.concatenate(list(kept.values()))


def _sizes(prices: Vector) -> Vector:
    known = prices > 0  # nan is not
    logs = np.log(prices, out=np.zeros(len(prices)), where=known)
    middle = logs[known].mean() if known.any() else 0.0
    return np.asarray(np.where(known, logs - middle, 0.0))
