"""The paired bootstrap: one drawing of tasks for all policies and for all figures.

A figure is a function of column sums over tasks. All columns are summed at once in every draw, so
two policies always see the same tasks, and the point estimate is the same function of the sums
over every task taken once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from sale.auction.calibration import FEWEST_TASKS, Estimate
from sale.bench.executions import Array

CHUNK = 2_000_000
"""Tasks times draws that are held in memory at once: 16 MB in each of two arrays."""
INTERVAL = (0.025, 0.975)

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A figure to estimate."""

    columns: tuple[Array, ...]
    """Each of shape (T,): a value for every task, 0 where it is left out."""
    figure: Callable[[Array], Array]
    """Column sums of shape (rows, columns) -> the figure of each row, shape (rows,)."""
    tasks: float
    """How many tasks it rests on."""


def ratio(numerator: Array, denominator: Array, counted: Array) -> Question:
    """One sum by another, such as dollars by solved tasks; `counted` is 1 for a task, else 0."""
    return Question((numerator, denominator), _ratio, counted.sum())


def _ratio(sums: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[:, 0] / sums[:, 1])


def answers(
    questions: Mapping[Key, Question], *, draws: int, seed: int
) -> dict[Key, Estimate | None]:
    """Estimate all figures with 95 % percentile intervals; None where a figure is undefined.

    All columns are as long as there are tasks. There is no interval below `FEWEST_TASKS` tasks,
    nor where it would be infinite. Where an estimate is biased so much that it lies outside its
    interval, the interval is widened to hold it.
    """
    if not questions:
        return {}
    place: dict[bytes, int] = {}
    columns: list[Array] = []
    wanted: dict[Key, list[int]] = {}
    for key, question in questions.items():
        wanted[key] = []
        for column in question.columns:
            if (content := column.tobytes()) not in place:
                place[content] = len(columns)
                columns.append(column)
            wanted[key].append(place[content])
    sums = _resampled(np.stack(columns, axis=1), draws=draws, seed=seed)
    return {
        key: _estimate(question.figure(sums[:, wanted[key]]), question.tasks)
        for key, question in questions.items()
    }


def _resampled(columns: Array, *, draws: int, seed: int) -> Array:
    """Shape (T, C) -> (1 + draws, C): the sums as they are, then those of each draw."""
    rng = np.random.default_rng(seed)
    tasks = len(columns)
    sums = np.empty((1 + draws, columns.shape[1]))
    sums[0] = columns.sum(axis=0)
    step = max(CHUNK // tasks, 1)
    for start in range(0, draws, step):
        many = min(step, draws - start)
        drawn = rng.integers(tasks, size=(many, tasks)) + tasks * np.arange(many)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=many * tasks).reshape(many, tasks)
        sums[1 + start : 1 + start + many] = counts.astype(np.float64) @ columns
    return sums


def _estimate(values: Array, tasks: float) -> Estimate | None:
    """The first value with the interval of the others."""
    value, drawn = float(values[0]), values[1:]
    if not np.isfinite(value):
        return None
    drawn = drawn[~np.isnan(drawn)]
    if tasks < FEWEST_TASKS or not len(drawn):
        return Estimate(value)
    with np.errstate(invalid="ignore"):
        low, high = np.quantile(drawn, INTERVAL)
    if not np.isfinite([low, high]).all():
        return Estimate(value)
    return Estimate(value, min(float(low), value), max(float(high), value))
