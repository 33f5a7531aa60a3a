"""Where tokens, dollars and time went: by stage, and how much of it is the auction's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import fsum

from sale.bench.samples import Sample, Spending
from sale.bench.statistics.results import Overhead, StageShare
from sale.types import Stage

AUCTION = (Stage.BID, Stage.RATE, Stage.REFINE)
"""The stages that a single agent does without."""


def stages(samples: Iterable[Sample]) -> dict[Stage, StageShare]:
    """Add up each stage that was used, in the order of an auction."""
    spent: dict[Stage, list[Spending]] = {}
    for sample in samples:
        for stage, spending in sample.stages.items():
            spent.setdefault(stage, []).append(spending)
    tokens = {stage: sum(map(_tokens, used)) for stage, used in spent.items()}
    dollars = {stage: total(one.usd for one in used) for stage, used in spent.items()}
    wall = {stage: fsum(one.wall_s for one in used) for stage, used in spent.items()}
    everything = total(dollars.values())
    return {
        stage: StageShare(
            tokens=tokens[stage],
            usd=dollars[stage],
            wall_s=wall[stage],
            tokens_share=share(tokens[stage], sum(tokens.values())),
            usd_share=None if everything is None else share(dollars[stage], everything),
            wall_share=share(wall[stage], fsum(wall.values())),
        )
        for stage in Stage
        if stage in spent
    }


def overhead(found: Mapping[Stage, StageShare]) -> Overhead:
    """The shares of the auction's stages together; unknown where the shares are."""
    own = [one for stage, one in found.items() if stage in AUCTION]

    def part(name: str) -> float | None:
        if all(getattr(one, name) is None for one in found.values()):
            return None
        return fsum(getattr(one, name) for one in own)

    return Overhead(tokens=part("tokens_share"), usd=part("usd_share"), wall=part("wall_share"))


def per_task(samples: Sequence[Sample], weights: Sequence[float]) -> tuple[float | None, ...]:
    """Tokens and seconds a task, every task counted once; None where nothing was counted."""
    tokens = [sum(map(_tokens, one.stages.values())) for one in samples]
    wall = [fsum(used.wall_s for used in one.stages.values()) for one in samples]
    tasks = fsum(weights)
    return tuple(
        fsum(value * weight for value, weight in zip(values, weights, strict=True)) / tasks
        if any(values)
        else None
        for values in (tokens, wall)
    )


def total(dollars: Iterable[float | None]) -> float | None:
    """The sum, the same to the last bit in any order; None as soon as one is unknown."""
    amounts = list(dollars)
    known = [amount for amount in amounts if amount is not None]
    return fsum(known) if len(known) == len(amounts) else None


def share(part: float | None, whole: float) -> float | None:
    """A part of a whole; None where the part is unknown or the whole is nothing."""
    return None if part is None or whole <= 0 else part / whole


def _tokens(spending: Spending) -> int:
    return spending.prompt_tokens + spending.completion_tokens
