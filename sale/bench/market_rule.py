"""The weights of a market as a rule for the features of a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sale.auction.fitting import Rule
from sale.auction.weights import Weights


def market_rule(weights: Weights, jurors: Sequence[str]) -> Rule:
    """Score by a market's weights; jurors missing from the run hand theirs to those present."""
    ratings = np.array([weights.jurors.get(name, 0.0) for name in jurors])
    left, total = np.abs(ratings).sum(), sum(map(abs, weights.jurors.values()))
    ratings = ratings * (total / left if left > 0 else 1.0)
    scales = [weights.cost_scale, weights.entropy_scale, *map(weights.rating_scale, jurors)]
    return Rule(
        np.concatenate([[weights.cost, weights.entropy], ratings]),
        np.array([(scale.low, scale.high) for scale in scales]),
    )
