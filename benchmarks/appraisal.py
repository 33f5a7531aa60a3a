"""How long the auctioneer takes: the appraisal as a matrix, and with every term explained.

    python benchmarks/appraisal.py [--bids 1000] [--jurors 16] [--runs 200]

A real round has at most 26 bids; a thousand show what the arithmetic costs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import numpy as np

from sale.auction import appraisal
from sale.auction.auctioneer import Auctioneer
from sale.auction.weights import Scale, Weights
from sale.types import AgentSpec, Bid, Price, Ratings


def milliseconds(work: Callable[[], object], runs: int) -> float:
    """The median of several runs."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def matrix(bids: int, jurors: int) -> Callable[[], object]:
    """Everything between the numbers of a round and its winner."""
    rng = np.random.default_rng(0)
    prices, tokens = rng.random(bids), rng.integers(1, 300, bids).astype(float)
    entropy, ratings = rng.random(bids), 5 * rng.random((bids, jurors))
    shares, allowed = np.full(jurors, 0.7 / jurors), np.ones((bids, jurors), dtype=bool)
    low, high = np.zeros(2 + jurors), np.array([300.0, 1.0, *[5.0] * jurors])

    def work() -> int:
        marks, counts = appraisal.heard(ratings, allowed)
        cost = appraisal.plan_cost(prices, tokens)
        features = np.column_stack([cost, appraisal.neutral(entropy), marks])
        jury = appraisal.jury_weights(shares, counts, total=0.7)
        weights = np.column_stack([np.full(bids, 0.3), np.full(bids, -0.1), jury])
        scores = appraisal.appraise(features, weights, low, high)
        return appraisal.winner(scores.score, prices)

    return work


def explained(bids: int, jurors: int) -> Callable[[], object]:
    """The same through the auctioneer, which makes an object of every term."""
    rng = np.random.default_rng(0)
    names = [f"a{n}" for n in range(bids)]
    roster = tuple(AgentSpec(n, "m", "scripted", Price(1.0, 1.0, rng.random())) for n in names)
    plans = [Bid(n, 1, "p", int(rng.integers(1, 300)), float(rng.random())) for n in names]
    ballots = [
        Ratings(juror, 1, dict(zip(names, (5 * rng.random(bids)).tolist(), strict=True)))
        for juror in names[:jurors]
    ]
    weights = Weights(0.3, -0.1, dict.fromkeys(names[:jurors], 0.7 / jurors), Scale(0.0, 300.0))
    market = Auctioneer(roster, weights)
    return lambda: market.winner(market.appraise(plans, ballots))


def main() -> None:
    """Print both medians as JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    for name, default in (("--bids", 1000), ("--jurors", 16), ("--runs", 200)):
        options.add_argument(name, type=int, default=default)
    given = options.parse_args()
    found = {
        "bids": given.bids,
        "jurors": given.jurors,
        "matrix_ms": milliseconds(matrix(given.bids, given.jurors), given.runs),
        "explained_ms": milliseconds(explained(given.bids, given.jurors), given.runs // 10 or 1),
    }
    print(json.dumps({key: round(value, 3) for key, value in found.items()}))


if __name__ == "__main__":
    main()
