"""Two runs of the same tasks side by side: what the second one changed, policy by policy."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sale.bench.report.folder import RunFolder
from sale.bench.report.words import task_name
from sale.bench.samples import Sample
from sale.bench.statistics import Comparison, compare
from sale.errors import InputError

Name = tuple[str, str]
"""(suite, task)."""


@dataclass(frozen=True, slots=True)
class Side:
    """A policy in one of two runs, on the tasks that both have."""

    solved: float | None
    """Share of the tasks whose outcome is known."""
    usd: float | None
    """Dollars a task; None as soon as those of one are unknown."""


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """One policy in both runs."""

    policy: str
    before: Side
    after: Side
    difference: Comparison
    """The second run less the first."""
    gained: tuple[str, ...]
    """Tasks that most samples of the second run solved, and not of the first."""
    lost: tuple[str, ...]
    """The other way round."""


@dataclass(frozen=True, slots=True)
class RunsCompared:
    """Two runs, on what they have in common."""

    names: tuple[str, str]
    tasks: int
    """That both have; only these are compared."""
    only: tuple[int, int]
    """Tasks that one of them has alone."""
    policies: tuple[PolicyChange, ...]
    alone: tuple[tuple[str, ...], tuple[str, ...]]
    """Policies that one of them has alone."""
    prices: tuple[str, ...]
    """Agents whose prices differ, so that dollars do for no other reason."""


def compare_runs(
    first: RunFolder,
    second: RunFolder,
    *,
    policies: Sequence[str] | None = None,
    seed: int = 0,
    draws: int = 10_000,
) -> RunsCompared:
    """Compare each policy of the second run with the same one of the first, on common tasks.

    `policies` are those wanted; None: all. Raises `InputError` where they have no task or no
    policy in common, or not the wanted ones.
    """
    tasks = [{(one.suite, one.task) for one in run.samples} for run in (first, second)]
    common = tasks[0] & tasks[1]
    sides = [_by_policy(run.samples, common) for run in (first, second)]
    shared = [policy for policy in sides[0] if policy in sides[1]]
    names = _names(first, second)
    if not common or not shared:
        what = "task" if not common else "policy"
        raise InputError(
            f"runs {str(first.path)!r} and {str(second.path)!r} have no {what} in common; "
            f"compare two runs of the same suites and policies"
        )
    if missing := [policy for policy in policies or () if policy not in shared]:
        raise InputError(
            f"policy {missing[0]!r} is not in both runs; choose from {', '.join(shared)}"
        )
    return RunsCompared(
        names=names,
        tasks=len(common),
        only=(len(tasks[0] - common), len(tasks[1] - common)),
        policies=tuple(
            _change(policy, sides[0][policy], sides[1][policy], names, seed=seed, draws=draws)
            for policy in policies or shared
        ),
        alone=(
            tuple(policy for policy in sides[0] if policy not in sides[1]),
            tuple(policy for policy in sides[1] if policy not in sides[0]),
        ),
        prices=tuple(
            agent
            for agent, price in first.roster.items()
            if agent in second.roster and second.roster[agent] != price
        ),
    )


def _names(first: RunFolder, second: RunFolder) -> tuple[str, str]:
    """The runs as they are called: by folder, or by path where the folders are called alike."""
    names = (first.path.resolve().name, second.path.resolve().name)
    return names if names[0] != names[1] else (str(first.path), str(second.path))


def _by_policy(samples: Sequence[Sample], common: set[Name]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for one in samples:
        held = found.setdefault(one.policy, [])
        if (one.suite, one.task) in common:
            held.append(one)
    return {policy: held for policy, held in found.items() if held}


def _change(
    policy: str,
    before: Sequence[Sample],
    after: Sequence[Sample],
    names: tuple[str, str],
    *,
    seed: int,
    draws: int,
) -> PolicyChange:
    old, new = _solved(before), _solved(after)
    both = sorted(old.keys() & new.keys(), key=_natural)
    gained = [task_name(*task) for task in both if old[task] <= 0.5 < new[task]]
    lost = [task_name(*task) for task in both if old[task] > 0.5 >= new[task]]
    shown = (f"{policy} in {names[1]}", f"{policy} in {names[0]}")
    return PolicyChange(
        policy=policy,
        before=_side(before, old),
        after=_side(after, new),
        difference=compare(after, before, names=shown, seed=seed, draws=draws),
        gained=tuple(gained),
        lost=tuple(lost),
    )


def _solved(samples: Sequence[Sample]) -> dict[Name, float]:
    """Task -> share of its samples that are right, of those that are known."""
    known: dict[Name, list[bool]] = defaultdict(list)
    for one in samples:
        if one.solved is not None:
            known[one.suite, one.task].append(one.solved)
    return {task: sum(held) / len(held) for task, held in known.items()}


def _side(samples: Sequence[Sample], solved: Mapping[Name, float]) -> Side:
    dollars: dict[Name, list[float | None]] = defaultdict(list)
    for one in samples:
        dollars[one.suite, one.task].append(one.usd)
    means = [_mean(held) for held in dollars.values()]
    return Side(solved=_mean(list(solved.values())), usd=_mean(means))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def _natural(task: Name) -> list[tuple[int, str]]:
    """Task 9 comes before task 10."""
    parts = re.split(r"(\d{1,18})", "\0".join(task))
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
