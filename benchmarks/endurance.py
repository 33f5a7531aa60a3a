"""Does a market that holds auctions for long keep to its memory?

Agents that answer at once, on real Ray, with an SQLite memory: MiB of this process, of the agents'
and of the database's file, after every tenth of the auctions.

    python benchmarks/endurance.py [--auctions 100000] [--in-flight 32]
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # for the workers, which load `instant`

import psutil
from instant import Pace, roster
from throughput import SLOTS, held

from sale.cli.compose import prepare_ray
from sale.memory.store import Store

MIB = 2**20


def resident() -> tuple[float, float]:
    """MiB of this process, and of all agents together."""
    here = psutil.Process()
    agents = [p for p in here.children(recursive=True) if p.name().startswith("ray::Actor")]
    return here.memory_info().rss / MIB, sum(p.memory_info().rss for p in agents) / MIB


def main() -> None:
    """Hold the auctions and print a line after every tenth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--auctions", type=int, default=100_000)
    parser.add_argument("--in-flight", type=int, default=32)
    asked = parser.parse_args()
    prepare_ray()
    from sale.pool import RayPool

    specs = roster(3, slots=SLOTS)
    with ExitStack() as ending:
        folder = ending.enter_context(TemporaryDirectory())
        jury = [spec.name for spec in specs]
        pool = ending.enter_context(closing(RayPool(specs, jury, Pace())))
        store = ending.enter_context(Store.open(f"sqlite:///{folder}/memory.db"))
        hold = held(pool, specs, store, lambda *_: None)
        threads = ending.enter_context(ThreadPoolExecutor(asked.in_flight))
        print(
            "| auctions | market MiB | agents MiB | database MiB |\n|---|---|---|---|", flush=True
        )
        tenth = max(asked.auctions // 10, 1)
        for first in range(0, asked.auctions, tenth):
            list(threads.map(hold, range(first, first + tenth)))
            market, agents = resident()
            database = sum(file.stat().st_size for file in Path(folder).iterdir()) / MIB
            print(
                f"| {first + tenth:,} | {market:.0f} | {agents:.0f} | {database:.0f} |", flush=True
            )


if __name__ == "__main__":
    main()
