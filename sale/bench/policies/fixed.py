"""Policies that learn nothing: one agent for all, chance, and hindsight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from sale.bench.executions import Array, Executions
from sale.bench.policies.choosing import best
from sale.bench.policies.protocol import Need
from sale.bench.policies.views import NOBODY, Allocation, Desk, Training, Unseen, by_price, ran
from sale.bench.samples import Sample
from sale.errors import InputError


@dataclass(frozen=True, slots=True)
class Single:
    """Always the same agent; a task on which it was never run is left out."""

    agent: str
    needs: frozenset[Need] = frozenset()

    @property
    def name(self) -> str:
        """Under which its samples are kept."""
        return f"single:{self.agent}"

    def fit(self, training: Training, *, rng: Generator) -> Single:  # noqa: ARG002 - the Protocol's
        """There is nothing to learn."""
        return self

    def allocate(self, tasks: Unseen, desk: Desk, *, rng: Generator) -> Allocation:  # noqa: ARG002
        """Choose the agent wherever it was run."""
        if self.agent not in tasks.agents:
            known = ", ".join(tasks.agents)
            raise InputError(f"single: there is no agent {self.agent!r}; choose from {known}")
        place = tasks.agents.index(self.agent)
        return Allocation.certain(np.where(tasks.ran[:, place], place, NOBODY))


@dataclass(frozen=True, slots=True)
class Mixture:
    """An agent by chance, each with its quota: another policy's quotas without its insight."""

    quotas: Mapping[str, float] | None = None
    """Agent -> share of the tasks; None: the same for all."""
    name: str = "mixture"
    needs: frozenset[Need] = frozenset()

    def fit(self, training: Training, *, rng: Generator) -> Mixture:  # noqa: ARG002
        """There is nothing to learn."""
        return self

    def allocate(self, tasks: Unseen, desk: Desk, *, rng: Generator) -> Allocation:  # noqa: ARG002
        """Draw an agent for each task, of those that were run there."""
        shares = np.where(tasks.ran, self._shares(tasks.agents), 0.0)
        total = shares.sum(axis=1)
        chances = np.divide(shares, total[:, None], out=shares, where=total[:, None] > 0)
        drawn = rng.random(len(total))[:, None] < chances.cumsum(axis=1)
        # Rounding can leave the last sum a hair below 1, so the last agent with a chance closes it.
        last = chances.shape[1] - 1 - (chances[:, ::-1] > 0).argmax(axis=1)
        chosen = np.where(drawn.any(axis=1), drawn.argmax(axis=1), last)
        kept = np.where(total > 0, chosen, NOBODY)
        picked = chances[np.arange(len(kept)), chosen]
        return Allocation(kept, np.where(total > 0, picked, 1.0))

    def _shares(self, agents: Sequence[str]) -> Array:
        if self.quotas is None:
            return np.ones(len(agents))
        shares = np.array([self.quotas.get(agent, 0.0) for agent in agents])
        if not (np.isfinite(shares).all() and (shares >= 0).all() and shares.sum() > 0):
            raise InputError(
                f"{self.name}: quotas are shares of 0 or more, and one at least is of an agent "
                f"of the table; agents: {', '.join(agents)}"
            )
        return shares


@dataclass(frozen=True, slots=True)
class Random(Mixture):
    """Each agent with the same chance."""

    name: str = "random"


def quotas_of(samples: Sequence[Sample]) -> dict[str, float]:
    """The share of the samples that each agent's answer is kept in."""
    kept = [sample.agent for sample in samples if sample.agent is not None]
    return {agent: kept.count(agent) / len(kept) for agent in dict.fromkeys(kept)}


@dataclass(frozen=True, slots=True)
class Oracle:
    """The cheapest agent that was right, after the fact; where none was, the cheapest."""

    name: str = "oracle"

    def look_back(self, table: Executions) -> Allocation:
        """Choose by what the work came to; unknown dollars count as the dearest."""
        worked = ran(table)
        right = worked & (table.solved == 1.0)
        able = np.where(right.any(axis=1)[:, None], right, worked)
        dearest = np.finfo(float).max
        costs = np.where(np.isnan(table.dollars), dearest, table.dollars)
        return Allocation.certain(best(-costs, by_price(table.prices), able))
