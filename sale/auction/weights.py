"""The weights of a score, and the scales that bring its features to comparable size."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field

from sale.auction.signals import HIGHEST, LOWEST
from sale.auction.terms import Part
from sale.types import AgentSpec


@dataclass(frozen=True, slots=True)
class Scale:
    """The span of a feature that is mapped to 0..1: (x - low) / (high - low)."""

    low: float = 0.0
    high: float = 1.0


RATING = Scale(LOWEST, HIGHEST)


@dataclass(frozen=True, slots=True)
class Weights:
    """w = (w_c, w_h, w_1 .. w_m) of mechanism.md, with the scale of each feature.

    score = w_c * cost' - w_h * H' - sum_j w_j * rating_j', a dash for "scaled to 0..1".
    """

    cost: float
    entropy: float
    """Either sign: among small models a low entropy was the better sign."""
    jurors: Mapping[str, float]
    cost_scale: Scale
    """In millionths of a dollar."""
    entropy_scale: Scale = Scale()
    """In nats a token."""
    rating_scales: Mapping[str, Scale] = field(default_factory=dict)
    """Juror -> the span of its ratings; 0 to 5 where none is named."""

    def rating_scale(self, juror: str) -> Scale:
        """The span of a juror's ratings."""
        return self.rating_scales.get(juror, RATING)

    @property
    def id(self) -> str:
        """A content hash: the same weights have the same id, wherever they were read."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def cost_scale(roster: Iterable[AgentSpec], *, without: Collection[Part] = ()) -> Scale:
    """From 0 to the dearest plan the roster could bid, in millionths of a dollar.

    Without price: to the longest plan, in tokens; without length: to the highest price, in
    dollars per million tokens. To 1 where no price is known, or all are 0.
    """
    costs = (
        (1.0 if Part.PRICE in without else spec.price.output if spec.price else 0.0)
        * (1.0 if Part.LENGTH in without else spec.plan_tokens)
        for spec in roster
    )
    return Scale(0.0, max(costs, default=0.0) or 1.0)


def even(jurors: Iterable[str], *, total: float) -> dict[str, float]:
    """Spread the jury's weight evenly over its jurors."""
    names = tuple(jurors)
    return {name: total / len(names) for name in names}
