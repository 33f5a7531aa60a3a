"""All figures of a report, each None where the run has nothing to draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sale.auction.quality import JurorQuality
from sale.bench.report.bars import choosing, draw_allocation, draw_bins, draw_overhead
from sale.bench.report.curves import draw_calibration, draw_learning
from sale.bench.report.drawing import Picture, colours
from sale.bench.report.plane import SINGLE, draw_frontier, draw_plane
from sale.bench.statistics.results import Results


def shades_of(results: Results, agents: Sequence[str]) -> dict[str, str]:
    """A colour for each agent; of many, those on the hull and those that got most work."""
    whole = results.suites[-1]
    corners = [point.policy.removeprefix(SINGLE) for point in whole.hull]
    work: Counter[str] = Counter()
    for one in choosing(whole):
        work.update({agent: share.kept for agent, share in one.allocation.items()})
    busy = [agent for agent, _ in work.most_common()]
    return colours(agents, [agent for agent in (*corners, *busy) if agent in agents])


def draw(
    results: Results, shades: Mapping[str, str], jurors: Sequence[JurorQuality]
) -> Mapping[str, Picture | None]:
    """The figures over all suites, by name."""
    whole = results.suites[-1]
    return {
        "plane": draw_plane(whole, shades),
        "frontier": draw_frontier(whole, shades),
        "allocation": draw_allocation(whole, shades),
        "bins": draw_bins(whole, shades),
        "learning": draw_learning(whole, shades, largest=results.largest),
        "overhead": draw_overhead(whole),
        "calibration": draw_calibration(jurors, shades),
    }
