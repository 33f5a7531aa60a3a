"""The settings of one policy as a curve: AIQ of RouterBench, APGR and CPT of RouteLLM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sale.bench.executions import Array
from sale.bench.statistics import hull, scores
from sale.bench.statistics.cells import Cells, Mask
from sale.bench.statistics.comparing import hull_mask
from sale.bench.statistics.results import Curve, Point
from sale.bench.statistics.singles import PREFIX, Singles, mean, point

SETTING = "@"
"""What parts the name of a policy from its setting."""
PERCENTS = (20, 50, 80)


def curves(
    found: Cells, field: Singles, reliance: Mapping[str, float | None], *, largest_usd: float
) -> tuple[Curve, ...]:
    """The curves of all policies with several settings; `reliance` is on the largest agent."""
    families: dict[str, list[str]] = {}
    for name in found.policies:
        head, sign, _ = name.partition(SETTING)
        if head and sign and not name.startswith(PREFIX):
            families.setdefault(head, []).append(name)
    return tuple(
        _curve(found, field, name, members, reliance, largest_usd)
        for name, members in families.items()
        if len(members) > 1
    )


def largest_cost(found: Cells) -> float:
    """The most that a policy costs a task, of those whose dollars are known throughout."""
    costs = [
        mean(found, found.usd[row], found.there[row])
        for row in range(len(found.policies))
        if not np.isnan(found.usd[row][found.there[row]]).any()
    ]
    return max(costs, default=0.0)


def _curve(
    found: Cells,
    field: Singles,
    name: str,
    members: Sequence[str],
    reliance: Mapping[str, float | None],
    largest_usd: float,
) -> Curve:
    rows = found.rows(members)
    points = _points(found, rows)
    usd, quality = (np.array([getattr(one, axis) for one in points]) for axis in ("usd", "quality"))
    gap = _gap(found, field, rows, [reliance.get(member) for member in members])
    return Curve(
        name=name,
        points=points,
        aiq=hull.aiq(usd, quality, largest_usd),
        apgr=gap and scores.apgr(*gap),
        cpt={x: gap and scores.cpt(*gap, percent=x) for x in PERCENTS},
    )


def _points(found: Cells, rows: Sequence[int]) -> tuple[Point, ...]:
    """By dollars, on the tasks that all settings have; none where dollars are unknown."""
    mask = hull_mask(found, rows)
    if not mask.any():
        return ()
    points = [point(found, row, mask) for row in rows]
    return tuple(sorted(points, key=lambda one: (one.usd, one.quality)))


def _gap(
    found: Cells, field: Singles, rows: Sequence[int], shares: Sequence[float | None]
) -> tuple[Array, Array, float, float] | None:
    """Shares of the largest agent and quality by setting, then what the ends solve."""
    if field.largest is None or field.smallest is None or None in shares:
        return None
    ends = (field.smallest, field.largest)
    mask: Mask = found.known([*rows, *ends])
    if ends[0] == ends[1] or not mask.any():
        return None
    weak, strong = (mean(found, found.solved[end], mask) for end in ends)
    quality = np.array([mean(found, found.solved[row], mask) for row in rows])
    return np.array(shares, dtype=np.float64), quality, weak, strong
