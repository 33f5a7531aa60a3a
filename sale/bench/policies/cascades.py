"""Cascades by verification: from cheap to dear until an answer passes the task's own checks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from sale.bench.policies.protocol import Need
from sale.bench.policies.views import NOBODY, Allocation, Desk, Training, Unseen
from sale.types import Verdict


@dataclass(frozen=True, slots=True)
class VerifyCascade:
    """Stops at the first answer that passes the visible checks, else keeps the dearest agent's.

    An answer that nothing can be checked of stops it, too: going on would only pay for more that
    nobody can tell apart. `accepts` without `Verdict.NONE` makes it go on.
    """

    accepts: frozenset[Verdict] = frozenset({Verdict.PASSED, Verdict.NONE})
    name: str = "verify-cascade"
    needs: frozenset[Need] = frozenset({Need.VERDICTS})

    def fit(self, training: Training, *, rng: Generator) -> VerifyCascade:  # noqa: ARG002
        """There is nothing to learn."""
        return self

    def allocate(self, tasks: Unseen, desk: Desk, *, rng: Generator) -> Allocation:  # noqa: ARG002
        """Have the agents work in the order of their prices."""
        kept = np.full(len(tasks.tasks), NOBODY, dtype=np.intp)
        open_ = np.ones(len(kept), dtype=np.bool_)
        for agent in tasks.order:
            at = np.flatnonzero(open_ & tasks.ran[:, agent])
            work = desk.hire(at, np.full(len(at), agent))
            kept[at] = agent
            open_[at] = [verdict not in self.accepts for verdict in work.verified]
        return Allocation.certain(kept)
