"""How far the outcome model's chances are from those of its posterior.

    python benchmarks/posterior.py [--draws 1000000]

One agent has failed at some tasks that two others had failed at before, and a dearer one has solved
one task of two. P(solved) of the first one's next work: by Laplace's approximation alone (with
MacKay's formula), by the weighted draws that awards go by, and by the prior itself, drawn very
often and weighted by what was seen, which is the truth as far as draws go.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.special import expit

from sale.auction.design import CENTER, SPREAD, Precedents, Scaling, column_of_each, columns
from sale.auction.outcomes import DRAWS, _Seen, fit
from sale.auction.ways import NOBODY, Ways

PRICES = np.array([1.0, 3.0, 9.0])
BATCH = 50_000


def seen(failures: int) -> Precedents:
    """What came of the works."""
    agents = np.array([0] * failures + [2, 2], dtype=np.intp)
    m = len(agents)
    return Precedents(
        agents=agents,
        nearness=np.zeros(m),
        solved=np.array([0.0] * failures + [1.0, 0.0]),
        others=np.array([2.0] * failures + [0.0, 0.0]),
        betters=np.array([2.0] * failures + [0.0, 0.0]),
        again=np.zeros(m),
        dollars=np.full(m, np.nan),
        plans=np.full((m, 3), np.nan),
        planners=np.full(m, NOBODY, dtype=np.intp),
        certain=np.zeros(m, dtype=bool),
    )


def laplace(table: Precedents, asked: np.ndarray) -> float:
    """By the approximation alone."""
    seen_ = _Seen.of(table, Scaling.of(table.plans, PRICES), 0.0)
    mode = seen_.likeliest()
    covariance = np.linalg.inv(seen_.around(mode)[1])
    variance = asked @ covariance @ asked
    return float(expit(asked @ mode / np.sqrt(1 + np.pi * variance / 8)))


def truth(table: Precedents, asked: np.ndarray, draws: int) -> float:
    """By the prior, a batch at a time."""
    rows = Scaling.of(table.plans, PRICES).rows(table)
    center, spread = column_of_each(CENTER, 3), column_of_each(SPREAD, 3)
    others = columns(3)["others"]
    rng, total, weight = np.random.default_rng(0), 0.0, 0.0
    for _ in range(draws // BATCH):
        drawn = center + spread * rng.standard_normal((BATCH, len(center)))
        drawn[:, others] = -np.abs(drawn[:, others])
        passes = expit(drawn @ rows.T)
        likely = np.where(table.solved > 0, passes, 1 - passes).prod(axis=1)
        total += float(expit(drawn @ asked) @ likely)
        weight += float(likely.sum())
    return total / weight


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1_000_000)
    options = parser.parse_args()
    print(f"| failures | Laplace | {DRAWS} weighted draws | truth |\n|---|---|---|---|")
    for failures in (0, 2, 5, 10, 20, 40):
        table = seen(failures)
        posterior = fit(table, PRICES)
        asked, _ = posterior._asked(Ways.plain(3), 3, 1, None)
        weighted = posterior.solves(Ways.plain(3), 3, 1)[2, 2, 0, 0]
        row = asked[2, 2, 0, 0]
        found = laplace(table, row), weighted, truth(table, row, options.draws)
        print(f"| {failures} | " + " | ".join(f"{one:.1%}" for one in found) + " |", flush=True)


if __name__ == "__main__":
    main()
