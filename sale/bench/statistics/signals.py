"""Which feature of a bid foretells that its agent solves the task, as AUC.

By agent: does a feature tell the tasks that one agent solves from those it doesn't? Within tasks:
where some agents solve a task and others don't, does it point at the right ones? An auction
needs the second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from statistics import fmean

import numpy as np
from pydantic import BaseModel, ConfigDict

from sale.auction.calibration import Estimate, auc
from sale.bench.executions import Array
from sale.bench.statistics.bootstrap import Question, answers, ratio
from sale.bench.trials import Trial

LENGTH = "task length"
TOKENS = "plan tokens"
ENTROPY = "entropy"
PRICE = "price"
JURY = "mean rating"


class Signal(BaseModel):
    """How often a feature is higher where the work was right; 0.5 is chance, a tie counts half."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, allow_inf_nan=False)

    feature: str
    """`task length`, `plan tokens`, `entropy`, `price`, `mean rating` or `rating by JUROR`."""
    agent: str | None
    """None: within tasks, over all agents."""
    tasks: int
    """Within tasks: those that one agent solved and another didn't."""
    solved: int
    """Trials with the feature that were right."""
    unsolved: int
    auc: Estimate | None
    """None where it can't be told: all right or all wrong, or the same for all agents of a task."""


def signals(
    trials: Sequence[Trial],
    *,
    lengths: Mapping[str, int] | None = None,
    seed: int = 0,
    draws: int = 10_000,
) -> list[Signal]:
    """The AUC of every feature, by agent and then within tasks, with 95 % intervals.

    Bids that failed and outcomes that are unknown are left out. `lengths`: task -> characters of
    its text, which trials don't hold. Tasks are the unit of every interval: DeLong's with
    clusters by agent, the bootstrap within tasks.
    """
    held = [one for one in trials if one.solved is not None and one.bid_error is None]
    if not held:
        return []
    agents = list(dict.fromkeys(one.agent for one in held))
    tasks = {task: place for place, task in enumerate(sorted({one.task for one in held}))}
    features = _features(held, lengths or {})
    found = [
        _by_agent(feature, agent, [(one, x) for one, x in zip(held, values, strict=True)])
        for feature, values in features.items()
        for agent in agents
    ]
    asked: dict[str, Question] = {}
    counts: dict[str, tuple[int, int, int]] = {}
    for feature, values in features.items():
        asked[feature], counts[feature] = _within(held, values, tasks)
    told = answers(asked, draws=draws, seed=seed) | {LENGTH: None}
    return found + [
        Signal(
            feature=feature,
            agent=None,
            tasks=counts[feature][0],
            solved=counts[feature][1],
            unsolved=counts[feature][2],
            auc=told[feature],
        )
        for feature in features
    ]


def _features(trials: Sequence[Trial], lengths: Mapping[str, int]) -> dict[str, Array]:
    """Name -> a value for every trial; NaN where it is unknown."""
    jurors = sorted({juror for one in trials for juror in one.ratings})
    means = [fmean(one.ratings.values()) if one.ratings else None for one in trials]
    return {
        **({LENGTH: _numbers([lengths.get(one.task) for one in trials])} if lengths else {}),
        TOKENS: _numbers([one.tokens for one in trials]),
        ENTROPY: _numbers([one.entropy for one in trials]),
        **{
            f"rating by {juror}": _numbers([one.ratings.get(juror) for one in trials])
            for juror in jurors
        },
        JURY: _numbers(means),
        PRICE: _numbers([one.price for one in trials]),
    }


def _numbers(values: Sequence[float | None]) -> Array:
    return np.array(values, dtype=np.float64)


def _by_agent(feature: str, agent: str, rows: Sequence[tuple[Trial, float]]) -> Signal:
    own = [(one, x) for one, x in rows if one.agent == agent and not np.isnan(x)]
    y = np.array([bool(one.solved) for one, _ in own], dtype=np.bool_)
    x = np.array([value for _, value in own], dtype=np.float64)
    names, codes = np.unique([one.task for one, _ in own], return_inverse=True)
    constant = len(x) == 0 or bool((x == x[0]).all())
    return Signal(
        feature=feature,
        agent=agent,
        tasks=len(names),
        solved=int(y.sum()),
        unsolved=int((~y).sum()),
        auc=None if constant else auc(x, y, codes),
    )


def _within(
    trials: Sequence[Trial], values: Array, tasks: Mapping[str, int]
) -> tuple[Question, tuple[int, int, int]]:
    """Pairs of a right and a wrong trial of one task, and those that a feature orders rightly."""
    right: dict[str, list[float]] = {task: [] for task in tasks}
    wrong: dict[str, list[float]] = {task: [] for task in tasks}
    for one, x in zip(trials, values.tolist(), strict=True):
        if not np.isnan(x):
            (right if one.solved else wrong)[one.task].append(x)
    pairs, ordered = np.zeros(len(tasks)), np.zeros(len(tasks))
    for task, place in tasks.items():
        pairs[place] = len(right[task]) * len(wrong[task])
        ordered[place] = sum((a > b) + (a == b) / 2 for a, b in product(right[task], wrong[task]))
    many = int((pairs > 0).sum())
    counts = (many, sum(map(len, right.values())), sum(map(len, wrong.values())))
    return ratio(ordered, pairs, (pairs > 0).astype(np.float64)), counts
