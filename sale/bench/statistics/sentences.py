"""A comparison in one plain sentence, with its intervals."""

from __future__ import annotations

from collections.abc import Callable

from sale.auction.calibration import Estimate

NOTHING = 1e-9
"""Shares below it are rounding."""
TWICE = -1.0
"""A saving below it, more than twice the dollars, is told in times."""
TOO_FEW = "too few tasks to tell"


def sentence(
    other: str,
    *,
    quality: Estimate | None,
    usd: Estimate | None,
    saving: Estimate | None,
    tasks: tuple[int, int, int],
) -> str:
    """Say what a policy saves against `other`, and what that does to quality.

    `tasks`: compared in quality, compared in dollars, all of the policy's.
    """
    told = "quality unknown" if quality is None else f"quality {_gain(quality)}"
    return f"{_cost(other, usd, saving)}, {told}{_compared(*tasks)}"


def hull_sentence(gain: Estimate | None, *, tasks: int, of: int) -> str:
    """Say how a policy does against random mixing of single agents."""
    if gain is None:
        return "against random mixing of single agents: unknown"
    against = "against random mixing of single agents at the same cost"
    return f"quality {_gain(gain, against=f' {against}')}{_compared(tasks, tasks, of)}"


def alone(policy: str) -> str:
    """A policy as it is called in a sentence."""
    kind, _, agent = policy.partition(":")
    return f"{agent} alone" if kind == "single" and agent else policy


def _cost(other: str, usd: Estimate | None, saving: Estimate | None) -> str:
    if usd is None:
        return f"cost against {other} unknown"
    if usd.value == 0 if saving is None else _flat(saving):
        return f"as dear as {other}"
    if saving is None:
        return f"dearer than {other}, which costs nothing, by ${usd.value:.2g} a task"
    if not _told(saving) and saving.low is not None:
        more = saving.value < 0
        word = "dearer" if more else "cheaper"
        return f"not shown to be cheaper or dearer than {other} ({_percent(saving, more)} {word})"
    if saving.value > 0:
        return f"cheaper than {other} by {_percent(saving, False)}"
    if saving.value >= TWICE:
        return f"dearer than {other} by {_percent(saving, True)}"
    times = _bounds(saving, lambda part: f"{1 - part:.1f}")
    return f"{1 - saving.value:.1f} times as dear as {other}{times}"


def _percent(saving: Estimate, more: bool) -> str:
    """A saving, or what is spent `more`."""
    sign = -100 if more else 100
    return f"{sign * saving.value:.0f} %{_bounds(saving, lambda part: _whole(sign * part))}"


def _whole(number: float) -> str:
    """Without a decimal place, and without a sign before 0."""
    return f"{round(number):d}"


def _gain(quality: Estimate, *, against: str = "") -> str:
    """Points of pass@1, and whether that is more than noise."""
    found = f"{_signed(quality.value)} points"
    return f"{found}{_bounds(quality, _tenth)}{against}: {_verdict(quality)}"


def _signed(part: float) -> str:
    return f"{round(100 * part, 1) + 0.0:+.1f}"


def _tenth(part: float) -> str:
    return f"{round(100 * part, 1) + 0.0:.1f}"


def _bounds(found: Estimate, form: Callable[[float], str]) -> str:
    """An interval, its ends in the order in which they are told."""
    if found.low is None or found.high is None:
        return ""
    ends = sorted((found.low, found.high), key=lambda end: float(form(end)))
    return f" [{form(ends[0])}, {form(ends[1])}]"


def _verdict(found: Estimate) -> str:
    if found.low is None or found.high is None:
        return TOO_FEW
    if not _told(found):
        return "no difference shown"
    return "better" if found.value > 0 else "worse"


def _told(found: Estimate) -> bool:
    """Whether an interval leaves out 0."""
    return (found.low or 0.0) > NOTHING or (found.high or 0.0) < -NOTHING


def _flat(found: Estimate) -> bool:
    """Whether there is no difference on any task."""
    return max(abs(part or 0.0) for part in (found.value, found.low, found.high)) <= NOTHING


def _compared(quality: int, dollars: int, of: int) -> str:
    """What was compared, where that isn't everything."""
    notes = []
    if quality < of:
        notes.append(f"quality on {quality} of {of} tasks")
    if dollars < of:
        notes.append(f"dollars on {dollars}" + ("" if quality < of else f" of {of} tasks"))
    return f" ({', '.join(notes)})" if notes else ""
