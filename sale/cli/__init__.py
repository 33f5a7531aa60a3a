"""The command line: the only place that prints, and the one that knows all the others."""

from __future__ import annotations

import signal
import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line; an interruption while it still loads ends in one line, too."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        from sale.cli.app import main as run
    except KeyboardInterrupt:
        sys.stderr.write("sale: interrupted before anything was begun\n")
        sys.exit(INTERRUPTED)
    run()


def _interrupt(number: int, frame: object) -> None:  # noqa: ARG001 - the signal's signature
    raise KeyboardInterrupt
