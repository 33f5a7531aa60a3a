"""Forecasts of who solves a task and at what dollars, learnt with scikit-learn."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sale.bench.executions import Array, Executions
from sale.bench.policies.choosing import means
from sale.bench.policies.views import Training
from sale.errors import InputError

STEPS = 500
"""Of gradient descent that a network gets, however many tasks there are."""
BATCH = 200


@dataclass(frozen=True, slots=True)
class Forecast:
    """Both of shape (T, A); NaN for an agent that training tells nothing of."""

    solved: Array
    dollars: Array


Predictor = Callable[[Array], Forecast]
"""A fitted model of all agents: forecasts from vectors of shape (T, D)."""
Learn = Callable[[Array, Executions, Generator], Predictor]
"""Fits a predictor to training vectors and what came of the tasks."""


def vectors_of(training: Training, policy: str) -> Array:
    """The training vectors; `InputError` where there are none or too few."""
    vectors = training.view.vectors
    if vectors is None or len(vectors) < 2:
        raise InputError(f"{policy}: it takes 2 training tasks or more with a text or a suite")
    return vectors


def neighbours(
    vectors: Array,
    table: Executions,
    rng: Generator,  # noqa: ARG001 - `Learn`'s signature
    *,
    k: int,
) -> Predictor:
    """The mean of the k nearest training tasks by cosine, over what is known of an agent there.

    Where nothing is known of it among them, it is the agent's mean over all training tasks.
    """
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=min(k, len(vectors)), metric="cosine").fit(vectors)
    overall = means(table.solved), means(table.dollars)

    def predict(rows: Array) -> Forecast:
        near = nearest.kneighbors(rows, return_distance=False)
        parts = (table.solved, table.dollars)
        solved, dollars = (
            _near_mean(part[near], mean) for part, mean in zip(parts, overall, strict=True)
        )
        return Forecast(solved, dollars)

    return predict


def _near_mean(values: Array, otherwise: Array) -> Array:
    """The mean over axis 1 of what is known, shape (T, k, A) to (T, A)."""
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), otherwise)


def network(vectors: Array, table: Executions, rng: Generator) -> Predictor:
    """One hidden layer that regresses all agents' success; the dollars are an agent's mean.

    An unknown outcome counts as the agent's mean, so that it pulls nowhere.
    """
    from sklearn.neural_network import MLPRegressor

    solved, dollars = means(table.solved), means(table.dollars)
    known = ~np.isnan(solved)
    targets = np.where(np.isnan(table.solved), solved, table.solved)[:, known]
    if not known.any():
        raise InputError("no outcome of the training tasks is known")
    model = MLPRegressor(**network_settings(len(vectors), rng))
    _quietly(model.fit, _short(vectors), targets[:, 0] if targets.shape[1] == 1 else targets)

    def predict(rows: Array) -> Forecast:
        forecast = np.full((len(rows), len(known)), np.nan)
        forecast[:, known] = model.predict(_short(rows)).reshape(len(rows), -1)
        return Forecast(forecast, np.broadcast_to(dollars, forecast.shape))

    return predict


def _short(vectors: Array) -> NDArray[np.float32]:
    """Single precision, in which a network trains twice as fast."""
    return vectors.astype(np.float32)


def labels(vectors: Array, table: Executions, rng: Generator) -> Predictor:
    """One hidden layer that says of all agents at once who will be right, and nothing of dollars.

    It learns from the tasks on which every agent's outcome is known.
    """
    whole = ~np.isnan(table.solved).any(axis=1)
    if not whole.any():
        raise InputError("there is no training task with a known outcome of every agent")
    vectors, solved = vectors[whole], table.solved[whole]
    always = solved.mean(axis=0)
    differs = (always > 0) & (always < 1)
    classify = _classifier(vectors, solved[:, differs].astype(int), rng) if differs.any() else None

    def predict(rows: Array) -> Forecast:
        forecast = np.tile(always, (len(rows), 1))
        if classify is not None:
            forecast[:, differs] = classify(rows)
        return Forecast(forecast, np.full(forecast.shape, np.nan))

    return predict


def _classifier(
    vectors: Array, right: NDArray[np.int_], rng: Generator
) -> Callable[[Array], Array]:
    from sklearn.neural_network import MLPClassifier

    alone = right.shape[1] == 1
    model = MLPClassifier(**network_settings(len(vectors), rng))
    _quietly(model.fit, _short(vectors), right[:, 0] if alone else right)

    def classify(rows: Array) -> Array:
        chances = model.predict_proba(_short(rows))
        return np.asarray(chances[:, 1:] if alone else chances)

    return classify


def network_settings(tasks: int, rng: Generator) -> dict[str, Any]:
    """How the networks are trained: 100 hidden units, Adam, some 500 steps.

    With scikit-learn's own rates so few steps end before suites are told apart, and more of them
    learn the texts by heart: hence faster steps and a stronger penalty.
    """
    batch = min(BATCH, tasks)
    return {
        "hidden_layer_sizes": (100,),
        "batch_size": batch,
        "learning_rate_init": 0.01,
        "alpha": 1.0,
        "max_iter": math.ceil(STEPS / math.ceil(tasks / batch)),
        "random_state": int(rng.integers(2**31)),
    }


def linear(
    vectors: Array,
    table: Executions,
    rng: Generator,  # noqa: ARG001 - `Learn`'s signature
) -> Predictor:
    """Logistic regression of success and ridge regression of dollars, an agent at a time."""
    successes = [_logistic(vectors, outcomes) for outcomes in table.solved.T]
    costs = [_ridge(vectors, dollars) for dollars in table.dollars.T]

    def predict(rows: Array) -> Forecast:
        return Forecast(
            np.stack([success(rows) for success in successes], axis=1),
            np.stack([cost(rows) for cost in costs], axis=1),
        )

    return predict


def _logistic(vectors: Array, outcomes: Array) -> Callable[[Array], Array]:
    from sklearn.linear_model import LogisticRegression

    known = ~np.isnan(outcomes)
    if len(np.unique(outcomes[known])) < 2:
        return _always(outcomes[known])
    model = LogisticRegression(max_iter=1000).fit(vectors[known], outcomes[known])
    return lambda rows: np.asarray(model.predict_proba(rows)[:, 1])


def _ridge(vectors: Array, dollars: Array) -> Callable[[Array], Array]:
    from sklearn.linear_model import Ridge

    known = ~np.isnan(dollars)
    if known.sum() < 2:
        return _always(dollars[known])
    model = Ridge().fit(vectors[known], dollars[known])
    return lambda rows: np.maximum(model.predict(rows), 0.0)


def _always(values: Array) -> Callable[[Array], Array]:
    mean = float(values.mean()) if len(values) else np.nan
    return lambda rows: np.full(len(rows), mean)


def _quietly(fit: Callable[..., object], *arguments: object) -> None:
    """The number of steps is set, so that they end before all is learnt is no news."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit(*arguments)
