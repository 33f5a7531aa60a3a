"""A market that was up and is gone, as a command that had joined it sees it."""

from collections.abc import Iterator
from typing import Any

from sale.errors import BackendError
from sale.pool import JoinedPool
from sale.types import Kind, Limits, Outcome, Step, StopReason, Task, Usage

TASK = Task(Kind.CODING, "Write add(a, b).")


class Gone(JoinedPool):
    """Joined to a market whose keeper was killed meanwhile."""

    def __init__(self) -> None:
        pass

    def _each(self, *_: Any, **__: Any) -> Iterator[Any]:
        raise BackendError("the market that was up can't be reached")


def test_work_that_is_lost_with_its_market_has_an_unknown_price_and_not_none() -> None:
    events = Gone().execute(TASK, "ada", None, limits=Limits(), seed=1)
    step, outcome = events
    assert isinstance(step, Step)
    assert Usage.of(step.calls).usd is None
    assert isinstance(outcome, Outcome)
    assert outcome.stop_reason is StopReason.CRASHED
    assert outcome.error == "the market that was up can't be reached"
