"""What sways a juror beside a plan's substance: the letter it stands under, and being its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np
from scipy import stats

from sale.auction.calibration import Floats
from sale.auction.votes import Vote

_FLAT = 1e-9


@dataclass(frozen=True, slots=True)
class Letter:
    """How plans under one letter were rated, against the mean of their votes."""

    letter: str
    n: int
    deviation: float


@dataclass(frozen=True, slots=True)
class PositionBias:
    """Whether the letter matters."""

    draws: int
    """How many times letters were drawn; auctions with one seed share a draw."""
    letters: tuple[Letter, ...]
    spread: float
    """Highest less lowest deviation, in points of rating."""
    p_value: float | None
    """Of so much difference or more, if letters didn't matter; None where no vote has any."""


@dataclass(frozen=True, slots=True)
class Favour:
    """How much better a juror made its own plan look, in one round."""

    task: str
    juror: str
    points: float


@dataclass(frozen=True, slots=True)
class Draw:
    """One drawing of letters: deviations from the mean of their votes, in the order of letters."""

    juror: str
    n: int
    """Votes under this drawing."""
    deviations: Floats
    """Shape (plans,), summed over the votes."""


def draws(votes: Iterable[Vote]) -> list[Draw]:
    """Put the lettered votes in the order of their letters.

    Votes of one drawing are one unit: with a fixed seed an agent never changes its letter.
    """
    drawn: dict[tuple[int | None, str, int, int], list[list[float]]] = {}
    for vote in votes:
        if vote.lettered:
            key = (vote.seed, vote.juror, vote.round, len(vote.ratings))
            mean = sum(vote.ratings.values()) / len(vote.ratings)
            drawn.setdefault(key, []).append([rating - mean for rating in vote.by_letter()])
    return [
        Draw(juror, len(rows), np.asarray(np.sum(rows, axis=0)))
        for (_, juror, _, _), rows in drawn.items()
    ]


def position_bias(drawn: Sequence[Draw], *, needed: int) -> PositionBias | None:
    """Compare the letters; None with fewer than `needed` draws.

    The letters were drawn at random, so if they didn't matter, any order of a vote's ratings
    was equally likely. The p-value is that of this permutation test, by the chi-square limit of
    its exact moments (Friedman's test on ratings in place of ranks). Tests for independent
    groups, such as Kruskal-Wallis, would raise false alarms: deviations of one vote sum to 0.
    """
    if len(drawn) < needed:
        return None
    sizes = {len(draw.deviations) for draw in drawn}
    width = max(sizes)
    total, count, moments = np.zeros(width), np.zeros(width), np.zeros((width, width))
    for size in sizes:
        alike = [draw for draw in drawn if len(draw.deviations) == size]
        rows = np.array([draw.deviations for draw in alike])
        total[:size] += rows.sum(axis=0)
        count[:size] += sum(draw.n for draw in alike)
        moments[:size, :size] += (rows**2).sum() / size * _permuted(size)
    found = tuple(
        Letter(letter, int(n), float(deviation))
        for letter, n, deviation in zip(ascii_uppercase, count, total / count, strict=False)
    )
    told = [one.deviation for one in found if one.n >= needed]
    return PositionBias(len(drawn), found, max(told) - min(told), _p_value(total, moments))


def _permuted(size: int) -> Floats:
    """Covariance of a random permutation of `size` numbers with mean 0 and variance 1."""
    return np.asarray((size * np.eye(size) - 1.0) / (size - 1))


def _p_value(total: Floats, moments: Floats) -> float | None:
    if np.abs(moments).max() < _FLAT:
        return None
    freedom = int(np.linalg.matrix_rank(moments, hermitian=True))
    distance = total @ np.linalg.pinv(moments, hermitian=True) @ total
    return float(stats.chi2.sf(distance, freedom))


def favours(panels: Iterable[Sequence[Vote]]) -> Iterator[Favour]:
    """For each round and juror with a plan in it: how much it favoured that plan.

    The juror's rating less the other jurors' mean, on its own plan; less the same difference on
    the other plans. A plan's own author is never among "the other jurors", or a liking that all
    have for their own plans would be counted twice. So between two jurors who bid, and nobody
    else, it can't be told.
    """
    for panel in panels:
        votes = {vote.juror: vote.ratings for vote in panel}
        for vote in panel:
            gaps = _gaps(vote.juror, votes)
            own = gaps.pop(vote.juror, None)
            if own is not None and gaps:
                points = own - sum(gaps.values()) / len(gaps)
                yield Favour(vote.task, vote.juror, points)


def _gaps(juror: str, votes: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Agent -> the juror's rating of its plan less the mean of the jurors who didn't write it."""
    gaps = {}
    for agent, rating in votes[juror].items():
        others = [
            ratings[agent]
            for other, ratings in votes.items()
            if other not in (juror, agent) and agent in ratings
        ]
        if others:
            gaps[agent] = rating - sum(others) / len(others)
    return gaps
