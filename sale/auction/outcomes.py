"""The outcome model: who is likely to solve a task, from what came of work on tasks like it.

A Bayesian logistic regression (Laplace's approximation; Bishop, Pattern Recognition and Machine
Learning, 4.4 and 4.5). Each precedent counts as much as its task is near the task at hand, so the
shared intercept is how hard such tasks are, and each agent's own effect is shrunk towards 0.
Arrays in, arrays out: n agents, m precedents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Codes = NDArray[np.intp]

FAR = 0.1
"""What a precedent of an unlike task counts for, where one of the same task counts for 1."""
SHARPNESS = 2.0
"""The power of the cosine: how fast a precedent fades with distance."""
SPREAD = (1.5, 1.0, 0.7, 0.5)
"""Prior standard deviations, in logits: of all tasks, an agent, a failure before, the price."""
DEARER = 0.7
"""Prior mean of what an e times higher price says of an agent, in logits."""
AFTER_FAILURE = -0.7
"""Prior mean of what a failure of another agent at the same task says of the next one, in logits.

Of 15 HumanEval tasks that the 0.5B model failed and one of the two solved, the 1.5B model solved
75 %, and 86 % of all (mechanism.md): about 0.7 logits.
"""
ROUNDS = 25
PRIOR_WORKS = 2.0
"""Works that the price of an agent counts for, against works that were seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Precedents:
    """Earlier work on tasks of one kind; nan stands for what nobody knows."""

    agents: Codes
    """Shape (m,): who worked, as a place in the roster."""
    nearness: Vector
    """Shape (m,): cosine of the two tasks."""
    solved: Vector
    """Shape (m,): 1 where its visible checks passed, 0 where they failed, nan without any."""
    failures: Vector
    """Shape (m,): agents that had failed at the same task before."""
    dollars: Vector
    """Shape (m,): of the work."""

    @staticmethod
    def none() -> Precedents:
        """Nothing has happened yet."""
        empty = np.empty(0)
        return Precedents(np.empty(0, np.intp), empty, empty, empty, empty)

    @property
    def weights(self) -> Vector:
        """Shape (m,): FAR .. 1, what each counts for."""
        near = np.clip(np.nan_to_num(self.nearness), 0.0, 1.0)
        return np.asarray(FAR + (1.0 - FAR) * near**SHARPNESS)


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """What is believed of the coefficients: intercept, n agents, a failure before, the price."""

    mean: Vector
    """Shape (3 + n,)."""
    covariance: Matrix
    """Shape (3 + n, 3 + n)."""
    sizes: Vector
    """Shape (n,): logarithms of the agents' prices, around 0."""

    def solves(self, failures: int = 0) -> Vector:
        """P(solved) of each agent after so many others have failed, shape (n,).

        The logistic of a normal variable, by MacKay's approximation.
        """
        everybody = np.arange(len(self.sizes))
        rows = _rows(everybody, np.full(len(everybody), float(failures)), self.sizes)
        variance = np.einsum("ij,jk,ik->i", rows, self.covariance, rows)
        return np.asarray(expit(rows @ self.mean / np.sqrt(1.0 + np.pi * variance / 8.0)))


def fit(precedents: Precedents, prices: Vector) -> Posterior:
    """Fit the model to precedents of which it is known what came of them.

    `prices`, shape (n,), are in any unit; an unknown one (nan), and none at all, tells nothing.
    Newton's method on a strictly convex function, so the result is the same for any order.
    """
    sizes, agents = _sizes(prices), len(prices)
    known = ~np.isnan(precedents.solved)
    rows = _rows(precedents.agents[known], precedents.failures[known], sizes)
    solved, weights = precedents.solved[known], precedents.weights[known]
    center = np.array([0.0, *[0.0] * agents, AFTER_FAILURE, DEARER])
    precision = np.array([SPREAD[0], *[SPREAD[1]] * agents, *SPREAD[2:]]) ** -2
    mean = center.copy()
    for _ in range(ROUNDS):
        chance = expit(rows @ mean)
        slope = rows.T @ (weights * (chance - solved)) + precision * (mean - center)
        curvature = (rows.T * (weights * chance * (1.0 - chance))) @ rows + np.diag(precision)
        step = np.linalg.solve(curvature, slope)
        mean = mean - step
        if np.abs(step).max() < 1e-9:
            break
    chance = expit(rows @ mean)
    curvature = (rows.T * (weights * chance * (1.0 - chance))) @ rows + np.diag(precision)
    return Posterior(mean, np.linalg.inv(curvature), sizes)


def dollars(precedents: Precedents, prices: Vector) -> Vector:
    """Predicted dollars of each agent's work on the task, shape (n,).

    The weighted mean of an agent's past works, shrunk towards its price times what a work of
    anybody has cost in prices. What is free costs nothing; an unknown price (nan) of an agent that
    has not worked gives nan.
    """
    known = ~np.isnan(precedents.dollars)
    agents, weights = precedents.agents[known], precedents.weights[known]
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


def _rows(who: Codes, failures: Vector, sizes: Vector) -> Matrix:
    """The design: a one, a one for the agent, failures before, its size; shape (m, 3 + n)."""
    return np.column_stack([np.ones(len(who)), np.eye(len(sizes))[who], failures, sizes[who]])


def _sizes(prices: Vector) -> Vector:
    known = prices > 0  # nan is not
    logs = np.log(prices, out=np.zeros(len(prices)), where=known)
    middle = logs[known].mean() if known.any() else 0.0
    return np.asarray(np.where(known, logs - middle, 0.0))
