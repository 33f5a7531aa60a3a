"""The outcome model: who is likely to solve a task, from what came of work on tasks like it.

A Bayesian logistic regression (Laplace's approximation; Bishop, Pattern Recognition and Machine
Learning, 4.4 and 4.5). Each precedent counts as much as its task is near the task at hand, so the
shared intercept is how hard such tasks are, and each agent's own effect is shrunk towards 0.
Arrays in, arrays out: n agents, m precedents, w ways, c columns of the design.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from sale.auction.design import (
    CENTER,
    LEFT,
    SIGNS,
    SPREAD,
    Matrix,
    Precedents,
    Scaling,
    Tensor,
    Vector,
    column_of_each,
    columns_only,
)
from sale.auction.ways import Codes, Ways

ROUNDS = 50
SMALLEST_STEP = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """What is believed of the coefficients, c of them."""

    mean: Vector
    """Shape (c,)."""
    covariance: Matrix
    """Shape (c, c)."""
    scaling: Scaling

    def of(self, agents: Codes) -> Posterior:
        """The same of some of the agents alone, in their order."""
        kept = columns_only(agents, len(self.scaling.sizes))
        covariance = self.covariance[np.ix_(kept, kept)]
        return Posterior(self.mean[kept], covariance, self.scaling.only(agents))

    def solves(
        self, ways: Ways, others: int = 1, again: int = 1, plans: Tensor | None = None
    ) -> Tensor:
        """P(solved) by each way, shape (..., others, again, w).

        At [f, r, i], f others have failed at the task, and the worker of i itself r times. `plans`,
        shape (..., n, 3), has the SIGNS of the agents' plans. The logistic of a normal variable, by
        MacKay's approximation.
        """
        rows, fades = self._asked(ways, others, again, plans)
        variance = ((rows @ self.covariance) * rows).sum(axis=-1)
        return np.asarray(expit((rows @ self.mean + fades) / np.sqrt(1.0 + np.pi * variance / 8.0)))

    def drawn(
        self,
        normals: Matrix,
        ways: Ways,
        others: int = 1,
        again: int = 1,
        plans: Matrix | None = None,
    ) -> Tensor:
        """The same under draws of the coefficients, shape (k, others, again, w).

        `normals`, shape (k, c), are standard normal, and `plans` are of one shape, (n, 3).
        """
        rows, fades = self._asked(ways, others, again, plans)
        draws = self.mean + normals @ np.linalg.cholesky(self.covariance).T
        return np.asarray(expit(np.moveaxis(rows @ draws.T, -1, 0) + fades))

    def _asked(
        self, ways: Ways, others: int, again: int, plans: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """The design for all that is asked, shape (..., others, again, w, c), and what fades."""
        f, r, way = (one.ravel() for one in np.indices((others, again, len(ways))))
        nothing = np.full(len(way), np.nan)
        asked = Precedents(
            agents=ways.who[way],
            nearness=np.ones(len(way)),
            solved=nothing,
            others=f.astype(float),
            again=r.astype(float),
            dollars=nothing,
            plans=np.full((len(way), len(SIGNS)), np.nan),
            planners=ways.shown[way],
        )
        bare = self.scaling.rows(asked).reshape(others, again, len(ways), -1)
        fades = fading(r).reshape(others, again, len(ways))
        if plans is None:
            return bare, fades
        rows = np.broadcast_to(bare, (*plans.shape[:-2], *bare.shape)).copy()
        left = np.where(np.arange(again) > 0, LEFT, 1.0)[:, None, None]
        signs = self.scaling.scaled(plans)[..., ways.who, :]
        rows[..., -len(SIGNS) :] = left * signs[..., None, None, :, :]
        return rows, fades


def fading(again: NDArray[Any]) -> Vector:
    """What more failures of the same agent add to the first one, in logits.

    Where an agent's chances differ from task to task as a beta distribution does, and it seldom
    does the same task both right and wrong, its odds fall as one over its failures.
    """
    return np.asarray(-np.log(np.maximum(again, 1)))


def fit(precedents: Precedents, prices: Vector, *, guess: float = 0.0) -> Posterior:
    """Fit the model to precedents of which it is known what came of them.

    `prices`, shape (n,), are in any unit; an unknown one (nan), and none at all, tells nothing.
    `guess` is the chance that a wrong answer passes its checks, as in the three-parameter model of
    item response theory (Birnbaum): P(passed) = guess + (1 - guess) P(solved). Fisher scoring, its
    steps halved until they lead downhill, so the result is the same for any order; without
    guessing that is Newton's method on a strictly convex function.
    """
    scaling, agents = Scaling.of(precedents.plans, prices), len(prices)
    known = precedents.only(~np.isnan(precedents.solved))
    rows, fades, passed = scaling.rows(known), fading(known.again), known.solved > 0
    center, precision = column_of_each(CENTER, agents), column_of_each(SPREAD, agents) ** -2
    mean = center.copy()

    def loss(at: Vector) -> float:
        logits, off = rows @ at + fades, at - center
        pass_ = np.log(guess + (1.0 - guess) * expit(logits)) if guess else log_expit(logits)
        fail = log_expit(-logits) + np.log1p(-guess)
        return float((precision * off**2).sum() / 2 - np.where(passed, pass_, fail).sum())

    def around(at: Vector) -> tuple[Vector, Matrix]:
        """The slope of the loss, and its expected curvature."""
        chance = expit(rows @ at + fades)
        solved = chance / (guess + (1.0 - guess) * chance)  # of those that passed
        slope = rows.T @ (chance - np.where(passed, solved, 0.0)) + precision * (at - center)
        told = (1.0 - guess) * chance * (1.0 - chance) * solved
        return slope, (rows.T * told) @ rows + np.diag(precision)

    for _ in range(ROUNDS):
        slope, curvature = around(mean)
        step = np.linalg.solve(curvature, slope)
        size, before = 1.0, loss(mean)
        while loss(mean - size * step) > before and size > SMALLEST_STEP:
            size /= 2
        mean = mean - size * step
        if np.abs(step).max() < SMALLEST_STEP:
            break
    covariance = np.asarray(np.linalg.inv(around(mean)[1]), dtype=float)
    return Posterior(mean, covariance, scaling)
