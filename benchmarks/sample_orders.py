"""What fixed orders of samples would have come to, picked in hindsight: a mark for awards to reach.

    python benchmarks/sample_orders.py RUN [--agents small,large] [--longest 6]

RUN is a run folder of `sale bench` with every agent's work on every task in one reply, such as
results/humaneval-82. An agent's first sample is greedy, and others follow where visible checks
fail; an order says whose sample comes next after each failure. Printed are the orders that no
cheaper one beats.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from statistics import mean

from sale.bench.trials import Trial, first_tries
from sale.types import Verdict


def played(work: Mapping[str, Trial], order: Sequence[str]) -> tuple[bool, float]:
    """Whether an order of samples solves a task, and for how much."""
    taken: Counter[str] = Counter()
    usd = 0.0
    for agent in order:
        trial = work[agent]
        calls = trial.played.work_calls if trial.played else ()
        if taken[agent] >= len(calls):
            continue
        usd += calls[taken[agent]].usd or 0.0
        taken[agent] += 1
        if taken[agent] == len(calls) and trial.verified is not Verdict.FAILED:
            return trial.grade == 1.0, usd
    return False, usd


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--agents", default="qwen2.5-coder-0.5b,qwen2.5-coder-1.5b")
    parser.add_argument("--longest", type=int, default=6)
    asked = parser.parse_args()
    agents = asked.agents.split(",")
    works: dict[str, dict[str, Trial]] = {}
    for trial in first_tries(asked.run):
        works.setdefault(trial.task, {})[trial.agent] = trial
    found = []
    for size in range(1, asked.longest + 1):
        for order in product(agents, repeat=size):
            came = [played(work, order) for work in works.values()]
            found.append((1000 * mean(usd for _, usd in came), mean(ok for ok, _ in came), order))
    most = -1.0
    for usd, solved, order in sorted(found):
        if solved > most:
            most = solved
            print(f"{solved:6.1%}  ${usd:.4f} a thousand tasks  {', '.join(order)}")


if __name__ == "__main__":
    main()
