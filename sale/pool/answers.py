"""Waiting for calls with a deadline, and telling their failures in a line."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayActorError, RayError, RayTaskError

from sale.errors import BackendError, SaleError
from sale.failure import Failure
from sale.pool.crew import Crew
from sale.pool.seat import Seat
from sale.types import Outcome, Step

Call = tuple[str, tuple[Any, ...], dict[str, Any]]
"""Method, arguments and options."""


@dataclass(slots=True)
class Waiting:
    """Calls of one round in flight, each with its own deadline.

    A call's time begins when its agent's model is loaded, for which there is a time of its own.
    """

    seconds: float
    load_s: float
    _calls: dict[Any, tuple[str, Crew, Seat]] = field(default_factory=dict)
    _until: dict[Any, float] = field(default_factory=dict)
    _loading: dict[Any, Any] = field(default_factory=dict)

    def begin(self, name: str, crew: Crew, call: Call) -> None:
        """Begin the call of one agent; raises `BusyError`."""
        seat = crew.take()
        method, arguments, options = call
        loading = seat.loading(name)
        reference = seat.call(method, name, *arguments, **options)
        self._calls[reference] = (name, crew, seat)
        self._until[reference] = time.monotonic() + (
            self.seconds if loading is None else self.load_s
        )
        if loading is not None:
            self._loading[loading] = reference

    def results(self) -> Iterator[tuple[str, Any]]:
        """Each agent's result or failure as it comes; who hangs is replaced."""
        try:
            while self._calls:
                left = max(min(self._until[call] for call in self._calls) - time.monotonic(), 0.0)
                done, _ = ray.wait([*self._calls, *self._loading], num_returns=1, timeout=left)
                if done and done[0] in self._loading:
                    self._loaded(self._loading.pop(done[0]))
                elif done:
                    yield self._ended(done[0])
                else:
                    yield from self._late()
        finally:
            for _, crew, seat in self._calls.values():
                crew.give_back(seat)

    def _loaded(self, call: Any) -> None:
        """The time of a call begins, unless it has ended already."""
        if call in self._calls:
            name, _, seat = self._calls[call]
            seat.has_loaded(name)
            self._until[call] = time.monotonic() + self.seconds

    def _ended(self, call: Any) -> tuple[str, Any]:
        """The result of a finished call, or its failure; who died is replaced."""
        name, crew, seat = self._calls.pop(call)
        try:
            return name, ray.get(call)
        except RayTaskError as error:
            return name, Failure(str(cause(error)), lost=False)
        except RayError as error:
            crew.replace(seat)
            return name, Failure(explain(error, self.seconds), lost=True)
        finally:
            crew.give_back(seat)

    def _late(self) -> Iterator[tuple[str, Failure]]:
        now = time.monotonic()
        for call in [call for call in self._calls if self._until[call] <= now]:
            name, crew, seat = self._calls.pop(call)
            crew.replace(seat)
            crew.give_back(seat)
            if call in self._loading.values():
                yield name, Failure(f"its model did not load in {self.load_s:g} s", lost=True)
            else:
                yield name, Failure(f"no answer within {self.seconds:g} s", lost=True)


def follow(stream: Any, deadline: float) -> Iterator[Step | Outcome]:
    """The events of a streaming call, each waited for no longer than the deadline allows.

    A stream that its reader leaves, or that comes too late, ends with the step it is at.
    """
    try:
        yield from _events(stream, deadline)
    except (GeneratorExit, GetTimeoutError):
        with contextlib.suppress(RayError):
            ray.cancel(stream, recursive=False)
        raise


def _events(stream: Any, deadline: float) -> Iterator[Step | Outcome]:
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
            raise cause(error) from error
        yield event


def cause(error: RayTaskError) -> SaleError:
    """What the agent itself raised, when it is one of ours; else one line on what it was."""
    raised = error.cause
    if isinstance(raised, SaleError):
        return raised
    return BackendError(f"its code failed: {type(raised).__name__}: {raised}".splitlines()[0])


def explain(error: Exception, seconds: float) -> str:
    """Why no answer came, in a line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if isinstance(error, RayActorError):
        if error.actor_init_failed and lines:
            return f"its process can't start: {lines[-1]}"
        return "its process died"
    if isinstance(error, GetTimeoutError | TimeoutError):
        return f"no answer within {seconds:g} s"
    return lines[0] if lines else type(error).__name__
