"""The single agents of a run: what every policy is held against, and what each is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sale.bench.executions import Array
from sale.bench.statistics import hull
from sale.bench.statistics.cells import Cells, Mask
from sale.bench.statistics.comparing import hull_mask
from sale.bench.statistics.results import Point, Worth
from sale.bench.statistics.shapley import Value, by_checks, by_oracle, shapley

PREFIX = "single:"
COVERED = 0.9
"""The least part of the tasks that a single agent must be known on to stand for all of them."""


@dataclass(frozen=True, slots=True)
class Singles:
    """The rows of single agents, from the lowest price to the highest, unknown prices last."""

    rows: tuple[int, ...]
    agents: tuple[str, ...]
    """Of each row."""
    hull: tuple[int, ...]
    """The rows that are corners of the hull, each on the tasks where it is known."""
    left_out: tuple[str, ...]
    """The agents that are known, in outcome and dollars, on too few tasks to be a corner."""
    largest: int | None
    """None where the largest agent has no row of its own."""
    smallest: int | None
    """The cheapest by price that has one."""
    best: int | None
    """Solved most, of those known on most tasks; among equals cheaper, then as in `rows`."""


def largest_of(prices: Mapping[str, float | None]) -> str | None:
    """The dearest agent of those with a known price; the first of several."""
    known = {agent: price for agent, price in prices.items() if price is not None}
    return max(known, key=lambda agent: known[agent]) if known else None


def singles(found: Cells, prices: Mapping[str, float | None]) -> Singles:
    """Find the single agents among the policies."""
    places = {agent: place for place, agent in enumerate(prices)}

    def by_price(agent: str) -> tuple[bool, float, int, str]:
        price = prices.get(agent)
        return (price is None, price or 0.0, places.get(agent, len(places)), agent)

    names = [name.removeprefix(PREFIX) for name in found.policies if name.startswith(PREFIX)]
    agents = tuple(sorted(names, key=by_price))
    rows = tuple(found.rows([PREFIX + agent for agent in agents]))
    row = dict(zip(agents, rows, strict=True))
    priced = [agent for agent in agents if prices.get(agent) is not None]
    largest = largest_of(prices)
    usable = _covering(found, {one: hull_mask(found, [one]) for one in rows})
    return Singles(
        rows=rows,
        agents=agents,
        hull=_corners(found, usable),
        left_out=tuple(agent for agent in agents if row[agent] not in usable),
        largest=None if largest is None else row.get(largest),
        smallest=row[priced[0]] if priced else None,
        best=_best(found, _covering(found, {one: found.known([one]) for one in rows})),
    )


def _covering(found: Cells, masks: Mapping[int, Mask]) -> list[int]:
    """The rows that are known on nearly all tasks that any of them is known on."""
    counts = {row: found.counted(mask).sum() for row, mask in masks.items()}
    whole = found.counted(np.logical_or.reduce(list(masks.values()))).sum() if masks else 0
    return [row for row, count in counts.items() if count and count >= COVERED * whole]


def _corners(found: Cells, rows: Sequence[int]) -> tuple[int, ...]:
    """Others stay out, or each would take away the tasks on which it alone is unknown."""
    masks = [hull_mask(found, [row]) for row in rows]
    usd, quality = (
        np.array([mean(found, values[row], mask) for row, mask in zip(rows, masks, strict=True)])
        for values in (found.usd, found.solved)
    )
    return tuple(rows[place] for place in hull.corners(usd, quality))


def _best(found: Cells, rows: Sequence[int]) -> int | None:
    def merit(row: int) -> tuple[float, float]:
        known = found.known([row])
        usd = mean(found, found.usd[row], known)
        return (round(mean(found, found.solved[row], known), 9), -np.inf if np.isnan(usd) else -usd)

    return max(rows, key=merit, default=None)


def mean(found: Cells, values: Array, mask: Mask) -> float:
    """The mean over the tasks under a mask; NaN where there is none or a value is unknown."""
    tasks = found.counted(mask).sum()
    return float(found.column(values, mask).sum() / tasks) if tasks else float("nan")


def hull_points(found: Cells, rows: Sequence[int]) -> tuple[tuple[Point, ...], int]:
    """The corners of the mixture hull, by dollars, and how many tasks it rests on."""
    mask = hull_mask(found, rows)
    if not rows or not mask.any():
        return (), 0
    points = [point(found, row, mask) for row in rows]
    usd, quality = (np.array([getattr(one, axis) for one in points]) for axis in ("usd", "quality"))
    at = hull.corners(usd, quality)
    return tuple(points[place] for place in at), int(found.counted(mask).sum())


def point(found: Cells, row: int, mask: Mask) -> Point:
    """A policy on the plane of cost and quality, on the tasks under a mask."""
    return Point(
        policy=found.policies[row],
        usd=mean(found, found.usd[row], mask),
        quality=mean(found, found.solved[row], mask),
    )


def worth(found: Cells, field: Singles, *, seed: int) -> tuple[Worth, ...]:
    """The Shapley values of the agents by each rule that the samples allow."""
    pairs = [
        (a, r) for a, r in zip(field.agents, field.rows, strict=True) if found.known([r]).any()
    ]
    rows = [row for _, row in pairs]
    mask = found.known(rows)
    if not rows or not mask.any():
        return ()
    solved, passed, weights = _patterns(found, rows, mask)
    rules = {"oracle": by_oracle(solved, weights)}
    if passed.any():
        rules["checks"] = by_checks(solved, passed, weights)
    tasks = int(found.counted(mask).sum())
    return tuple(
        _worth(name, value, [agent for agent, _ in pairs], tasks=tasks, seed=seed)
        for name, value in rules.items()
    )


def _worth(name: str, value: Value, agents: Sequence[str], *, tasks: int, seed: int) -> Worth:
    values, errors = shapley(value, len(agents), seed=seed)
    return Worth(
        rule=name,
        tasks=tasks,
        values=dict(zip(agents, values.tolist(), strict=True)),
        errors=dict(zip(agents, errors.tolist(), strict=True)),
        total=float(value(np.ones((1, len(agents)), dtype=np.bool_))[0]),
    )


def _patterns(found: Cells, rows: Sequence[int], mask: Mask) -> tuple[Array, Mask, Array]:
    """Outcomes and checks of all agents, each pattern once, with the share of tasks it has."""
    task = found.task[mask]
    counts = np.bincount(task, minlength=len(found.tasks))
    each = 1.0 / counts[task] / (counts > 0).sum()
    both = np.concatenate([found.solved[rows][:, mask], found.passed[rows][:, mask]])
    patterns, which = np.unique(both, axis=1, return_inverse=True)
    weights = np.bincount(which.ravel(), weights=each, minlength=patterns.shape[1]).astype(float)
    return patterns[: len(rows)], patterns[len(rows) :] > 0, weights
