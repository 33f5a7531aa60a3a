"""Does memory pay over a stream? Each third of it beside one agent alone on the same tasks.

    python benchmarks/thirds.py RUN... [--beside AGENT]

RUN is a run folder of `sale bench` with several orders. A third of a stream may have harder tasks
than another, so dollars are a ratio to what the agent alone cost on the same tasks, and solved is
the difference in points; all orders together. Last: by how much the ratio of the last third is
that of the first one, with a 95 % interval (bootstrap over tasks).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sale.bench.report.folder import read_samples
from sale.bench.samples import Sample

DRAWS = 4000
LEARNING = ("sale-auto", "sale-quality", "sale-cheap", "sale-warm")


def row(samples: Sequence[Sample], beside: dict[str, Sample], rng: np.random.Generator) -> str:
    """One policy of a run."""
    tasks, size = list(beside), len(beside)
    paid, alone, gained, counts = np.zeros((4, size, 3))
    for one in samples:
        at = tasks.index(one.task), 3 * one.place // size
        other = beside[one.task]
        paid[at] += one.usd or 0.0
        alone[at] += other.usd or 0.0
        gained[at] += bool(one.solved) - bool(other.solved)
        counts[at] += 1
    ratio = paid.sum(axis=0) / alone.sum(axis=0)
    points = 100 * gained.sum(axis=0) / counts.sum(axis=0)
    drawn = rng.integers(size, size=(DRAWS, size))
    ratios = paid[drawn].sum(axis=1) / alone[drawn].sum(axis=1)
    low, high = np.percentile(ratios[:, 2] / ratios[:, 0], [2.5, 97.5])
    thirds = " | ".join(f"{r:.2f}, {p:+.1f}" for r, p in zip(ratio, points, strict=True))
    return f"{thirds} | {ratio[2] / ratio[0]:.2f} [{low:.2f}, {high:.2f}] |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, nargs="+")
    parser.add_argument("--beside", default="qwen2.5-coder-1.5b", metavar="AGENT")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    print("| run | policy | first third: dollars, points | second | last | last by first |")
    print("|---|---|---|---|---|---|")
    for run in options.run:
        samples = read_samples(run)
        beside = {one.task: one for one in samples if one.policy == f"single:{options.beside}"}
        for policy in LEARNING:
            some = [one for one in samples if one.policy == policy and one.task in beside]
            if some and all(one.usd is not None for one in (*some, *beside.values())):
                print(f"| {run.name} | `{policy}` | {row(some, beside, rng)}")


if __name__ == "__main__":
    main()
