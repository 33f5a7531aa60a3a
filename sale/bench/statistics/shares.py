"""Who did the work: by agent, by how long a task takes a human, and along the stream of tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import fsum

from sale.bench.samples import Sample
from sale.bench.statistics.results import AgentShare, BinResult, StreamPart
from sale.bench.statistics.scores import wilson
from sale.bench.statistics.spending import share, total

BINS = (0.1, 0.5, 2.5, 12.5, 60.0)
"""Upper ends in minutes, as in HST-Bench."""
LONGER, UNTIMED = ">60", "unknown"
STRETCHES = 20
"""Parts of equal length that a stream is cut into; fewer for fewer tasks."""


def weights(samples: Sequence[Sample]) -> list[float]:
    """What a sample counts, so that every task counts once."""
    counts = Counter((one.suite, one.task) for one in samples)
    return [1 / counts[one.suite, one.task] for one in samples]


def awarded(sample: Sample) -> tuple[str, ...]:
    """Everybody who worked, in order; whoever's answer was kept did work."""
    kept = () if sample.agent is None or sample.agent in sample.awards else (sample.agent,)
    return (*sample.awards, *kept)


def allocation(samples: Sequence[Sample]) -> dict[str, AgentShare]:
    """What each agent did for a policy, by name."""
    awards = Counter(agent for one in samples for agent in awarded(one))
    kept = kept_by(samples)
    return {
        agent: AgentShare(
            kept=kept.get(agent, 0.0),
            awards=awards[agent] / awards.total(),
            solved=_solved([one for one in samples if one.agent == agent]),
            weighted=weighted(samples, agent),
        )
        for agent in sorted(awards)
    }


def kept_by(samples: Sequence[Sample]) -> dict[str, float]:
    """Agent -> the share of tasks whose kept answer is the agent's, by name."""
    each = weights(samples)
    held: dict[str, list[float]] = {}
    for one, weight in zip(samples, each, strict=True):
        if one.agent is not None:
            held.setdefault(one.agent, []).append(weight)
    tasks = fsum(each)
    return {agent: fsum(held[agent]) / tasks for agent in sorted(held)}


def reliance(samples: Sequence[Sample], largest: str | None) -> float | None:
    """The share of tasks on which the largest agent worked."""
    if largest is None:
        return None
    return _share(samples, [largest in awarded(one) for one in samples])


def weighted(samples: Sequence[Sample], agent: str) -> float | None:
    """What an agent would solve of all tasks, by self-normalised inverse propensities (Hájek).

    Holds for a policy that might have chosen every agent on every task and let nobody take over;
    None where a choice was certain, or where work was passed on.
    """
    if any(one.propensity >= 1 or len(awarded(one)) != 1 for one in samples):
        return None
    own = [one for one in samples if one.agent == agent and one.solved is not None]
    right = fsum(1 / one.propensity for one in own if one.solved)
    return share(right, fsum(1 / one.propensity for one in own))


def bin_of(minutes: float | None) -> str:
    """The bin of what a task takes a human."""
    if minutes is None:
        return UNTIMED
    return next((f"<={end:g}" for end in BINS if minutes <= end), LONGER)


def bins(samples: Sequence[Sample]) -> tuple[BinResult, ...]:
    """A policy by bin, from short to long; bins without a task are left out."""
    names = [*(f"<={end:g}" for end in BINS), LONGER, UNTIMED]
    held: dict[str, list[Sample]] = {name: [] for name in names}
    for one in samples:
        held[bin_of(one.minutes)].append(one)
    return tuple(_bin(name, found) for name, found in held.items() if found)


def _bin(name: str, samples: Sequence[Sample]) -> BinResult:
    tasks = len({(one.suite, one.task) for one in samples})
    solved = _solved(samples)
    known = len({(one.suite, one.task) for one in samples if one.solved is not None})
    return BinResult(
        bin=name,
        tasks=tasks,
        quality=None if solved is None else wilson(solved, known),
        usd_per_task=_dollars(samples),
        allocation=kept_by(samples),
    )


def stream(samples: Sequence[Sample]) -> tuple[StreamPart, ...]:
    """A policy along the stream, its orders laid over each other; every sample counts once.

    Empty where places don't tell tasks apart, as then no stream is known.
    """
    ranks: dict[tuple[int, int], int] = {}
    for order in {one.order for one in samples}:
        own = [one for one in samples if one.order == order]
        places = sorted({one.place for one in own})
        if len(places) < len({(one.suite, one.task) for one in own}):
            return ()
        ranks |= {(order, place): rank for rank, place in enumerate(places)}
    length = 1 + max(ranks.values(), default=-1)
    parts = min(STRETCHES, length)
    stretches: list[list[Sample]] = [[] for _ in range(parts)]
    for one in samples:
        stretches[ranks[one.order, one.place] * parts // length].append(one)
    found, right, known = [], 0, 0
    for number, stretch in enumerate(stretches, start=1):
        outcomes = [one.solved for one in stretch if one.solved is not None]
        right, known = right + sum(outcomes), known + len(outcomes)
        dollars = total(one.usd for one in stretch)
        kept = Counter(one.agent for one in stretch if one.agent is not None)
        found.append(
            StreamPart(
                until=-(-number * length // parts),
                quality=share(sum(outcomes), len(outcomes)),
                running=share(right, known),
                usd_per_task=share(dollars, len(stretch)),
                allocation={agent: kept[agent] / len(stretch) for agent in sorted(kept)},
            )
        )
    return tuple(found)


def _solved(samples: Sequence[Sample]) -> float | None:
    """pass@1 over the tasks with a known outcome."""
    known = [one for one in samples if one.solved is not None]
    return _share(known, [bool(one.solved) for one in known]) if known else None


def _dollars(samples: Sequence[Sample]) -> float | None:
    each = weights(samples)
    spent = [None if one.usd is None else one.usd * w for one, w in zip(samples, each, strict=True)]
    return share(total(spent), fsum(each))


def _share(samples: Sequence[Sample], holds: Sequence[bool]) -> float:
    """The share of tasks for which something holds."""
    each = weights(samples)
    return fsum(w for w, true in zip(each, holds, strict=True) if true) / fsum(each)
