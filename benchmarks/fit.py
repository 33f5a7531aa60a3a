"""How long `sale fit` takes and how far from the best possible it can be, on made-up runs.

    python benchmarks/fit.py [--seconds 60] [--tasks 200] [--agents 4] [--jurors 3 8]

Prints the Markdown table of docs/fit.md. No model runs; two processes work.
"""

import argparse
import time

import numpy as np

from sale.auction.fitting import Table
from sale.auction.objectives import Objective
from sale.bench.fit import Settings, fit_run
from sale.bench.fit_table import Outcomes


def made_up(tasks: int, agents: int, jurors: int, *, seed: int) -> Outcomes:
    """Tasks of random difficulty, dearer agents abler, jurors of rising insight."""
    rng = np.random.default_rng(seed)
    price = np.geomspace(0.05, 0.36, agents)
    ease = np.linspace(-0.6, 0.9, agents) - rng.normal(size=(tasks, 1))
    solved = rng.random((tasks, agents)) < 1 / (1 + np.exp(-1.5 * ease))
    cost = price * rng.integers(60, 300, (tasks, agents))
    entropy = rng.random((tasks, agents)) / 2 + 0.1 * solved
    insight = np.linspace(0.2, 1.5, jurors)
    ratings = 2.0 + insight * solved[..., None] + rng.normal(0, 1, (tasks, agents, jurors))
    features = np.concatenate([cost[..., None], entropy[..., None], np.clip(ratings, 0, 5)], axis=2)
    dollars = price * rng.uniform(500, 1500, (tasks, agents)) / 1e6
    auction = np.full(tasks, price.sum() * 300 / 1e6)
    table = Table(features, np.ones_like(solved), solved, dollars, auction)
    names = tuple(f"a{i}" for i in range(agents))
    return Outcomes(names, tuple(f"j{j}" for j in range(jurors)), table, ())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--agents", type=int, default=4)
    parser.add_argument("--jurors", type=int, nargs="*", default=[3, 8])
    options = parser.parse_args()
    print(
        "| objective | tasks x agents | jurors | seconds | found | bound | gap | solved, held out |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for jurors in options.jurors:
        found = made_up(options.tasks, options.agents, jurors, seed=0)
        for objective in Objective:
            began = time.monotonic()
            settings = Settings(objective, seconds=options.seconds)
            file = fit_run(found, settings, run="-", market=None, observe=lambda *_: None)
            part, facts = file.fitted, file.cross_validation
            print(
                f"| {objective} | {part.tasks} x {options.agents} | {jurors} "
                f"| {time.monotonic() - began:.0f} | {part.found:.4f} | {part.bound:.4f} "
                f"| {part.gap:.4f} | {facts.fitted.solved:.1%} (best single "
                f"{facts.best_single.solved:.1%}, oracle {facts.oracle.solved:.1%}) |",
                flush=True,
            )


if __name__ == "__main__":
    main()
