"""How often does a wrong answer pass its visible checks, and a right one fail them?

    python benchmarks/false_passes.py results/humaneval-82 results/coding

RUN is a run folder of `sale bench` whose tasks have hidden tests or a key. Works on tasks that
show something to check, agent by agent: of those that were wrong (no answer included) how many
passed, and of the right ones how many failed.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from pathlib import Path

from sale.bench.trials import Trial, first_tries
from sale.types import Kind, Verdict


def shows_checks(trials: list[Trial]) -> bool:
    """Whether any work on a task was checked."""
    return any(one.verified is not Verdict.NONE for one in trials)


def counted(run: Path) -> dict[tuple[Kind, str], Counter[tuple[bool, bool]]]:
    """Works of each kind and agent, by whether they were right and whether they passed."""
    by_task: dict[str, list[Trial]] = defaultdict(list)
    for trial in first_tries(run):
        by_task[trial.task].append(trial)
    found: dict[tuple[Kind, str], Counter[tuple[bool, bool]]] = defaultdict(Counter)
    for trials in by_task.values():
        for one in trials if shows_checks(trials) else []:
            if one.grade is not None:
                passed = one.verified is Verdict.PASSED
                found[one.kind, one.agent][one.grade >= 1.0, passed] += 1
    return found


def row(name: str, agent: str, works: Counter[tuple[bool, bool]]) -> str:
    """One line of the table."""
    wrong, right = (works[is_right, True] + works[is_right, False] for is_right in (False, True))
    share = f" ({works[False, True] / wrong:.0%})" if wrong else ""
    return (
        f"| {name} | {agent} | {works[False, True]} of {wrong}{share} "
        f"| {works[True, False]} of {right} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", nargs="+", type=Path)
    options = parser.parse_args()
    totals: dict[Kind, Counter[tuple[bool, bool]]] = defaultdict(Counter)
    print("| run | agent | wrong ones that passed | right ones that failed |\n|---|---|---|---|")
    for run in options.run:
        for (kind, agent), works in sorted(counted(run).items()):
            print(row(run.name, agent, works))
            totals[kind] += works
    for kind, works in totals.items():
        print(row(f"all {kind}", "all", works))


if __name__ == "__main__":
    main()
