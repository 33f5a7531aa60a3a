"""Good weights fast: random starts, then a descent that suits the objective.

`minmax` and `margin` alternate between the choices that the weights imply and the linear program
that these choices leave. `utility` is a step function of the weights; along a line its steps are
known exactly (F. J. Och, "Minimum error rate training", ACL 2003), so lines are searched exactly.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from sale.auction.objectives import (
    Array,
    Instance,
    Objective,
    allowed,
    loss,
    losses,
    mixed,
    scores,
)

DRAWS = 4_096
STARTS = 16
SWEEPS = 12
LEAST = 1e-12
"""A gain below this is rounding."""


def search(instance: Instance, rng: np.random.Generator) -> Array:
    """The best weights of a bounded search; shape (d,). The same generator, the same weights."""
    draws = _draws(instance.features.shape[2], rng)
    best_first = np.argsort(losses(instance, draws), kind="stable")[:STARTS]
    found = [improve(instance, draws[index], rng) for index in best_first]
    return min(found, key=lambda weights: loss(instance, weights))


def improve(instance: Instance, weights: Array, rng: np.random.Generator) -> Array:
    """Weights that are no worse than those given, and central among their equals."""
    if instance.objective is Objective.UTILITY:
        weights = _climb(instance, weights, rng)
    for _ in range(SWEEPS):
        better = least_worst(duels(instance, weights))
        if loss(instance, better) > loss(instance, weights) + LEAST:
            break
        weights, before = better, weights
        if np.allclose(weights, before, atol=1e-9):
            break
    return weights


def duels(instance: Instance, weights: Array) -> Array:
    """What has to stay low for the choices of these weights to stay good; shape (rows, d).

    `minmax`: the features of the chosen agents. `margin` and `utility`: those of the agent chosen
    less those of each agent that must not win; for `utility` these are the ones that gain less.
    """
    found = scores(instance, weights[None])[0]
    everyone = np.arange(len(found))
    if instance.objective is Objective.MINMAX:
        chosen = np.where(allowed(instance), found, np.inf).argmin(axis=1)
        return np.asarray(instance.features[everyone, chosen])
    if instance.objective is Objective.MARGIN:
        chosen = np.where(instance.solved, found, np.inf).argmin(axis=1)
        rivals = instance.bid & ~instance.solved
        rivals &= mixed(instance.bid, instance.solved)[:, None]
    else:
        chosen = found.argmin(axis=1)
        rivals = instance.bid & (instance.gain < instance.gain[everyone, chosen][:, None])
    lead = instance.features[everyone, chosen][:, None] - instance.features
    return np.asarray(lead[rivals])


def least_worst(rows: Array) -> Array:
    """The w on the simplex whose highest row . w is lowest, and of those the lowest mean.

    Shape (rows, d) -> (d,). Two linear programs: the second keeps what the first has reached.
    """
    count, width = rows.shape
    if not count:
        return np.full(width, 1.0 / width)
    simplex = np.append(np.ones(width), 0.0)[None]
    worst = np.hstack([rows, -np.ones((count, 1))])
    bounds = [(0.0, 1.0)] * width + [(None, None)]
    first = linprog(np.append(np.zeros(width), 1.0), worst, np.zeros(count), simplex, 1.0, bounds)
    bounds[-1] = (None, first.x[-1] + 1e-9)
    mean = np.append(rows.mean(axis=0), 0.0)
    second = linprog(mean, worst, np.zeros(count), simplex, 1.0, bounds)
    return on_simplex((second if second.success else first).x[:width])


def on_simplex(weights: Array) -> Array:
    """Remove a solver's rounding: no weight below 0, the sum 1."""
    kept = np.clip(weights, 0.0, None)
    return np.asarray(kept / kept.sum())


def _draws(width: int, rng: np.random.Generator) -> Array:
    """Every single feature, the even mix, and random mixes, half of them sparse."""
    known = np.vstack([np.eye(width), np.full((1, width), 1.0 / width)])
    half = DRAWS // 2
    even = rng.dirichlet(np.ones(width), half)
    sparse = rng.dirichlet(np.full(width, 0.3), half)
    return np.vstack([known, even, sparse])


def _climb(instance: Instance, weights: Array, rng: np.random.Generator) -> Array:
    """Search lines until a whole sweep of them gains nothing."""
    width = len(weights)
    pairs = np.array([np.eye(width)[k] - np.eye(width)[j] for k in range(width) for j in range(k)])
    reached = loss(instance, weights)
    for _ in range(SWEEPS):
        before = reached
        far = np.vstack([np.eye(width), rng.dirichlet(np.ones(width), 2 * width)])
        lines = rng.permutation(np.vstack([pairs.reshape(-1, width), far - weights]))
        for line in lines:
            moved = _best_on_line(instance, weights, line)
            found = loss(instance, moved)
            if found <= reached + LEAST:
                weights, reached = moved, found
        if reached > before - LEAST:
            break
    return weights


def _best_on_line(instance: Instance, weights: Array, line: Array) -> Array:
    """The middle of the widest best stretch of w + a * line within the simplex, exactly.

    A task's choice changes only where two of its agents' scores cross. Between crossings the
    choice is read off in the middle; all tasks' steps, sorted, add up to the utility along a.
    """
    moves = np.abs(line) > LEAST
    if not moves.any():
        return weights
    ends = -weights[moves] / line[moves]
    low = ends[line[moves] > 0].max(initial=-np.inf)
    high = ends[line[moves] < 0].min(initial=np.inf)
    if not low < high < np.inf:
        return weights
    start = np.where(instance.bid, instance.features @ weights, np.inf)
    slope = np.where(instance.bid, instance.features @ line, 0.0)
    crossings = np.clip(_crossings(start, slope, low), low, high)
    edges = np.hstack([np.full((len(start), 1), low), crossings, np.full((len(start), 1), high)])
    middles = (edges[:, 1:] + edges[:, :-1]) / 2
    along = start[:, None] + middles[:, :, None] * slope[:, None]
    gains = np.take_along_axis(instance.gain, along.argmin(axis=2), axis=1)
    steps, places = np.diff(gains, axis=1).ravel(), crossings.ravel()
    order = np.argsort(places, kind="stable")
    places, steps = places[order][steps[order] != 0], steps[order][steps[order] != 0]
    stretches = np.diff(np.concatenate([[low], places, [high]]))
    values = gains[:, 0].sum() + np.concatenate([[0.0], np.cumsum(steps)])
    values[stretches <= LEAST] = -np.inf
    best = np.where(values >= values.max() - 1e-9, stretches, -1.0).argmax()
    middle = np.concatenate([[low], places])[best] + stretches[best] / 2
    return on_simplex(weights + middle * line)


def _crossings(start: Array, slope: Array, missing: float) -> Array:
    """Where along a line the scores of two agents are equal; shapes (T, n) -> (T, pairs)."""
    left, right = np.triu_indices(start.shape[1], k=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        places = (start[:, right] - start[:, left]) / (slope[:, left] - slope[:, right])
    return np.sort(np.where(np.isfinite(places), places, missing), axis=1)
