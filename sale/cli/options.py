"""The options that several commands share, and how what they name is opened."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

import typer

from sale.agents.backends import BACKENDS
from sale.agents.backends.catalogue import catalogue
from sale.agents.backends.embedder import open_embedder
from sale.agents.backends.pull import locate
from sale.auction.terms import Part, Stages
from sale.config import load_market
from sale.errors import ConfigError
from sale.market_file import AgentTable, MarketFile
from sale.memory.privacy import Privacy
from sale.memory.store import Store

LARGEST = 2**63 - 1
"""Of the whole numbers that every database holds."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value on stdout.")]
MarketOption = Annotated[
    str | None,
    typer.Option(
        "--market", metavar="FILE", help="Market file; default: SALE_MARKET, else the embedded one."
    ),
]
Db = Annotated[
    str | None,
    typer.Option(
        "--db", metavar="URL", help="Auction memory; default: the market file's, else SALE_DB."
    ),
]


StagesOption = Annotated[
    Stages | None,
    typer.Option(help="Award from memory where it tells enough, or ask for bids in any case."),
]
Without = Annotated[
    list[Part] | None,
    typer.Option(
        "--without",
        metavar="PART",
        help=f"Leave a part of the auction out: {', '.join(Part)}. May be given again.",
    ),
]


def open_market(source: str | None, *, without: Collection[Part] = ()) -> tuple[str, MarketFile]:
    """Read the market file that an option names, and see whether its agents can exist."""
    name, market = load_market(source)
    for number, agent in enumerate(market.agent, start=1):
        if problem := _problem(agent, here=market.ray.address is None):
            raise ConfigError(f"{name}: agent[{number}].{problem}")
    return name, market.leaving_out(without)


def _problem(agent: AgentTable, *, here: bool) -> str | None:
    """What is wrong with an agent's back end or model, as far as its name tells."""
    if agent.backend not in BACKENDS and ":" not in agent.backend:
        return (
            f"backend: unknown back end {agent.backend!r}; choose from "
            f"{', '.join(sorted(BACKENDS))}, or give a path like 'package.module:Class'"
        )
    if agent.backend != "llama_cpp":
        return None
    models = [model.name for model in catalogue().values() if model.kind == "gguf"]
    remedy = f"choose from {', '.join(models)}, or give the path of a GGUF file"
    if not agent.model.endswith(".gguf"):
        return None if agent.model in models else f"model: unknown model {agent.model!r}; {remedy}"
    lost = here and not Path(agent.model).is_file()
    return f"model: there is no file {agent.model!r}; {remedy}" if lost else None


def open_store(db: str | None, market: MarketFile) -> Store:
    """Open the auction memory: the option first, then the market file, then the default."""
    privacy = Privacy(market.privacy)
    return Store.open(db or market.memory, embedder=open_embedder, privacy=privacy)


def open_memory(db: str | None, market: str | None) -> Store:
    """Open the auction memory for reading what it holds; the market's agents don't matter."""
    return open_store(db, load_market(market)[1])


def missing_models(market: MarketFile) -> list[str]:
    """The catalogue models that the market's agents need and that are not on this machine."""
    known: dict[str, Any] = dict(catalogue())
    local = [agent.model for agent in market.agent if agent.backend == "llama_cpp"]
    return sorted({name for name in local if name in known and locate(name) is None})
