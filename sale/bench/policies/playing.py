"""A policy on a table: it learns from one split, allocates the other, and everything is paid."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
from threadpoolctl import threadpool_limits

from sale.bench.executions import Array, Executions
from sale.bench.policies.encoding import Encoder
from sale.bench.policies.protocol import Hindsight, Need, Policy
from sale.bench.policies.views import NOBODY, Allocation, Desk, Training, Unseen
from sale.bench.samples import Sample, Spending
from sale.errors import InputError
from sale.types import Stage, Verdict


def lacking(
    policy: Policy | Hindsight, table: Executions, encoder: Encoder, *, trained: bool
) -> str | None:
    """Why a policy can't run on a table, in a few words; None where it can."""
    for need in sorted(getattr(policy, "needs", ())):
        if not _met(need, table, encoder, trained=trained):
            return f"{policy.name} needs {need}"
    return None


def _met(need: Need, table: Executions, encoder: Encoder, *, trained: bool) -> bool:
    if need is Need.TRAINING:
        return trained
    if need is Need.FEATURES:
        return encoder.tasks(table.texts[:1], table.suites[:1]) is not None
    if need is Need.ANSWERS:
        return bool(table.answers and table.texts) and encoder.embedder is not None
    return any(one is not Verdict.NONE for row in table.verified for one in row)


def play(
    policy: Policy | Hindsight,
    table: Executions,
    train: Executions | None = None,
    *,
    seed: int = 0,
    encoder: Encoder | None = None,
) -> list[Sample]:
    """Fit a policy on `train` alone, have it allocate `table`, and pay whoever works.

    A task on which nobody that the policy wants was ever run has no sample. Raises `InputError`
    where the policy can't run.
    """
    if not table.tasks:
        return []
    encoder = encoder or Encoder(None, table.suites)
    rng = np.random.default_rng([seed, zlib.crc32(policy.name.encode())])
    if reason := lacking(policy, table, encoder, trained=train is not None):
        raise InputError(reason)
    desk = Desk(table)
    if isinstance(policy, Hindsight):
        allocation = policy.look_back(table)
    else:
        training = Training(table.part([]) if train is None else train, encoder)
        # Many small products: threads that wait for each other made them 20 times slower.
        with threadpool_limits(1):
            learner = policy.fit(training, rng=rng)
            allocation = learner.allocate(Unseen.of(table, encoder), desk, rng=rng)
    _send(allocation, desk)
    return _samples(policy.name, table, allocation, desk)


def _send(allocation: Allocation, desk: Desk) -> None:
    """Have everybody work whose answer is kept and who hasn't yet."""
    kept = allocation.kept.tolist()
    left = [t for t, agent in enumerate(kept) if agent != NOBODY and agent not in desk.awards[t]]
    tasks = np.array(left, dtype=np.intp)
    desk.hire(tasks, allocation.kept[tasks])


def _samples(name: str, table: Executions, allocation: Allocation, desk: Desk) -> list[Sample]:
    samples = []
    for task, agent in enumerate(allocation.kept.tolist()):
        if agent == NOBODY:
            continue
        awards = desk.awards[task]
        usd = _known(table.dollars[task, awards])
        samples.append(
            Sample(
                policy=name,
                suite=table.suites[task] if table.suites else "",
                task=table.tasks[task],
                minutes=_minutes(table, task),
                place=task,
                agent=table.agents[agent],
                awards=tuple(table.agents[one] for one in awards),
                solved=_truth(table.solved[task, agent]),
                verified=table.verified[task][agent] if table.verified else Verdict.NONE,
                usd=usd,
                stages=_stages(table, task, awards, usd),
                propensity=allocation.propensity[task],
            )
        )
    return samples


def _stages(
    table: Executions, task: int, awards: list[int], usd: float | None
) -> Mapping[Stage, Spending]:
    seconds = None if table.seconds is None else _known(table.seconds[task, awards])
    return {Stage.EXECUTE: Spending(wall_s=seconds or 0.0, usd=usd)}


def _minutes(table: Executions, task: int) -> float | None:
    return None if table.minutes is None else _known(table.minutes[[task]])


def _known(values: Array) -> float | None:
    return None if np.isnan(values).any() else float(values.sum())


def _truth(solved: float) -> bool | None:
    return None if np.isnan(solved) else bool(solved)
