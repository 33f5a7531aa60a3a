"""The one way in which ties are broken, and the one objective that prices are set by."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from sale.bench.executions import Array, Executions, Index
from sale.bench.policies.views import NOBODY, Flags, by_price

SLACK = 1 + 1e-9
"""So that the best single itself is never over its own budget by a rounding."""


def best(scores: Array, order: Index, allowed: Flags) -> Index:
    """The allowed agent with the highest score on each task, shape (T,).

    Ties go to whoever comes first in `order`; NaN is never chosen where a number is, and
    NOBODY is where nobody is allowed.
    """
    known = np.where(np.isnan(scores), -np.finfo(float).max, scores)
    ranked = np.where(allowed, known, -np.inf)[:, order]
    chosen = order[ranked.argmax(axis=1)]
    return np.where(allowed.any(axis=1), chosen, NOBODY)


def utility(solved: Array, dollars: Array, value: float) -> Array:
    """solved - dollars / value; at infinity dollars don't count, known or not; at 0 they alone."""
    if np.isinf(value):
        return solved
    return -dollars if value == 0 else solved - dollars / value


def means(values: Array) -> Array:
    """The mean of each column over what is known of it; NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column of NaN has the mean NaN
        return np.nanmean(values, axis=0) if len(values) else np.full(values.shape[1], np.nan)


def best_single(table: Executions) -> int:
    """The agent that solved the largest share; of equals the cheaper, then the roster's first."""
    solved, dollars = means(table.solved), means(table.dollars)
    costs = np.where(np.isnan(dollars), np.inf, dollars)
    place = np.argsort(by_price(table.prices))
    return int(np.lexsort((place, costs, -np.nan_to_num(solved, nan=-1.0)))[0])


@dataclass(frozen=True, slots=True)
class Came:
    """What some way of choosing came to on a training split."""

    solved: float
    dollars: float
    """Mean a task; NaN where a choice's dollars are unknown."""


def came_to(table: Executions, chosen: Index) -> Came:
    """The means over the tasks on which somebody was chosen and the outcome is known.

    Unknown dollars of a run count as its agent's mean; where that is unknown too, so is the sum.
    """
    tasks = np.flatnonzero(chosen != NOBODY)
    agents = chosen[tasks]
    solved, dollars = table.solved[tasks, agents], table.dollars[tasks, agents]
    dollars = np.where(np.isnan(dollars), means(table.dollars)[agents], dollars)
    known = ~np.isnan(solved)
    if not known.any():
        return Came(np.nan, np.nan)
    return Came(float(solved[known].mean()), float(dollars[known].mean()))


def budget_of(table: Executions) -> float:
    """What the best single agent costs a task, of the tasks with a known outcome and dollars."""
    return float(means(table.dollars)[best_single(table)])


def fittest(candidates: list[Came], budget: float) -> int:
    """The place of the candidate that solves most within the budget; of equals the cheapest.

    Where none is within it, it is the cheapest of all; where all dollars are unknown, the one
    that solves most.
    """
    rows = np.array([(one.solved, one.dollars) for one in candidates])
    solved = np.nan_to_num(rows[:, 0], nan=-1.0)
    dollars = np.where(np.isnan(rows[:, 1]), np.inf, rows[:, 1])
    if np.isnan(budget):
        return int(np.lexsort((dollars, -solved))[0])
    within = dollars <= budget * SLACK
    if within.any():
        return int(np.lexsort((dollars, -solved, ~within))[0])
    return int(np.lexsort((-solved, dollars))[0])
