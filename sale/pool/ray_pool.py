"""The pool on Ray: agents as actors, with replicas, least-loaded dispatch and deadlines.

Ray is started on this machine when no cluster is named, and joined when one is. Every wait has
a deadline; an agent that dies, hangs or answers with garbage costs the auction that bid and
nothing more, and its actor is replaced before it is needed again.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError

from sale.auction.terms import Ballot
from sale.errors import BusyError, SaleError
from sale.failure import Failure
from sale.pool.answers import Call, Waiting, explain, follow
from sale.pool.cluster import start_ray
from sale.pool.crew import crews
from sale.pool.seat import Build
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

STEP_GRACE = 30.0
"""Seconds beyond an execution's own limit before its agent counts as hung."""
TEND_S = 15.0
"""Between two looks at idle replicas."""


class RayPool:
    """Agents as Ray actors. `build` makes the agent inside its actor; it has to be picklable.

    A call may come with `calls`, a file where agents keep this call and don't make it twice.
    """

    def __init__(
        self,
        roster: Sequence[AgentSpec],
        jury: Sequence[str],
        build: Build,
        *,
        deadlines: Deadlines | None = None,
        address: str | None = None,
    ) -> None:
        self._roster = {spec.name: spec for spec in roster}
        self._jury = [name for name in self._roster if name in jury]
        self._deadlines = deadlines or Deadlines()
        with contextlib.ExitStack() as ending:
            start_ray(address, ending)
            self._crews = crews(roster, build)
            self._ending = ending.pop_all()
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._tend, daemon=True)
        self._keeper.start()

    def solicit(
        self,
        task: Task,
        *,
        seed: int,
        usd: float | None,
        only: str | None = None,
        **kept: Path,
    ) -> Iterator[Bid]:
        """One bid from every agent that takes this kind of task, or one of them `only`."""
        able = [name for name, spec in self._roster.items() if task.kind in spec.kinds]
        names = [name for name in able if only in {None, name}]
        asked = {name: ("bid", (task,), {"seed": seed, "usd": usd, **kept}) for name in names}
        for name, bid in self._gather(asked, self._deadlines.bid):
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
        **kept: Path,
    ) -> Iterator[Ratings]:
        """One set of ratings from every juror, as they arrive."""
        options = {"round": round, "seed": seed, "ballot": ballot, "usd": usd, **kept}
        asked = {name: ("rate", (task, dict(plans)), options) for name in self._jury}
        for name, ratings in self._gather(asked, self._deadlines.rate):
            whole = isinstance(ratings, Ratings)
            yield ratings if whole else ratings.as_ratings(name, round)

    def refine(
        self,
        task: Task,
        briefs: Mapping[str, Brief],
        *,
        seed: int,
        usd: float | None,
        **kept: Path,
    ) -> Iterator[Bid]:
        """One refined bid from every agent that has a brief, as they arrive."""
        options = {"seed": seed, "usd": usd, **kept}
        asked = {
            name: ("refine", (task, brief.own, brief.lessons), options)
            for name, brief in briefs.items()
        }
        for name, bid in self._gather(asked, self._deadlines.bid):
            yield bid if isinstance(bid, Bid) else bid.as_bid(name, Stage.REFINE)

    def execute(
        self,
        task: Task,
        agent: str,
        plan: str | None,
        *,
        limits: Limits,
        seed: int,
        **kept: Path,
    ) -> Iterator[Step | Outcome]:
        """The steps of one agent at work; the outcome comes last, whatever happens."""
        options = {"limits": limits, "seed": seed, **kept}
        try:
            crew = self._crews[agent]
            with crew.seat() as seat:
                loading = seat.loading(agent)
                if loading is not None:
                    ray.wait([loading], timeout=self._deadlines.load)
                deadline = time.monotonic() + limits.wall_s + STEP_GRACE
                stream = seat.stream("execute", agent, task, plan, **options)
                try:
                    yield from follow(stream, deadline)
                    return
                except (RayError, GetTimeoutError, TimeoutError) as error:
                    reason = explain(error, limits.wall_s)
                    crew.replace(seat)
                    yield Failure(reason, lost=True).as_step(agent)
        except SaleError as error:
            reason = str(error)
        yield Outcome(agent, None, StopReason.CRASHED, error=reason)

    def state(self) -> dict[str, dict[str, int]]:
        """Replicas of each agent, and its calls in hand and waiting."""
        return {name: crew.state() for name, crew in self._crews.items()}

    def load(self) -> None:
        """Load the models of all replicas there are, and return when they are loaded."""
        loading = [ref for name, crew in self._crews.items() for ref in crew.loading(name)]
        if loading:
            ray.wait(loading, num_returns=len(loading), timeout=self._deadlines.load)

    def drain(self) -> None:
        """Take no more calls; those in hand go on."""
        for crew in self._crews.values():
            crew.drain()

    def close(self) -> None:
        """End every actor, and Ray if it was started or joined here."""
        self._closing.set()
        self._keeper.join()
        for crew in self._crews.values():
            crew.end()
        self._crews.clear()
        self._ending.close()

    def _tend(self) -> None:
        while not self._closing.wait(TEND_S):
            for crew in set(self._crews.values()):
                crew.tend()

    def _gather(self, calls: Mapping[str, Call], seconds: float) -> Iterator[tuple[str, Any]]:
        """Make one call an agent side by side; yields (agent, result or failure)."""
        waiting = Waiting(seconds, self._deadlines.load)
        busy: list[tuple[str, Failure]] = []
        for name, call in calls.items():
            try:
                waiting.begin(name, self._crews[name], call)
            except BusyError as error:
                busy.append((name, Failure(str(error), lost=False)))
        yield from busy
        yield from waiting.results()
