"""What a policy is: it learns from a training split, and then says who works on which task."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, runtime_checkable

from numpy.random import Generator

from sale.bench.executions import Executions
from sale.bench.policies.views import Allocation, Desk, Training, Unseen


class Need(StrEnum):
    """What a policy can't do without."""

    TRAINING = "a training split"
    FEATURES = "task texts with an embedding model, or several suites"
    ANSWERS = "the agents' answers, the task texts and an embedding model"
    VERDICTS = "what visible checks said of the answers"


class Allocator(Protocol):
    """A policy that is done with learning."""

    def allocate(self, tasks: Unseen, desk: Desk, *, rng: Generator) -> Allocation:
        """Say whose answer is kept on each task.

        A router returns its choice and leaves the desk alone; a cascade has agents work at the
        desk until it is content.
        """
        ...


@runtime_checkable
class Policy(Protocol):
    """A way to choose; what can be set is part of it."""

    @property
    def name(self) -> str:
        """Under which its samples are kept."""
        ...

    @property
    def needs(self) -> frozenset[Need]:
        """What it can't do without."""
        ...

    def fit(self, training: Training, *, rng: Generator) -> Allocator:
        """Learn from the training split, which is empty for a policy that needs none.

        Raises `InputError` where there is too little to learn from.
        """
        ...


@runtime_checkable
class Hindsight(Protocol):
    """What is no policy, as it looks at the truth: the bounds that policies are held against."""

    @property
    def name(self) -> str:
        """Under which its samples are kept."""
        ...

    def look_back(self, table: Executions) -> Allocation:
        """Choose after the fact."""
        ...
