"""What does it tell of an agent that others have failed at a task? Log odds, from a table.

    python benchmarks/failures_of_others.py TABLE [--fewest 15]

TABLE is one that `sale replay` reads. Of every two agents of a suite: by how many logits the second
one solves less where the first one has failed than it does anywhere, by whether the first one is
cheaper or dearer by its mean dollars; and of every three, where two have failed, by failure. Means,
each weighed by the tasks behind it. The outcome model's prior says -0.7 for a failure, and -0.7
more for that of a dearer agent (sale/auction/design.py).
"""

from __future__ import annotations

import argparse
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
from scipy.special import logit

from sale.bench.executions import Executions
from sale.bench.tables import read_table

EXTREME = 0.97
"""Agents that solve more of a suite, or less than the rest of it, have no telling log odds."""


def shift(solved: np.ndarray, worker: int, failed: tuple[int, ...], fewest: int) -> np.ndarray:
    """Logits that the worker loses where some have failed, and how many tasks that is told by."""
    known = ~np.isnan(solved[:, [worker, *failed]]).any(axis=1)
    where = known & (solved[:, failed] == 0).all(axis=1)
    usual, tasks = solved[known, worker].mean() if known.any() else 0.0, int(where.sum())
    if tasks < fewest or not 1 - EXTREME < usual < EXTREME:
        return np.array([np.nan, 0.0])
    # Half a task more, as much solved as failed: no log odds of 0 or 1.
    return np.array(
        [logit((solved[where, worker].sum() + 0.25) / (tasks + 0.5)) - logit(usual), tasks]
    )


def told(shifts: list[np.ndarray]) -> str:
    """Their weighted mean, or a dash."""
    some = np.array([one for one in shifts if one[1]])
    return f"{np.average(some[:, 0], weights=some[:, 1]):+.2f}" if len(some) else "-"


def row(table: Executions, suite: str, fewest: int, rng: np.random.Generator) -> str:
    """What is told of one suite."""
    part = table.part([at for at, name in enumerate(table.suites) if name == suite])
    dear = np.nanmean(np.where(part.dollars > 0, part.dollars, np.nan), axis=0)
    cheaper, dearer = [], []
    for first, worker in permutations(range(len(part.agents)), 2):
        if not np.isnan(dear[[first, worker]]).any():
            one = shift(part.solved, worker, (first,), fewest)
            (cheaper if dear[first] < dear[worker] else dearer).append(one)
    threes = list(combinations(range(len(part.agents)), 3))
    drawn = rng.permutation(len(threes))[:2000]
    two = [shift(part.solved, c, (a, b), fewest) for a, b, c in (threes[at] for at in drawn)]
    halves = [one / [2.0, 1.0] for one in two]
    return f"| {suite} | {len(part.tasks)} | {told(cheaper)} | {told(dearer)} | {told(halves)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--fewest", type=int, default=15, help="tasks failed by the first")
    options = parser.parse_args()
    table, rng = read_table(options.table).executions, np.random.default_rng(0)
    print("| suite | tasks | a cheaper one failed | a dearer one failed | two failed, each |")
    print("|---|---|---|---|---|")
    for suite in sorted(set(table.suites)):
        print(row(table, suite, options.fewest, rng))


if __name__ == "__main__":
    main()
