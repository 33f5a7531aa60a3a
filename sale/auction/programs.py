"""The objectives as mixed-integer linear programs, for HiGHS: a bound, and often better weights.

Every objective is the same program. A choice c = (t, i) may be made once a task (binary x_c) and
comes with rows r that have to stay low under the weights w, which are on the simplex:
    minimise q - gain . x / T   with   r . w <= q + M_r (1 - x_c)   for each row r of each choice c
`minmax` and `margin` have no gains; `utility` has q fixed at 0. M_r is the least that is valid:
the largest entry of r, less the least that q can be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import coo_array, csc_array, hstack, vstack

from sale.auction.objectives import Array, Index, Instance, Mask, Objective, allowed, mixed
from sale.auction.search import on_simplex

SLACK = 1e-7
"""The solver's tolerance: a bound may be off the truth by so much."""
_INFEASIBLE = 2


@dataclass(frozen=True, slots=True)
class Proof:
    """What a solver has shown."""

    bound: float
    """No weights have a lower loss."""
    weights: Array | None
    """Of the best solution it came upon, shape (d,); None where it came upon none."""


@dataclass(frozen=True, slots=True)
class _Program:
    """The choices C and their rows R, before they become matrices."""

    tasks: Index
    """Shape (C,): the task of each choice."""
    gains: Array
    """Shape (C,): what each choice adds to the loss, as a negative share of it."""
    rows: Array
    """Shape (R, d)."""
    owner: Index
    """Shape (R,): the choice of each row."""
    settled: float
    """The loss of the tasks on which nothing is left to choose."""


def prove(instance: Instance, *, cutoff: float, seconds: float) -> Proof:
    """Bound the loss from below in so many seconds, and look for weights with a loss below it.

    `cutoff` is a loss that was reached elsewhere: a bound equal to it says that no weights have
    a lower one.
    """
    if instance.objective is Objective.UTILITY:
        program = _steps(instance)
        floor = top = 0.0
        least = program.settled + _best_a_task(program.tasks, program.gains).sum()
    else:
        program = _worst_case(instance)
        least = floor = _best_a_task(program.tasks, _best_rows(program)).max()
        top = cutoff
    if least >= cutoff - SLACK or seconds <= 0:
        return Proof(min(float(least), cutoff), None)
    result = _solve(program, q=(floor, top), cutoff=cutoff, seconds=seconds)
    if result.status == _INFEASIBLE:
        return Proof(cutoff, None)
    shown = result.get("mip_dual_bound")
    bound = least if shown is None else max(least, shown + program.settled)
    weights = None if result.x is None else on_simplex(result.x[: program.rows.shape[1]])
    return Proof(min(float(bound), cutoff), weights)


def _worst_case(instance: Instance) -> _Program:
    """A choice for each agent that solved the task, with one row (minmax) or one a rival."""
    features = instance.features
    if instance.objective is Objective.MINMAX:
        tasks, agents = np.nonzero(allowed(instance))
        rows, owner = features[tasks, agents], np.arange(len(tasks))
    else:
        told = mixed(instance.bid, instance.solved)[:, None]
        tasks, agents = np.nonzero(instance.bid & instance.solved & told)
        owner, rivals = np.nonzero((instance.bid & ~instance.solved)[tasks])
        rows = features[tasks[owner], agents[owner]] - features[tasks[owner], rivals]
    return _Program(tasks, np.zeros(len(tasks)), rows, owner, 0.0)


def _steps(instance: Instance) -> _Program:
    """A choice for each agent that some weights choose, with a row for each rival gaining less.

    A rival that gains as much or more needs no row: where it is chosen instead, nothing is lost.
    Tasks on which all that is left gains the same are settled.
    """
    gain, count = instance.gain, len(instance.gain)
    possible = instance.bid & ~_beaten(instance)
    low = np.where(possible, gain, np.inf).min(axis=1)
    high = np.where(possible, gain, -np.inf).max(axis=1)
    tasks, agents = np.nonzero(possible & (high > low)[:, None])
    mine = gain[tasks, agents]
    owner, rivals = np.nonzero(possible[tasks] & (gain[tasks] < mine[:, None]))
    lead = instance.features[tasks, agents][owner] - instance.features[tasks[owner], rivals]
    settled = -float(high[high <= low].sum()) / count
    return _Program(tasks, -mine / count, lead, owner, settled)


def _beaten(instance: Instance) -> Mask:
    """Who is never chosen: all features of another are lower, or none is higher and ties too."""
    count = instance.bid.shape[1]
    earlier = np.tri(count, count, -1, dtype=bool)
    mine, theirs = instance.features[:, :, None], instance.features[:, None]
    beaten = (theirs < mine).all(axis=3) | ((theirs <= mine).all(axis=3) & earlier)
    return np.asarray((beaten & instance.bid[:, None]).any(axis=2))


def _best_rows(program: _Program) -> Array:
    """The lowest that the rows of each choice can be held, each row alone; shape (C,)."""
    lowest = np.full(len(program.tasks), -np.inf)
    np.maximum.at(lowest, program.owner, program.rows.min(axis=1))
    return lowest


def _best_a_task(tasks: Index, values: Array) -> Array:
    """The lowest value of each task that has choices."""
    _, place = np.unique(tasks, return_inverse=True)
    best = np.full(place.max(initial=-1) + 1, np.inf)
    np.minimum.at(best, place, values)
    return best


def _solve(
    program: _Program, *, q: tuple[float, float], cutoff: float, seconds: float
) -> OptimizeResult:
    """Hand the program to HiGHS; columns are w, q, x."""
    choices, width = len(program.tasks), program.rows.shape[1]
    possible = _best_rows(program) <= q[1] + SLACK
    return milp(
        np.concatenate([np.zeros(width), [1.0], program.gains]),
        integrality=np.concatenate([np.zeros(width + 1), np.ones(choices)]),
        bounds=Bounds(
            np.concatenate([np.zeros(width), [q[0]], np.zeros(choices)]),
            np.concatenate([np.ones(width), [q[1]], possible]),
        ),
        constraints=[
            _one_a_task(program),
            _rows(program, floor=q[0]),
            LinearConstraint(  # nothing that is worse than what was reached
                np.concatenate([np.zeros(width), [1.0], program.gains])[None],
                -np.inf,
                cutoff - program.settled,
            ),
        ],
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )


def _one_a_task(program: _Program) -> LinearConstraint:
    """The weights sum to 1, and so do the choices of each task."""
    choices, width = len(program.tasks), program.rows.shape[1]
    _, place = np.unique(program.tasks, return_inverse=True)
    sums = coo_array((np.ones(choices), (place, np.arange(choices))))
    simplex = np.concatenate([np.ones(width), np.zeros(1 + choices)])[None]
    left = csc_array((sums.shape[0], width + 1))
    return LinearConstraint(vstack([csc_array(simplex), hstack([left, sums])]).tocsc(), 1.0, 1.0)


def _rows(program: _Program, *, floor: float) -> LinearConstraint:
    """r . w - q + M_r x_c <= M_r, without the rows that always hold."""
    big = program.rows.max(axis=1) - floor
    kept = big > 0
    rows, owner, big = program.rows[kept], program.owner[kept], big[kept]
    count, choices = len(rows), len(program.tasks)
    switches = coo_array((big, (np.arange(count), owner)), shape=(count, choices))
    matrix = hstack([csc_array(rows), csc_array(-np.ones((count, 1))), switches])
    return LinearConstraint(matrix.tocsc(), -np.inf, big)
