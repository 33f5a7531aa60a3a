"""The tests that a workspace brings along, run in the sandbox as its visible check."""

from __future__ import annotations

from pathlib import PurePosixPath

from sale.agents.coding.sandbox import Bounds, RunResult, Sandbox
from sale.agents.coding.working_copy import WorkingCopy
from sale.types import Check

SECONDS = 120.0


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
    detail = "timed out" if result.timed_out else " / ".join(output[-3:])[:400]
    ran_none = any("Ran 0 tests" in line for line in output)
    return Check(f"the workspace's tests ({name})", result.exit_code == 0 and not ran_none, detail)


def _is_test(path: str) -> bool:
    name = PurePosixPath(path).name
    return (name.startswith("test_") and name.endswith(".py")) or name.endswith("_test.py")


def _run(workspace: WorkingCopy, sandbox: Sandbox, arguments: list[str]) -> RunResult:
    return sandbox.run(
        ["python", *arguments],
        workspace=workspace.root,
        bounds=Bounds(wall_s=SECONDS, cpu_s=int(SECONDS)),
    )
