"""Auctions whose calls fail at random: does every one end, once, with its bill exact?

Three agents on real Ray, of whose calls 30 % fail: an error, garbage, a dead process or a hung one.
The same agents alone stand beside them. Exit code 1 where anything that must hold does not.

    python benchmarks/faults.py [--auctions 500] [--failing 0.3] [--threads 8] [--url sqlite:///...]
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # for the workers, which load `chaos`

from sale.agents.backends.scripted import TOKEN  # noqa: F401 - loaded before Ray forks
from sale.cli.compose import running_market
from sale.config import parse_market
from sale.errors import NoBidsError, SaleError
from sale.memory.store import Store
from sale.types import Auction, Call, Kind, Stage, State, Task, Usage, Verdict

SKILLS = {"small": 0.5, "middle": 0.65, "large": 0.8}
AGENT = """
[[agent]]
name = "{name}"
model = "{name}"
backend = "chaos:Chaos"
price = {{ input = {price}, output = {price} }}
slots = 8
options = {{ skill = {skill}, failing = {failing} }}
"""
RULES = """
[auction]
stages = "full"
refine = false
fallbacks = {fallbacks}
fallback_on = "failure"
bid_deadline_s = 5
rate_deadline_s = 5
[limits]
wall_s = 10
"""
MANY = 1_000_000
TASK = "Write add(a, b), which adds two numbers, number #{number}.\n\n>>> add(2, 3)\n5\n"


def hold(
    names: Sequence[str], url: str, numbers: Sequence[int], *, failing: float, threads: int
) -> list[Auction]:
    """Hold the auctions of some numbers among some of the agents; returns what is on record."""
    text = RULES.format(fallbacks=len(names) - 1)
    for price, (name, skill) in enumerate(SKILLS.items(), start=1):
        if name in names:
            text += AGENT.format(name=name, price=price, skill=skill, failing=failing)
    file = parse_market(text, name="faults.toml")
    with (
        Store.open(url) as store,
        running_market(file, "faults", store, kind=Kind.CODING, observe=lambda *_: None) as market,
    ):

        def one(number: int) -> None:
            with contextlib.suppress(NoBidsError):
                market.auction(Task(Kind.CODING, TASK.format(number=number)))

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(one, numbers))
        return [store.get(entry.id) for entry in store.log(limit=MANY)]


def wrongs(auctions: Sequence[Auction], count: int) -> list[str]:
    """Everything that must hold and does not."""
    found = []
    if len({auction.id for auction in auctions}) != count or len(auctions) != count:
        found.append(f"{len(auctions)} auctions on record, not {count}")
    if len({auction.task.text for auction in auctions}) != count:
        found.append("a task was held twice")
    return found + [wrong for auction in auctions for wrong in wrongs_of(auction)]


def wrongs_of(auction: Auction) -> list[str]:
    """What does not hold of one auction that has ended."""
    found = []
    if auction.state not in (State.FINISHED, State.FAILED) or auction.ended is None:
        found.append(f"{auction.id} did not end: {auction.state}")
    if auction.award is not None:
        dead = {bid.agent for bid in auction.bids if bid.error}
        if auction.award.provisional in dead:
            found.append(
                f"{auction.id} was awarded to {auction.award.provisional}, who did not bid"
            )
    workers = auction.workers
    if len(set(workers)) != len(workers):
        found.append(f"{auction.id}: {workers} worked, one of them twice")
    if not exact(auction):
        found.append(f"{auction.id}: its bill is not the sum of its calls")
    return found


def exact(auction: Auction) -> bool:
    """Whether the bill of an auction is that of its calls; unknown where one is."""
    entries = (*auction.bids, *auction.ratings, *auction.steps)
    calls: list[Call] = [call for entry in entries for call in entry.calls]
    for stage in (Stage.BID, Stage.RATE, Stage.EXECUTE):
        told = auction.usage.get(stage, Usage())
        known = Usage.of(call for call in calls if call.stage is stage)
        if (told.calls, told.prompt_tokens) != (known.calls, known.prompt_tokens):
            return False
        if (told.usd is None) != (known.usd is None):
            return False
        if told.usd is not None and not math.isclose(told.usd, known.usd or 0.0, rel_tol=1e-12):
            return False
    return True


def solved(auctions: Sequence[Auction]) -> float:
    """Share of the auctions whose answer passed."""
    passed = sum(a.outcome is not None and a.outcome.verified is Verdict.PASSED for a in auctions)
    return passed / len(auctions)


def main() -> int:
    """Hold them all and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--auctions", type=int, default=500)
    parser.add_argument("--failing", type=float, default=0.3)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--url", help="default: an SQLite file that is thrown away")
    asked = parser.parse_args()
    shares, bad = {}, []
    for names in (("small",), ("middle",), ("large",), tuple(SKILLS)):
        with TemporaryDirectory() as folder:
            url = asked.url or f"sqlite:///{folder}/memory.db"
            began = time.monotonic()
            numbers = range(asked.auctions)
            auctions = hold(names, url, numbers, failing=asked.failing, threads=asked.threads)
        took = time.monotonic() - began
        shares[names] = solved(auctions)
        bad += wrongs(auctions, asked.auctions)
        states = Counter(str(auction.state) for auction in auctions)
        lost = sum(auction.total.usd is None for auction in auctions)
        print(
            f"{' + '.join(names):24} solved {shares[names]:6.1%}  {dict(states)}  "
            f"bills with an unknown part {lost}  {took:.0f} s",
            flush=True,
        )
    best = max(share for names, share in shares.items() if len(names) == 1)
    if shares[tuple(SKILLS)] < best:
        bad.append(f"together {shares[tuple(SKILLS)]:.1%}, the best alone {best:.1%}")
    print("\n".join(bad) or "every auction ended, once; no award to a dead agent; every bill exact")
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SaleError as error:
        sys.exit(f"faults: {error}")
