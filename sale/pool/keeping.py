"""A switchboard and the Ray that it runs in, as the process that keeps a market up sees them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import ray
from ray.exceptions import RayError

from sale.errors import BackendError
from sale.pool.cluster import start_ray
from sale.pool.switchboard import ANSWER_S, open_switchboard

LOOK_S = 2.0
"""Between two looks whether the market was told to end while its models load."""


class Board:
    """The switchboard of a market that is kept up; every method raises `BackendError`."""

    def __init__(self, actor: Any, dashboard: str | None) -> None:
        self._actor = actor
        self.address: str = ray.get_runtime_context().gcs_address
        """Of its Ray."""
        self.dashboard = dashboard

    def load(self, told: threading.Event, *, seconds: float) -> None:
        """Wait until the models are loaded, or the market is told to end."""
        loading, until = self._actor.load.remote(), time.monotonic() + seconds
        while not told.is_set():
            if ray.wait([loading], timeout=LOOK_S)[0]:
                self._answer(loading)
                return
            if time.monotonic() > until:
                raise BackendError(
                    f"the models did not load in {seconds:g} s; see `load_deadline_s`"
                )

    def state(self) -> dict[str, dict[str, int]]:
        """Replicas of each agent, and its calls in hand and waiting."""
        state: dict[str, dict[str, int]] = self._answer(self._actor.state.remote())
        return state

    def drain(self, *, seconds: float) -> None:
        """Take no new calls, and wait for a while until those in hand have ended."""
        self._answer(self._actor.drain.remote())
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not any(each["in_hand"] + each["waiting"] for each in self.state().values()):
                return
            time.sleep(0.2)

    @staticmethod
    def _answer(reference: Any) -> Any:
        try:
            return ray.get(reference, timeout=ANSWER_S)
        except (RayError, TimeoutError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise BackendError(f"the market's switchboard does not answer: {reason}") from None


@contextlib.contextmanager
def kept(namespace: str, address: str | None, *market: Any) -> Iterator[Board]:
    """Start Ray or join it, and open a switchboard there that ends with the block."""
    with contextlib.ExitStack() as ending:
        dashboard = start_ray(address, ending)
        actor = open_switchboard(namespace, *market)
        ending.callback(ray.kill, actor)
        yield Board(actor, dashboard)
