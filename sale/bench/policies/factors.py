"""RouteLLM's matrix factorisation: how likely the strong agent beats the weak one on a task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from sale.bench.executions import Array, Executions, Index
from sale.bench.policies.choosing import best_single, budget_of, came_to, fittest, means
from sale.bench.policies.predictors import vectors_of
from sale.bench.policies.protocol import Need
from sale.bench.policies.routers import LEARNED, inner_folds
from sale.bench.policies.views import NOBODY, Allocation, Desk, Flags, Training, Unseen, ran
from sale.errors import InputError

THRESHOLDS = np.append(np.linspace(0, 1, 101), np.inf)
"""Quantiles of the win rates that the threshold is chosen among; beyond all: never strong."""


@dataclass(frozen=True, slots=True)
class Factors:
    """score(agent, task) = <v_agent, W x_task + b>: RouteLLM's with its last layer inside v."""

    agents: Array
    """v, shape (A, d)."""
    weights: Array
    """W, shape (D, d)."""
    bias: Array
    """b, shape (d,)."""

    def scores(self, vectors: Array) -> Array:
        """Shape (T, A); only differences between agents mean something."""
        return (vectors @ self.weights + self.bias) @ self.agents.T

    def win_rate(self, vectors: Array, strong: int, weak: int) -> Array:
        """The chance that the strong agent is right where just one of the two is, shape (T,)."""
        scores = self.scores(vectors)
        return np.asarray(expit(scores[:, strong] - scores[:, weak]))


@dataclass(frozen=True, slots=True)
class Wins:
    """Every time that one agent solved a task and another did not; all of shape (N,)."""

    tasks: Index
    winners: Index
    losers: Index

    @staticmethod
    def of(solved: Array) -> Wins:
        """Of outcomes of the shape (T, A); what is unknown is neither won nor lost."""
        won = (solved[:, :, None] == 1.0) & (solved[:, None, :] == 0.0)
        return Wins(*np.nonzero(won))


def loss(factors: Factors, vectors: Array, wins: Wins, *, decay: float) -> tuple[float, Factors]:
    """The mean of -log win rate over all wins, with weight decay; and its gradient."""
    hidden = vectors @ factors.weights + factors.bias
    scores = hidden @ factors.agents.T
    gaps = scores[wins.tasks, wins.winners] - scores[wins.tasks, wins.losers]
    penalty = sum(float((part**2).sum()) for part in (factors.agents, factors.weights))
    value = decay * penalty - float(log_expit(gaps).sum()) / max(len(gaps), 1)
    slopes = -expit(-gaps) / max(len(gaps), 1)
    by_score = _summed(wins.tasks, wins.winners, slopes, scores.shape)
    by_score -= _summed(wins.tasks, wins.losers, slopes, scores.shape)
    by_hidden = by_score @ factors.agents
    return value, Factors(
        by_score.T @ hidden + 2 * decay * factors.agents,
        vectors.T @ by_hidden + 2 * decay * factors.weights,
        by_hidden.sum(axis=0),
    )


def _summed(tasks: Index, agents: Index, values: Array, shape: tuple[int, ...]) -> Array:
    """Add values up by task and agent."""
    flat = np.bincount(tasks * shape[1] + agents, weights=values, minlength=shape[0] * shape[1])
    return np.asarray(flat.reshape(shape), dtype=np.float64)


def factorise(
    vectors: Array, solved: Array, rng: Generator, *, width: int, decay: float
) -> Factors:
    """Fit the factors to all pairs of agents of which one solved a task and the other did not."""
    wins = Wins.of(solved)
    shapes = ((solved.shape[1], width), (vectors.shape[1], width), (width,))
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])

    def shaped(flat: Array) -> Factors:
        parts = np.split(flat, ends[:-1])
        return Factors(*(part.reshape(s) for part, s in zip(parts, shapes, strict=True)))

    def flat_loss(flat: Array) -> tuple[float, Array]:
        value, slope = loss(shaped(flat), vectors, wins, decay=decay)
        return value, np.concatenate([slope.agents.ravel(), slope.weights.ravel(), slope.bias])

    start = rng.normal(0, 0.1, ends[-1])
    found = minimize(flat_loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60})
    return shaped(found.x)


@dataclass(frozen=True, slots=True)
class Thresholded:
    """The strong agent where its win rate reaches the threshold, else the weak one."""

    factors: Factors
    strong: int
    weak: int
    threshold: float

    def allocate(self, tasks: Unseen, desk: Desk, *, rng: Generator) -> Allocation:  # noqa: ARG002
        """Choose by the win rate; where only one of the two was run, it is that one."""
        if tasks.vectors is None:
            raise InputError("routellm-mf needs texts or suites of the tasks that it allocates")
        rates = self.factors.win_rate(tasks.vectors, self.strong, self.weak)
        return Allocation.certain(self.choose(rates, tasks.ran))

    def choose(self, rates: Array, allowed: Flags) -> Index:
        """The agent of each task, by its win rate."""
        first = np.where(rates >= self.threshold, self.strong, self.weak)
        other = np.where(rates >= self.threshold, self.weak, self.strong)
        rows = np.arange(len(rates))
        second = np.where(allowed[rows, other], other, NOBODY)
        return np.where(allowed[rows, first], first, second)


@dataclass(frozen=True, slots=True)
class RouteLlm:
    """RouteLLM's router `mf`, for any two agents, its threshold set by the training split."""

    strong: str | None = None
    """None: the agent that solves most of the training tasks."""
    weak: str | None = None
    """None: of the cheaper ones, the agent that gives up the least for each dollar saved."""
    threshold: float | None = None
    """None: what solves most of the training tasks for no more dollars than the best single."""
    width: int = 16
    decay: float = 1e-4
    name: str = "routellm-mf"
    needs: frozenset[Need] = LEARNED

    def fit(self, training: Training, *, rng: Generator) -> Thresholded:
        """Learn the factors, and the threshold from inner folds."""
        vectors, table = vectors_of(training, self.name), training.table
        strong, weak = self.pair(table)
        threshold = self.threshold
        if threshold is None:
            threshold = self._threshold(vectors, table, strong, weak, rng)
        factors = self._factors(vectors, table, rng)
        return Thresholded(factors, strong, weak, threshold)

    def _factors(self, vectors: Array, table: Executions, rng: Generator) -> Factors:
        return factorise(vectors, table.solved, rng, width=self.width, decay=self.decay)

    def _threshold(
        self, vectors: Array, table: Executions, strong: int, weak: int, rng: Generator
    ) -> float:
        rates = np.empty(len(vectors))
        for train, test in inner_folds(len(vectors), rng):
            factors = self._factors(vectors[train], table.part(train), rng)
            rates[test] = factors.win_rate(vectors[test], strong, weak)
        marks = [float(np.quantile(rates, q)) if q <= 1 else np.inf for q in THRESHOLDS]
        nothing = Factors(np.zeros((0, 0)), np.zeros((0, 0)), np.zeros(0))
        allowed = ran(table)
        came = [
            came_to(table, Thresholded(nothing, strong, weak, mark).choose(rates, allowed))
            for mark in marks
        ]
        return marks[fittest(came, budget_of(table))]

    def pair(self, table: Executions) -> tuple[int, int]:
        """The strong and the weak agent, by their places in the roster."""
        strong = best_single(table) if self.strong is None else self._place(self.strong, table)
        weak = _thriftiest(table, strong) if self.weak is None else self._place(self.weak, table)
        return strong, weak

    def _place(self, agent: str, table: Executions) -> int:
        if agent not in table.agents:
            known = ", ".join(table.agents)
            raise InputError(f"{self.name}: there is no agent {agent!r}; choose from {known}")
        return table.agents.index(agent)


def _thriftiest(table: Executions, strong: int) -> int:
    """The next corner of the mixture hull below the strong agent; itself where none is cheaper."""
    solved, dollars = means(table.solved), means(table.dollars)
    saved, lost = dollars[strong] - dollars, solved[strong] - solved
    cheaper = np.flatnonzero((saved > 0) & ~np.isnan(lost))
    if not len(cheaper):
        return strong
    rates = lost[cheaper] / saved[cheaper]
    return int(cheaper[np.lexsort((dollars[cheaper], rates))[0]])
