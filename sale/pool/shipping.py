"""This SALE's own code as one package, to be sent to the nodes of a cluster."""

from __future__ import annotations

import shutil
from importlib import import_module
from pathlib import Path

import sale

APART = ("agents", "memory", "tasks")
"""Packages that stand beside `sale` in the source tree and inside it once installed."""


def gather(folder: Path) -> Path:
    """Copy the code into a folder, as one package `sale`; returns its path. Raises `OSError`."""
    here = folder / "sale"
    left_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(sale.__path__[0], here, ignore=left_out)
    for name in APART:
        if not (here / name).exists():
            shutil.copytree(import_module(f"sale.{name}").__path__[0], here / name, ignore=left_out)
    return here
