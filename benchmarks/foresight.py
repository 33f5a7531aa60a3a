"""What it takes to award from memory: the outcome model and the chains, without the database.

    python benchmarks/foresight.py [--precedents N] [--rounds N]

Milliseconds an auction, the median of several, for 3 to 100 agents.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from sale.auction.design import SIGNS
from sale.auction.foresight import Foresight
from sale.types import AgentSpec, Kind, Precedent, Price


def roster(agents: int) -> tuple[AgentSpec, ...]:
    """Agents, each twice as dear as the one before it."""
    prices = [2.0**place for place in range(agents)]
    return tuple(
        AgentSpec(f"agent-{place}", "none", "scripted", Price(price, price / 10, price))
        for place, price in enumerate(prices)
    )


def made(agents: int, count: int, *, seed: int) -> list[Precedent]:
    """Outcomes by chance; the dearer an agent, the better."""
    rng = np.random.default_rng(seed)
    who = rng.integers(agents, size=count)
    return [
        Precedent(
            f"agent-{one}",
            float(rng.uniform()),
            bool(rng.uniform() < (1 + one) / (1 + agents)),
            ("agent-0",) * int(rng.integers(2)),
            float(2.0**one * rng.uniform(0.5, 2.0)),
        )
        for one in who.tolist()
    ]


def milliseconds(agents: int, count: int, rounds: int) -> list[float]:
    """Medians over some tasks: of an award, of exploring, of a look at what plans would add."""
    taken = []
    foresight = Foresight(roster(agents), longest=agents)
    for seed in range(rounds):
        known, rng = made(agents, count, seed=seed), np.random.default_rng(seed)
        times = [time.perf_counter()]
        outlook = foresight.look(Kind.CODING, known, checkable=True)
        outlook.foreseen()
        times.append(time.perf_counter())
        outlook.foreseen(rng, 0.05)
        times.append(time.perf_counter())
        outlook.gain(SIGNS)
        times.append(time.perf_counter())
        taken.append(1000 * np.diff(times))
    return [float(one) for one in np.median(taken, axis=0)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--precedents", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    for agents in (3, 5, 6, 12, 100):
        award, explore, gain = milliseconds(agents, options.precedents, options.rounds)
        print(
            f"{agents} agents, {options.precedents} precedents: award {award:.2f} ms, "
            f"exploring {explore:.2f} ms, what plans would add {gain:.2f} ms"
        )


if __name__ == "__main__":
    main()
