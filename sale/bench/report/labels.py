"""Names beside points, each where it covers least."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sale.bench.report.drawing import INK, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

_PLACES = (
    (8, 0, "left", "center"),
    (-8, 0, "right", "center"),
    (0, 8, "center", "bottom"),
    (0, -8, "center", "top"),
    (7, 8, "left", "bottom"),
    (7, -8, "left", "top"),
    (-7, 8, "right", "bottom"),
    (-7, -8, "right", "top"),
    (12, 20, "left", "bottom"),
    (12, -20, "left", "top"),
    (-12, 20, "right", "bottom"),
    (-12, -20, "right", "top"),
    (12, 34, "left", "bottom"),
    (12, -34, "left", "top"),
)
"""Where a name may stand: points to the right, points up, and how it is set there."""
RIGHT, UPPER_LEFT = 0, 6


def label(axes: Axes, places: Sequence[tuple[float, float, str]], *, first: int = RIGHT) -> None:
    """Write a name beside each point (x, y, name): where it fits best with those written before.

    `first` is the place that is tried first. The axes must have their final limits.
    """
    from matplotlib.transforms import Bbox

    axes.figure.draw_without_rendering()  # type: ignore[union-attr]
    taken = []
    for x, y, _ in places:
        left, low = axes.transData.transform((x, y))
        taken.append(Bbox.from_bounds(left - 5, low - 5, 10, 10))
    inside = axes.get_window_extent()
    for x, y, name in places:
        best: tuple[float, Bbox | None, int] = (float("inf"), None, 0)
        for number, (right, up, across, along) in enumerate(_PLACES):
            text = axes.annotate(
                name,
                (x, y),
                xytext=(right, up),
                textcoords="offset points",
                ha=across,
                va=along,
                fontsize=8.5,
            )
            box = text.get_window_extent()
            text.remove()
            cost = _covered(box, taken, inside) + 0.01 * ((number - first) % len(_PLACES))
            if cost < best[0]:
                best = (cost, box, number)
        right, up, across, along = _PLACES[best[2]]
        line = {"arrowstyle": "-", "color": INK, "lw": 0.4, "alpha": 0.6} if abs(up) > 8 else None
        axes.annotate(
            name,
            (x, y),
            xytext=(right, up),
            textcoords="offset points",
            ha=across,
            va=along,
            fontsize=8.5,
            arrowprops=line,
            bbox={"facecolor": PAPER, "alpha": 0.72, "pad": 0.6, "lw": 0},
        )
        if best[1] is not None:
            taken.append(best[1])


def _covered(box: Bbox, taken: Sequence[Bbox], inside: Bbox) -> float:
    """How much of a box is taken by others or lies outside, in its own area."""
    area = max(box.width * box.height, 1.0)
    shared = sum(_shared(box, other) for other in taken)
    return shared / area + 3.0 * (1.0 - _shared(box, inside) / area)


def _shared(one: Bbox, other: Bbox) -> float:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return float(max(width, 0.0) * max(height, 0.0))
