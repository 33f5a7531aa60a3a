"""Cost, value and score of bids: arrays in, arrays out.

Notation of arXiv 2602.02751, section 3: agents i = 1..n bid the plans s_i, jurors j = 1..m rate
them. A round's features are the columns of one matrix F, shape (n, 2 + m): cost C, entropy H,
and the ratings gamma_1 .. gamma_m. nan stands for what nobody measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]

PRIOR_AWARDS = 2.0
"""Awards that the prediction from a plan's price counts for, against awards that were seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The appraisal of n bids; the lowest score wins."""

    contributions: Matrix
    """Shape (n, 2 + m): what each term adds to cost (column 0) or to value (the others)."""
    cost: Vector
    """C', shape (n,)."""
    value: Vector
    """V, shape (n,)."""
    score: Vector
    """C' - V, shape (n,)."""


def plan_cost(prices: Vector, tokens: Vector) -> Vector:
    """C_i = pi(a_i) * |s_i| in millionths of a dollar; shapes (n,), (n,) -> (n,).

    `prices` are dollars per million output tokens. An unknown price (nan) is taken to be the
    dearest known one, so it is no advantage over a known one; all unknown gives zeros.
    """
    known = prices[~np.isnan(prices)]
    assumed = known.max() if known.size else 0.0
    return np.asarray(np.where(np.isnan(prices), assumed, prices) * tokens)


def award_ratio(dollars: Vector, plans: Vector) -> float:
    """rho = sum of the dollars of past awards / sum of the prices of their plans; 1 without any.

    Both in millionths of a dollar, shapes (n,), (n,).
    """
    known = float(plans.sum())
    return float(dollars.sum()) / known if known > 0 else 1.0


def award_cost(plan: Vector, awards: Vector, dollars: Vector, *, ratio: float) -> Vector:
    """D_i = (dollars_i + k * rho * C_i) / (awards_i + k), k = 2; shapes (n,) -> (n,).

    The mean dollars of an agent's past awards, shrunk towards its plan's price times the pooled
    ratio `rho` of `award_ratio`. Without a past, D_i = C_i. All in millionths of a dollar.
    """
    return np.asarray((dollars + PRIOR_AWARDS * ratio * plan) / (awards + PRIOR_AWARDS))


def neutral(feature: Vector) -> Vector:
    """Fill unmeasured entries (nan) with the mean of the measured ones; shape (n,) -> (n,).

    Nobody gains or loses by a back end that can't measure; all unmeasured gives zeros.
    """
    measured = feature[~np.isnan(feature)]
    fill = measured.mean() if measured.size else 0.0
    return np.asarray(np.where(np.isnan(feature), fill, feature))


def heard(ratings: Matrix, allowed: Mask) -> tuple[Matrix, Mask]:
    """The ratings that count, and where they stand; shapes (n, m), (n, m) -> the same two.

    A bid that nobody may rate or has rated is taken for an average one: it gets the mean of all
    ratings that count, from every juror that gave any.
    """
    counts = allowed & ~np.isnan(ratings)
    voiceless = ~counts.any(axis=1, keepdims=True)
    fill = ratings[counts].mean() if counts.any() else 0.0
    filled = np.where(counts, ratings, np.where(voiceless, fill, 0.0))
    return filled, counts | (voiceless & counts.any(axis=0, keepdims=True))


def jury_weights(weights: Vector, counts: Mask, *, total: float) -> Matrix:
    """w_ij: the jury's weight on each bid, spread over the ratings that count.

    Shapes (m,), (n, m) -> (n, m). Each row's absolute weights sum to `total`, that of the whole
    jury: a juror that failed, or that may not rate its own plan, hands its weight to the others.
    """
    kept = np.where(counts, weights, 0.0)
    left = np.abs(kept).sum(axis=1, keepdims=True)
    return np.asarray(np.divide(kept * total, left, out=np.zeros_like(kept), where=left > 0))


def appraise(features: Matrix, weights: Matrix, low: Vector, high: Vector) -> Scores:
    """Score = w_c C' - (w_h H' + sum_j w_ij gamma_j'), with x' = (x - low) / (high - low).

    Shapes (n, 2 + m), (n, 2 + m), (2 + m,), (2 + m,). Where a weight is 0 the feature is not
    looked at, so it may be nan there.
    """
    scaled = (features - low) / (high - low)
    contributions = np.where(weights == 0.0, 0.0, weights * scaled)
    cost, value = contributions[:, 0], contributions[:, 1:].sum(axis=1)
    return Scores(contributions, cost, value, cost - value)


def winner(scores: Vector, prices: Vector) -> int:
    """argmin of C' - V: lowest score, then lowest price, then roster order.

    An unknown price (nan) loses a tie. Shapes (n,), (n,) -> index.
    """
    order = np.lexsort((np.nan_to_num(prices, nan=np.inf), scores))
    return int(order[0])
