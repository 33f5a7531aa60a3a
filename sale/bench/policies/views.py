"""What a policy may know: the training split whole, the tasks it allocates without their truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sale.bench.executions import Array, Executions, Index
from sale.bench.policies.encoding import Encoder
from sale.types import Verdict

Flags = NDArray[np.bool_]
NOBODY = -1


def ran(table: Executions) -> Flags:
    """Who worked on what, shape (T, A): of whose work anything at all is known."""
    known = ~np.isnan(table.solved) | ~np.isnan(table.dollars)
    if table.seconds is not None:
        known |= ~np.isnan(table.seconds)
    if table.answers:
        known |= np.array([[bool(answer) for answer in row] for row in table.answers])
    if table.verified:
        known |= np.array([[one is not Verdict.NONE for one in row] for row in table.verified])
    return known


def by_price(prices: Array) -> Index:
    """The agents cheapest first, those of unknown price last; ties in roster order."""
    return np.argsort(np.where(np.isnan(prices), np.inf, prices), kind="stable")


@dataclass(frozen=True, slots=True)
class Unseen:
    """Tasks as a policy meets them: nothing of what anybody's work on them comes to."""

    tasks: tuple[str, ...]
    agents: tuple[str, ...]
    prices: Array
    """Shape (A,): as in `Executions`."""
    suites: tuple[str, ...]
    texts: tuple[str, ...]
    vectors: Array | None
    """Shape (T, D): the texts' embeddings and the suites; None where there is nothing to tell."""
    ran: Flags
    """Shape (T, A): who can be chosen, as their work is on record."""

    @staticmethod
    def of(table: Executions, encoder: Encoder) -> Unseen:
        """Show a table without its truth."""
        vectors = encoder.tasks(table.texts, table.suites)
        return Unseen(
            table.tasks,
            table.agents,
            table.prices,
            table.suites,
            table.texts,
            vectors,
            ran(table),
        )

    @property
    def order(self) -> Index:
        """The agents cheapest first, in the roster's order where prices tie."""
        return by_price(self.prices)


@dataclass(frozen=True, slots=True)
class Training:
    """What a policy learns from: tasks with everything that is known of the work on them."""

    table: Executions
    encoder: Encoder
    """Turns tasks and answers into vectors, here and where the policy allocates."""

    @property
    def view(self) -> Unseen:
        """The same tasks as they were before anybody worked."""
        return Unseen.of(self.table, self.encoder)

    def part(self, tasks: Sequence[int] | Index) -> Training:
        """Some of the tasks."""
        return replace(self, table=self.table.part(tasks))


@dataclass(frozen=True, slots=True)
class Work:
    """What whoever paid for some work gets to see of it, a place for each task."""

    verified: tuple[Verdict, ...]
    answers: tuple[str, ...]
    dollars: Array


class Desk:
    """Where a cascade has agents work, and pays: it sees their work and never whether it is right.

    Everybody who was sent to work on a task is on the bill, in the order of the work.
    """

    def __init__(self, table: Executions) -> None:
        self._table = table
        self._ran = ran(table)
        self.awards: list[list[int]] = [[] for _ in table.tasks]
        """For each task the agents that have worked on it, first to last."""

    def hire(self, tasks: Index, agents: Index) -> Work:
        """Have an agent work on each of some tasks.

        Raises `ValueError` where it has worked on it before, or its work isn't on record.
        """
        table = self._table
        if not self._ran[tasks, agents].all():
            raise ValueError("an agent was sent to a task on which it was never run")
        for task, agent in zip(tasks.tolist(), agents.tolist(), strict=True):
            if agent in self.awards[task]:
                raise ValueError("an agent was sent to the same task twice")
            self.awards[task].append(agent)
        pairs = list(zip(tasks.tolist(), agents.tolist(), strict=True))
        return Work(
            tuple(table.verified[t][a] if table.verified else Verdict.NONE for t, a in pairs),
            tuple(table.answers[t][a] if table.answers else "" for t, a in pairs),
            table.dollars[tasks, agents],
        )


@dataclass(frozen=True, slots=True)
class Allocation:
    """Whose answer a policy keeps on each task."""

    kept: Index
    """Shape (T,): an agent, or NOBODY; who hasn't worked on the task yet is now sent to."""
    propensity: Array
    """Shape (T,): the probability with which the first agent of the task was chosen."""

    @staticmethod
    def certain(kept: Index) -> Allocation:
        """A choice that left nothing to chance."""
        return Allocation(kept, np.ones(len(kept)))
