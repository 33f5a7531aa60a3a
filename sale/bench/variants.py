"""The auction and its ablations: which parts of a market each of these policies leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sale.auction.terms import Part, Prefer, Stages
from sale.market_file import MarketFile

PREFIX = "sale"


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to hold auctions, told by its difference from the market file."""

    without: frozenset[Part] = frozenset()
    stages: Stages | None = Stages.FULL
    """What evidence an award waits for; None: as the market file says."""
    prefer: Prefer | None = None
    """What a solved task is worth to awards from memory; None: as the market file says."""
    fallbacks: int | None = None
    """How often the work may pass on; None: as the market file says."""
    warm: bool = False
    """Whether its memory begins with what another run has taught."""
    learns: bool = True
    """Whether its memory grows over the stream of tasks, so that their order counts."""
    about: str = ""


def _without(*parts: Part, learns: bool = True, about: str) -> Variant:
    return Variant(frozenset(parts), learns=learns, about=about)


VARIANTS: Mapping[str, Variant] = {
    "sale": Variant(stages=None, about="the market as its file says"),
    "sale-auto": Variant(stages=Stages.AUTO, about="awards from memory, once it tells enough"),
    "sale-quality": Variant(
        stages=Stages.AUTO, prefer=Prefer.QUALITY, about="the same, where quality is worth most"
    ),
    "sale-cheap": Variant(
        stages=Stages.AUTO, prefer=Prefer.CHEAP, about="the same, where it is worth least"
    ),
    "sale-warm": Variant(
        stages=Stages.AUTO, warm=True, about="the same, begun with what another run has taught"
    ),
    "sale-full": Variant(about="plans, ratings and refinement in every auction"),
    "sale-published": Variant(fallbacks=0, about="one award, nothing passes on"),
    "sale-nomem": _without(
        Part.MEMORY, Part.REFINEMENT, learns=False, about="no memory, so no refinement"
    ),
    "sale-noprice": _without(Part.PRICE, about="plans cost their length alone"),
    "sale-nolength": _without(Part.LENGTH, about="plans cost their price alone"),
    "sale-noentropy": _without(Part.ENTROPY, about="no entropy in the value"),
    "sale-nojury": _without(Part.JURY, about="nobody rates"),
    "sale-self": _without(Part.PEERS, about="each plan is rated by its bidder alone"),
    "sale-peers": _without(Part.SELF, about="each plan is rated by the others alone"),
}
"""Name -> what it leaves out. The ablations of the paper's table, and the auction as published."""


def variant_of(file: MarketFile, variant: Variant) -> MarketFile:
    """The market as a variant holds its auctions."""
    changed = file.leaving_out(variant.without)
    wanted = {name: getattr(variant, name) for name in ("stages", "prefer", "fallbacks")}
    update = {name: one for name, one in wanted.items() if one is not None}
    if variant.prefer is not None:
        update["value"] = None
    return changed.model_copy(update={"auction": changed.auction.model_copy(update=update)})
