"""How should several local models share few cores? Time three ways, with real models.

Each model runs in a process of its own; all are asked for one plan at the same moment. Printed
are the medians of the seconds until the first and until the last plan is there.

    python benchmarks/llama_turns.py MODEL.gguf MODEL.gguf MODEL.gguf [--repeats 3]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from multiprocessing.synchronize import Barrier
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from filelock import FileLock

from sale.agents.backends.llama_cpp import LlamaCpp
from sale.types import AgentSpec, Message

PLAN_TOKENS = 120
FACT = "The parser reads one line at a time and keeps a table of the names it has seen so far. "


class Mode(NamedTuple):
    """One way of sharing the cores."""

    name: str
    threads: int
    lock: AbstractContextManager[Any]
    """Held while a plan is written."""


class Times(NamedTuple):
    """Seconds from the request to the first and to the last plan."""

    first: float
    last: float


def modes(cores: int, folder: str) -> list[Mode]:
    """List the ways: side by side on all cores, on one thread each, or in turns on all cores."""
    return [
        Mode(f"side by side, {cores} threads each", cores, nullcontext()),
        Mode("side by side, 1 thread each", 1, nullcontext()),
        Mode(f"in turns, {cores} threads each", cores, Turn(Path(folder) / "turn")),
    ]


class Turn:
    """A lock among processes, lost with the process that holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        self.lock = FileLock(self.path, poll_interval=0.005)
        self.lock.acquire()

    def __exit__(self, *exception: object) -> None:
        self.lock.release()


def conversation(repeat: int) -> list[Message]:
    """Write a prompt of about 250 tokens that no cache has seen."""
    system = f"Trial {repeat}. You bid for tasks: answer with a plan of numbered steps."
    task = f"{FACT * 10}Write a Python function that finds every unused name, and its tests."
    return [Message("system", system), Message("user", task)]


def bidder(model: str, ways: list[Mode], repeats: int, start: Barrier, done: Any) -> None:
    """Load one model once for each number of threads, then send when each plan is there."""
    backends = {
        threads: LlamaCpp(
            AgentSpec(model, model, "llama_cpp", None, context=1024, options={"threads": threads})
        )
        for threads in {way.threads for way in ways}
    }
    for trial, way in enumerate(ways * repeats):
        start.wait()
        with way.lock:
            backends[way.threads].complete(conversation(trial), max_tokens=PLAN_TOKENS)
        done.put(time.monotonic())
        start.wait()


def measure(models: list[str], ways: list[Mode], repeats: int) -> Iterator[tuple[str, Times]]:
    """Give the times of one trial after another; the ways take turns, so noise hits them alike."""
    context = multiprocessing.get_context("spawn")
    start, done = context.Barrier(len(models) + 1), context.Queue()
    shared = (ways, repeats, start, done)
    for model in models:
        context.Process(target=bidder, args=(model, *shared), daemon=True).start()
    for way in ways * repeats:
        start.wait(timeout=300)
        began = time.monotonic()
        ends = sorted(done.get(timeout=600) - began for _ in models)
        start.wait(timeout=300)
        yield way.name, Times(ends[0], ends[-1])


def main() -> None:
    """Time every way of sharing and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("models", nargs="+", metavar="MODEL.gguf")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    cores = os.cpu_count() or 1
    print(f"{len(arguments.models)} models, {cores} cores, {PLAN_TOKENS} tokens a plan")
    print(f"{'':34} first plan   last plan   (seconds, median of {arguments.repeats})")
    trials: dict[str, list[Times]] = defaultdict(list)
    with TemporaryDirectory() as folder:
        for name, times in measure(arguments.models, modes(cores, folder), arguments.repeats):
            trials[name].append(times)
            print(f"  {name}: {times.first:.1f} {times.last:.1f}", file=sys.stderr)
    for name, rows in trials.items():
        first, last = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{name:34} {first:10.1f}  {last:10.1f}")


if __name__ == "__main__":
    main()
