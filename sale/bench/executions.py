"""What every agent's work on every task came to: the table that policies choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sale.types import Verdict

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Executions:
    """Arrays of T tasks by A agents; NaN where something is unknown or was never run."""

    tasks: tuple[str, ...]
    agents: tuple[str, ...]
    solved: Array
    """Shape (T, A): 1, 0 or NaN."""
    dollars: Array
    """Shape (T, A): of the work alone."""
    prices: Array
    """Shape (A,): dollars per million output tokens, or any figure that orders agents by price."""
    seconds: Array | None = None
    """Shape (T, A): of the work alone."""
    suites: tuple[str, ...] = ()
    """Of each task; empty: all are of one suite without a name."""
    texts: tuple[str, ...] = ()
    """Of each task; empty where the table has none."""
    minutes: Array | None = None
    """Shape (T,): what the task takes a human."""
    verified: tuple[tuple[Verdict, ...], ...] = ()
    """What visible checks said of each answer; empty where nobody checked."""
    answers: tuple[tuple[str, ...], ...] = ()
    """What each agent answered, "" for nothing; empty where the table has none."""

    def part(self, tasks: Sequence[int] | Index) -> Executions:
        """The table of some of its tasks."""
        index = np.asarray(tasks, dtype=np.intp)

        def chosen(values: tuple) -> tuple:  # type: ignore[type-arg]
            return tuple(values[place] for place in index) if values else ()

        return replace(
            self,
            tasks=chosen(self.tasks),
            solved=self.solved[index],
            dollars=self.dollars[index],
            seconds=None if self.seconds is None else self.seconds[index],
            suites=chosen(self.suites),
            texts=chosen(self.texts),
            minutes=None if self.minutes is None else self.minutes[index],
            verified=chosen(self.verified),
            answers=chosen(self.answers),
        )
