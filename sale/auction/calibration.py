"""How well ratings foretell outcomes: correlation, AUC, Brier score, reliability, ECE.

Arrays have shape (n,): `x` ratings or probabilities, `y` booleans (solved), `tasks` whole numbers
from 0 that name the task of each. Ratings of plans for one task are not independent, so every
interval treats the task as the unit: it sums the influences of a task's ratings first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Codes = NDArray[np.intp]

BINS = 6
"""Of equal width, so that each of the digits 0 to 5, as a probability, has a bin of its own."""
FEWEST_TASKS = 5
"""Below these no interval is given: its own width would be too uncertain."""
_FLAT = 1e-9
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured value with its 95 % interval; no interval where the sample can't give one."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Bin:
    """One row of a reliability table: of plans rated alike, how many were solved."""

    low: float
    high: float
    """Upper end, part of the bin in the last one alone."""
    n: int
    probability: float | None
    """Mean of what the ratings said; None in an empty bin."""
    solved: float | None
    """Share that was solved; None in an empty bin."""


def mean(values: Floats, tasks: Codes) -> Estimate:
    """The mean of values, 95 % interval by Student's t over tasks."""
    value = float(values.mean())
    half = _half_width(values - value, tasks)
    return Estimate(value) if half is None else Estimate(value, value - half, value + half)


def correlation(x: Floats, y: Booleans, tasks: Codes) -> Estimate | None:
    """Pearson's r with a yes-or-no outcome (point-biserial); None where either is constant.

    The interval is taken on Fisher's z scale, from r's influence function
    z_x z_y - r (z_x^2 + z_y^2) / 2.
    """
    if x.std() < _FLAT or y.all() or not y.any():
        return None
    first, second = stats.zscore(x), stats.zscore(y.astype(np.float64))
    r = float(np.clip((first * second).mean(), -1.0, 1.0))
    if 1.0 - abs(r) < _FLAT:
        return Estimate(r)
    influence = first * second - r * (first**2 + second**2) / 2
    half = _half_width(influence / (1.0 - r**2), tasks)
    if half is None:
        return Estimate(r)
    z = np.arctanh(r)
    return Estimate(r, float(np.tanh(z - half)), float(np.tanh(z + half)))


def auc(x: Floats, y: Booleans, tasks: Codes) -> Estimate | None:
    """How often a solved plan is rated above an unsolved one; a tie counts half.

    None where all or none are solved. The interval is that of DeLong et al. 1988 with the
    clusters of Obuchowski 1997 (Biometrics 53:567), taken on the scale of log odds.
    """
    if y.all() or not y.any():
        return None
    ranks = stats.rankdata(x)
    placement = np.empty_like(x)
    placement[y] = (ranks[y] - stats.rankdata(x[y])) / (~y).sum()
    placement[~y] = 1.0 - (ranks[~y] - stats.rankdata(x[~y])) / y.sum()
    value = float(placement[y].mean())
    if min(value, 1.0 - value) < _FLAT:
        return Estimate(value)
    share = np.where(y, y.mean(), (~y).mean())
    half = _half_width((placement - value) / share / (value * (1.0 - value)), tasks)
    if half is None:
        return Estimate(value)
    odds = special.logit(value)
    return Estimate(value, float(special.expit(odds - half)), float(special.expit(odds + half)))


def brier(probability: Floats, y: Booleans) -> float:
    """The mean squared distance of probability and outcome: 0 is perfect."""
    return float(((probability - y) ** 2).mean())


def base_brier(y: Booleans) -> float:
    """The Brier score of someone who always says the share that was solved."""
    return float(y.mean() * (1.0 - y.mean()))


def reliability(probability: Floats, y: Booleans) -> tuple[Bin, ...]:
    """What was said and what came true, in bins of equal width from 0 to 1."""
    places = np.minimum((probability * BINS).astype(np.intp), BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    said = np.bincount(places, probability, minlength=BINS)
    came = np.bincount(places, y, minlength=BINS)
    return tuple(
        Bin(
            low=place / BINS,
            high=(place + 1) / BINS,
            n=int(n),
            probability=float(said[place] / n) if n else None,
            solved=float(came[place] / n) if n else None,
        )
        for place, n in enumerate(counts)
    )


def calibration_error(bins: tuple[Bin, ...]) -> float:
    """ECE: how far what was said lies from what came true, averaged over all ratings."""
    total = sum(one.n for one in bins)
    return sum(abs((one.probability or 0) - (one.solved or 0)) * one.n for one in bins) / total


def _half_width(influence: Floats, tasks: Codes) -> float | None:
    """Half of a 95 % interval of a mean of influences that are independent only across tasks."""
    sums = np.bincount(tasks, influence)
    groups = len(sums)
    if groups < FEWEST_TASKS or np.abs(influence).max() < _FLAT:
        return None
    error = np.sqrt(groups / (groups - 1) * (sums**2).sum()) / len(influence)
    return float(stats.t.ppf((1.0 + _CONFIDENCE) / 2, groups - 1) * error)
