"""Samples as arrays: what every policy came to on every attempt at every task."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sale.bench.executions import Array, Index
from sale.bench.samples import Sample
from sale.types import Verdict

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cells:
    """Arrays of P policies by U attempts at T tasks; orders of an attempt are averaged."""

    policies: tuple[str, ...]
    tasks: tuple[tuple[str, str], ...]
    """Suite and id of each task, sorted."""
    task: Index
    """Shape (U,): the place in `tasks` of each attempt's task."""
    there: Mask
    """Shape (P, U): whether there is a sample."""
    solved: Array
    """Shape (P, U): the share of orders in which it was solved; NaN where that is unknown."""
    usd: Array
    """Shape (P, U): mean dollars; NaN where those of any order are unknown."""
    passed: Mask
    """Shape (P, U): whether the visible checks passed."""

    def rows(self, policies: Sequence[str]) -> list[int]:
        """The rows of policies; those without a sample are left out."""
        places = {name: place for place, name in enumerate(self.policies)}
        return [places[name] for name in policies if name in places]

    def known(self, rows: Sequence[int]) -> Mask:
        """Shape (U,): the attempts whose outcome is known for all of some policies."""
        return np.asarray(~np.isnan(self.solved[list(rows)]).any(axis=0))

    def priced(self, rows: Sequence[int]) -> Mask:
        """Shape (U,): the attempts whose dollars are known for all of some policies."""
        return np.asarray(~np.isnan(self.usd[list(rows)]).any(axis=0))

    def column(self, values: Array, mask: Mask) -> Array:
        """Shape (U,) -> (T,): the mean of each task's attempts under a mask, 0 where none is."""
        many = len(self.tasks)
        counts = np.bincount(self.task[mask], minlength=many)
        sums = np.bincount(self.task[mask], weights=values[mask], minlength=many)
        return np.asarray(sums / np.maximum(counts, 1))

    def counted(self, mask: Mask) -> Array:
        """Shape (U,) -> (T,): 1 for every task with an attempt under a mask, else 0."""
        return self.column(np.ones(len(self.task)), mask)


def cells(samples: Sequence[Sample], *, unpriced: Collection[str] = ()) -> Cells:
    """Arrange samples; the order they come in changes nothing but rounding.

    The dollars of a policy that awarded anything to an agent without a price (`unpriced`) are
    unknown on all tasks: those that are known are the tasks it gave to somebody else, no fair
    sample.
    """
    policies = sorted({one.policy for one in samples})
    units = sorted({(one.suite, one.task, one.attempt) for one in samples})
    tasks = tuple(dict.fromkeys((suite, task) for suite, task, _ in units))
    row = {name: place for place, name in enumerate(policies)}
    column = {unit: place for place, unit in enumerate(units)}
    code = {task: place for place, task in enumerate(tasks)}
    shape = (len(policies), len(units))
    at = np.array(
        [row[one.policy] * shape[1] + column[one.suite, one.task, one.attempt] for one in samples],
        dtype=np.intp,
    )
    hidden = {one.policy for one in samples if one.usd is None and set(one.awards) & set(unpriced)}
    usd = [np.nan if one.usd is None or one.policy in hidden else one.usd for one in samples]
    passed = np.array([one.verified is Verdict.PASSED for one in samples], dtype=np.bool_)
    return Cells(
        policies=tuple(policies),
        tasks=tasks,
        task=np.array([code[suite, task] for suite, task, _ in units], dtype=np.intp),
        there=_counts(at, shape) > 0,
        solved=_means(at, _floats([one.solved for one in samples]), shape, skip=True),
        usd=_means(at, np.array(usd, dtype=np.float64), shape, skip=False),
        passed=_counts(at[passed], shape) > 0,
    )


def _floats(values: Sequence[bool | None]) -> Array:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _counts(at: Index, shape: tuple[int, int]) -> NDArray[np.intp]:
    return np.bincount(at, minlength=shape[0] * shape[1]).reshape(shape)


def _means(at: Index, values: Array, shape: tuple[int, int], *, skip: bool) -> Array:
    """The mean value of each cell; `skip` those that are NaN, else they make the mean NaN."""
    taken = ~np.isnan(values) if skip else np.ones(len(values), dtype=np.bool_)
    sums = np.bincount(at[taken], weights=values[taken], minlength=shape[0] * shape[1])
    with np.errstate(invalid="ignore"):
        return np.asarray(sums.reshape(shape) / _counts(at[taken], shape))
