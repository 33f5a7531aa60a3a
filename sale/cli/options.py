"""The options that several commands share, and how what they name is opened."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sale.agents.backends.catalogue import catalogue
from sale.agents.backends.pull import locate
from sale.config import MarketFile, load_market
from sale.errors import ModelError
from sale.memory.embedding import Embedder, MiniLM
from sale.memory.store import Store

EMBEDDING = "all-minilm-l6-v2"

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


def open_market(source: str | None) -> tuple[str, MarketFile]:
    """Read the market file that an option names."""
    return load_market(source)


def open_store(db: str | None, market: MarketFile | None = None) -> Store:
    """Open the auction memory: the option first, then the market file, then the default."""
    return Store.open(db or (market.memory if market else None), embedder=_embedder)


def _embedder() -> Embedder:
    folder = locate(EMBEDDING)
    if folder is None:
        raise ModelError(f"the embedding model is not here; run `sale models pull {EMBEDDING}`")
    return MiniLM(folder)


def missing_models(market: MarketFile) -> list[str]:
    """The catalogue models that the market's agents need and that are not on this machine."""
    known: dict[str, Any] = dict(catalogue())
    local = [agent.model for agent in market.agent if agent.backend == "llama_cpp"]
    return sorted({name for name in local if name in known and locate(name) is None})
