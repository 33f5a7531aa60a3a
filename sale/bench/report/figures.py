"""All figures of a report, each None where the run has nothing to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sale.auction.quality import JurorQuality
from sale.bench.report.bars import draw_allocation, draw_bins, draw_overhead
from sale.bench.report.curves import draw_calibration, draw_learning
from sale.bench.report.drawing import Picture, colours
from sale.bench.report.plane import draw_frontier, draw_plane
from sale.bench.statistics.results import Results


def draw(
    results: Results, agents: Sequence[str], jurors: Sequence[JurorQuality]
) -> Mapping[str, Picture | None]:
    """The figures over all suites, by name."""
    whole, shades = results.suites[-1], colours(agents)
    return {
        "plane": draw_plane(whole, shades),
        "frontier": draw_frontier(whole, shades),
        "allocation": draw_allocation(whole, shades),
        "bins": draw_bins(whole, shades),
        "learning": draw_learning(whole, shades, largest=results.largest),
        "overhead": draw_overhead(whole),
        "calibration": draw_calibration(jurors, shades),
    }
