"""The tests that a workspace brings along, run in the sandbox as its visible check."""

from __future__ import annotations

from pathlib import PurePosixPath

from sale.agents.coding.sandbox import Bounds, RunResult, Sandbox
from sale.agents.coding.working_copy import WorkingCopy
from sale.agents.coding.workspace import read_files
from sale.types import Check

SECONDS = 120.0
GIST_CHARACTERS = 600


def run_tests(workspace: WorkingCopy, sandbox: Sandbox) -> Check | None:
    """Run pytest, or unittest where pytest is missing; None when there are no tests.

    The exit code decides, so code that sets out to end the test run early can fool it.
    """
    if not any(_is_test(path) for path in workspace.texts()):
        return None
    result = _run(workspace, sandbox, ["-m", "pytest", "-q", "-p", "no:cacheprovider"])
    name = "pytest"
    if "No module named pytest" in result.stderr:
        result = _run(workspace, sandbox, ["-m", "unittest", "discover"])
        name = "unittest"
    output = (result.stdout + result.stderr).strip().splitlines()
    detail = "timed out" if result.timed_out else _gist(output)
    ran_none = any("Ran 0 tests" in line for line in output)
    return Check(f"the workspace's tests ({name})", result.exit_code == 0 and not ran_none, detail)


def changed_tests(workspace: WorkingCopy) -> list[str]:
    """The test files of the folder that are no longer as they were."""
    now = read_files(workspace.root)
    before = workspace.before
    return [path for path in before if _is_test(path) and now.get(path) != before[path]]


def _gist(output: list[str]) -> str:
    """What failed and how it ended, of the output of a test run."""
    telling = [
        line for line in output if line.startswith(("E  ", "FAIL", "ERROR", "AssertionError"))
    ]
    return " / ".join([*telling[:6], *output[-1:]])[:GIST_CHARACTERS]


def _is_test(path: str) -> bool:
    name = PurePosixPath(path).name
    return (name.startswith("test_") and name.endswith(".py")) or name.endswith("_test.py")


def _run(workspace: WorkingCopy, sandbox: Sandbox, arguments: list[str]) -> RunResult:
    return sandbox.run(
        ["python", *arguments],
        workspace=workspace.root,
        bounds=Bounds(wall_s=SECONDS, cpu_s=int(SECONDS)),
    )
