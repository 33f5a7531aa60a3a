"""The command line: the only place that prints, and the one that knows all the others."""

from __future__ import annotations

import sys

from sale.interrupts import interrupt_again, sigterm_interrupts

INTERRUPTED = 130


def main() -> None:
    """Run the command line; an interruption while it still loads ends in one line, too."""
    sigterm_interrupts()
    interrupt_again()
    try:
        from sale.cli.app import main as run
    except KeyboardInterrupt:
        sys.stderr.write("sale: interrupted before anything was begun\n")
        sys.exit(INTERRUPTED)
    run()
