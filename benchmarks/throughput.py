"""Auctions a second with agents that answer at once, beside the bare Ray calls they stand for.

In one run and in turn: the same calls to as many plain actors (the floor), the market with nothing
kept, and the market with an SQLite memory and a log of events. Prints medians of the rounds.

    python benchmarks/throughput.py [--agents 3] [--auctions 400] [--in-flight 1,8,32] [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # for the workers, which load `instant`

from instant import Forgetful, Instant, Pace, roster

from sale.auction.auctioneer import Auctioneer
from sale.auction.weights import Scale, Weights
from sale.cli.compose import prepare_ray
from sale.market import Market
from sale.memory.store import Store
from sale.rules import Rules
from sale.telemetry.log import EventLog
from sale.types import AgentSpec, Kind, Limits, Task, Verdict

SLOTS = 32
RULES = Rules("throughput", "not used", Limits(), refine=False, recall=False)


def bare(agents: int) -> Callable[[int], None]:
    """The calls of one auction, on plain actors."""
    import ray

    options: dict[str, Any] = {"max_concurrency": SLOTS + 1, "num_cpus": 0}
    plain = ray.remote(Instant).options(**options)
    actors = [plain.remote(spec.name, Pace()) for spec in roster(agents)]

    def one(number: int) -> None:
        task = task_of(number)
        bids = ray.get([actor.bid.remote(task) for actor in actors])
        plans = {bid.agent: bid.plan for bid in bids}
        ray.get([actor.rate.remote(task, plans, round=1) for actor in actors])
        work = actors[number % agents].execute.options(num_returns="streaming")
        for event in work.remote(task, bids[0].plan):
            ray.get(event)

    return one


def held(
    pool: Any, specs: tuple[AgentSpec, ...], memory: Any, observe: Any
) -> Callable[[int], None]:
    """One auction of a market."""
    weights = Weights(1.0, 1.0, dict.fromkeys([spec.name for spec in specs], 1.0), Scale())
    market = Market(
        pool=pool,
        memory=memory,
        auctioneer=Auctioneer(specs, weights),
        verifier=lambda _task, _outcome: (Verdict.NONE, ()),
        rules=RULES,
        observe=observe,
    )
    return lambda number: (market.auction(task_of(number)), None)[1]


def task_of(number: int) -> Task:
    """A task of its own for every auction."""
    return Task(Kind.CODING, f"Write add(a, b), which adds two numbers, number {number}.")


def timed(one: Callable[[int], None], count: int, in_flight: int) -> list[float]:
    """Seconds of the whole, and then of each auction."""

    def single(number: int) -> float:
        began = time.perf_counter()
        one(number)
        return time.perf_counter() - began

    began = time.perf_counter()
    with ThreadPoolExecutor(in_flight) as threads:
        each = list(threads.map(single, range(count)))
    return [time.perf_counter() - began, *each]


@contextmanager
def markets(agents: int) -> Iterator[dict[str, Callable[[int], None]]]:
    """The floor and the two markets on one Ray."""
    from sale.pool import RayPool

    specs = roster(agents, slots=SLOTS)
    with ExitStack() as ending:
        folder = Path(ending.enter_context(TemporaryDirectory()))
        pool = ending.enter_context(closing(RayPool(specs, [spec.name for spec in specs], Pace())))
        store = ending.enter_context(Store.open(f"sqlite:///{folder}/memory.db"))
        log = ending.enter_context(closing(EventLog(folder / "events.jsonl")))
        yield {
            "bare Ray calls": bare(agents),
            "market": held(pool, specs, Forgetful(), lambda *_: None),
            "market, memory, log": held(pool, specs, store, log.observe),
        }


def main() -> None:
    """Time them in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=3)
    parser.add_argument("--auctions", type=int, default=400)
    parser.add_argument("--in-flight", default="1,8,32")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    prepare_ray()
    print("| in flight | what | auctions/s | times the floor | p50 ms | p99 ms |")
    print("|---|---|---|---|---|---|")
    with markets(asked.agents) as ways:
        for way in ways.values():
            timed(way, 20, 4)
        for in_flight in map(int, asked.in_flight.split(",")):
            taken: dict[str, list[list[float]]] = {name: [] for name in ways}
            for _ in range(asked.rounds):
                for name, way in ways.items():
                    taken[name].append(timed(way, asked.auctions, in_flight))
            floors = [whole for whole, *_ in taken["bare Ray calls"]]
            for name, rounds in taken.items():
                wholes = [whole for whole, *_ in rounds]
                each = sorted(one for _, *ones in rounds for one in ones)
                times = statistics.median(
                    whole / floor for whole, floor in zip(wholes, floors, strict=True)
                )
                print(
                    f"| {in_flight} | {name} | {asked.auctions / statistics.median(wholes):.0f} | "
                    f"{times:.2f} | {1000 * each[len(each) // 2]:.1f} | "
                    f"{1000 * each[int(0.99 * len(each))]:.1f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
