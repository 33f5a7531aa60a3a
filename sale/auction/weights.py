"""The weights of a score, and the scales that bring its features to comparable size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sale.auction.signals import HIGHEST
from sale.types import AgentSpec


@dataclass(frozen=True, slots=True)
class Weights:
    """w = (w_c, w_h, w_1 .. w_m) of mechanism.md, with the scale of each feature.

    score = w_c * cost / cost_scale - w_h * H / entropy_scale - sum_j w_j * rating_j / 5.
    """

    cost: float
    entropy: float
    """Either sign: among small models a low entropy was the better sign."""
    jurors: Mapping[str, float]
    cost_scale: float
    """Millionths of a dollar that count as 1."""
    entropy_scale: float = 1.0
    """Nats a token that count as 1."""
    rating_scale: float = float(HIGHEST)


def plan_cost_scale(roster: Iterable[AgentSpec]) -> float:
    """The dearest plan the roster could bid, in millionths of a dollar: price times its cap.

    1.0 where no price is known, or all are 0, so that the cost term stays defined.
    """
    dearest = (spec.price.output * spec.plan_tokens for spec in roster if spec.price)
    return max(dearest, default=0.0) or 1.0


def even(jurors: Iterable[str], *, total: float) -> dict[str, float]:
    """Spread the jury's weight evenly over its jurors."""
    names = tuple(jurors)
    return {name: total / len(names) for name in names}
