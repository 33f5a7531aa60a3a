"""The market file: TOML in, a checked market out; every mistake is one line with file and key."""

from __future__ import annotations

import difflib
import os
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sale.errors import ConfigError
from sale.market_file import (
    AgentTable,
    AuctionTable,
    LimitsTable,
    MarketFile,
    PriceTable,
    RayTable,
    SandboxTable,
    TelemetryTable,
    WeightsTable,
)
from sale.weights_file import read_weights

DEFAULT_MARKET = "embedded"


def load_market(source: str | None = None) -> tuple[str, MarketFile]:
    """Read a market file, or a shipped market by its name; returns where it came from, too.

    Without a source: `SALE_MARKET` from the environment, else the embedded market.
    """
    source = source or os.environ.get("SALE_MARKET") or DEFAULT_MARKET
    shipped = files("sale").joinpath("markets", f"{Path(source).name}.toml")
    if "/" not in source and not source.endswith(".toml") and shipped.is_file():
        return source, parse_market(shipped.read_text(), name=source)
    try:
        return source, parse_market(Path(source).read_bytes().decode(), name=source)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(
            f"market file {source!r} can't be read: {reason}; "
            f"give a TOML file or the name of a shipped market: {DEFAULT_MARKET}"
        ) from error


def parse_market(text: str, *, name: str) -> MarketFile:
    """Parse the text of a market file; `name`, its path, is shown in errors.

    A weights file that it names is read from its own folder.
    """
    try:
        tables = tomllib.loads(text)
        market = MarketFile.model_validate(tables)
        if (file := market.auction.weights.file) is None:
            return market
        tables["auction"]["weights"] = _fitted(Path(name).parent / file)
        return MarketFile.model_validate(tables)
    except ValidationError as error:
        raise ConfigError(f"{name}: {_explain(error)}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: not valid TOML: {error}") from error


def _fitted(path: Path) -> dict[str, Any]:
    """The table `[auction.weights]` that a weights file stands for; a juror of no weight is out."""
    file = read_weights(path)
    jurors = {name: weight for name, weight in file.weights.jurors.items() if weight}
    return {
        "cost": file.weights.cost,
        "entropy": file.weights.entropy,
        "jurors": jurors,
        "cost_scale": file.scales.cost,
        "entropy_scale": file.scales.entropy,
        "rating_scales": {
            name: span for name, span in file.scales.jurors.items() if name in jurors
        },
    }


def _explain(error: ValidationError) -> str:
    """The first mistake as `key: what is wrong`, and how many more there are.

    A misspelt key goes before the missing one that it stands for.
    """
    mistakes = error.errors(include_url=False)
    first = min(mistakes, key=lambda mistake: mistake["type"] != "extra_forbidden")
    key = _key(first["loc"])
    if first["type"] == "extra_forbidden":
        told = f"{key}: unknown key{_suggest(first['loc'])}"
    elif first["type"] == "value_error":
        told = str(first["ctx"]["error"])
    elif first["type"] == "missing":
        told = f"{key}: missing"
    else:
        told = f"{key}: {first['msg'].lower()}, got {_short(first['input'])}"
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return told + more


def _key(loc: tuple[int | str, ...]) -> str:
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in loc]
    return "".join(parts).lstrip(".")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _suggest(loc: tuple[int | str, ...]) -> str:
    """The keys allowed where an unknown one stands, the closest first."""
    model: Any = MarketFile
    tables = {
        "agent": AgentTable,
        "price": PriceTable,
        "auction": AuctionTable,
        "weights": WeightsTable,
        "limits": LimitsTable,
        "sandbox": SandboxTable,
        "ray": RayTable,
        "telemetry": TelemetryTable,
    }
    for part in loc[:-1]:
        model = tables.get(str(part), model)
    allowed = sorted(model.model_fields)
    close = difflib.get_close_matches(str(loc[-1]), allowed, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; choose from {', '.join(allowed)}"
