"""Samples for the tests of the statistics: a run in a few words."""

from collections.abc import Mapping, Sequence
from typing import Any

from sale.bench.samples import Sample

ROSTER = {"small": 0.1, "medium": 0.3, "large": 1.0}


def sample(
    policy: str, task: int | str, solved: bool | None, usd: float | None, **more: Any
) -> Sample:
    """One sample; a single agent keeps its own answer, any other policy that of `agent`."""
    alone = policy.removeprefix("single:") if policy.startswith("single:") else None
    agent = more.pop("agent", alone)
    more.setdefault("awards", () if agent is None else (agent,))
    return Sample(
        policy=policy,
        task=f"t{task}",
        solved=solved,
        usd=usd,
        agent=agent,
        **{"suite": "s", **more},
    )


def run(
    outcomes: Mapping[str, Sequence[Any]], usd: Mapping[str, float], **more: Any
) -> list[Sample]:
    """Policies by name, 1 for a task that was solved, 0 or None; each pays the same for a task."""
    return [
        sample(policy, task, None if solved is None else bool(solved), usd[policy], **more)
        for policy, row in outcomes.items()
        for task, solved in enumerate(row)
    ]
