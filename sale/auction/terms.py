"""What the score is made of, and what can be left out of an auction: the published ablations."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class Part(StrEnum):
    """A part of the published auction; each can be left out alone, as an ablation."""

    PRICE = "price"
    """Cost is the plan's length alone."""
    LENGTH = "length"
    """Cost is the agent's price alone."""
    ENTROPY = "entropy"
    """The entropy of a plan has no weight."""
    JURY = "jury"
    """Nobody rates."""
    PEERS = "peers"
    """Self only: of a plan's ratings only its bidder's own counts."""
    SELF = "self"
    """Peers only: the bidder's own rating of its plan doesn't count."""
    MEMORY = "memory"
    """Nothing is read from memory: no lessons, so nobody refines, and no predicted dollars."""
    REFINEMENT = "refinement"
    """The provisional award is final."""
    PLAN = "plan"
    """The winner doesn't see its plan while it works."""


class CostModel(StrEnum):
    """What stands for the cost of a bid."""

    PLAN = "plan"
    """pi(a_i) * |s_i|: the price of the plan, as published."""
    AWARD = "award"
    """The dollars of the whole award, predicted from what the agent's awards have cost."""


class Ballot(StrEnum):
    """How a juror is asked."""

    JOINT = "joint"
    """All plans of a round in one call."""
    INDEPENDENT = "independent"
    """One call a plan, as published; it can't compare them."""


class Prefer(StrEnum):
    """What a solved task is worth, where no dollars are named."""

    QUALITY = "quality"
    BALANCED = "balanced"
    CHEAP = "cheap"

    @property
    def factor(self) -> float:
        """Times the predicted dollars of the dearest agent's work."""
        return {Prefer.QUALITY: 100.0, Prefer.BALANCED: 10.0, Prefer.CHEAP: 2.0}[self]


class Sight(StrEnum):
    """Whose plan whoever works is shown."""

    OWN = "own"
    """Its own, where it was asked for one; as published."""
    NONE = "none"
    AUTO = "auto"
    """Its own, another agent's or none, as the outcome model expects to pay; none without it."""


class Stages(StrEnum):
    """What evidence an award waits for."""

    FULL = "full"
    """Plans, ratings and refinement in every auction, as published."""
    AUTO = "auto"
    """Memory alone, once it has anything to go by."""


def contradiction(without: Collection[Part], cost: CostModel) -> str | None:
    """Say what makes no sense about leaving all of these out, if anything."""
    if {Part.PEERS, Part.SELF} <= set(without):
        return "without peers and without self nobody is left to rate; leave out 'jury' instead"
    if cost is CostModel.AWARD and {Part.PRICE, Part.LENGTH} & set(without):
        return "price and length are parts of the cost 'plan', and the cost is 'award'"
    return None
