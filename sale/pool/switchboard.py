"""The pool of a market that is up: in an actor of its own, for all who join.

As every call of every joined command goes through it, it knows the load of all replicas, and they
come, go and refuse as in a pool of one command.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import ray
from ray.exceptions import GetTimeoutError, RayError

from sale.errors import BackendError, SaleError
from sale.failure import Failure
from sale.pool.actor import while_heard
from sale.pool.answers import explain, follow
from sale.pool.cluster import start_ray
from sale.pool.ray_pool import STEP_GRACE, RayPool
from sale.pool.seat import Build
from sale.rules import Deadlines
from sale.standing import Standing, namespace
from sale.types import AgentSpec, Bid, Limits, Outcome, Ratings, Step, StopReason, Task

NAME = "switchboard"
AT_ONCE = 256
"""Calls that are passed on side by side; more wait."""
ANSWER_S = 30.0


class Switchboard:
    """Passes the calls of all joined commands on to one pool."""

    def __init__(
        self, roster: Sequence[AgentSpec], jury: Sequence[str], build: Build, deadlines: Deadlines
    ) -> None:
        self._pool = RayPool(roster, jury, build, deadlines=deadlines)

    def solicit(self, *arguments: Any, **options: Any) -> Iterator[Bid]:
        """As the pool's."""
        yield from while_heard(self._pool.solicit(*arguments, **options))

    def rate(self, *arguments: Any, **options: Any) -> Iterator[Ratings]:
        """As the pool's."""
        yield from while_heard(self._pool.rate(*arguments, **options))

    def refine(self, *arguments: Any, **options: Any) -> Iterator[Bid]:
        """As the pool's."""
        yield from while_heard(self._pool.refine(*arguments, **options))

    def execute(self, *arguments: Any, **options: Any) -> Iterator[Step | Outcome]:
        """As the pool's."""
        yield from while_heard(self._pool.execute(*arguments, **options))

    def load(self) -> None:
        """Load the models of the replicas there are."""
        self._pool.load()

    def state(self) -> dict[str, dict[str, int]]:
        """Replicas of each agent, and its calls in hand and waiting."""
        return self._pool.state()

    def drain(self) -> None:
        """Take no more calls."""
        self._pool.drain()


def open_switchboard(namespace: str, *arguments: Any) -> Any:
    """Start the switchboard of a market in this process's Ray; returns the actor."""
    options = {"name": NAME, "namespace": namespace, "num_cpus": 0, "max_concurrency": AT_ONCE}
    return ray.remote(Switchboard).options(**options).remote(*arguments)


class JoinedPool:
    """The pool of a market that is up, from another process; a `Pool` like any other.

    With `calls`, its agents keep the calls of this command in that file, and make none twice.
    """

    def __init__(self, standing: Standing, deadlines: Deadlines, calls: Path | None = None) -> None:
        self._standing = standing
        # The agents run in another folder than this command.
        self._kept = {} if calls is None else {"calls": calls.resolve()}
        self._deadlines = deadlines
        with contextlib.ExitStack() as ending:
            start_ray(standing.address, ending, ship=False)
            try:
                self._board = ray.get_actor(NAME, namespace=namespace(standing.digest))
            except (ValueError, RayError) as error:
                raise self._gone(error) from None
            self._ending = ending.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def solicit(self, task: Task, **options: Any) -> Iterator[Bid]:
        """One bid from every agent that takes this kind of task, as they arrive."""
        return self._each("solicit", self._deadlines.bid, task, **options)

    def rate(self, task: Task, plans: Any, **options: Any) -> Iterator[Ratings]:
        """One set of ratings from every juror, as they arrive."""
        return self._each("rate", self._deadlines.rate, task, dict(plans), **options)

    def refine(self, task: Task, briefs: Any, **options: Any) -> Iterator[Bid]:
        """One refined bid from every agent that has a brief, as they arrive."""
        return self._each("refine", self._deadlines.bid, task, dict(briefs), **options)

    def execute(
        self, task: Task, agent: str, plan: str | None, *, limits: Limits, seed: int
    ) -> Iterator[Step | Outcome]:
        """The steps of one agent at work; the outcome comes last, whatever happens."""
        try:
            given: dict[str, Any] = {"limits": limits, "seed": seed}
            yield from self._each("execute", limits.wall_s, task, agent, plan, **given)
        except SaleError as error:  # what the pool itself can tell, it tells in an outcome
            yield Failure(str(error), lost=True).as_step(agent)
            yield Outcome(agent, None, StopReason.CRASHED, error=str(error))

    def state(self) -> dict[str, dict[str, int]]:
        """Replicas of each agent, and its calls in hand and waiting."""
        try:
            found: Any = ray.get(self._board.state.remote(), timeout=ANSWER_S)
        except (RayError, TimeoutError) as error:
            raise self._gone(error) from None
        return dict(found)

    def close(self) -> None:
        """Leave the market; it stays up."""
        self._ending.close()

    def _each(self, method: str, seconds: float, *arguments: Any, **options: Any) -> Iterator[Any]:
        patience = self._deadlines.load + seconds + 2 * STEP_GRACE
        streaming = getattr(self._board, method).options(num_returns="streaming")
        try:
            stream = streaming.remote(*arguments, **options, **self._kept)
            yield from follow(stream, time.monotonic() + patience)
        except (RayError, GetTimeoutError, TimeoutError) as error:
            raise self._gone(error) from None

    def _gone(self, error: Exception) -> BackendError:
        return BackendError(
            f"the market {self._standing.market!r} that was up can't be reached "
            f"({explain(error, ANSWER_S)}); end it with `sale down`, or try again"
        )
