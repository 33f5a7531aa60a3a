"""Fit the weights of a score on tasks whose outcomes are known: arrays in, a rule out.

Features k = 1..d are cost (millionths of a dollar), entropy, and one rating a juror, in this order.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from sale.auction.appraisal import neutral
from sale.auction.objectives import Array, Index, Instance, Mask, Objective, loss
from sale.auction.programs import prove
from sale.auction.search import improve, search

COST, ENTROPY, JURORS = 0, 1, 2
"""Where the features stand; jurors from there on."""


@dataclass(frozen=True, slots=True)
class Table:
    """What is known of T tasks and n agents; agents in the order in which ties prefer them."""

    features: Array
    """Shape (T, n, d), in their own units; nan where nobody measured it on that task."""
    bid: Mask
    """Shape (T, n): who made a bid; at least one a task."""
    solved: Mask
    """Shape (T, n)."""
    dollars: Array
    """Shape (T, n): of the work alone; nan where unknown."""
    auction: Array
    """Shape (T,): dollars of all bids and ratings; nan where unknown."""

    def part(self, tasks: Index) -> Table:
        """Some of the tasks."""
        return Table(
            self.features[tasks],
            self.bid[tasks],
            self.solved[tasks],
            self.dollars[tasks],
            self.auction[tasks],
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """Weights with the scales of their features."""

    weights: Array
    """Shape (d,): (w_c, w_h, w_1 .. w_m)."""
    scales: Array
    """Shape (d, 2): what counts as 0 and what as 1."""

    def choose(self, table: Table) -> Index:
        """The agent with the lowest score on each task, ties to the earlier; shape (T,)."""
        found = scaled(table.features, self.scales) @ (self.weights * _signs(len(self.weights), 1))
        return np.asarray(np.where(table.bid, found, np.inf).argmin(axis=1))


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted rule, and how far from the best possible it can be."""

    rule: Rule
    found: float
    """The objective that the rule reaches on the tasks it was fitted on, by the rule itself."""
    bound: float
    """What no weights can surpass, in the same unit."""
    gap: float
    """The distance between the two, 0 or more."""


def fit(
    table: Table, objective: Objective, *, value: float, seconds: float, rng: np.random.Generator
) -> Fit:
    """Fit weights with w >= 0 but for entropy, and sum |w| = 1, in about so many seconds.

    `value` is what a solved task is worth in dollars. The search always runs to its end; the
    rest of the time goes to the solver, which bounds what is possible and may find better.
    Features that are the same everywhere get no weight.
    """
    deadline = time.monotonic() + seconds
    scales = learn_scales(table)
    found = [
        _Candidate(instance, sign, search(instance, rng))
        for sign, instance in _instances(table, objective, scales, value)
    ]
    found.sort(key=lambda candidate: candidate.loss)
    best, bound = found[0], np.inf
    for left, candidate in zip(range(len(found), 0, -1), found, strict=True):
        share = (deadline - time.monotonic()) / left
        proof = prove(candidate.instance, cutoff=best.loss, seconds=share)
        bound = min(bound, proof.bound)
        if proof.weights is not None:
            better = improve(candidate.instance, proof.weights, rng)
            best = min(best, replace(candidate, weights=better), key=lambda one: one.loss)
    rule = Rule(_signed(best, learnable(table)), scales)
    bound = min(bound, best.loss)
    sign = -1.0 if objective is Objective.UTILITY else 1.0
    return Fit(rule, sign * best.loss, sign * bound, best.loss - bound)


def learn_scales(table: Table) -> Array:
    """The lowest and the highest of each feature among the bids; shape (d, 2).

    A feature that is the same everywhere, or was never measured, has the width 1.
    """
    seen = table.features[table.bid]
    known = ~np.isnan(seen)
    low = np.where(known, seen, np.inf).min(axis=0)
    high = np.where(known, seen, -np.inf).max(axis=0)
    low = np.where(np.isfinite(low), low, 0.0)
    return np.stack([low, np.where(high > low, high, low + 1.0)], axis=1)


def learnable(table: Table) -> Mask:
    """The features that tell the bids of at least one task apart; shape (d,)."""
    low = np.where(table.bid[:, :, None], table.features, np.inf).min(axis=1)
    high = np.where(table.bid[:, :, None], table.features, -np.inf).max(axis=1)
    return np.asarray((high > low).any(axis=0))  # a comparison with nan is false


def scaled(features: Array, scales: Array) -> Array:
    """Features with low as 0 and high as 1, not cut off there; shapes (T, n, d), (d, 2).

    A juror whose rating is missing counts as the mean of the others, who take over its weight in
    an auction; what nobody measured is 0.
    """
    low, high = scales.T
    found = (features - low) / (high - low)
    ratings = found[:, :, JURORS:]
    given = ~np.isnan(ratings)
    total = np.where(given, ratings, 0.0).sum(axis=2, keepdims=True)
    mean = total / np.maximum(given.sum(axis=2, keepdims=True), 1)
    found[:, :, JURORS:] = np.where(given, ratings, mean)
    return np.asarray(np.nan_to_num(found, nan=0.0))


def as_heard(features: Array, bid: Mask) -> Array:
    """Features as an auction takes them, task by task; shapes (T, n, d), (T, n) -> (T, n, d).

    An entropy that is missing is the mean of the task's others. A juror that left out one of the
    bids drops out of the task. nan stands for what is still unknown.
    """
    heard = np.where(bid[:, :, None], features, np.nan)
    for task, present in zip(heard, bid, strict=True):
        entropy = task[present, ENTROPY]
        task[present, ENTROPY] = np.nan if np.isnan(entropy).all() else neutral(entropy)
        left_out = np.isnan(task[present, JURORS:]).any(axis=0)
        task[:, JURORS:][:, left_out] = np.nan
    return heard


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Weights on the simplex, for one sign of the entropy's weight."""

    instance: Instance
    sign: float
    weights: Array

    @property
    def loss(self) -> float:
        return loss(self.instance, self.weights)


def _instances(
    table: Table, objective: Objective, scales: Array, value: float
) -> Iterator[tuple[float, Instance]]:
    """One problem for each sign that the weight of entropy may have."""
    kept = learnable(table)
    gain = table.solved - np.nan_to_num(table.dollars, nan=0.0) / value
    for sign in (1.0, -1.0) if kept[ENTROPY] else (1.0,):
        signs = _signs(len(kept), sign)
        features = (scaled(table.features, scales) * signs)[:, :, kept]
        yield sign, Instance(objective, features, table.bid, table.solved, gain)


def _signs(width: int, entropy: float) -> Array:
    """What a feature does to a score: cost adds to it, ratings take away, entropy either way."""
    signs = np.full(width, -1.0)
    signs[COST], signs[ENTROPY] = 1.0, -entropy
    return signs


def _signed(candidate: _Candidate, kept: Mask) -> Array:
    """The weights of all features from those on the simplex."""
    weights = np.zeros(len(kept))
    weights[kept] = candidate.weights
    weights[ENTROPY] *= candidate.sign
    return weights
