"""From the trials of a run to the table that weights are fitted on, and what can't be fitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sale.auction.appraisal import plan_cost
from sale.auction.fitting import Table, as_heard, learnable
from sale.auction.objectives import Array, Objective, mixed
from sale.bench.trials import Trial
from sale.errors import InputError

LARGEST = 1e9
"""Numbers beyond it are no measurements; floats would lose themselves in them."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """A run as far as weights can be learnt from it."""

    agents: tuple[str, ...]
    """Cheapest first, then in the run's order: as ties are decided."""
    jurors: tuple[str, ...]
    table: Table
    notices: tuple[str, ...]
    """What was left out, and why."""


def outcomes(trials: Sequence[Trial]) -> Outcomes:
    """Arrange the tasks on which every agent was tried with a known outcome.

    Raises `InputError` where there is no such task, and for fewer than two agents.
    """
    for trial in trials:
        _check(trial)
    agents = _agents(trials)
    if len(agents) < 2:
        raise InputError(
            f"the run holds {len(agents)} agent{'s' * (not agents)}, and there is nothing to "
            "choose; run `sale bench` with a market of two agents or more"
        )
    jurors = tuple(dict.fromkeys(juror for trial in trials for juror in trial.ratings))
    known = [trial for trial in trials if trial.solved is not None]
    by_task: dict[str, dict[str, Trial]] = {trial.task: {} for trial in trials}
    for trial in known:
        by_task[trial.task][trial.agent] = trial
    whole = {task: row for task, row in by_task.items() if len(row) == len(agents)}
    some_bid = [row for row in whole.values() if any(t.bid_error is None for t in row.values())]
    if not some_bid:
        raise InputError(
            f"not one of {len(by_task)} tasks has a bid, and a known outcome of all "
            f"{len(agents)} agents; finish the run with `sale bench --policy sale --resume`"
        )
    left_out = {
        "trials whose outcome is unknown": len(trials) - len(known),
        "tasks without a known outcome of every agent": len(by_task) - len(whole),
        "tasks on which nobody bid": len(whole) - len(some_bid),
    }
    notices = tuple(f"left out {count} {what}" for what, count in left_out.items() if count)
    return Outcomes(agents, jurors, _table(some_bid, agents, jurors), notices)


def check_learnable(found: Outcomes, objective: Objective, *, folds: int) -> None:
    """Raise `InputError` where the outcomes teach nothing, or too few tasks teach it."""
    table = found.table
    if len(table.solved) < 2 * folds:
        raise InputError(
            f"{len(table.solved)} tasks are too few for {folds} folds; it takes at least "
            f"{2 * folds} on which every agent's outcome is known (or fewer --folds)"
        )
    if reason := _nothing_to_learn(table):
        raise InputError(f"there is nothing to learn from this run: {reason}")
    if objective is Objective.UTILITY:
        unknown = [bool(np.isnan(usd).any()) for usd in table.dollars.T]
        for agent in (name for name, lacks in zip(found.agents, unknown, strict=True) if lacks):
            raise InputError(
                f"the dollars of agent {agent!r} are unknown, and `utility` needs them; give it "
                "a price in the market file, or choose --objective minmax or margin"
            )


def _nothing_to_learn(table: Table) -> str | None:
    if table.solved.all():
        return "every agent solved every task; award to the cheapest, or try harder tasks"
    if not table.solved.any():
        return "no agent solved any task; try easier tasks or abler agents"
    if not mixed(table.bid, table.solved).any():
        return "each task was solved by all its bidders or by none; award to the cheapest"
    if not learnable(table).any():
        return "cost, entropy and ratings of the bids are the same on every task"
    return None


def _check(trial: Trial) -> None:
    sizes = (trial.tokens, trial.price, trial.entropy, trial.usd, trial.auction_usd)
    for size in sizes:
        if size is not None and size > LARGEST:
            raise InputError(
                f"task {trial.task[:60]!r}, agent {trial.agent[:60]!r}: a number beyond "
                f"{LARGEST:,.0f} is no measurement; mend or remove the line"
            )


def _agents(trials: Sequence[Trial]) -> tuple[str, ...]:
    prices = {t.agent: float("inf") if t.price is None else t.price for t in trials}
    return tuple(sorted(prices, key=prices.__getitem__))


def _table(
    rows: Sequence[Mapping[str, Trial]], agents: Sequence[str], jurors: Sequence[str]
) -> Table:
    ordered = [[row[agent] for agent in agents] for row in rows]
    bid = np.array([[trial.bid_error is None for trial in row] for row in ordered])
    features = np.array([list(_features(row, jurors)) for row in ordered])
    return Table(
        features=as_heard(features, bid),
        bid=bid,
        solved=np.array([[bool(trial.solved) for trial in row] for row in ordered]),
        dollars=_numbers([[trial.usd for trial in row] for row in ordered]),
        auction=_numbers([[trial.auction_usd for trial in row] for row in ordered]).sum(axis=1),
    )


def _features(row: Sequence[Trial], jurors: Sequence[str]) -> Iterator[Array]:
    """The features of one task's bids, an agent at a time; each of shape (2 + jurors,)."""
    prices = _numbers([trial.price for trial in row])
    costs = plan_cost(prices, np.array([trial.tokens for trial in row], dtype=float))
    for trial, cost in zip(row, costs, strict=True):
        ratings = [trial.ratings.get(juror) for juror in jurors]
        yield np.concatenate([[cost], _numbers([trial.entropy, *ratings])])


def _numbers(values: object) -> Array:
    """An array of floats with nan for None."""
    return np.array(values, dtype=float)
