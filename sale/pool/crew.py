"""The replicas that serve one model: who takes the next call, and how many there are."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError

from sale.errors import BusyError
from sale.pool.seat import Build, Seat
from sale.types import AgentSpec

ANSWER_S = 10.0
"""How long an idle actor may take to say that it lives."""


class Crew:
    """Replicas between the least and the most that the market file allows; safe for threads.

    A call goes to the replica with the fewest calls in hand. While all are full another one is
    started, as far as allowed; then calls wait in line, as many as `queue` says. A replica that
    has had nothing to do for `idle_s` ends, as far as allowed: it has no call that could be lost.
    One with a call that hangs is replaced, and ends when its other calls have.
    """

    def __init__(self, specs: Sequence[AgentSpec], build: Build) -> None:
        self._specs = specs
        self._build = build
        self._first = specs[0]
        self._lock = threading.Lock()
        self._draining = False
        self._seats = [Seat(specs, build) for _ in range(self._first.least_replicas)]
        self._leaving: list[Seat] = []

    def take(self) -> Seat:
        """The seat for one more call, which `give_back` ends; raises `BusyError`."""
        first = self._first
        with self._lock:
            if self._draining:
                raise BusyError(f"agent {first.name!r} takes no more calls: its market is ending")
            full = all(seat.load >= first.slots for seat in self._seats)
            if full and len(self._seats) < first.replicas:
                self._seats.append(Seat(self._specs, self._build))
            seat = min(self._seats, key=lambda seat: seat.load)
            if first.queue is not None and seat.load >= first.slots + first.queue:
                raise BusyError(
                    f"agent {first.name!r} is busy: {len(self._seats)} replicas x {first.slots} "
                    f"calls in hand and {first.queue} waiting at each; try again later, or raise "
                    "its `queue`, `slots` or `replicas`"
                )
            seat.load += 1
            return seat

    def give_back(self, seat: Seat) -> None:
        """One call of a seat has ended, however it did."""
        with self._lock:
            seat.load -= 1
            seat.idle_since = time.monotonic()
            self._see_off()

    def replace(self, seat: Seat) -> None:
        """Another seat takes the place of one that died or hangs; its other calls go on."""
        with self._lock:
            if seat in self._seats:
                self._seats.remove(seat)
                self._leaving.append(seat)
                self._seats.append(Seat(self._specs, self._build))
            self._see_off()

    @contextlib.contextmanager
    def seat(self) -> Iterator[Seat]:
        """The seat for the calls of a block; raises `BusyError`."""
        seat = self.take()
        try:
            yield seat
        finally:
            self.give_back(seat)

    def tend(self) -> None:
        """End replicas that have been idle for long, and replace idle ones that have died."""
        with self._lock:
            since = time.monotonic() - self._first.idle_s
            idle = [seat for seat in self._seats if not seat.load]
            most = len(self._seats) - self._first.least_replicas
            for seat in [seat for seat in idle if seat.idle_since < since][: max(most, 0)]:
                self._seats.remove(seat)
                idle.remove(seat)
                seat.end()
            asked = [(seat, seat.alive()) for seat in idle]
        for seat, reference in asked:
            try:
                ray.get(reference, timeout=ANSWER_S)
            except GetTimeoutError:
                continue  # its model may be loading; a call's own deadline tells
            except RayError:
                self.replace(seat)

    def loading(self, agent: str) -> list[Any]:
        """A reference for each replica whose model may not be loaded, ready when it is."""
        with self._lock:
            loading = [seat.loading(agent) for seat in self._seats]
            return [reference for reference in loading if reference is not None]

    def drain(self) -> None:
        """Take no more calls; those in hand go on."""
        with self._lock:
            self._draining = True

    def state(self) -> dict[str, int]:
        """How many replicas there are, and calls in hand and waiting."""
        with self._lock:
            loads = [seat.load for seat in self._seats]
            leaving = sum(seat.load for seat in self._leaving)
        slots = self._first.slots
        return {
            "replicas": len(loads),
            "most": self._first.replicas,
            "in_hand": sum(min(load, slots) for load in loads) + leaving,
            "waiting": sum(max(load - slots, 0) for load in loads),
        }

    def end(self) -> None:
        """End every replica at once."""
        with self._lock:
            self._draining = True
            for seat in self._seats + self._leaving:
                seat.end()
            self._seats.clear()
            self._leaving.clear()

    def _see_off(self) -> None:
        """End the seats that have been replaced and have no call in hand."""
        for seat in [seat for seat in self._leaving if not seat.load]:
            self._leaving.remove(seat)
            seat.end()


def crews(roster: Sequence[AgentSpec], build: Build) -> dict[str, Crew]:
    """Start the replicas of all agents; agents that share an engine share its crew."""
    companies: dict[str, list[AgentSpec]] = {}
    for spec in roster:
        companies.setdefault(spec.engine or spec.name, []).append(spec)
    found: dict[str, Crew] = {}
    for company in companies.values():
        crew = Crew(company, build)
        found |= {spec.name: crew for spec in company}
    return found
