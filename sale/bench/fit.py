"""Fit weights to a run, and say what they are worth on tasks they were not fitted on."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import bootstrap
from sklearn.model_selection import KFold

from sale.auction.fitting import Fit, Rule, Table, fit
from sale.auction.objectives import Array, Index, Objective, mixed
from sale.bench.fit_table import Outcomes, check_learnable
from sale.errors import InputError, SaleError
from sale.weights_file import (
    CrossValidation,
    Figures,
    FittedPart,
    Interval,
    ScalesPart,
    WeightsFile,
    WeightsPart,
)

VALUE = 10.0
"""The default worth of a solved task, in mean dollars a task of the dearest agent."""
DRAWS = 10_000
SOLVING = 0.93
"""The share of the time limit that is for solving; the rest is for starting and reporting."""
GRACE_S = 300.0
"""How long past its time limit a solver is waited for."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to fit."""

    objective: Objective = Objective.UTILITY
    value: float | None = None
    """Dollars that a solved task is worth; None: ten times the dearest agent's mean."""
    folds: int = 5
    seed: int = 0
    seconds: float = 60.0
    """For everything together, about."""


@dataclass(frozen=True, slots=True)
class Picks:
    """What a way of choosing came to, task by task; each of shape (T,)."""

    solved: Array
    work: Array
    auction: Array

    def figures(self, value: float) -> Figures:
        """The means over all tasks."""
        return Figures(
            solved=float(self.solved.mean()),
            usd_work=_known(self.work),
            usd_per_task=_known(self.work + self.auction),
            utility=_known(self.utility(value)),
        )

    def utility(self, value: float) -> Array:
        """solved - dollars / value, the auction paid for."""
        return self.solved - (self.work + self.auction) / value


Observe = Callable[[int, int], None]
"""Told how many fits are done, of how many."""


def fit_run(
    found: Outcomes, settings: Settings, *, run: str, market: Rule | None, observe: Observe
) -> WeightsFile:
    """Fit weights to all tasks, and k times to all but one fold for the figures.

    The fits run in processes of their own, which end with the call, also when it is interrupted.
    Raises `InputError` where there is nothing to learn.
    """
    began, table = time.monotonic(), found.table
    check_learnable(found, settings.objective, folds=settings.folds)
    value = settings.value or default_value(table)
    parts = list(_folds(table, settings))
    fits = _fit_all(table, [train for train, _ in parts], settings, value, observe)
    weights, scales = fits[0].rule.weights.tolist(), fits[0].rule.scales.tolist()
    held_out = [(train, test, one.rule) for (train, test), one in zip(parts, fits[1:], strict=True)]
    return WeightsFile(
        objective=settings.objective,
        value=None if np.isnan(table.dollars).any() else value,
        weights=WeightsPart(
            cost=weights[0],
            entropy=weights[1],
            jurors=dict(zip(found.jurors, weights[2:], strict=True)),
        ),
        scales=ScalesPart(
            cost=scales[0],
            entropy=scales[1],
            jurors=dict(zip(found.jurors, scales[2:], strict=True)),
        ),
        cross_validation=_report(found, held_out, market, value, settings.seed),
        fitted=FittedPart(
            run=run,
            tasks=len(table.solved),
            agents=list(found.agents),
            found=fits[0].found,
            bound=fits[0].bound,
            gap=fits[0].gap,
            seconds=round(time.monotonic() - began, 3),
            seed=settings.seed,
        ),
    )


def default_value(table: Table) -> float:
    """Ten times the mean dollars a task of the dearest agent; 1 where all work for nothing."""
    known = table.dollars[:, ~np.isnan(table.dollars).any(axis=0)]
    return VALUE * float(known.mean(axis=0).max(initial=0.0)) or 1.0


def _folds(table: Table, settings: Settings) -> Iterator[tuple[Index, Index]]:
    """Tasks to fit on and tasks held out, k times."""
    splits = KFold(settings.folds, shuffle=True, random_state=settings.seed)
    told = mixed(table.bid, table.solved)
    for train, test in splits.split(table.solved):
        if not told[train].any():
            raise InputError(
                f"only {told.sum()} of {len(told)} tasks were solved by some agents and not by "
                "others, all in one fold; run more tasks"
            )
        yield train, test


@dataclass(frozen=True, slots=True)
class _Job:
    place: int
    table: Table
    objective: Objective
    value: float
    seconds: float
    seed: int


def _fit_all(
    table: Table, trains: Sequence[Index], settings: Settings, value: float, observe: Observe
) -> list[Fit]:
    """The fit to all tasks, then those to each fold's; the first gets a process to itself."""
    workers = max(2, min(os.cpu_count() or 1, len(trains) + 1))
    rounds = -(-len(trains) // (workers - 1))
    seconds = SOLVING * settings.seconds
    shares = [seconds] + [seconds / rounds] * len(trains)
    tables = [table, *(table.part(train) for train in trains)]
    jobs = [
        _Job(place, one, settings.objective, value, share, settings.seed)
        for place, (one, share) in enumerate(zip(tables, shares, strict=True))
    ]
    fits: dict[int, Fit] = {}
    with multiprocessing.get_context("spawn").Pool(workers, _ignore_interrupts) as pool:
        results = pool.imap_unordered(_work, jobs)
        while len(fits) < len(jobs):
            observe(len(fits), len(jobs))
            try:
                place, done = results.next(timeout=settings.seconds + GRACE_S)
            except multiprocessing.TimeoutError as error:
                raise SaleError(
                    "a process that fits weights has not come back; was it killed for memory? "
                    "Try fewer tasks or a shorter --time-limit"
                ) from error
            fits[place] = done
    return [fits[place] for place in range(len(jobs))]


def _ignore_interrupts() -> None:
    """Ctrl-C goes to the whole group; the parent ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(job: _Job) -> tuple[int, Fit]:
    rng = np.random.default_rng([job.seed, job.place])
    done = fit(job.table, job.objective, value=job.value, seconds=job.seconds, rng=rng)
    return job.place, done


def _report(
    found: Outcomes,
    held_out: Sequence[tuple[Index, Index, Rule]],
    market: Rule | None,
    value: float,
    seed: int,
) -> CrossValidation:
    """Put the folds' choices together: each task was held out once."""
    table, count = found.table, len(found.table.solved)
    chosen, single = np.zeros(count, dtype=int), np.zeros(count, dtype=int)
    for train, test, rule in held_out:
        chosen[test] = rule.choose(table.part(test))
        single[test] = _best_single(table.part(train), value)
    free, gain = np.zeros(count), table.solved - table.dollars / value
    fitted, best = picks(table, chosen, table.auction), picks(table, single, free)
    known = np.where(np.isnan(gain), table.solved, gain)
    return CrossValidation(
        folds=len(held_out),
        tasks=count,
        fitted=fitted.figures(value),
        market=market and picks(table, market.choose(table), table.auction).figures(value),
        best_single=best.figures(value),
        singles={
            agent: picks(table, np.full(count, place), free).figures(value)
            for place, agent in enumerate(found.agents)
        },
        random=Picks(table.solved.mean(axis=1), table.dollars.mean(axis=1), free).figures(value),
        oracle=picks(table, known.argmax(axis=1), free).figures(value),
        allocation={
            agent: float((chosen == place).mean()) for place, agent in enumerate(found.agents)
        },
        solved_gain=_interval(fitted.solved - best.solved, seed),
        utility_gain=(
            None
            if np.isnan(difference := fitted.utility(value) - best.utility(value)).any()
            else _interval(difference, seed)
        ),
    )


def picks(table: Table, chosen: Index, auction: Array) -> Picks:
    """What the chosen agents came to; `auction` is what choosing cost, shape (T,)."""
    tasks = np.arange(len(chosen))
    return Picks(table.solved[tasks, chosen].astype(float), table.dollars[tasks, chosen], auction)


def _best_single(table: Table, value: float) -> int:
    """The agent with the most utility; the most solved where dollars are unknown."""
    gain = (table.solved - table.dollars / value).mean(axis=0)
    gain = table.solved.mean(axis=0) if np.isnan(gain).any() else gain
    return int(gain.argmax())


def _interval(difference: Array, seed: int) -> Interval:
    """The mean and its 95 % percentile bootstrap interval, tasks drawn with replacement."""
    drawn = bootstrap(
        (difference,),
        np.mean,
        n_resamples=DRAWS,
        batch=500,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(mean=float(difference.mean()), low=float(drawn.low), high=float(drawn.high))


def _known(values: Array) -> float | None:
    return None if np.isnan(values).any() else float(values.mean())
