"""What an agent sees of a shipped coding task: checks that no right answer fails."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sale.agents.coding.working_copy import WorkingCopy
from sale.agents.kinds import Workshop
from sale.cli.examiner import examine
from sale.tasks.exam import SuiteTask
from sale.tasks.suites import load
from sale.types import Outcome, StopReason, Verdict

pytestmark = pytest.mark.slow


def given(task: SuiteTask, files: Mapping[str, str]) -> str:
    """An answer as an agent gives it: a diff of a workspace, else a piece of Python."""
    if task.task.workspace is None:
        return files[task.answer_file]
    with WorkingCopy.of(Path(task.task.workspace)) as copy:
        for path, text in files.items():
            copy.write(path, text)
        return copy.diff()


def verified(task: SuiteTask, files: Mapping[str, str]) -> Verdict:
    outcome = Outcome("a", given(task, files), StopReason.ANSWERED)
    return Workshop(examiner=examine).verify(task.task, outcome)[0]


SHOWS_NOTHING = {
    *("closed-days", "dry-run-cleanup", "half-done-transfer", "month-end-drift"),
    *("night-shift-hours", "note-tags", "one-money-module", "readings-read-twice"),
    *("shared-recipe-steps", "stale-bundle-prices", "vat-by-country"),
}
"""Their workspaces' tests pass before anybody has worked, as tests of repositories often do."""


def test_every_reference_answer_passes_its_visible_checks_where_they_can_show_it() -> None:
    tasks = load("coding").tasks
    with ThreadPoolExecutor(os.cpu_count()) as side_by_side:
        found = list(side_by_side.map(lambda task: verified(task, task.solution or {}), tasks))
    verdicts = {task.id: verdict for task, verdict in zip(tasks, found, strict=True)}
    assert verdicts == {name: "none" if name in SHOWS_NOTHING else "passed" for name in verdicts}


def test_a_rename_is_checked_by_its_new_names_and_leaves_what_is_printed_to_hidden_tests() -> None:
    (task,) = (task for task in load("coding").tasks if task.id == "rename-customer")
    assert verified(task, {"club/letters.py": "import club.people\n"}) is Verdict.FAILED
    assert {flaw: verified(task, files) for flaw, files in task.wrong.items()} == dict.fromkeys(
        task.wrong, Verdict.PASSED
    )
