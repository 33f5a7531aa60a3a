"""This SALE's own code as one package, to be sent to the nodes of a cluster."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import sale

APART = ("agents", "memory", "tasks")
"""Packages that stand beside `sale` in the source tree and inside it once installed."""


@contextmanager
def package() -> Iterator[Path]:
    """A copy of the code as one package `sale`, which goes with the block. Raises `OSError`."""
    left_out = shutil.ignore_patterns("__pycache__")
    with tempfile.TemporaryDirectory(prefix="sale-code-") as folder:
        here = Path(folder) / "sale"
        shutil.copytree(sale.__path__[0], here, ignore=left_out)
        for name in APART:
            if not (here / name).exists():
                apart = import_module(f"sale.{name}").__path__[0]
                shutil.copytree(apart, here / name, ignore=left_out)
        yield here
