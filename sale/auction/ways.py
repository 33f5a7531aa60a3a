"""Ways to go about a task: who works, and whose plan is in sight meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.intp]

NOBODY = -1
STRANGER = -2
"""Who had a plan and is in the roster no more."""


@dataclass(frozen=True, slots=True)
class Ways:
    """w ways to go about a task; agents are places in the roster."""

    workers: tuple[int, ...]
    planners: tuple[int, ...]
    """Whose plan each worker is shown, NOBODY's where none is."""

    @staticmethod
    def plain(agents: int) -> Ways:
        """Every agent by itself, without a plan in sight."""
        return Ways(tuple(range(agents)), (NOBODY,) * agents)

    @staticmethod
    def planned(agents: Sequence[int], planners: Iterable[int]) -> Ways:
        """Every one of some agents with the plan of every one of others, or its own."""
        pairs = [(worker, planner) for planner in planners for worker in agents]
        return Ways(tuple(one for one, _ in pairs), tuple(one for _, one in pairs))

    def __len__(self) -> int:
        return len(self.workers)

    def __add__(self, other: Ways) -> Ways:
        return Ways(self.workers + other.workers, self.planners + other.planners)

    def only(self, places: Iterable[int]) -> Ways:
        """Those at some places."""
        chosen = tuple(places)
        return Ways(
            tuple(self.workers[one] for one in chosen), tuple(self.planners[one] for one in chosen)
        )

    def with_own(self, has_plan: Sequence[bool]) -> Ways:
        """The same where everybody that has a plan sees it."""
        pairs = zip(self.workers, self.planners, strict=True)
        return Ways(
            self.workers,
            tuple(worker if has_plan[worker] else planner for worker, planner in pairs),
        )

    @property
    def who(self) -> Codes:
        """Shape (w,): the workers."""
        return np.array(self.workers, dtype=np.intp)

    @property
    def shown(self) -> Codes:
        """Shape (w,): the planners."""
        return np.array(self.planners, dtype=np.intp)
