"""Routers that forecast success and dollars from the task, and take whoever promises most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.random import Generator

from sale.bench.executions import Array, Executions, Index
from sale.bench.policies.choosing import best, budget_of, came_to, fittest, means, utility
from sale.bench.policies.predictors import (
    Forecast,
    Learn,
    Predictor,
    labels,
    linear,
    neighbours,
    network,
    vectors_of,
)
from sale.bench.policies.protocol import Need
from sale.bench.policies.views import Allocation, Desk, Training, Unseen, ran
from sale.errors import InputError

LEARNED = frozenset({Need.TRAINING, Need.FEATURES})
INNER_FOLDS = 3
WORTHS = np.geomspace(0.01, 10_000, 49)
"""What a solved task may be worth, in mean dollars of a run; `value` may be infinity besides."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """A fitted router: the highest forecast of solved - dollars / value."""

    predict: Predictor
    value: float

    def allocate(self, tasks: Unseen, desk: Desk, *, rng: Generator) -> Allocation:  # noqa: ARG002
        """Choose by the forecasts."""
        if tasks.vectors is None:
            raise InputError("a router needs texts or suites of the tasks that it allocates")
        seen = self.predict(tasks.vectors)
        scores = utility(seen.solved, seen.dollars, self.value)
        return Allocation.certain(best(scores, tasks.order, tasks.ran))


@dataclass(frozen=True, slots=True)
class Forecasting:
    """A router that forecasts success and dollars, and weighs the one against the other."""

    name: str
    learn: Learn
    """How its forecasts are learnt."""
    value: float | None = None
    """Dollars that a solved task is worth; None: what solves most of the training tasks for no
    more dollars than the best single agent, by forecasts of inner folds."""
    needs: frozenset[Need] = LEARNED

    def fit(self, training: Training, *, rng: Generator) -> Weighing:
        """Learn the forecasts, and what a solved task is worth."""
        vectors = vectors_of(training, self.name)
        value = self.value
        if value is None:
            value = chosen_value(training, held_out(vectors, training.table, self.learn, rng))
        return Weighing(self.learn(vectors, training.table, rng), value)


def knn(*, k: int = 40, value: float | None = None, name: str = "knn") -> Forecasting:
    """The agent with the best success - dollars / value among the k nearest training tasks."""
    return Forecasting(name, partial(neighbours, k=k), value)


def wtp(*, value: float | None = None, name: str = "wtp") -> Forecasting:
    """RouterBench's predictive router: value x predicted quality - mean cost, by a network."""
    return Forecasting(name, network, value)


def carrot(*, value: float | None = None, name: str = "carrot") -> Forecasting:
    """CARROT: plug-in estimates of success and of dollars, both from the task."""
    return Forecasting(name, linear, value)


@dataclass(frozen=True, slots=True)
class ToRouter:
    """TensorOpera's router: a multi-label classifier names the agent likeliest to be right."""

    name: str = "to-router"
    needs: frozenset[Need] = LEARNED

    def fit(self, training: Training, *, rng: Generator) -> Weighing:
        """Learn who is right, from the tasks on which that is known of every agent."""
        vectors = vectors_of(training, self.name)
        return Weighing(labels(vectors, training.table, rng), np.inf)


def inner_folds(tasks: int, rng: Generator) -> Iterator[tuple[Index, Index]]:
    """Parts of the training split to learn from and, each time, the rest; two tasks at least."""
    from sklearn.model_selection import KFold

    folds = KFold(min(INNER_FOLDS, tasks), shuffle=True, random_state=int(rng.integers(2**31)))
    return iter(folds.split(np.empty(tasks)))


def held_out(vectors: Array, table: Executions, learn: Learn, rng: Generator) -> Forecast:
    """Forecasts of each training task by what was learnt from the others."""
    shape = table.solved.shape
    solved, dollars = np.full(shape, np.nan), np.full(shape, np.nan)
    for train, test in inner_folds(len(vectors), rng):
        seen = learn(vectors[train], table.part(train), rng)(vectors[test])
        solved[test], dollars[test] = seen.solved, seen.dollars
    return Forecast(solved, dollars)


def chosen_value(training: Training, seen: Forecast) -> float:
    """The value that solves most of the training tasks within the best single agent's dollars."""
    table, order = training.table, training.view.order
    dollars = means(table.dollars)
    scale = float(np.nanmean(dollars)) if (~np.isnan(dollars)).any() else 0.0
    values = [*(float(worth * scale) for worth in WORTHS if scale > 0), np.inf]
    allowed = ran(table)
    came = [
        came_to(table, best(utility(seen.solved, seen.dollars, value), order, allowed))
        for value in values
    ]
    return values[fittest(came, budget_of(table))]
