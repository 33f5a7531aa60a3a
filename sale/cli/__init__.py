"""The command line: the only place that prints, and the one that knows all the others."""

from __future__ import annotations

from sale.cli.app import main

__all__ = ["main"]
