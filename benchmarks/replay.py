"""How fast policies are replayed on a made-up table, a rate for each.

    python benchmarks/replay.py [--tasks 10000] [--agents 5] [--folds 5] [--policy NAME ...]

Prints the Markdown table of docs/replay.md. No model runs: texts are hashed words.
"""

import argparse
import time

import numpy as np

from sale.bench.executions import Executions
from sale.bench.policies import Encoder
from sale.bench.replay import folds_of, named, replay
from sale.embedding import HashEmbedder
from sale.types import Verdict

WORDS = 400


def made_up(tasks: int, agents: int, *, seed: int) -> Executions:
    """Dearer agents are abler, and a quarter of the words make tasks hard."""
    rng = np.random.default_rng(seed)
    words = rng.integers(0, WORDS, (tasks, 30))
    hard = (words < WORDS // 4).mean(axis=1, keepdims=True) * 6 - 1.5
    able = np.linspace(-0.5, 1.5, agents)
    solved = rng.random((tasks, agents)) < 1 / (1 + np.exp(hard - able))
    passed = solved ^ (rng.random(solved.shape) < 0.05)
    verdicts = {True: Verdict.PASSED, False: Verdict.FAILED}
    return Executions(
        tasks=tuple(f"t{task}" for task in range(tasks)),
        agents=tuple(f"a{agent}" for agent in range(agents)),
        solved=solved.astype(float),
        dollars=np.geomspace(0.01, 1, agents) * rng.lognormal(0, 0.5, solved.shape),
        prices=np.geomspace(0.05, 5, agents),
        suites=tuple(f"s{task % 3}" for task in range(tasks)),
        texts=tuple(f"{' '.join(f'w{word}' for word in row)} {t}" for t, row in enumerate(words)),
        verified=tuple(tuple(verdicts[bool(one)] for one in row) for row in passed),
        answers=tuple(
            tuple(f"answer {int(one)} {rng.integers(50)}" for one in row) for row in passed
        ),
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--agents", type=int, default=5)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--policy", nargs="*", default=[])
    options = parser.parse_args()
    held = made_up(options.tasks, options.agents, seed=0)
    encoder = Encoder(HashEmbedder(), held.suites)
    encoder.texts(held.texts)
    splits = folds_of(held, options.folds, seed=0)
    names = options.policy or [one for one in named((), ()) if not one.startswith("mixture")]
    print(f"{options.tasks:,} tasks x {options.agents} agents, {options.folds} folds\n")
    print("| policy | seconds | of the processor | tasks a second | solved | $ a task |")
    print("|---|---|---|---|---|---|")
    total = 0.0
    for name in ["single:a0", *names]:
        began, busy = time.monotonic(), time.process_time()
        played = replay(held, [name], splits=splits, encoder=encoder)
        total += (seconds := time.monotonic() - began)
        solved = np.mean([one.solved for one in played.samples])
        usd = np.mean([one.usd for one in played.samples])
        busy, rate = time.process_time() - busy, options.tasks / seconds
        print(
            f"| {name} | {seconds:.1f} | {busy:.1f} | {rate:,.0f} | {solved:.1%} | {usd:.3f} |",
            flush=True,
        )
    print(f"| all | {total:.1f} | | {options.tasks * (len(names) + 1) / total:,.0f} | | |")


if __name__ == "__main__":
    main()
