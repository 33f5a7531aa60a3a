"""A task in a folder of the user's: read, change, run, and hand in a diff.

Effort follows the task. A small folder is shown whole, with what its tests say, so that one
reply can solve it; after a change the tests run by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from itertools import takewhile

from sale.agents.coding.excerpts import cut, matching, numbered, span
from sale.agents.coding.sandbox import Bounds, RunResult, Sandbox
from sale.agents.coding.suite import run_as_they_were, run_tests, tampered
from sale.agents.coding.working_copy import WorkingCopy, snapshot
from sale.agents.coding.workspace import read_files
from sale.agents.coding.writing import PYTHON, carry_out, changes_of
from sale.agents.loop import Answer, Observation
from sale.agents.protocol import Action, Tool
from sale.errors import InputError
from sale.types import Check, StopReason

RUN_SECONDS = 60.0
CHANGING = frozenset({"write", "edit", *PYTHON})
"""The tools that `changes_of` takes together."""
SHOWN_CHARACTERS = 5_000
"""Files are shown whole in the first prompt, the shortest first, up to so many characters."""

LIST = Tool("list", "List the files.", argument="a folder; empty for all")
READ = Tool(
    "read",
    "Show a file, or lines of it.",
    argument="the name of the file, and lines such as 40-80 if it is long",
)
FIND = Tool("find", "List the lines of all files that contain a text.", argument="the text")
WRITE = Tool(
    "write",
    "Write a whole file; the tests run by themselves after it.",
    argument="the name of the file",
    body="all that the file is to hold",
)
EDIT = Tool(
    "edit",
    "Replace one passage of a file; the tests run by themselves after it.",
    argument="the name of the file",
    body="a line <<<<, the exact old lines, a line ====, the new lines, and a line >>>>",
)
RUN = Tool("run", "Run a shell command in the folder.", argument="the command")
DONE = Tool("done", "End the work: the task is solved.", argument="what you changed, in short")


class WorkspaceWork:
    """The tools of a coding agent over a copy of the user's folder."""

    tools: Mapping[str, Tool] = {
        "list": LIST,
        "ls": LIST,
        "read": READ,
        "cat": READ,
        "find": FIND,
        "grep": FIND,
        "search": FIND,
        "write": WRITE,
        "edit": EDIT,
        "python": WRITE,  # a block of Python mends the file that it names, or that it fits
        "py": WRITE,
        "run": RUN,
        "bash": RUN,
        "sh": RUN,
        "done": DONE,
    }
    fallback: str | None
    """`done` once a change is made that no test speaks against: prose then means just that."""
    weighs = False
    hint = (
        "Now write it: each function or class that has to change or is missing, complete and "
        "corrected, in a ```python block under the name of its file."
    )

    def __init__(self, workspace: WorkingCopy, sandbox: Sandbox) -> None:
        self._workspace = workspace
        self._sandbox = sandbox
        self.fallback = None
        self._failing = False
        self._still_failing = ""
        self._told_so = False
        self._last: Answer | None = None
        self._uses: Mapping[str, Callable[[Action], Observation]] = {
            "list": self.list,
            "ls": self.list,
            "read": self.read,
            "cat": self.read,
            "find": self.find,
            "grep": self.find,
            "search": self.find,
            "write": self.unnamed,
            "edit": self.unnamed,
            "python": self.python,
            "py": self.python,
            "run": self.run,
            "bash": self.run,
            "sh": self.run,
            "done": self.done,
        }

    def opening(self) -> str:
        """The files and what the tests say, for the first prompt."""
        parts = [f"The files:\n{snapshot(self._workspace.before)}"]
        room = SHOWN_CHARACTERS
        for path, text in sorted(self._workspace.texts().items(), key=lambda item: len(item[1])):
            room -= len(text)
            if room >= 0:
                parts.append(f"{path}:\n```\n{text.rstrip()}\n```")
        tests = run_tests(self._workspace, self._sandbox)
        if tests is not None:
            self._failing = not tests.passed
            parts.append(f"The tests {'pass' if tests.passed else 'fail'}: {tests.detail}")
        return "\n\n".join(parts)

    def act(self, action: Action) -> Observation:
        """Carry out one tool; a wrong path or a failed edit is told to the model."""
        try:
            changes = changes_of(action, self._workspace.texts())
            if not changes:
                return self._uses[action.tool](action)
        except InputError as error:
            return Observation(f"Error: {error}.")
        told, faults = [], []
        for change in changes:
            try:
                told.append(carry_out(change, self._workspace))
            except InputError as error:
                faults.append(f"Error: {error}.")
        covers = len(list(takewhile(lambda one: one.tool in CHANGING, (action, *action.more))))
        if not told:
            return Observation(" ".join(faults), covers=covers)
        done = not faults and any(one.tool == "done" for one in action.more)
        try:
            return replace(self._changed(" ".join([*faults, *told]), done=done), covers=covers)
        except InputError as error:
            return Observation(f"Error: {error}.", covers=covers)

    def last_call(self) -> str:
        """Ask for an answer at once."""
        return "Stop here. Reply with ```done and a short account of what you changed."

    def answer(self) -> Answer | None:
        """The diff, or None as long as nothing is changed.

        A folder that a command has filled beyond the caps leaves the last diff that there was.
        """
        try:
            diff = self._workspace.diff()
        except InputError:
            return self._last
        self._last = Answer(diff) if diff else None
        return self._last

    def list(self, action: Action) -> Observation:
        """List the files of the workspace, or of one of its folders."""
        folder = action.text.partition("\n")[0].strip().removeprefix("./").strip("/.")
        above = f"{folder}/" if folder else ""
        files = read_files(self._workspace.root)
        inside = {path: text for path, text in files.items() if path.startswith(above)}
        return Observation(cut(snapshot(inside)) or f"There are no files in {folder or '.'!r}.")

    def read(self, action: Action) -> Observation:
        """Show a file, or lines of it, with line numbers."""
        asked = action.text.partition("\n")[0].strip()
        is_name = asked in self._workspace.texts()  # a name may end with a number
        name, first, last = (asked, 1, None) if is_name else span(asked)
        return Observation(numbered(self._workspace.read(name), name, first=first, last=last))

    def find(self, action: Action) -> Observation:
        """List the lines of all files that contain a text."""
        return Observation(matching(self._workspace.texts(), action.text))

    def python(self, action: Action) -> Observation:
        """Run a piece of Python that changes no file by its form."""
        result = self._run(["python", "-"], stdin=action.body)
        told = "(ran as a script: no file is changed by that; to change one, begin the block with"
        return Observation(f"{_told(result)}\n{told} ```write NAME)")

    def unnamed(self, action: Action) -> Observation:
        """Answer a write or an edit that can't be carried out."""
        raise InputError(f"the {action.tool} block holds no content; give all lines of the file")

    def run(self, action: Action) -> Observation:
        """Run a shell command in the sandbox."""
        return Observation(_told(self._run(["sh", "-c", action.text])))

    def _run(self, argv: Collection[str], *, stdin: str = "") -> RunResult:
        bounds = Bounds(wall_s=RUN_SECONDS, cpu_s=int(RUN_SECONDS))
        return self._sandbox.run(
            [*argv], workspace=self._workspace.root, stdin=stdin, bounds=bounds
        )

    def _changed(self, told: str, *, done: bool) -> Observation:
        """Run the tests after a change; tests that failed and now pass end the work.

        Tests that were themselves changed prove nothing: they run as they were.
        """
        tests, which = self._judge()
        self.fallback = None if tests is not None and not tests.passed else "done"
        if tests is None:
            stop = StopReason.ANSWERED if done else None
            return Observation(f"{told} When the task is solved, reply with ```done.", stop)
        self._still_failing = "" if tests.passed or not self._failing else tests.detail
        said = f"{told} The tests{which} {'pass' if tests.passed else 'fail'}: {tests.detail}"
        mended = tests.passed and (done or self._failing)
        return Observation(cut(said), StopReason.ANSWERED if mended else None)

    def _judge(self) -> tuple[Check | None, str]:
        """Run the tests that count, and say which they are."""
        if tampered(self._workspace):
            as_they_were = run_as_they_were(self._workspace, self._sandbox)
            if as_they_were is not None:
                return as_they_were, " as they were"
        return run_tests(self._workspace, self._sandbox), ""

    def done(self, action: Action) -> Observation:
        """End the work; an untouched workspace is no answer, and failing tests are told once."""
        if self.answer() is None:
            return Observation(f"Nothing is changed yet. {self.hint}")
        if self._still_failing and not self._told_so:
            self._told_so = True
            return Observation(
                f"The tests fail still: {self._still_failing}. Mend it, or reply ```done again."
            )
        return Observation(action.text, StopReason.ANSWERED)


def _told(result: RunResult) -> str:
    end = "timed out" if result.timed_out else f"exit code {result.exit_code}"
    return f"{cut(result.stdout + result.stderr)}\n({end})".strip()
