"""Awards from memory alone: nobody is asked for a plan where earlier work tells enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sale.auction.foresight import Foreseen, Foresight
from sale.draft import Draft
from sale.errors import StoreError, WorthlessError
from sale.seams import Memory
from sale.types import Award, Precedent, Task
from sale.working import Done, Following

Checkable = Callable[[Task], bool]
"""Whether a wrong answer to a task can be seen to be wrong; told before anybody works."""


@dataclass(frozen=True, slots=True)
class Foreseeing:
    """Decides who works, and who takes over, by what came of earlier work."""

    memory: Memory
    foresight: Foresight
    checkable: Checkable

    def award(self, draft: Draft) -> tuple[Award, Following] | None:
        """Award from memory; None where it has nothing to go by, and bids are to be asked for.

        Raises `WorthlessError` where nobody is worth its price.
        """
        task = draft.auction.task
        try:
            precedents = self.memory.precedents(task)
        except StoreError as error:
            draft.update(f"no precedents: {error}")
            return None
        if not self.foresight.can_tell(task.kind, precedents):
            return None
        checkable = self.checkable(task)
        found = self.foresight.look(task.kind, precedents, checkable=checkable)
        draft.update("appraised from memory", appraisals=found.appraisals)
        if found.award is None:
            raise WorthlessError(_worthless(found))
        return found.award, partial(self._following, task, precedents, checkable)

    def _following(
        self, task: Task, precedents: Sequence[Precedent], checkable: bool, done: Done
    ) -> Award | None:
        """Who takes over after some failures, which are evidence, too."""
        failed = [award.agent for award, _ in done]
        return self.foresight.look(task.kind, precedents, checkable=checkable, failed=failed).award


def _worthless(found: Foreseen) -> str:
    best = min(found.appraisals, key=lambda one: one.score)
    return (
        f"no agent is worth its price: {best.agent} comes nearest, at ${best.cost:.3g} for an "
        f"answer that is worth ${best.value:.3g}, as it may be wrong; nothing was spent: raise "
        '`value` under [auction], or set `prefer` there to "quality"'
    )
