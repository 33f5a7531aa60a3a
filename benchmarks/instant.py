"""Agents that answer at once, or after a given time, with nothing behind them.

Named by `throughput.py` and `busy.py`; their actors load this file by PYTHONPATH.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sale.types import (
    AgentSpec,
    Auction,
    Bid,
    Call,
    Experience,
    Kind,
    Lesson,
    Outcome,
    Price,
    Ratings,
    Spent,
    Stage,
    Step,
    StopReason,
    Task,
)

PLAN = "1. Read the numbers. 2. Add them. 3. Check the sum against the examples."
CODE = "def add(a, b):\n    return a + b\n"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that a plan, a rating and a work take."""

    bid: float = 0.0
    rate: float = 0.0
    work: float = 0.0

    def __call__(self, spec: AgentSpec) -> Instant:
        """Build the agent of a roster entry."""
        return Instant(spec.name, self)


class Instant:
    """An agent as a pool knows it."""

    def __init__(self, name: str, pace: Pace) -> None:
        self._name = name
        self._pace = pace
        self._worked = 0.0
        self._begun: dict[int, float] = {}
        self._lock = threading.Lock()

    def load(self) -> None:
        """There is nothing to load."""

    def bid(self, task: Task, **_asked: Any) -> Bid:
        """The plan; how sure the agent is of it differs from task to task."""
        self._take(self._pace.bid)
        key = hashlib.blake2b(f"{self._name} {task.text}".encode(), digest_size=4).digest()
        drawn = int.from_bytes(key) / 2**32
        return Bid(self._name, 1, PLAN, 21, drawn, (self._call(Stage.BID),))

    def rate(self, _task: Task, plans: Mapping[str, str], **asked: Any) -> Ratings:
        """A 3 for everybody."""
        self._take(self._pace.rate)
        calls = (self._call(Stage.RATE),)
        return Ratings(self._name, asked["round"], dict.fromkeys(plans, 3.0), calls)

    def execute(self, _task: Task, _plan: str | None, **_asked: Any) -> Iterator[Step | Outcome]:
        """One step, and the answer."""
        self._take(self._pace.work)
        yield Step(1, self._name, "answer", "", "", (self._call(Stage.EXECUTE),))
        yield Outcome(self._name, CODE, StopReason.ANSWERED)

    def worked(self) -> tuple[float, float]:
        """Seconds of calls so far, those under way up to now, and the clock."""
        with self._lock:
            now = time.monotonic()
            return self._worked + sum(now - began for began in self._begun.values()), now

    def _take(self, seconds: float) -> None:
        here = threading.get_ident()
        with self._lock:
            self._begun[here] = time.monotonic()
        if seconds:
            time.sleep(seconds)
        with self._lock:
            self._worked += time.monotonic() - self._begun.pop(here)

    def _call(self, stage: Stage) -> Call:
        return Call(self._name, stage, 200, 150, 30, 0.0, 1e-6)


class Forgetful:
    """A memory that keeps nothing."""

    def announce(self, _auction: Auction, *, wall_s: float) -> None:
        """Nothing."""

    def advance(self, _auction: Auction) -> None:
        """Nothing."""

    def record(self, _auction: Auction) -> None:
        """Nothing."""

    def spent(self, _kind: Kind, _roster: Sequence[AgentSpec]) -> Mapping[str, Spent]:
        """Nothing."""
        return {}

    def experience(self, _task: Task) -> Experience:
        """Nothing."""
        return Experience()

    def lessons(self, _task: Task, *, agent: str, k: int) -> Sequence[Lesson]:  # noqa: ARG002
        """Nothing."""
        return ()


def roster(count: int, **fields: Any) -> tuple[AgentSpec, ...]:
    """So many agents of one price."""
    return tuple(
        AgentSpec(f"agent-{n}", f"agent-{n}", "instant", Price(1, 1, 1), **fields)
        for n in range(1, count + 1)
    )
