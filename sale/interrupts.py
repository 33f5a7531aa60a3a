"""Ctrl-C and SIGTERM are heard, whatever runs at that moment."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

AGAIN_S = 0.05
"""How long after an interruption was dropped it comes again: whoever dropped it is done by then."""


def sigterm_interrupts() -> None:
    """Have SIGTERM end the program as Ctrl-C does: by a `KeyboardInterrupt`."""
    signal.signal(signal.SIGTERM, _interrupt)


def interrupt_again() -> None:
    """Have an interruption that Python drops come again, until it is heard.

    Python drops what a handler raises inside a finalizer, a weak reference's callback or behind a
    fork, and goes on (`sys.unraisablehook`). It comes again as SIGTERM, which has to interrupt: a
    command that a shell started in the background ignores SIGINT.
    """
    usual = sys.unraisablehook

    def hook(dropped: Any) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            usual(dropped)
            return
        main = threading.main_thread().ident
        if main is not None:
            again = threading.Timer(AGAIN_S, signal.pthread_kill, (main, signal.SIGTERM))
            again.daemon = True
            with contextlib.suppress(RuntimeError):  # the interpreter is ending anyway
                again.start()

    sys.unraisablehook = hook


@contextlib.contextmanager
def own_sigterm() -> Iterator[None]:
    """Have SIGTERM raise KeyboardInterrupt while Ray starts, whatever handlers Ray asks for.

    Its own ones dump stacks, and exit or wait for a server that isn't there yet. An interruption
    that is dropped meanwhile, by Python or by whom it reached, comes at the end of the block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[object] = []

    def interrupt(number: int, _frame: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    register, usual = signal.signal, sys.unraisablehook

    def register_others(number: int, handler: Any) -> Any:
        return interrupt if number == signal.SIGTERM else register(number, handler)

    def hook(dropped: Any) -> None:
        if issubclass(dropped.exc_type, KeyboardInterrupt):
            came.append(dropped.object)
        else:
            usual(dropped)

    ours = register(signal.SIGTERM, interrupt)
    signal.signal = register_others  # type: ignore[assignment]
    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = usual
        signal.signal = register
        register(signal.SIGTERM, ours)
    if came:
        raise KeyboardInterrupt


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
