"""The running agents: one Ray actor a replica. The only module that knows Ray.

Ray is started on this machine when no cluster is named, and joined when one is. Every wait has
a deadline; an agent that dies, hangs or answers with garbage costs the auction that bid and
nothing more, and its actor is replaced before it is needed again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import ray
from ray.exceptions import GetTimeoutError, RayActorError, RayError, RayTaskError

from sale.actor import Actor
from sale.auction.terms import Ballot
from sale.errors import BackendError, SaleError
from sale.failure import Failure
from sale.lifeline import Lifeline, own_sigterm
from sale.rules import Brief, Deadlines
from sale.types import (
    AgentSpec,
    Bid,
    Limits,
    Outcome,
    Ratings,
    Stage,
    Step,
    StopReason,
    Task,
)

OBJECT_STORE_BYTES = 100 << 20
"""Plans and answers are small; Ray's own default is a third of the machine's memory."""
KNOCK_S = 10.0
"""Seconds for the address of a cluster to answer at all."""
STEP_GRACE = 30.0
"""Seconds beyond an execution's own limit before its agent counts as hung."""


class RayPool:
    """Agents as Ray actors, with replicas, least-loaded dispatch and deadlines.

    `build` makes the agent inside its actor; it has to be picklable.
    """

    def __init__(
        self,
        roster: Sequence[AgentSpec],
        jury: Sequence[str],
        build: Callable[[AgentSpec], Any],
        *,
        deadlines: Deadlines | None = None,
        address: str | None = None,
    ) -> None:
        self._roster = {spec.name: spec for spec in roster}
        self._jury = [name for name in self._roster if name in jury]
        self._deadlines = deadlines or Deadlines()
        with contextlib.ExitStack() as ending:
            _start_ray(address, ending)
            self._seats = _seated(roster, build)
            self._ending = ending.pop_all()

    def solicit(self, task: Task, *, seed: int, usd: float | None) -> Iterator[Bid]:
        """One bid from every agent that takes this kind of task, as they arrive."""
        names = [name for name, spec in self._roster.items() if task.kind in spec.kinds]
        calls = {name: ("bid", (task,), {"seed": seed, "usd": usd}) for name in names}
        for name, bid in self._gather(calls, self._deadlines.bid):
            yield bid if isinstance(bid, Bid) else bid.as_bid(name, Stage.BID)

    def rate(
        self,
        task: Task,
        plans: Mapping[str, str],
        *,
        round: int,
        seed: int,
        ballot: Ballot,
        usd: float | None,
    ) -> Iterator[Ratings]:
        """One set of ratings from every juror, as they arrive."""
        options = {"round": round, "seed": seed, "ballot": ballot, "usd": usd}
        calls = {name: ("rate", (task, dict(plans)), options) for name in self._jury}
        for name, ratings in self._gather(calls, self._deadlines.rate):
            whole = isinstance(ratings, Ratings)
            yield ratings if whole else ratings.as_ratings(name, round)

    def refine(
        self, task: Task, briefs: Mapping[str, Brief], *, seed: int, usd: float | None
    ) -> Iterator[Bid]:
        """One refined bid from every agent that has a brief, as they arrive."""
        calls = {
            name: ("refine", (task, brief.own, brief.lessons), {"seed": seed, "usd": usd})
            for name, brief in briefs.items()
        }
        for name, bid in self._gather(calls, self._deadlines.bid):
            yield bid if isinstance(bid, Bid) else bid.as_bid(name, Stage.REFINE)

    def execute(
        self, task: Task, agent: str, plan: str | None, *, limits: Limits, seed: int
    ) -> Iterator[Step | Outcome]:
        """The steps of one agent at work; the outcome comes last, whatever happens."""
        seat = min(self._seats[agent], key=lambda seat: seat.load)
        with seat.busy():
            deadline = time.monotonic() + limits.wall_s + STEP_GRACE
            stream = seat.stream("execute", agent, task, plan, limits=limits, seed=seed)
            try:
                yield from _follow(stream, deadline)
                return
            except SaleError as error:
                reason = str(error)
            except (RayError, TimeoutError) as error:
                reason = _explain(error, limits.wall_s)
                seat.replace()
                yield Failure(reason, lost=True).as_step(agent)
        yield Outcome(agent, None, StopReason.CRASHED, error=reason)

    def close(self) -> None:
        """End every actor, and Ray if it was started or joined here."""
        for seat in {seat for seats in self._seats.values() for seat in seats}:
            seat.end()
        self._seats.clear()
        self._ending.close()

    def _gather(
        self, calls: Mapping[str, tuple[str, tuple[Any, ...], dict[str, Any]]], seconds: float
    ) -> Iterator[tuple[str, Any]]:
        """Make one call an agent side by side; yields (agent, result or failure)."""
        deadline = time.monotonic() + seconds
        pending: dict[Any, tuple[str, _Seat]] = {}
        for name, (method, arguments, options) in calls.items():
            seat = min(self._seats[name], key=lambda seat: seat.load)
            seat.load += 1
            pending[seat.call(method, name, *arguments, **options)] = (name, seat)
        while pending:
            left = max(deadline - time.monotonic(), 0.0)
            done, _ = ray.wait(list(pending), num_returns=1, timeout=left)
            if not done:
                break
            name, seat = pending.pop(done[0])
            seat.load -= 1
            yield name, _result(done[0], seat, seconds)
        for name, seat in pending.values():
            seat.load -= 1
            seat.replace()
            yield name, Failure(f"no answer within {seconds:g} s", lost=True)


def _seated(
    roster: Sequence[AgentSpec], build: Callable[[AgentSpec], Any]
) -> dict[str, list[_Seat]]:
    """Start the replicas of all agents; agents that share an engine share its seats."""
    companies: dict[str, list[AgentSpec]] = {}
    for spec in roster:
        companies.setdefault(spec.engine or spec.name, []).append(spec)
    seats: dict[str, list[_Seat]] = {}
    for company in companies.values():
        shared = [_Seat(company, build) for _ in range(company[0].replicas)]
        seats |= {spec.name: shared for spec in company}
    return seats


class _Seat:
    """One replica, of one agent or of several on one engine: its actor, and its calls in flight."""

    def __init__(self, specs: Sequence[AgentSpec], build: Callable[[AgentSpec], Any]) -> None:
        self._specs = specs
        self._build = build
        self.load = 0
        self._actor = self._start()

    def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._method(method).remote(*arguments, **options)

    def stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        streaming = self._method(method).options(num_returns="streaming")
        return streaming.remote(*arguments, **options)

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        self.load += 1
        try:
            yield
        finally:
            self.load -= 1

    def replace(self) -> None:
        """Give up on the actor; a fresh one takes its seat."""
        self.end()
        self._actor = self._start()

    def end(self) -> None:
        with contextlib.suppress(RayError):
            ray.kill(self._actor)

    def _method(self, name: str) -> Any:
        return getattr(self._actor, name)

    def _start(self) -> Any:
        """Actors reserve no CPU: the back ends share the machine's cores among themselves."""
        options = {"num_cpus": 0, "num_gpus": self._specs[0].gpus, "max_restarts": 0}
        threads = sum(spec.slots for spec in self._specs) + 1
        actor = ray.remote(Actor).options(max_concurrency=threads, **options)
        return actor.remote(self._specs, self._build)


def _follow(stream: Any, deadline: float) -> Iterator[Step | Outcome]:
    """The events of a streaming call, each waited for no longer than the deadline allows."""
    while True:
        left = max(deadline - time.monotonic(), 0.0)
        ready, _ = ray.wait([stream], timeout=left)
        if not ready:
            raise GetTimeoutError("no step in time")
        try:
            reference = next(stream)
        except StopIteration:
            return
        try:
            event: Step | Outcome = ray.get(reference, timeout=left)
        except RayTaskError as error:
            raise _cause(error) from error
        yield event


def _result(reference: Any, seat: _Seat, seconds: float) -> Any:
    """The result of a finished call, or its failure."""
    try:
        return ray.get(reference)
    except RayTaskError as error:
        return Failure(str(_cause(error)), lost=False)
    except RayError as error:
        seat.replace()
        return Failure(_explain(error, seconds), lost=True)


def _cause(error: RayTaskError) -> SaleError:
    """What the agent itself raised, when it is one of ours; else one line on what it was."""
    cause = error.cause
    if isinstance(cause, SaleError):
        return cause
    return BackendError(f"its code failed: {type(cause).__name__}: {cause}".splitlines()[0])


def _explain(error: Exception, seconds: float) -> str:
    if isinstance(error, RayActorError):
        return "its process died"
    if isinstance(error, GetTimeoutError | TimeoutError):
        return f"no answer within {seconds:g} s"
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _start_ray(address: str | None, ending: contextlib.ExitStack) -> None:
    """Join the cluster that is named, or start Ray here; its logs stay out of the terminal.

    `ending` learns how to take down what was started; Ray that was there already stays.
    """
    if ray.is_initialized():
        return
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    named = address or os.environ.get("RAY_ADDRESS")
    options: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    try:
        if named:
            _knock(named)
        else:
            lifeline = Lifeline()
            ending.callback(lifeline.cut)
            options |= {"object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
            options["_temp_dir"] = lifeline.folder
        with own_sigterm():
            ray.init(address=named or "local", **options)
    except (RayError, ConnectionError, ValueError, OSError, RuntimeError) as error:
        where = f"the Ray cluster at {named!r}" if named else "a local Ray"
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        hint = "; where a cluster asks for a token, set RAY_AUTH_MODE=token" if named else ""
        raise BackendError(f"{where} can't be reached: {reason}{hint}") from error
    ending.callback(ray.shutdown)


def _knock(address: str) -> None:
    """Raise OSError where nobody listens; Ray itself would go on trying for minutes."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    if parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), timeout=KNOCK_S).close()
