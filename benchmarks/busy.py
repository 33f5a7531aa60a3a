"""A thousand auctions in flight: are the replicas kept busy?

Agents that take 1 s for a plan, 0.5 s for a rating and 20 s for a work, on real Ray, with an SQLite
memory; bids are drawn so that the work is spread over the agents. What each replica did is measured
by itself, from when all auctions are in flight until the last one has begun.

    python benchmarks/busy.py [--auctions 2000] [--in-flight 1000] [--replicas 2] [--slots 48]
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # for the workers, which load `instant`

from instant import Pace, roster
from throughput import held

from sale.cli.compose import prepare_ray
from sale.memory.store import Store
from sale.rules import Deadlines

AGENTS = 3


def worked(pool: Any) -> list[tuple[str, float, float]]:
    """Agent, seconds of calls so far and the clock, as each replica tells them."""
    import ray

    names = [name for name, crew in pool._crews.items() for _ in crew._seats]
    seats = [seat for crew in pool._crews.values() for seat in crew._seats]
    told = ray.get([s.call("worked", name) for s, name in zip(seats, names, strict=True)])
    return [(name, *each) for name, each in zip(names, told, strict=True)]


def main() -> None:
    """Hold the auctions and tell how busy each replica was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--auctions", type=int, default=2000)
    parser.add_argument("--in-flight", type=int, default=1000)
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--slots", type=int, default=48)
    asked = parser.parse_args()
    prepare_ray()
    from sale.pool import RayPool

    specs = roster(AGENTS, slots=asked.slots, replicas=asked.replicas)
    pace = Pace(bid=1.0, rate=0.5, work=20.0)
    begun, all_in_flight, last_begun = iter(range(1, 10**9)), threading.Event(), threading.Event()
    with ExitStack() as ending:
        folder = ending.enter_context(TemporaryDirectory())
        deadlines = Deadlines(600, 600)
        jury = [spec.name for spec in specs]
        pool = ending.enter_context(closing(RayPool(specs, jury, pace, deadlines=deadlines)))
        store = ending.enter_context(Store.open(f"sqlite:///{folder}/memory.db"))
        hold = held(pool, specs, store, lambda *_: None)

        def one(number: int) -> None:
            count = next(begun)
            if count == asked.in_flight:
                all_in_flight.set()
            if count == asked.auctions:
                last_begun.set()
            hold(number)

        began = time.monotonic()
        with ThreadPoolExecutor(asked.in_flight) as threads:
            done = [threads.submit(one, number) for number in range(asked.auctions)]
            all_in_flight.wait()
            first = worked(pool)
            last_begun.wait()
            last = worked(pool)
            for each in done:
                each.result()
        took = time.monotonic() - began
        kept = store.stats()
    print(f"{asked.auctions} auctions, {asked.in_flight} in flight: {took:.0f} s")
    print(f"on record: {sum(a.wins for a in kept.agents)} awards")
    print("| agent | busy |\n|---|---|")
    for (name, before, then), (_, after, now) in zip(first, last, strict=True):
        threads = asked.slots + 1  # of an actor
        share = (after - before) / (now - then) / threads
        print(f"| {name} | {share:.1%} of {threads} threads in {now - then:.0f} s |")


if __name__ == "__main__":
    main()
