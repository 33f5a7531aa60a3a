"""The kinds of task: how each is opened for an agent, and how its answer is verified."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sale.agents import prompting
from sale.agents.agent import OpenedWork
from sale.agents.coding import checks, sandbox
from sale.agents.coding.apart import Examiner, confirm
from sale.agents.coding.function_work import FunctionWork
from sale.agents.coding.suite import carry_over, run_tests
from sale.agents.coding.suite_files import is_test
from sale.agents.coding.working_copy import WorkingCopy
from sale.agents.coding.workspace import read_files
from sale.agents.coding.workspace_work import WorkspaceWork
from sale.agents.meter import Meter
from sale.agents.search import sources
from sale.agents.search import verify as search_verify
from sale.agents.search.sources import open_search
from sale.agents.search.tools import LONG_OBSERVATION, OBSERVATION, SPACIOUS, SearchTools
from sale.agents.search.work import SearchWork
from sale.embedding import Embedder
from sale.errors import InputError
from sale.types import Check, Citation, Kind, Outcome, Task, Verdict

QUESTION_CHARACTERS = 600
"""A question stands again below the passages, as small models forget what they read first."""

OPENING_CHARACTERS = 12_000

PASSED_BEFORE = "they passed before the work, too, and show nothing of it"


@dataclass(frozen=True, slots=True)
class Workshop:
    """Opens tasks for work and verifies answers; small enough to send to every actor."""

    tier: str = "auto"
    """The sandbox tier that code runs in."""
    examiner: Examiner | None = None
    """Confirms visible checks from outside; None: they run in the answer's own process alone."""
    embedder: Callable[[], Embedder | None] | None = None
    """Tells what citations mean; None, or one that gives None: by words alone."""

    @contextmanager
    def open(self, task: Task, meter: Meter | None = None) -> Iterator[OpenedWork]:
        """Open a task: a copy of its workspace, its corpus, or just its text."""
        if task.kind is Kind.SEARCH:
            room = 0 if meter is None else meter.context
            words = LONG_OBSERVATION if room >= SPACIOUS else OBSERVATION
            where = _where(task)
            led = not where.startswith(sources.WEB)
            tools = SearchTools(open_search(where), goal=task.text, words=words, led=led)
            passages = tools.search(task.text)
            question = prompting.inert(task.text, limit=QUESTION_CHARACTERS)
            instruction = prompting.instructions("search", passages=passages, question=question)
            yield OpenedWork(SearchWork(tools, task.text), *instruction)
        elif task.workspace is not None:
            with WorkingCopy.of(Path(task.workspace)) as workspace:
                changing = WorkspaceWork(workspace, sandbox.choose(self.tier))
                files = prompting.inert(changing.opening(), limit=OPENING_CHARACTERS)
                yield OpenedWork(changing, *prompting.instructions("coding_workspace", files=files))
        else:
            work = FunctionWork(task.text, sandbox.choose(self.tier))
            # Asked plainly small models solve more: docs/coding-results.md.
            yield OpenedWork(work, *prompting.instructions("coding_function"), bare=True)

    def verify(self, task: Task, outcome: Outcome) -> tuple[Verdict, tuple[Check, ...]]:
        """Run the visible checks of a task on an answer, away from the agent that gave it."""
        if outcome.answer is None:
            return Verdict.NONE, ()
        if task.kind is Kind.SEARCH:
            return self._verify_cited(task, outcome.answer, outcome.citations)
        if task.workspace is not None:
            return self._verify_diff(Path(task.workspace), outcome.answer)
        found = checks.find(task.text)
        results = checks.run(outcome.answer, found, sandbox=sandbox.choose(self.tier))
        if self.examiner is not None:
            results = confirm(
                outcome.answer, found, results, examiner=self.examiner, tier=self.tier
            )
        return checks.verdict(found, results), results

    def checkable(self, task: Task) -> bool:
        """Whether a wrong answer to a task can be seen to be wrong, before anybody works on it."""
        if task.kind is Kind.SEARCH:
            return True
        if task.workspace is not None:
            with WorkingCopy.of(Path(task.workspace)) as workspace:
                return any(map(is_test, workspace.texts()))
        return any(check.behaviour for check in checks.find(task.text))

    def _verify_cited(
        self, task: Task, answer: str, citations: Sequence[Citation]
    ) -> tuple[Verdict, tuple[Check, ...]]:
        """Look the citations up again where the task looks; the web isn't asked a second time."""
        where = _where(task)
        embedder = None if self.embedder is None else self.embedder()
        corpus = open_search(where) if citations and not where.startswith(sources.WEB) else None
        return search_verify.verify(task.text, answer, citations, corpus=corpus, embedder=embedder)

    def _verify_diff(self, source: Path, diff: str) -> tuple[Verdict, tuple[Check, ...]]:
        """Run the workspace's own tests, as they were, on the answer's files.

        Tests that pass speak for the answer only if they failed before it.
        """
        tier = sandbox.choose(self.tier)
        with WorkingCopy.of(source) as workspace:
            problem = workspace.apply(diff)
            after = read_files(workspace.root)
        applies = Check("the diff applies", problem is None, problem or "")
        if problem is not None:
            return Verdict.FAILED, (applies,)
        with WorkingCopy.of(source) as workspace:
            try:
                left = carry_over(after, workspace)
                tests = run_tests(workspace, tier)
            except InputError as error:  # files that have no place beside the tests as they were
                left, tests = [], Check("the workspace's tests", False, str(error))
        if tests is None:
            return Verdict.NONE, (applies,)
        if left:
            detail = f"the answer's {', '.join(left)} left out of the run; {tests.detail}"
            tests = replace(tests, detail=detail)
        if not tests.passed:
            return Verdict.FAILED, (applies, tests)
        with WorkingCopy.of(source) as workspace:
            before = run_tests(workspace, tier)
        if before is not None and before.passed:
            told = replace(tests, detail="; ".join(filter(None, (PASSED_BEFORE, tests.detail))))
            return Verdict.NONE, (applies, told)
        return Verdict.PASSED, (applies, tests)


def check_inputs(task: Task) -> tuple[str, ...]:
    """Notices about what is left out; InputError when a workspace or corpus can't be used."""
    if task.kind is Kind.SEARCH:
        return sources.examine(_where(task))
    if task.workspace is not None:
        with tempfile.TemporaryDirectory(prefix="sale-probe-") as folder:
            sandbox.copy_in(Path(task.workspace), Path(folder) / "copy")
    return ()


def _where(task: Task) -> str:
    if task.corpus is None:
        raise InputError("a search task needs documents: give --corpus DIR or --web ENGINE")
    return task.corpus
