"""How fast a large auction memory is: lessons, recall, recording, opening, log, show and stats.

Tasks are made up, and so are their vectors: points of 384 dimensions around 2,000 centres, some
near, some far, so that there are neighbours to find, unlike in uniform noise. The fill goes past
`Store`; everything that is measured goes through it. Run it on a quiet machine:

    python benchmarks/memory.py [--tasks 10000] [--folder DIR] [--url postgresql+psycopg://...]

A folder that is named is kept: `--step` then repeats one step on it, e.g. `--step measure`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray
from sqlalchemy import event, insert, make_url

from sale.memory.database import Database
from sale.memory.graph import Graph
from sale.memory.index import index_file
from sale.memory.recall import POOL
from sale.memory.rows import task_columns, text_hash
from sale.memory.store import Store
from sale.memory.tables import (
    AppraisalRow,
    AuctionRow,
    AwardRow,
    BidRow,
    CallRow,
    EmbeddingRow,
    OutcomeRow,
    TaskRow,
    UsageRow,
)
from sale.types import (
    Appraisal,
    Auction,
    Award,
    Bid,
    Call,
    Kind,
    Outcome,
    Stage,
    State,
    StopReason,
    Task,
    Usage,
    Verdict,
)

AGENTS = ("small", "middle", "large", "other")
WIDTH, CENTRES, BLOCK = 384, 2_000, 10_000
DRAWS, TRUTHS, RECORDS = 300, 100, 200
RARE = "rare"
"""An agent that bids on one task in a thousand only."""


class Synthetic:
    """Gives the vector that a task's number stands for."""

    name = "synthetic-384"
    width = WIDTH

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.concatenate([points(int(text.split()[1].rstrip(":")), 1) for text in texts])


def _centres() -> NDArray[np.float32]:
    return unit(np.random.default_rng(0).normal(size=(CENTRES, WIDTH)))


def points(first: int, count: int) -> NDArray[np.float32]:
    """The vectors of some tasks; those of a block are drawn together."""
    rng = np.random.default_rng((1, first))
    noise = unit(rng.normal(size=(count, WIDTH)))
    spread = rng.uniform(0.3, 1.2, size=(count, 1))
    return unit(ALL_CENTRES[rng.integers(0, CENTRES, count)] + spread * noise)


def unit(rows: NDArray[Any]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


ALL_CENTRES = _centres()


def auction(number: int) -> Auction:
    """One auction as a market would record it: four plans, a call each, an award, an outcome."""
    digest = hashlib.sha256(str(number).encode()).digest()
    winner = AGENTS[digest[0] % 4]
    names = (*AGENTS[:3], RARE) if number % 1000 == 7 else AGENTS
    winner = winner if winner in names else names[0]
    kind = Kind.CODING if digest[1] % 2 else Kind.SEARCH
    call = Call("", Stage.BID, 800, 400, 90, 0.5, 0.001)
    calls = {name: Call(name, *(getattr(call, field) for field in CALL)) for name in names}
    return Auction(
        id=digest[:6].hex(),
        task=Task(kind, f"task {number}: make what {digest.hex()} asks for"),
        state=State.FINISHED,
        seed=number,
        market="m",
        sandbox="s",
        started=1.7e9 + number,
        ended=1.7e9 + number + 9,
        bids=tuple(
            Bid(name, 1, f"{name}: read the task {number}, do it, test it", 90, 0.4, (calls[name],))
            for name in names
        ),
        appraisals=tuple(Appraisal(name, 1, 0.5, 1.0, -0.5, ()) for name in names),
        award=Award(winner, 1, -0.5, provisional=winner),
        outcome=Outcome(
            winner, f"answer {number}", StopReason.ANSWERED, list(Verdict)[digest[2] % 3]
        ),
        usage={
            Stage.BID: Usage.of(calls.values(), wall_s=0.5),
            Stage.EXECUTE: Usage(900, 100, 300, 3, 2, 4.0, 0.01),
        },
    )


CALL = ("stage", "prompt_tokens", "cached_tokens", "completion_tokens", "wall_s", "usd")


def rows_of(first: int, count: int) -> Iterator[tuple[type, list[dict[str, Any]]]]:
    """The rows of some auctions, table after table, with the keys that SQL would give."""
    some = [auction(number) for number in range(first, first + count)]
    vectors = points(first, count)
    yield TaskRow, [task_columns(one.task) for one in some]
    yield (
        AuctionRow,
        [columns(AuctionRow, one, task_id=one.task.id, kind=one.task.kind) for one in some],
    )
    bids, calls, appraisals = [], [], []
    for place, one in enumerate(some):
        for position, bid in enumerate(one.bids):
            key = {"auction_id": one.id, "position": position}
            number = 4 * (first + place) + position + 1
            bids.append(columns(BidRow, bid, id=number, **key))
            calls.append(columns(CallRow, bid.calls[0], id=number, bid_id=number, **key))
            appraisals.append(columns(AppraisalRow, one.appraisals[position], id=number, **key))
    yield BidRow, bids
    yield CallRow, calls
    yield AppraisalRow, appraisals
    yield AwardRow, [columns(AwardRow, one.award, auction_id=one.id) for one in some]
    yield (
        OutcomeRow,
        [
            columns(OutcomeRow, one.outcome, auction_id=one.id, position=0, id=first + place + 1)
            for place, one in enumerate(some)
        ],
    )
    yield (
        UsageRow,
        [
            columns(UsageRow, usage, auction_id=one.id, stage=stage)
            for one in some
            for stage, usage in one.usage.items()
        ],
    )
    yield (
        EmbeddingRow,
        [
            {
                "number": first + place + 1,
                "text_hash": text_hash(one.task.text),
                "model": Synthetic.name,
                "vector": vectors[place].tobytes(),
            }
            for place, one in enumerate(some)
        ],
    )


def columns(table: Any, value: Any, **more: Any) -> dict[str, Any]:
    names = [name for name in table.__mapper__.columns.keys() if hasattr(value, name)]  # noqa: SIM118
    return {name: getattr(value, name) for name in names} | more


def fill(url: str, tasks: int) -> None:
    Store.open(url).close()
    with (
        closing(Database.open(url, wait_s=60)) as database,
        database.engine.connect() as connection,
    ):
        if database.engine.dialect.name == "sqlite":
            for pragma in ("synchronous=OFF", "cache_size=-2000000"):
                connection.connection.cursor().execute(f"PRAGMA {pragma}")
        for first in range(0, tasks, BLOCK):
            for table, rows in rows_of(first, min(BLOCK, tasks - first)):
                connection.execute(insert(table), rows)
            connection.commit()
            print(f"{first + BLOCK:,} tasks", end="\r", file=sys.stderr)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def spread(times: Sequence[float]) -> dict[str, float]:
    """Milliseconds at the median and at the 99th percentile."""
    return {
        "p50_ms": float(np.percentile(times, 50)) * 1e3,
        "p99_ms": float(np.percentile(times, 99)) * 1e3,
    }


def fresh(number: int, kind: Kind = Kind.CODING) -> Task:
    return Task(kind, f"task {10**9 + number}: a new one")


def measure(url: str, tasks: int) -> dict[str, Any]:
    """Everything but recall, in one process that has done nothing else before."""
    figures: dict[str, Any] = {"tasks": tasks, "load": os.getloadavg()[0]}
    opened: list[Store] = []
    figures["open_s"] = timed(lambda: opened.append(Store.open(url, embedder=Synthetic)))
    store = opened[0]
    figures["index_s"] = timed(lambda: store.lessons(fresh(0), agent="small"))
    figures["lessons"] = spread(
        [timed(lambda n=n: store.lessons(fresh(n), agent=AGENTS[n % 4])) for n in range(1, DRAWS)]
    )
    again = [
        timed(lambda n=n: store.lessons(fresh(n), agent=AGENTS[n % 4])) for n in range(1, DRAWS)
    ]
    figures["lessons_of_a_known_text"] = spread(again)
    figures["lessons_of_a_rare_agent"] = spread(
        [timed(lambda n=n: store.lessons(fresh(n), agent=RARE)) for n in range(1, 20)]
    )
    figures["lessons_found"] = len(store.lessons(fresh(1), agent="small"))
    figures["rss_mib"] = psutil.Process().memory_info().rss / 2**20
    some = [auction(10**7 + os.getpid() * 1000 + n) for n in range(RECORDS)]
    figures["record"] = spread([timed(lambda one=one: store.record(one)) for one in some])
    figures["log_s"] = timed(store.log)
    figures["log_of_agent_s"] = timed(lambda: store.log(agent="small"))
    figures["log_of_rare_agent_s"] = timed(lambda: store.log(agent=RARE))
    figures["log_of_kind_s"] = timed(lambda: store.log(kind=Kind.SEARCH))
    figures["show_s"] = timed(lambda: store.get(auction(tasks // 2).id))
    figures["stats_s"] = timed(store.stats)
    store.close()
    return figures


def recall(url: str, tasks: int) -> dict[str, Any]:
    """How many of the 8 nearest texts are among those that the index proposes for a draw."""
    queries = np.concatenate([points(10**9 + 5000 + n, 1) for n in range(TRUTHS)])
    best = np.full((TRUTHS, 8), -2.0, np.float32)
    names = np.zeros((TRUTHS, 8), np.int64)
    for first in range(0, tasks, BLOCK):
        cosines = queries @ points(first, min(BLOCK, tasks - first)).T
        both = np.hstack([best, cosines])
        numbers = np.hstack([names, np.tile(np.arange(cosines.shape[1]) + first + 1, (TRUTHS, 1))])
        top = np.argsort(-both, axis=1)[:, :8]
        best, names = np.take_along_axis(both, top, 1), np.take_along_axis(numbers, top, 1)
    with Store.open(url, embedder=Synthetic) as store:
        index = store._recall._vectors.index
        found = [set(index.nearest(query, POOL * 8)) for query in queries]
        times = [timed(lambda q=query: index.nearest(q, POOL * 8)) for query in queries]
    hits = [len(set(true.tolist()) & some) / 8 for true, some in zip(names, found, strict=True)]
    return {"recall_at_8": statistics.mean(hits), "worst": min(hits), "search": spread(times)}


def write(url: str, writer: int, count: int) -> None:
    with Store.open(url) as store:
        for number in range(count):
            store.record(auction(2 * 10**7 + writer * 100_000 + number))


def writers(url_of: Callable[[], str], processes: int) -> dict[str, Any]:
    """Auctions a second of several processes, and whether all of them are there."""
    url, each = url_of(), 400 // processes
    Store.open(url).close()
    here = [sys.executable, __file__, "--url", url, "--tasks", str(each)]
    start = time.perf_counter()
    running = [subprocess.Popen([*here, "--step", f"write:{n}"]) for n in range(processes)]
    codes = [one.wait() for one in running]
    wall = time.perf_counter() - start
    with Store.open(url) as store:
        kept = len(store.log(limit=10_000))
    return {
        "processes": processes,
        "failed": sum(map(bool, codes)),
        "lost": each * processes - kept,
        "wall_s": wall,
    }


def raw(url_of: Callable[[], str], count: int = 200) -> float:
    """Auctions a second of the bare driver: the statements of `record` again, a commit each."""
    said: list[list[tuple[str, Any, bool]]] = []

    def note(_connection: Any, _cursor: Any, words: str, values: Any, *_rest: Any) -> None:
        is_many = isinstance(values, list) and all(not isinstance(row, str) for row in values)
        said[-1].append((words, values, is_many and isinstance(values[0], tuple | dict)))

    source, target = url_of(), url_of()
    some = [auction(3 * 10**7 + number) for number in range(count)]
    with Store.open(source) as store:
        event.listen(store._database.engine, "before_cursor_execute", note)
        for one in some:
            said.append([])
            store.record(one)
    Store.open(target).close()
    with (
        closing(Database.open(target, wait_s=60)) as database,
        closing(database.engine.raw_connection()) as connection,
    ):
        cursor = connection.cursor()
        start = time.perf_counter()
        for statements in said:
            for words, values, many in statements:
                (cursor.executemany if many else cursor.execute)(words, values)
                if cursor.description:
                    cursor.fetchall()
            connection.commit()
        return count / (time.perf_counter() - start)


def build_graph(url: str, tasks: int) -> float:
    """Build the index's file as the first draw would; seconds."""
    file = index_file(make_url(url), model=Synthetic.name)
    graph = Graph(model=Synthetic.name, width=WIDTH)
    start = time.perf_counter()
    for first in range(0, tasks, BLOCK):
        count = min(BLOCK, tasks - first)
        graph.add(np.arange(first + 1, first + count + 1), points(first, count))
    if file is not None:
        graph.save(file)
    return time.perf_counter() - start


def run(url: str, tasks: int, step: str) -> dict[str, Any]:
    """Do one step, named on the command line."""
    if step == "fill":
        return {"fill_s": timed(lambda: fill(url, tasks))}
    if step == "graph":
        return {"graph_s": build_graph(url, tasks)}
    if step == "measure":
        return measure(url, tasks)
    if step == "recall":
        return recall(url, tasks)
    write(url, int(step.removeprefix("write:")), tasks)
    return {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--url")
    parser.add_argument("--step")
    args = parser.parse_args()
    with TemporaryDirectory(prefix="sale-memory-") as made:
        folder = args.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        url = args.url or f"sqlite:///{folder / 'memory.db'}"
        if args.step == "writers":
            number = iter(range(100))
            at = lambda: f"sqlite:///{folder / f'writers{next(number)}.db'}"  # noqa: E731
            figures = {"raw_per_s": raw(at), "writers": [writers(at, n) for n in (1, 2, 4, 8)]}
        elif args.step:
            figures = run(url, args.tasks, args.step)
        else:
            figures = {}
            for step in ("fill", "graph", "measure", "recall"):
                here = [sys.executable, __file__, "--url", url, "--tasks", str(args.tasks)]
                done = subprocess.run([*here, "--step", step], check=True, stdout=subprocess.PIPE)
                figures |= json.loads(done.stdout)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
