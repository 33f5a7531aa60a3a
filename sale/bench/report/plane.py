"""Cost against quality: every policy with its intervals, the mixture hull, and the frontier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sale.bench.report.drawing import ACCENT, FAINT, GRID, INK, PAPER, Picture, picture, sheet
from sale.bench.report.labels import UPPER_LEFT, label
from sale.bench.report.words import money, percent, plain, tick
from sale.bench.statistics.results import PolicyResult, SuiteResult
from sale.types import Stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SINGLE = "single:"
ORACLE = "oracle"
PER = 1_000
"""Tasks that dollars are given for: of one task they are hard to read."""
_WIDE = 20.0
"""From this ratio of the dearest to the cheapest on, the dollars are drawn by their logarithm."""
_MOST = 24
"""Names beside points; where there are more, some agents alone and some auctions have none."""


def is_auction(one: PolicyResult) -> bool:
    """Whether plans were paid for."""
    return Stage.BID in one.stages


def alone(one: PolicyResult) -> bool:
    """Whether it is an agent alone."""
    return one.policy.startswith(SINGLE)


def placed(suite: SuiteResult) -> list[PolicyResult]:
    """The policies that have a place on the plane."""
    return [one for one in suite.policies if one.quality and one.usd_per_task]


def frontier(suite: SuiteResult) -> list[PolicyResult]:
    """The policies that none is both cheaper and better than, by dollars; the oracle is none."""
    found: list[PolicyResult] = []
    able = [one for one in placed(suite) if one.policy != ORACLE]
    for one in sorted(able, key=lambda one: (_usd(one), -_quality(one))):
        if not found or _quality(one) > _quality(found[-1]):
            found.append(one)
    return found


def draw_plane(suite: SuiteResult, colours: Mapping[str, str]) -> Picture | None:
    """Every policy with its intervals, and what random mixing of single agents reaches."""
    policies = placed(suite)
    if not policies:
        return None
    with sheet(height=4.9) as figure:
        axes = figure.subplots()
        _hull(axes, suite)
        settings = _settings(suite)
        for one in policies:
            _point(axes, one, colours, whiskers=one.policy not in settings)
        _frame(axes, policies)
        label(axes, [_named(one) for one in _worth_naming(suite, policies)])
        return picture(figure, "plane", "Cost and quality", _alt(suite, policies))


def draw_frontier(suite: SuiteResult, colours: Mapping[str, str]) -> Picture | None:
    """Who isn't beaten on both counts, and policies with a setting as curves."""
    policies, best = placed(suite), frontier(suite)
    if not best:
        return None
    with sheet(height=4.2) as figure:
        axes = figure.subplots()
        for one in policies:
            if one not in best and one.policy != ORACLE:
                axes.plot(PER * _usd(one), 100 * _quality(one), "o", ms=3.5, color=FAINT, alpha=0.5)
        for curve in suite.curves:
            usd = [PER * point.usd for point in curve.points]
            quality = [100 * point.quality for point in curve.points]
            axes.plot(usd, quality, "-", lw=1.0, color=FAINT, alpha=0.7, zorder=1)
        usd = [PER * _usd(one) for one in best]
        quality = [100 * _quality(one) for one in best]
        axes.step(usd, quality, where="post", color=ACCENT, lw=1.6, zorder=1)
        for one in best:
            _point(axes, one, colours, whiskers=False)
        _frame(axes, [one for one in policies if one.policy != ORACLE], whiskers=False)
        label(axes, [_named(one) for one in best], first=UPPER_LEFT)
        told = ", ".join(f"{one.policy} ({_told(one)})" for one in best)
        alt = plain(f"Nobody is both cheaper and better than: {told}.", limit=900)
        return picture(figure, "frontier", "The frontier", alt)


def _hull(axes: Axes, suite: SuiteResult) -> None:
    """The corners of the hull, and level on to the right."""
    if not suite.hull:
        return
    right = max([PER * _usd(one) for one in placed(suite)] + [PER * suite.hull[-1].usd]) * 1.5
    corners = [PER * point.usd for point in suite.hull]
    heights = [100 * point.quality for point in suite.hull]
    usd = np.unique([*np.linspace(corners[0], corners[-1], 200), *corners, right])
    quality = np.interp(usd, corners, heights)  # bent, where dollars are drawn by logarithm
    axes.fill_between(usd, quality, 0, color=GRID, alpha=0.45, lw=0, zorder=0)
    axes.plot(usd, quality, "--", color=FAINT, lw=1.1, zorder=1)


def _point(
    axes: Axes, one: PolicyResult, colours: Mapping[str, str], *, whiskers: bool = True
) -> None:
    x, y = PER * _usd(one), 100 * _quality(one)
    marker, colour, size = "^", FAINT, 6.0
    edge = PAPER
    if one.policy.startswith(SINGLE):
        agent = one.policy.removeprefix(SINGLE)
        marker, colour, size = "o", colours.get(agent, FAINT), 8.5
    elif one.policy == ORACLE:
        marker, colour, edge = "D", PAPER, INK
    elif is_auction(one):
        marker, colour, size = "s", ACCENT, 7.0
    line = INK if edge is INK else colour
    if whiskers and one.quality and one.quality.low is not None and one.quality.high is not None:
        ends = [100 * one.quality.low, 100 * one.quality.high]
        axes.plot([x, x], ends, color=line, lw=1.1, alpha=0.55, zorder=2)
    cost = one.usd_per_task
    if whiskers and cost and cost.low is not None and cost.high is not None:
        sides = [PER * cost.low, PER * cost.high]
        axes.plot(sides, [y, y], color=line, lw=1.1, alpha=0.55, zorder=2)
    axes.plot(x, y, marker, ms=size, mfc=colour, mec=edge, mew=0.9, zorder=3)


def _frame(axes: Axes, policies: Sequence[PolicyResult], *, whiskers: bool = True) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    usd = [PER * _usd(one) for one in policies]
    low, high = min(usd), max(usd)
    if low > 0 and high / low > _WIDE:
        axes.set_xscale("log")
        axes.set_xlim(low / 1.6, high * 1.9)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        room = 0.12 * (high - low) or 0.2 * high or 1.0
        axes.set_xlim(max(low - room, 0.0 if low - room < 0 else low - room), high + 1.4 * room)
    ends = [_quality(one) for one in policies]
    if whiskers:
        both = [one.quality for one in policies if one.quality]
        ends += [end for one in both for end in (one.low, one.high) if end is not None]
    bottom, top = 100 * min(ends), 100 * max(ends)
    room = max(0.08 * (top - bottom), 2.0)
    axes.set_ylim(max(bottom - room, -2.0), min(top + room, 103.0))
    axes.set_xlabel("dollars for 1,000 tasks, everything paid")
    axes.set_ylabel("solved, % (pass@1)")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: tick(x)))


def _settings(suite: SuiteResult) -> set[str]:
    """The policies that are one of several settings of the same."""
    return {point.policy for curve in suite.curves for point in curve.points}


def _worth_naming(suite: SuiteResult, policies: Sequence[PolicyResult]) -> list[PolicyResult]:
    best, settings = frontier(suite), _settings(suite)
    policies = [one for one in policies if one.policy not in settings or one in best]
    if len(policies) <= _MOST:
        return policies
    return [
        one
        for one in policies
        if one in best
        or one.policy == ORACLE
        or one.policy in {point.policy for point in suite.hull}
        or not (one.policy.startswith(SINGLE) or (is_auction(one) and "-" in one.policy))
    ]


def _named(one: PolicyResult) -> tuple[float, float, str]:
    name = plain(one.policy.removeprefix(SINGLE), limit=28)
    return PER * _usd(one), 100 * _quality(one), name


def _alt(suite: SuiteResult, policies: Sequence[PolicyResult]) -> str:
    told = "; ".join(f"{one.policy} {_told(one)}" for one in policies)
    corners = ", ".join(point.policy.removeprefix(SINGLE) for point in suite.hull)
    hull = f" The dashed line is what random mixing reaches, with corners {corners}."
    text = f"Dollars for 1,000 tasks and share solved by policy: {told}.{hull if corners else ''}"
    return plain(text, limit=1_500)


def _told(one: PolicyResult) -> str:
    return f"{money(PER * _usd(one))}, {percent(_quality(one))} %"


def _usd(one: PolicyResult) -> float:
    return one.usd_per_task.value if one.usd_per_task else 0.0


def _quality(one: PolicyResult) -> float:
    return one.quality.value if one.quality else 0.0
