"""The quality of a jury and of each juror, from votes: the numbers of `sale stats jury`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from sale.auction import calibration
from sale.auction.bias import Favour, PositionBias, draws, favours, position_bias
from sale.auction.calibration import Bin, Codes, Estimate
from sale.auction.signals import HIGHEST
from sale.auction.votes import Vote

NEEDED = 20
"""Labelled plans for any figure on outcomes; draws of letters, and rounds, for the biases."""
NEEDED_EACH = 5
"""Solved plans, and unsolved ones, for a correlation or an AUC."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class JurorQuality:
    """What the record says of one juror; a figure with too little behind it is None."""

    juror: str | None
    """None: the whole jury, whose rating of a plan is the mean of its jurors' ratings."""
    plans: int
    """Rated."""
    mean_rating: float
    """Over all rated plans, 0 to 5."""
    labelled: int
    """Rated plans that were carried out, with a known result."""
    solved: int
    tasks: int
    """That the labelled plans were for."""
    correlation: Estimate | None
    auc: Estimate | None
    brier: float | None
    base_brier: float | None
    """Of someone who always says the share that was solved."""
    calibration_error: float | None
    reliability: tuple[Bin, ...]
    position: PositionBias | None
    self_preference: Estimate | None
    """In points of rating."""
    favours: int
    """Rounds in which a self-preference could be measured."""


def quality(votes: Iterable[Vote]) -> tuple[JurorQuality, ...]:
    """Measure the whole jury, then each juror by name; empty without a valid vote."""
    valid = [vote for vote in votes if vote.valid]
    panels = _groups(valid, lambda vote: vote.panel)
    jurors = _groups(valid, lambda vote: vote.juror)
    liked = list(favours(panels.values()))
    own = _groups(liked, lambda favour: favour.juror)
    if not valid:
        return ()
    drawn = draws(valid)
    by_juror = _groups(drawn, lambda draw: draw.juror)
    joint = [_joint(panel) for panel in panels.values()]
    return (
        replace(_measure(joint, liked), position=position_bias(drawn, needed=NEEDED)),
        *(
            replace(
                _measure(jurors[name], own.get(name, [])),
                juror=name,
                position=position_bias(by_juror.get(name, []), needed=NEEDED),
            )
            for name in sorted(jurors)
        ),
    )


def _groups(values: Iterable[V], key: Callable[[V], str]) -> dict[str, list[V]]:
    groups = defaultdict(list)
    for value in values:
        groups[key(value)].append(value)
    return groups


def _joint(panel: Sequence[Vote]) -> Vote:
    """What the jury as a whole said: the mean rating of each plan."""
    given = defaultdict(list)
    for vote in panel:
        for agent, rating in vote.ratings.items():
            given[agent].append(rating)
    ratings = {agent: sum(values) / len(values) for agent, values in given.items()}
    return replace(panel[0], ratings=ratings, seed=None)


def _measure(votes: Sequence[Vote], liked: Sequence[Favour]) -> JurorQuality:
    """Everything but the position bias, which the jury's mean ratings can't show."""
    ratings = np.array([rating for one in votes for rating in one.ratings.values()])
    rows = [
        (one.ratings[agent], solved, one.task)
        for one in votes
        for agent, solved in one.solved.items()
        if agent in one.ratings
    ]
    x = np.array([rating for rating, _, _ in rows], dtype=np.float64)
    y = np.array([solved for _, solved, _ in rows], dtype=np.bool_)
    tasks = _codes([task for _, _, task in rows])
    enough = len(rows) >= NEEDED
    both = enough and min(y.sum(), (~y).sum()) >= NEEDED_EACH
    said = x / HIGHEST
    bins = calibration.reliability(said, y) if enough else ()
    return JurorQuality(
        juror=None,
        plans=len(ratings),
        mean_rating=float(ratings.mean()),
        labelled=len(rows),
        solved=int(y.sum()),
        tasks=len(np.unique(tasks)),
        correlation=calibration.correlation(x, y, tasks) if both else None,
        auc=calibration.auc(x, y, tasks) if both else None,
        brier=calibration.brier(said, y) if enough else None,
        base_brier=calibration.base_brier(y) if enough else None,
        calibration_error=calibration.calibration_error(bins) if enough else None,
        reliability=bins,
        position=None,
        self_preference=_self_preference(liked),
        favours=len(liked),
    )


def _self_preference(liked: Sequence[Favour]) -> Estimate | None:
    if len(liked) < NEEDED:
        return None
    points = np.array([favour.points for favour in liked])
    return calibration.mean(points, _codes([favour.task for favour in liked]))


def _codes(tasks: Sequence[str]) -> Codes:
    """Number the tasks from 0, in the order of their first appearance."""
    numbers = {task: number for number, task in enumerate(dict.fromkeys(tasks))}
    return np.array([numbers[task] for task in tasks], dtype=np.intp)
