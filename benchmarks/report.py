"""How long the report of a made-up run takes, and how large its files are.

    python benchmarks/report.py [--tasks 1000] [--policies 20]

Processor seconds by step, then bytes by file. Half of the policies are auctions.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from sale.bench.report import read_run, write_report
from sale.bench.run import SAMPLES
from sale.bench.samples import Sample, Spending
from sale.bench.statistics import summarise
from sale.types import Stage

AGENTS = {"small": 0.1, "medium": 0.3, "large": 1.0}


def made_up(tasks: int, policies: int, *, seed: int) -> list[Sample]:
    """The agents alone, routers that choose at random, and auctions that pay for a bid as well."""
    rng = np.random.default_rng(seed)
    solved = rng.random((tasks, 3)) < np.array([0.3, 0.5, 0.7])
    found = []
    for policy in range(policies):
        chosen = rng.integers(0, 3, tasks) if policy > 2 else np.full(tasks, policy)
        auction = policy >= policies / 2
        name = f"sale-{policy}" if auction else f"router-{policy}"
        for task, place in enumerate(chosen):
            agent, price = list(AGENTS.items())[place]
            stages = {Stage.EXECUTE: Spending(completion_tokens=300, usd=price / 1e3, wall_s=5.0)}
            if auction:
                stages[Stage.BID] = Spending(completion_tokens=90, usd=1e-4, wall_s=2.0)
            found.append(
                Sample(
                    policy=name if policy > 2 else f"single:{agent}",
                    suite=f"suite-{task % 2}",
                    task=f"task-{task}",
                    minutes=float(rng.exponential(5)),
                    place=task,
                    agent=agent,
                    awards=(agent,),
                    solved=bool(solved[task, place]),
                    usd=sum(one.usd or 0.0 for one in stages.values()),
                    stages=stages,
                    auction=f"{policy:04x}{task:012x}" if auction else None,
                )
            )
    return found


def main() -> None:
    """Write a run, draw it, and say what that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000)
    parser.add_argument("--policies", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        held = made_up(asked.tasks, asked.policies, seed=0)
        (folder / SAMPLES).write_text("".join(f"{one.model_dump_json()}\n" for one in held))
        clock = [time.process_time()]
        run = read_run(folder)
        clock.append(time.process_time())
        results = summarise(run.samples, roster=AGENTS)
        clock.append(time.process_time())
        written = write_report(run, results)
        clock.append(time.process_time())
        for step, seconds in zip(("read", "statistics", "report"), np.diff(clock), strict=True):
            print(f"{step:12} {seconds:5.1f} s")
        for path in written:
            print(f"{path.name:16} {path.stat().st_size:>9,} bytes")


if __name__ == "__main__":
    main()
