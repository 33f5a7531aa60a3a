"""The outcome model: who is likely to solve a task, from what came of work on tasks like it.

A Bayesian logistic regression (Laplace's approximation; Bishop, Pattern Recognition and Machine
Learning, 4.4 and 4.5). Each precedent counts as much as its task is near the task at hand, so the
shared intercept is how hard such tasks are, and each agent's own effect is shrunk towards 0.
Arrays in, arrays out: n agents, m precedents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Tensor = NDArray[np.float64]
Codes = NDArray[np.intp]

SHARPNESS = 2.0
"""The power of the cosine: how fast a precedent fades with distance."""
SIGNS = ("length", "entropy", "rating")
"""What is known of a plan: log of its tokens, mean entropy, mean rating by the jury."""
CENTER = {
    "kind": 0.0,
    "task": 0.0,
    "agent": 0.0,
    "others": -0.7,
    "again": -2.0,
    "price": 0.7,
    "plan": 0.0,
}
"""Prior means, in logits.

others: each other agent that has failed at the task. Of 15 HumanEval tasks that the 0.5B model
failed and one of the two solved, the 1.5B model solved 75 %, and 86 % of all (mechanism.md).
again: the agent itself has failed there. Of 40 fresh samples of the 0.5B model on ten tasks that it
had failed 4 to 10 were right (mechanism.md): from 70 % to about 17 %. Of the first fresh samples on
HumanEval's even tasks 5 of 21 were right (0.5B) and 8 of 19 (1.5B); of `coding` 0 of 26, 1 of 23.
price: an e times higher price.
"""
SPREAD = {
    "kind": 1.5,
    "task": 1.0,
    "agent": 1.0,
    "others": 2.0,
    "again": 1.0,
    "price": 0.5,
    "plan": 0.5,
}
"""Prior standard deviations, in logits; those of a plan are for one standard deviation of it."""
LEFT = 0.5
"""What all else counts for once an agent has failed at a task, so that good ones fail there, too.

Chances of a beta distribution with a + b = 0.32 and the means 0.5, 0.7 and 0.9 fall to 0.12, 0.17
and 0.22 with a failure; these to 0.12, 0.17 and 0.29.
"""
EVEN = 1e-9
"""A sign that differs by less is the same in all plans."""
ROUNDS = 50
SMALLEST_STEP = 1e-9


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
    again: Vector
    """Shape (m,): times that the agent itself had failed there before."""
    dollars: Vector
    """Shape (m,): of the work."""
    plans: Matrix
    """Shape (m, 3): the SIGNS of its plan."""

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

    def rows(
        self, who: Codes, alike: Vector, others: Vector, again: Vector, plans: Matrix
    ) -> Matrix:
        """The design, shape (m, 7 + n): kind, task, n agents, others, again, price, 3 signs."""
        columns = [np.ones(len(who)), alike, np.eye(len(self.sizes))[who], others, again > 0]
        rows = np.column_stack([*columns, self.sizes[who], self.scaled(plans)])
        rows[np.ix_(again > 0, np.arange(rows.shape[1]) != 3 + len(self.sizes))] *= LEFT
        return rows

    def scaled(self, plans: Tensor) -> Tensor:
        """Signs in standard deviations; what nobody knows is in the middle."""
        return np.asarray(np.nan_to_num((plans - self.middle) / self.width))


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """What is believed of the coefficients, c = 7 + n of them."""

    mean: Vector
    """Shape (c,)."""
    covariance: Matrix
    """Shape (c, c)."""
    scaling: Scaling

    def of(self, agents: Codes) -> Posterior:
        """The same of some of the agents alone, in their order."""
        n = len(self.scaling.sizes)
        columns = np.concatenate([[0, 1], 2 + agents, np.arange(2 + n, len(self.mean))])
        scaling = replace(self.scaling, sizes=self.scaling.sizes[agents])
        return Posterior(self.mean[columns], self.covariance[np.ix_(columns, columns)], scaling)

    def solves(self, others: int = 1, again: int = 1, plans: Tensor | None = None) -> Tensor:
        """P(solved) of each agent, shape (..., others, again, n).

        At [f, r, i], f others have failed at the task, and agent i itself r times. `plans`, shape
        (..., n, 3), has the SIGNS of the agents' plans. The logistic of a normal variable, by
        MacKay's approximation.
        """
        rows, fades = self._asked(others, again, plans)
        variance = ((rows @ self.covariance) * rows).sum(axis=-1)
        return np.asarray(expit((rows @ self.mean + fades) / np.sqrt(1.0 + np.pi * variance / 8.0)))

    def drawn(
        self, normals: Matrix, others: int = 1, again: int = 1, plans: Matrix | None = None
    ) -> Tensor:
        """The same under draws of the coefficients, shape (k, others, again, n).

        `normals`, shape (k, c), are standard normal, and `plans` are of one shape, (n, 3).
        """
        rows, fades = self._asked(others, again, plans)
        draws = self.mean + normals @ np.linalg.cholesky(self.covariance).T
        return np.asarray(expit(np.moveaxis(rows @ draws.T, -1, 0) + fades))

    def _asked(self, others: int, again: int, plans: Tensor | None) -> tuple[Tensor, Tensor]:
        """The design for all that is asked, shape (..., others, again, n, c), and what fades."""
        n = len(self.scaling.sizes)
        f, r, who = (one.ravel() for one in np.indices((others, again, n)))
        unknown = np.full((len(who), len(SIGNS)), np.nan)
        itself = np.ones(len(who))
        bare = self.scaling.rows(who, itself, f.astype(float), r.astype(float), unknown)
        bare = bare.reshape(others, again, n, -1)
        fades = fading(r).reshape(others, again, n)
        if plans is None:
            return bare, fades
        rows = np.broadcast_to(bare, (*plans.shape[:-2], *bare.shape)).copy()
        left = np.where(np.arange(again) > 0, LEFT, 1.0)[:, None, None]
        rows[..., -len(SIGNS) :] = left * self.scaling.scaled(plans)[..., None, None, :, :]
        return rows, fades


def fading(again: NDArray[Any]) -> Vector:
    """What more failures of the same agent add to the first one, in logits.

    Where an agent's chances differ from task to task as a beta distribution does, and it seldom
    does the same task both right and wrong, its odds fall as one over its failures.
    """
    return np.asarray(-np.log(np.maximum(again, 1)))


def fit(precedents: Precedents, prices: Vector) -> Posterior:
    """Fit the model to precedents of which it is known what came of them.

    `prices`, shape (n,), are in any unit; an unknown one (nan), and none at all, tells nothing.
    Newton's method on a strictly convex function, its steps halved until they lead downhill, so
    the result is the same for any order.
    """
    scaling, agents = Scaling.of(precedents.plans, prices), len(prices)
    known = ~np.isnan(precedents.solved)
    rows = scaling.rows(
        precedents.agents[known],
        precedents.alike[known],
        precedents.others[known],
        precedents.again[known],
        precedents.plans[known],
    )
    fades = fading(precedents.again[known])
    solved = precedents.solved[known]
    center, precision = _columns(CENTER, agents), _columns(SPREAD, agents) ** -2
    mean = center.copy()

    def loss(at: Vector) -> float:
        logits, off = rows @ at + fades, at - center
        wrong = np.logaddexp(0.0, np.where(solved > 0, -logits, logits))
        return float(wrong.sum() + (precision * off**2).sum() / 2)

    for _ in range(ROUNDS):
        chance = expit(rows @ mean + fades)
        slope = rows.T @ (chance - solved) + precision * (mean - center)
        curvature = (rows.T * (chance * (1.0 - chance))) @ rows + np.diag(precision)
        step = np.linalg.solve(curvature, slope)
        size, before = 1.0, loss(mean)
        while loss(mean - size * step) > before and size > SMALLEST_STEP:
            size /= 2
        mean = mean - size * step
        if np.abs(step).max() < SMALLEST_STEP:
            break
    chance = expit(rows @ mean + fades)
    curvature = (rows.T * (chance * (1.0 - chance))) @ rows + np.diag(precision)
    return Posterior(mean, np.linalg.inv(curvature), scaling)


def _columns(each: Mapping[str, float], agents: int) -> Vector:
    """One number for each column of the design."""
    counts = {
        "kind": 1,
        "task": 1,
        "agent": agents,
        "others": 1,
        "again": 1,
        "price": 1,
        "plan": len(SIGNS),
    }
    return np.concatenate([np.full(count, each[name]) for name, count in counts.items()])


def _sizes(prices: Vector) -> Vector:
    known = prices > 0  # nan is not
    logs = np.log(prices, out=np.zeros(len(prices)), where=known)
    middle = logs[known].mean() if known.any() else 0.0
    return np.asarray(np.where(known, logs - middle, 0.0))
