"""Who drives an auction, and whether that process is still there."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cache

import psutil

CLOCK_SLACK_S = 2.0
"""A process's start is counted from a boot time that is known to the second."""


@dataclass(frozen=True, slots=True)
class Driver:
    """A process on a machine; its start time tells it from a later one with the same number."""

    host: str
    pid: int
    born: float
    """Seconds since the epoch."""

    @staticmethod
    def here() -> Driver:
        """Name the process that asks."""
        return _driver(os.getpid())

    def is_gone(self, *, deadline: float, now: float) -> bool:
        """Tell whether it can't finish its auction; on another machine only the deadline tells."""
        if self.host != socket.gethostname():
            return now > deadline
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
            return bool(abs(process.create_time() - self.born) > CLOCK_SLACK_S)
        except psutil.NoSuchProcess:
            return True
        except psutil.AccessDenied:
            return now > deadline


@cache
def _driver(pid: int) -> Driver:
    return Driver(socket.gethostname(), pid, psutil.Process(pid).create_time())
