"""Cost, value and score of bids: arrays in, arrays out.

Notation of arXiv 2602.02751, section 3: agents i = 1..n, jurors j = 1..m.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


def plan_cost(prices: Vector, tokens: Vector) -> Vector:
    """pi(a_i) * |s_i| in millionths of a dollar; shapes (n,), (n,) -> (n,).

    `prices` are dollars per million output tokens. An unknown price (nan) is taken to be the
    dearest known one, so it is no advantage over a known one; all unknown gives zeros.
    """
    known = prices[~np.isnan(prices)]
    assumed = known.max() if known.size else 0.0
    return np.asarray(np.where(np.isnan(prices), assumed, prices) * tokens)


def neutral(feature: Vector) -> Vector:
    """Fill unmeasured entries (nan) with the mean of the measured ones; shape (n,) -> (n,).

    Nobody gains or loses by a back end that can't measure; all unmeasured gives zeros.
    """
    measured = feature[~np.isnan(feature)]
    fill = measured.mean() if measured.size else 0.0
    return np.asarray(np.where(np.isnan(feature), fill, feature))


def jury_weights(weights: Vector, present: NDArray[np.bool_]) -> Vector:
    """Hand the weight of jurors that failed to those present; shape (m,) -> (m,).

    The sum of absolute weights stays, so the jury as a whole counts as much as before.
    """
    kept = np.where(present, weights, 0.0)
    left = np.abs(kept).sum()
    return np.asarray(kept * np.abs(weights).sum() / left if left > 0 else kept)


def winner(scores: Vector, prices: Vector) -> int:
    """Index of the winning bid: lowest score, then lowest price, then roster order.

    An unknown price (nan) loses a tie. Shapes (n,), (n,) -> index.
    """
    order = np.lexsort((np.nan_to_num(prices, nan=np.inf), scores))
    return int(order[0])
