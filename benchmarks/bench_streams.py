"""How many auctions a second `sale bench` holds over trials on record: its own cost, no model's.

    python benchmarks/bench_streams.py [--tasks 200] [--agents 4] [--rounds 3]

Agents have no latency: bids, ratings and work are on record, refined plans come from scripts in
this process. Memory, lessons and scores are the real ones, on SQLite, texts embedded by hashing.
Routers are timed by `benchmarks/replay.py`.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from sale.agents.agent import Agent
from sale.agents.kinds import Workshop
from sale.bench.listed import Listed
from sale.bench.recorded import Recorded, RecordedChecks, RecordedPool
from sale.bench.streams import Ended, Stop, Watcher, flow
from sale.bench.trials import Played, Trial, Used
from sale.bench.variants import VARIANTS, variant_of
from sale.cli.compose import assembled
from sale.embedding import HashEmbedder
from sale.market_file import MarketFile
from sale.memory.store import Store
from sale.rules import Brief
from sale.types import Bid, Kind, Outcome, Ratings, StopReason, Task, Verdict

WORDS = ["sort", "merge", "count", "parse", "join", "split", "read", "write", "list", "table"]


def market(agents: int) -> MarketFile:
    """A market of scripted agents, each dearer than the one before it."""
    return MarketFile.model_validate(
        {
            "auction": {"plan_in_prompt": "none", "fallbacks": 2, "fallback_on": "failure"},
            "agent": [
                {
                    "name": f"a{n}",
                    "model": "script",
                    "backend": "scripted",
                    "price": {"input": n + 1, "cached": n + 1, "output": n + 1},
                }
                for n in range(agents)
            ],
        }
    )


def trial(file: MarketFile, place: int, agent: int, draw: random.Random) -> Trial:
    """What an agent might have done on a task."""
    used = (Used(200, 100, 100, 0.0, 1e-4),)
    right = draw.random() < 0.4 + 0.15 * agent
    return Trial(
        task=f"t{place}",
        kind=Kind.CODING,
        agent=f"a{agent}",
        price=agent + 1,
        tokens=draw.randint(40, 120),
        entropy=draw.random(),
        ratings={one.name: 5 * draw.random() for one in file.agent},
        verified=Verdict.PASSED if right else Verdict.FAILED,
        grade=float(right),
        stop_reason=StopReason.ANSWERED,
        usd=1e-4,
        auction_usd=2e-4,
        wall_s=0.0,
        played=Played(
            seed=place,
            plan=f"Plan {agent} for task {place}: " + " ".join(draw.choices(WORDS, k=30)),
            plan_shown=False,
            bid_calls=used,
            rate_error=None,
            rate_calls=used,
            answer="def f(): ...",
            citations=(),
            checks=(),
            error=None,
            steps=1,
            tool_calls=1,
            work_calls=used,
        ),
    )


class Scripts:
    """Refines and rates by script, in this process."""

    def __init__(self, file: MarketFile) -> None:
        self._agents = {spec.name: Agent(spec, opener=Workshop().open) for spec in file.roster}

    def refine(
        self, task: Task, briefs: Mapping[str, Brief], *, seed: int, usd: float | None
    ) -> Iterator[Bid]:
        """A refined plan from every agent that has a brief."""
        for name, brief in briefs.items():
            yield self._agents[name].refine(task, brief.own, brief.lessons, seed=seed, usd=usd)

    def rate(self, task: Task, plans: Mapping[str, str], **options: Any) -> Iterator[Ratings]:
        """Every juror's ratings."""
        for agent in self._agents.values():
            yield agent.rate(task, plans, **options)


def rate(
    file: MarketFile, policy: str, stops: list[Stop], recorded: Mapping[str, Recorded]
) -> float:
    """Auctions a second of one stream with a fresh memory."""

    def refuse(_task: Task, _outcome: Outcome) -> Any:
        raise RuntimeError("something was done again")

    held, watcher, checks = (
        variant_of(file, VARIANTS[policy]),
        Watcher(),
        RecordedChecks(recorded, refuse, refuse),
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(f"sqlite:///{folder}/memory.db", embedder=HashEmbedder) as store,
    ):
        auctions = assembled(
            held,
            "benchmark",
            tier="none",
            pool=RecordedPool(recorded, held.jury, held.auction.ballot, lambda: Scripts(held)),
            memory=Ended(store),
            verifier=checks.verify,
            observe=watcher,
            grader=checks.grade,
        )
        began = time.perf_counter()
        made = list(flow(auctions, watcher, stops, policy=policy, order=0, seed=0))
        return len(made) / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--agents", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    file, draw = market(options.agents), random.Random(0)
    tasks = [
        Task(Kind.CODING, f"Task {n}: {' '.join(draw.choices(WORDS, k=12))}")
        for n in range(options.tasks)
    ]
    recorded = {
        task.id: Recorded.of([trial(file, n, agent, draw) for agent in range(options.agents)])
        for n, task in enumerate(tasks)
    }
    stops = [
        Stop(Listed(name=f"t{n}", id=task.id, suite="made", kind=task.kind), task, n)
        for n, task in enumerate(tasks)
    ]
    print("| policy | auctions a second |\n|---|---|")
    for policy in VARIANTS:
        found = median(rate(file, policy, stops, recorded) for _ in range(options.rounds))
        print(f"| `{policy}` | {found:.0f} |", flush=True)


if __name__ == "__main__":
    main()
