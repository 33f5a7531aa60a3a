"""The allocation logic at a size that no machine here has: 100 agents x 1,000 replicas.

The real dispatcher (`sale.pool.crew.Crew`), auctioneer and outcome model, with replicas that are
numbers and a clock that is one, too. Three tables: what a decision takes, how long work waits
when awards are spread evenly or not, and what one place in line takes.

    python benchmarks/simulation.py [--agents 100] [--replicas 1000] [--seconds 120]
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from instant import roster

from sale.auction.auctioneer import Auctioneer
from sale.auction.foresight import Foresight
from sale.auction.weights import Scale, Weights
from sale.pool import crew as crews
from sale.types import Bid, Kind, Precedent, Ratings

WORK_S = 20.0
"""Mean seconds of a work; they are drawn from an exponential distribution."""


class Chair:
    """A replica without an actor."""

    def __init__(self, *_: Any) -> None:
        self.load = 0
        self.idle_since = 0.0
        self.free_at = 0.0

    def end(self) -> None:
        """Nothing is there to end."""


def decisions(agents: int, jurors: int) -> tuple[float, float]:
    """Milliseconds to score and award by plans, and to award from memory."""
    rng = np.random.default_rng(agents)
    specs = roster(agents)
    names = [spec.name for spec in specs]
    bids = [Bid(name, 1, "Do it.", 20, float(rng.uniform())) for name in names]
    ratings = [
        Ratings(name, 1, {other: float(rng.uniform(0, 5)) for other in names})
        for name in names[:jurors]
    ]
    weights = Weights(1.0, 1.0, dict.fromkeys(names[:jurors], 1.0), Scale())
    auctioneer = Auctioneer(specs, weights)
    known = [
        Precedent(
            names[int(rng.integers(agents))], float(rng.uniform()), bool(rng.integers(2)), (), 1e-4
        )
        for _ in range(400)
    ]
    foresight = Foresight(specs, longest=2)
    return (
        milliseconds(lambda: auctioneer.award(auctioneer.appraise(bids, ratings), ())),
        milliseconds(lambda: foresight.look(Kind.CODING, known, checkable=True).foreseen()),
    )


def milliseconds(call: Callable[[], object], rounds: int = 9) -> float:
    """The median of several calls."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return 1000 * statistics.median(taken)


def waiting(
    agents: int, replicas: int, *, busy: float, zipf: float, seconds: float
) -> tuple[float, float, float, float]:
    """Hold auctions for some simulated time, with work for `busy` of all replicas.

    Agents win as 1 / place ** zipf. Returns the share of replicas at work in the second half, the
    share of works that waited, the 99th percentile of the wait in seconds, and microseconds that
    one call takes to dispatch.
    """
    rng = np.random.default_rng(7)
    found = [crews.Crew([spec], lambda _: None) for spec in roster(agents, replicas=replicas)]
    shares = 1.0 / np.arange(1, agents + 1) ** zipf
    count = int(busy * agents * replicas * seconds / WORK_S)
    arrivals = np.sort(rng.uniform(0, seconds, count))
    winners = rng.choice(agents, size=count, p=shares / shares.sum())
    lengths = rng.exponential(WORK_S, count)
    ends: list[tuple[float, int, Any, Any]] = []
    order, waits, worked, spent = itertools.count(), [], 0.0, 0.0
    for now, winner, length in zip(
        arrivals.tolist(), winners.tolist(), lengths.tolist(), strict=True
    ):
        while ends and ends[0][0] <= now:
            _, _, crew, seat = heapq.heappop(ends)
            crew.give_back(seat)
        began = time.perf_counter()
        seat: Any = found[winner].take()
        spent += time.perf_counter() - began
        start = max(now, seat.free_at)
        seat.free_at = start + length
        heapq.heappush(ends, (seat.free_at, next(order), found[winner], seat))
        waits.append(start - now)
        worked += max(0.0, min(seat.free_at, seconds) - max(start, seconds / 2))
    share = worked / (agents * replicas * seconds / 2)
    late = np.array(waits[count // 2 :])
    return share, float((late > 0).mean()), float(np.quantile(late, 0.99)), 1e6 * spent / count


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--replicas", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=120.0)
    asked = parser.parse_args()
    crews.Seat = Chair  # type: ignore[misc, assignment]
    print("| agents | jurors | award by plans, ms | award from memory, ms |\n|---|---|---|---|")
    for agents, jurors in ((3, 3), (10, 10), (asked.agents, 3), (asked.agents, asked.agents)):
        plans, memory = decisions(agents, jurors)
        print(f"| {agents} | {jurors} | {plans:.2f} | {memory:.2f} |", flush=True)
    print("\n| work for | agents win as | at work | waited | p99 wait s | dispatch µs |")
    print("|---|---|---|---|---|---|")
    for busy, zipf in ((0.5, 0.0), (0.9, 0.0), (0.05, 1.0), (0.5, 1.0)):
        share, late, wait, micro = waiting(
            asked.agents, asked.replicas, busy=busy, zipf=zipf, seconds=asked.seconds
        )
        how = "1 / place" if zipf else "evenly"
        print(
            f"| {busy:.0%} of replicas | {how} | {share:.1%} | {late:.1%} | {wait:.1f} | "
            f"{micro:.0f} |",
            flush=True,
        )
    print("\n| replicas | dispatch µs |\n|---|---|")
    for replicas in (1, 10, 100, 1000):
        *_, micro = waiting(1, replicas, busy=0.5, zipf=0.0, seconds=40_000 * 20 / replicas)
        print(f"| {replicas} | {micro:.1f} |", flush=True)


if __name__ == "__main__":
    main()
