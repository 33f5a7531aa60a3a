"""The mixture hull: the best quality at each cost that random mixing of points reaches.

It is the least concave, non-decreasing function from the cheapest point on that lies above all of
them. Beyond its last corner it goes on level; whoever is cheaper than the cheapest point is held
against that point, which is dearer, so a gain is understated there, never overstated.
"""

from __future__ import annotations

import numpy as np

from sale.bench.executions import Array


def corners(usd: Array, quality: Array) -> list[int]:
    """The points, by cost, between which the hull is straight; inputs of shape (S,)."""
    order = np.lexsort((-quality, usd))
    found: list[int] = []
    for point in order.tolist():
        if found and quality[point] <= quality[found[-1]]:
            continue
        while len(found) > 1 and _below(found[-1], found[-2], point, usd, quality):
            found.pop()
        found.append(point)
    return found


def _below(middle: int, left: int, right: int, usd: Array, quality: Array) -> bool:
    """Whether a point lies on or under the line between its neighbours."""
    run, rise = usd[right] - usd[left], quality[right] - quality[left]
    return bool((quality[middle] - quality[left]) * run <= rise * (usd[middle] - usd[left]))


def heights(usd: Array, quality: Array, at: Array) -> Array:
    """The hull's quality at a cost, for many hulls at once.

    `usd` and `quality` have shape (rows, S), a hull a row; `at` and the result have shape (rows,).
    Every row walks along its own hull: from where it is, to the point that rises most for a
    dollar.
    """
    rows = np.arange(len(usd))
    cheapest = np.where(usd == usd.min(axis=1, keepdims=True), quality, -np.inf)
    here = cheapest.argmax(axis=1)
    x, y = usd[rows, here], quality[rows, here]
    found = y.copy()
    for _ in range(usd.shape[1] - 1):
        run, rise = usd - x[:, None], quality - y[:, None]
        slopes = np.divide(rise, run, out=np.full_like(run, -np.inf), where=run > 0)
        following = slopes.argmax(axis=1)
        slope = slopes[rows, following]
        rising = slope > 0
        if not rising.any():
            break
        end = usd[rows, following]
        reached = y + np.maximum(slope, 0.0) * (np.minimum(at, end) - x)
        found = np.where(rising & (at > x), reached, found)
        x = np.where(rising, end, x)
        y = np.where(rising, quality[rows, following], y)
    return np.asarray(found)


def gain(sums: Array) -> Array:
    """How far a policy lies above the hull of S points, from column sums.

    The columns are: tasks, quality and dollars of the policy, S qualities, S dollars.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        means = sums[:, 1:] / sums[:, :1]
    many = (means.shape[1] - 2) // 2
    height = heights(means[:, 2 + many :], means[:, 2 : 2 + many], means[:, 1])
    return np.asarray(means[:, 0] - height)


def aiq(usd: Array, quality: Array, largest: float) -> float | None:
    """RouterBench's average improvement in quality: the area under the hull by the largest cost.

    As the code of RouterBench has it: the hull goes on level to the largest cost of all curves,
    and the area starts at its own cheapest point. None where nothing costs anything.
    """
    if not len(usd) or largest <= 0:
        return None
    at = corners(usd, quality)
    x, y = [*usd[at], max(largest, usd[at[-1]])], [*quality[at], quality[at[-1]]]
    return float(np.trapezoid(y, x) / largest)
