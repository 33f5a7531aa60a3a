"""The tasks of a run, kept with it, so that its figures can be made again without its suites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, NonNegativeFloat

from sale.bench.executions import Array, Executions
from sale.bench.trials import Trial
from sale.types import AgentSpec, Kind, Verdict


class Listed(BaseModel):
    """A line of `tasks.jsonl`."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, allow_inf_nan=False)

    name: str
    """In the run."""
    id: str
    """As `Task.id`."""
    suite: str
    kind: Kind
    minutes: NonNegativeFloat | None = None
    """What it takes a human."""
    text: str | None = None
    """None where its authors ask that it is nowhere kept in clear."""
    in_one_reply: bool = False
    """Whether each call of the work was a sample of its own; unknown in runs of older versions."""


def executions_of(
    trials: Sequence[Trial], tasks: Sequence[Listed], roster: Sequence[AgentSpec]
) -> Executions:
    """The table that policies choose from: tasks that somebody was tried on, by agents."""
    found = {(trial.task, trial.agent): trial for trial in trials}
    agents = tuple(spec.name for spec in roster)
    there = [task for task in tasks if any((task.name, agent) in found for agent in agents)]
    cells = [[found.get((task.name, agent)) for agent in agents] for task in there]

    def array(values: list[list[float | None]]) -> Array:
        return np.array(values, dtype=np.float64).reshape(len(there), len(agents))

    return Executions(
        tasks=tuple(task.name for task in there),
        agents=agents,
        solved=array([[None if one is None else one.solved for one in row] for row in cells]),
        dollars=array([[None if one is None else one.usd for one in row] for row in cells]),
        prices=np.array([spec.price and spec.price.output for spec in roster], dtype=np.float64),
        seconds=array([[None if one is None else one.wall_s for one in row] for row in cells]),
        suites=tuple(task.suite for task in there),
        texts=tuple(task.text or "" for task in there),
        minutes=np.array([task.minutes for task in there], dtype=np.float64),
        verified=tuple(
            tuple(Verdict.NONE if one is None else one.verified for one in row) for row in cells
        ),
        answers=tuple(
            tuple(
                "" if one is None or one.played is None else one.played.answer or "" for one in row
            )
            for row in cells
        ),
    )


def by_task(trials: Sequence[Trial]) -> Mapping[str, list[Trial]]:
    """The trials of each task."""
    found: dict[str, list[Trial]] = {}
    for trial in trials:
        found.setdefault(trial.task, []).append(trial)
    return found
