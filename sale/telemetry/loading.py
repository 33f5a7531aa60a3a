"""Libraries of telemetry, which are loaded where a market file asks for them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sale.errors import ConfigError


def load(module: str, *, key: str) -> Any:
    """A module that a key of `[telemetry]` needs; raises `ConfigError` where it isn't."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigError(
            f"telemetry.{key} needs more: pip install 'sale-market[telemetry]' ({error})"
        ) from None
