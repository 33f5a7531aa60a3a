"""The outcome model: who is likely to solve a task, from what came of work on tasks like it.

A Bayesian logistic regression. Its posterior is told by draws: of Laplace's approximation (Bishop,
Pattern Recognition and Machine Learning, 4.4), weighted by how likely they really are. The
approximation by itself is badly off where few know much: where nobody has ever solved what two
others had failed at it said 15 %, and the posterior says 3 % (docs/evidence.md).
Arrays in, arrays out: n agents, m precedents, w ways, c columns of the design, k draws.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, ndtri

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
    columns,
    columns_only,
)
from sale.auction.ways import Codes, Ways

ROUNDS = 50
SMALLEST_STEP = 1e-9
ROUNDING = 1e-12
"""By how much of it a loss may rise for nothing."""
HELD = 1e9
"""Precision of a coefficient that is held where it is."""
DRAWS = 128
"""Of the coefficients; a power of 2."""
WORLDS = 64
"""That may be so, each as likely as the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """What is believed of the coefficients, c of them."""

    mode: Vector
    """Shape (c,): the likeliest ones."""
    draws: Matrix
    """Shape (k, c): what they may be, always the same for the same precedents."""
    weights: Vector
    """Shape (k,): how likely each is; their sum is 1."""
    scaling: Scaling

    def of(self, agents: Codes) -> Posterior:
        """The same of some of the agents alone, in their order."""
        kept = columns_only(agents, len(self.scaling.sizes))
        scaling = self.scaling.only(agents)
        return Posterior(self.mode[kept], self.draws[:, kept], self.weights, scaling)

    def solves(
        self, ways: Ways, others: int = 1, again: int = 1, plans: Tensor | None = None
    ) -> Tensor:
        """P(solved) by each way, shape (..., others, others, again, w).

        At [f, b, r, i], f others have failed at the task, b of them dearer than the worker of i,
        and that one itself r times. `plans`, shape (..., n, 3), has the SIGNS of the agents' plans.
        """
        return np.asarray(self._chances(ways, others, again, plans, self.draws) @ self.weights)

    def drawn(
        self, ways: Ways, others: int = 1, again: int = 1, plans: Matrix | None = None
    ) -> Tensor:
        """The same in each of the WORLDS that may be so, shape (WORLDS, others, others, again, w).

        `plans` are of one shape, (n, 3).
        """
        draws = self.thinned(WORLDS).draws
        return np.moveaxis(self._chances(ways, others, again, plans, draws), -1, 0)

    def thinned(self, count: int) -> Posterior:
        """The same told by fewer draws, each as likely as the others (systematic resampling)."""
        ends = np.cumsum(self.weights)
        places = (np.arange(count) + 0.5) / count * ends[-1]
        draws = self.draws[np.searchsorted(ends, places)]
        return replace(self, draws=draws, weights=np.full(count, 1.0 / count))

    def _chances(
        self, ways: Ways, others: int, again: int, plans: Tensor | None, draws: Matrix
    ) -> Tensor:
        """P(solved) under some draws, shape (..., others, others, again, w, draws)."""
        rows, fades = self._asked(ways, others, again, plans)
        return np.asarray(expit(rows @ draws.T + fades[..., None]))

    def _asked(
        self, ways: Ways, others: int, again: int, plans: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """The design for all that is asked, shape (..., others, others, again, w, c), and fades."""
        shape = (others, others, again, len(ways))
        f, b, r, way = (one.ravel() for one in np.indices(shape))
        nothing = np.full(len(way), np.nan)
        asked = Precedents(
            agents=ways.who[way],
            nearness=np.ones(len(way)),
            solved=nothing,
            others=f.astype(float),
            betters=b.astype(float),
            again=r.astype(float),
            dollars=nothing,
            plans=np.full((len(way), len(SIGNS)), np.nan),
            planners=ways.shown[way],
            certain=np.zeros(len(way), dtype=bool),
        )
        bare = self.scaling.rows(asked).reshape(*shape, -1)
        fades = fading(r).reshape(shape)
        if plans is None:
            return bare, fades
        rows = np.broadcast_to(bare, (*plans.shape[:-2], *bare.shape)).copy()
        left = np.where(np.arange(again) > 0, LEFT, 1.0)[:, None, None]
        signs = self.scaling.scaled(plans)[..., ways.who, :]
        rows[..., -len(SIGNS) :] = left * signs[..., None, None, None, :, :]
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
    item response theory (Birnbaum): P(passed) = guess + (1 - guess) P(solved); where the truth is
    known nobody guesses.
    """
    scaling = Scaling.of(precedents.plans, prices)
    seen = _Seen.of(precedents.only(~np.isnan(precedents.solved)), scaling, guess)
    others = columns(len(prices))["others"].start
    mode = seen.likeliest()
    if mode[others] > 0.0:  # that others have failed is never good news
        mode = seen.pinned(others).likeliest()
    covariance = np.asarray(np.linalg.inv(seen.around(mode)[1]), dtype=float)
    root = np.linalg.cholesky(covariance)
    draws = mode + _normals(len(mode)) @ root.T
    draws[:, others] = -np.abs(draws[:, others])
    mirrored = draws.copy()
    mirrored[:, others] *= -1.0
    told = np.logaddexp(*(_log_density(one - mode, root) for one in (draws, mirrored)))
    return Posterior(mode, draws, _weights(-seen.loss(draws) - told), scaling)


def _log_density(off: Matrix, root: Matrix) -> Vector:
    """Of normal numbers, up to a constant; `root` is the Cholesky factor of their covariance."""
    return np.asarray(-(np.linalg.solve(root, off.T) ** 2).sum(axis=0) / 2)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What came of m works, as it bears on the coefficients."""

    rows: Matrix
    """Shape (m, c): their design."""
    fades: Vector
    """Shape (m,): logits that no coefficient tells."""
    passed: NDArray[np.bool_]
    lucky: Vector
    """Shape (m,): the chance that a wrong answer passes there."""
    center: Vector
    precision: Vector
    """Shape (c,): of the prior."""

    @staticmethod
    def of(works: Precedents, scaling: Scaling, guess: float) -> _Seen:
        agents = len(scaling.sizes)
        center = column_of_each(CENTER, agents)
        precision = column_of_each(SPREAD, agents) ** -2
        lucky = np.where(works.certain, 0.0, guess)
        fades, passed = fading(works.again), works.solved > 0
        return _Seen(scaling.rows(works), fades, passed, lucky, center, precision)

    def loss(self, at: Tensor) -> Vector:
        """What speaks against some coefficients, of shape (..., c): less their log posterior."""
        logits, off = at @ self.rows.T + self.fades, at - self.center
        told = np.log1p(-self.lucky) + log_expit(np.where(self.passed, 1.0, -1.0) * logits)
        by_luck = self.passed & (self.lucky > 0)
        if by_luck.any():
            told[..., by_luck] = np.logaddexp(np.log(self.lucky[by_luck]), told[..., by_luck])
        return np.asarray((self.precision * off**2).sum(axis=-1) / 2 - told.sum(axis=-1))

    def around(self, at: Vector) -> tuple[Vector, Matrix]:
        """The slope of the loss, and its expected curvature."""
        chance = expit(self.rows @ at + self.fades)
        passes = self.lucky + (1.0 - self.lucky) * chance
        solved = np.divide(chance, passes, out=np.ones_like(chance), where=passes > 0)
        off = chance - np.where(self.passed, solved, 0.0)
        told = (1.0 - self.lucky) * chance * (1.0 - chance) * solved
        curvature = (self.rows.T * told) @ self.rows + np.diag(self.precision)
        return self.rows.T @ off + self.precision * (at - self.center), curvature

    def pinned(self, column: int) -> _Seen:
        """The same with one coefficient held at 0."""
        at = np.arange(len(self.center)) == column
        center, precision = np.where(at, 0.0, self.center), np.where(at, HELD, self.precision)
        return replace(self, center=center, precision=precision)

    def likeliest(self) -> Vector:
        """The coefficients of the smallest loss, the same for any order of the works.

        Fisher scoring, its steps halved until they lead downhill; without guessing that is
        Newton's method on a strictly convex function.
        """
        mode = self.center
        for _ in range(ROUNDS):
            slope, curvature = self.around(mode)
            step = np.linalg.solve(curvature, slope)
            if np.abs(step).max() < SMALLEST_STEP:
                return np.asarray(mode - step)
            size, least = 1.0, self.loss(mode) * (1.0 + ROUNDING)
            while self.loss(mode - size * step) > least and size > SMALLEST_STEP:
                size /= 2
            mode = mode - size * step
        return mode


def _weights(likely: Vector) -> Vector:
    """Weights of draws, none of which may outweigh the rest (truncated importance sampling).

    `likely` has the logarithms of what is true to what it was drawn by. Ionides, J. Comput. Graph.
    Stat. 17 (2008).
    """
    raw = np.exp(likely - likely.max())
    held = np.minimum(raw / raw.mean(), np.sqrt(len(raw)))
    return np.asarray(held / held.sum())


@lru_cache(maxsize=32)
def _normals(size: int) -> Matrix:
    """Standard normal numbers, spread evenly and always the same, shape (DRAWS, size)."""
    from scipy.stats import qmc  # takes a third of a second to import

    half = ndtri(qmc.Sobol(size, seed=0).random(DRAWS // 2))
    return np.concatenate([half, -half])
