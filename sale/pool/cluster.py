"""Starting Ray here, or joining a cluster that runs."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from typing import Any
from urllib.parse import urlsplit

import ray
from ray.exceptions import RayError

from sale.errors import BackendError
from sale.interrupts import own_sigterm
from sale.lifeline import Lifeline
from sale.pool.shipping import package

OBJECT_STORE_BYTES = 100 << 20
"""Plans and answers are small; Ray's own default is a third of the machine's memory."""
KNOCK_S = 10.0
"""Seconds for the address of a cluster to answer at all."""


def start_ray(
    address: str | None, ending: contextlib.ExitStack, *, ship: bool = True
) -> str | None:
    """Join the cluster that is named, or start Ray here; its logs stay out of the terminal.

    With `ship`, actors on a cluster run this SALE's code, whichever version is installed there.
    `ending` learns how to take down what was started; Ray that was there already stays. Returns
    where its dashboard is, if it has one.
    """
    if ray.is_initialized():
        return None
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    options: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    try:
        if address:
            _knock(address)
        else:
            lifeline = Lifeline()
            ending.callback(lifeline.cut)
            options |= {"object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
            options["_temp_dir"] = lifeline.folder
        with contextlib.ExitStack() as sending, own_sigterm():
            if address and ship:
                options["runtime_env"] = {"py_modules": [str(sending.enter_context(package()))]}
            context = ray.init(address=address or "local", **options)
    except (RayError, ConnectionError, ValueError, OSError, RuntimeError) as error:
        where = f"the Ray cluster at {address!r}" if address else "a local Ray"
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        hint = "; where a cluster asks for a token, set RAY_AUTH_MODE=token" if address else ""
        raise BackendError(f"{where} can't be reached: {reason}{hint}") from error
    ending.callback(ray.shutdown)
    return context.dashboard_url or None


def _knock(address: str) -> None:
    """Raise OSError where nobody listens; Ray itself would go on trying for minutes."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    if parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), timeout=KNOCK_S).close()
