"""What weights are worth on tasks whose outcomes are known: three objectives, each a loss.

Notation: tasks t = 1..T, agents i = 1..n in the order in which ties prefer them, features
k = 1..d. With scaled, signed features X the score is s_ti = X_ti . w, w on the unit simplex
(w >= 0, sum w = 1), and the lowest score is chosen. Source: arXiv 2602.02751, section 3, with
the bounds and labels it leaves open (docs/fit.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]
CHUNK = 4_000_000
"""Scores held in memory at a time."""


class Objective(StrEnum):
    """What good weights are to make small or large."""

    MINMAX = "minmax"
    """The highest score, over tasks, of the best-scored agent that solved the task."""
    MARGIN = "margin"
    """The worst lead, over tasks, of those that failed over those that solved the task."""
    UTILITY = "utility"
    """The mean of solved - dollars / value of the agent with the lowest score."""


@dataclass(frozen=True, slots=True)
class Instance:
    """Known outcomes, made ready for weights on the unit simplex."""

    objective: Objective
    features: Array
    """X, shape (T, n, d): the lower the better; within [-1, 1]."""
    bid: Mask
    """Shape (T, n): who made a bid; at least one a task. Others can't be chosen."""
    solved: Mask
    """Shape (T, n)."""
    gain: Array
    """Shape (T, n): solved - dollars / value."""


def scores(instance: Instance, weights: Array) -> Array:
    """Scores of every agent under each row of weights; shape (N, d) -> (N, T, n), no bid inf."""
    found = np.einsum("tik,wk->wti", instance.features, weights)
    return np.asarray(np.where(instance.bid, found, np.inf))


def losses(instance: Instance, weights: Array) -> Array:
    """The loss of each row of weights, lower is better; shape (N, d) -> (N,).

    Exact: the agent chosen is the argmin of the scores, with ties to the earlier agent.
    """
    rows = max(1, CHUNK // instance.bid.size)
    parts = [weights[start : start + rows] for start in range(0, len(weights), rows)]
    return np.concatenate([_losses(instance, part) for part in parts])


def loss(instance: Instance, weights: Array) -> float:
    """The loss of one vector of weights; shape (d,)."""
    return float(losses(instance, weights[None])[0])


def allowed(instance: Instance) -> Mask:
    """Who may be chosen by `minmax`: bidders that solved the task, all bidders where none did."""
    right = instance.bid & instance.solved
    return np.asarray(np.where(right.any(axis=1, keepdims=True), right, instance.bid))


def mixed(bid: Mask, solved: Mask) -> Mask:
    """The tasks that some bidders solved and others did not; shapes (T, n), (T, n) -> (T,)."""
    return np.asarray((bid & solved).any(axis=1) & (bid & ~solved).any(axis=1))


def _losses(instance: Instance, weights: Array) -> Array:
    found = scores(instance, weights)
    if instance.objective is Objective.MINMAX:
        return np.asarray(_lowest(found, allowed(instance)).max(axis=1))
    if instance.objective is Objective.MARGIN:
        told = mixed(instance.bid, instance.solved)
        lead = _lowest(found, instance.solved)[:, told] - _lowest(found, ~instance.solved)[:, told]
        return np.asarray(lead.max(axis=1))
    chosen = found.argmin(axis=2)
    return np.asarray(-instance.gain[np.arange(len(instance.gain)), chosen].mean(axis=1))


def _lowest(found: Array, among: Mask) -> Array:
    return np.asarray(np.where(among, found, np.inf).min(axis=2))
