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
import time
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


def bidder(model: str, mode: Mode, repeats: int, start: Barrier, done: Any) -> None:
    """Load one model, then send the time of each of its plans."""
    options = {"threads": mode.threads}
    spec = AgentSpec(model, model, "llama_cpp", None, context=1024, options=options)
    backend = LlamaCpp(spec)
    for repeat in range(repeats):
        start.wait()
        with mode.lock:
            backend.complete(conversation(repeat), max_tokens=PLAN_TOKENS)
        done.put(time.monotonic())
        start.wait()


def measure(models: list[str], mode: Mode, repeats: int) -> tuple[float, float]:
    """Return the medians of the seconds to the first and to the last plan."""
    context = multiprocessing.get_context("spawn")
    start, done = context.Barrier(len(models) + 1), context.Queue()
    arguments = (mode, repeats, start, done)
    processes = [context.Process(target=bidder, args=(m, *arguments), daemon=True) for m in models]
    for process in processes:
        process.start()
    firsts, lasts = [], []
    for _ in range(repeats):
        start.wait(timeout=300)
        began = time.monotonic()
        ends = sorted(done.get(timeout=600) - began for _ in models)
        start.wait(timeout=300)
        firsts.append(ends[0])
        lasts.append(ends[-1])
    for process in processes:
        process.join(timeout=60)
    return statistics.median(firsts), statistics.median(lasts)


def main() -> None:
    """Time every way of sharing and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("models", nargs="+", metavar="MODEL.gguf")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    cores = os.cpu_count() or 1
    print(f"{len(arguments.models)} models, {cores} cores, {PLAN_TOKENS} tokens a plan")
    print(f"{'':34} first plan   last plan   (seconds, median of {arguments.repeats})")
    with TemporaryDirectory() as folder:
        for mode in modes(cores, folder):
            first, last = measure(arguments.models, mode, arguments.repeats)
            print(f"{mode.name:34} {first:10.1f}  {last:10.1f}", flush=True)


if __name__ == "__main__":
    main()
