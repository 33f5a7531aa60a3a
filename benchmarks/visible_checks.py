"""What the visible checks of coding tasks are worth.

    python benchmarks/visible_checks.py SUITE... [--run RUN]

Of each suite: how many tasks in one reply show something that can be checked, and how many of
their reference answers fail what was found, by name. With a run folder of `sale bench`: the same
checks on the answers of its agents, beside the grades by the hidden tests.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sale.agents.coding import sandbox
from sale.agents.coding.checks import find, run, verdict
from sale.bench.trials import first_tries
from sale.tasks.suites import load
from sale.types import Kind, Verdict

SHOWN = 20
BOX = sandbox.choose("auto")


def judged(text: str, answer: str) -> tuple[Verdict, str]:
    """What the checks of a task's text say of an answer, and the name of the first that failed."""
    found = find(text)
    results = run(answer, found, sandbox=BOX)
    failed = [f"{one.name}: {one.detail}" for one in results if not one.passed]
    return verdict(found, results), " ".join((failed or [""])[0].split())[:150]


def told(suite: str, texts: Mapping[str, str], references: Mapping[str, str | None]) -> None:
    """One line on a suite, and one for each reference answer that fails."""
    shown = [name for name, text in texts.items() if any(c.behaviour for c in find(text)[1:])]
    known = {name: answer for name, answer in references.items() if answer is not None}
    with ThreadPoolExecutor(2) as pool:
        verdicts = dict(
            zip(known, pool.map(lambda name: judged(texts[name], known[name]), known), strict=True)
        )
    failed = {name: why for name, (said, why) in verdicts.items() if said is Verdict.FAILED}
    print(
        f"{suite}: {len(texts)} tasks in one reply, {len(shown)} show something to check; "
        f"{len(failed)} of {len(known)} references fail"
    )
    for name, why in failed.items():
        print(f"  {name}: {why}")
    bare = [name for name in texts if name not in shown]
    print("  nothing to check:", ", ".join(bare[:SHOWN]) or "-", "..." * (len(bare) > SHOWN))


def graded(run_folder: Path, texts: Mapping[str, str]) -> None:
    """How answers that were graded fare by their visible checks."""
    tries = [one for one in first_tries(run_folder) if one.task in texts and one.grade is not None]
    with ThreadPoolExecutor(2) as pool:
        said = pool.map(
            lambda one: (
                judged(texts[one.task], one.played.answer or "")[0]
                if one.played.answer is not None
                else None
            ),
            tries,
        )
        counted = Counter(
            (verdict, one.grade == 1.0) for one, verdict in zip(tries, said, strict=True) if verdict
        )
    for each in Verdict:
        right, wrong = counted[each, True], counted[each, False]
        print(f"  {each}: {right} right answers, {wrong} wrong ones")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("suite", nargs="+")
    parser.add_argument("--run", type=Path, help="a run folder with graded answers")
    asked = parser.parse_args()
    texts: dict[str, str] = {}
    for suite in asked.suite:
        tasks = {
            one.id: one
            for one in load(suite).tasks
            if one.task.kind is Kind.CODING and one.task.workspace is None
        }
        of_suite = {name: one.task.text for name, one in tasks.items()}
        answers = {name: (one.solution or {}).get(one.answer_file) for name, one in tasks.items()}
        told(suite, of_suite, answers)
        texts |= of_suite
    if asked.run is not None:
        graded(asked.run, texts)


if __name__ == "__main__":
    main()
