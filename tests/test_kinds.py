"""The kinds of task: how each is opened, and how its answer is verified away from its agent."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from sale.agents.agent import Agent
from sale.agents.kinds import Workshop, check_inputs
from sale.errors import InputError
from sale.types import (
    AgentSpec,
    Completion,
    Kind,
    Limits,
    Message,
    Outcome,
    Price,
    StopReason,
    Task,
    Verdict,
)

CODING = Task(Kind.CODING, "Write a function double(n).\n\ndouble(2) == 4")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "notes.md").write_text("Nothing yet.\n")
    return tmp_path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "tower.txt").write_text("The tower of Arle is 42 metres high.\n")
    return tmp_path


def outcome(answer: str | None) -> Outcome:
    return Outcome("ada", answer, StopReason.ANSWERED)


def worked(task: Task, *replies: str) -> Outcome:
    """The outcome of a scripted agent that works on a task."""
    rules = json.dumps([{"replies": replies}])
    spec = AgentSpec("ada", "m", "scripted", Price(1, 1, 1), options={"rules": rules})
    agent = Agent(spec, opener=Workshop().open)
    *_, last = agent.execute(task, None, limits=Limits(), seed=0)
    agent.close()
    assert isinstance(last, Outcome)
    return last


def test_a_function_is_written_and_verified() -> None:
    got = worked(CODING, "Here:\n```python\ndef double(n):\n    return 2 * n\n```")
    assert got.stop_reason is StopReason.ANSWERED
    verdict, checks = Workshop().verify(CODING, got)
    assert verdict is Verdict.PASSED
    assert [check.passed for check in checks] == [True, True, True]


def test_a_wrong_function_fails_its_checks() -> None:
    verdict, _ = Workshop().verify(CODING, outcome("def double(n):\n    return n\n"))
    assert verdict is Verdict.FAILED


def test_a_workspace_is_changed_in_a_copy_and_handed_in_as_a_diff(folder: Path) -> None:
    task = Task(Kind.CODING, "Set x to 2.", workspace=str(folder))
    got = worked(task, "```write a.py\nx = 2\n```", "```done\nready\n```")
    assert "-x = 1\n+x = 2\n" in (got.answer or "")
    assert (folder / "a.py").read_text() == "x = 1\n"
    verdict, checks = Workshop().verify(task, got)
    assert verdict is Verdict.NONE
    assert [(check.name, check.passed) for check in checks] == [("the diff applies", True)]


def test_a_diff_that_does_not_apply_fails(folder: Path) -> None:
    task = Task(Kind.CODING, "Set x to 2.", workspace=str(folder))
    verdict, (check,) = Workshop().verify(task, outcome("not a diff"))
    assert verdict is Verdict.FAILED
    assert check.detail


def test_a_question_is_answered_from_documents_with_its_passage(corpus: Path) -> None:
    task = Task(Kind.SEARCH, "How high is the tower of Arle?", corpus=str(corpus))
    got = worked(task, "```answer\nThe tower of Arle is 42 metres high [1].\n```")
    assert got.stop_reason is StopReason.ANSWERED
    assert [citation.source for citation in got.citations] == ["tower.txt"]
    assert Workshop().verify(task, got)[0] is Verdict.PASSED


def test_an_answer_that_its_passage_does_not_hold_is_not_passed(corpus: Path) -> None:
    task = Task(Kind.SEARCH, "How high is the tower of Arle?", corpus=str(corpus))
    got = worked(task, "```answer\nThe tower of Arle is 77 metres high [1].\n```")
    assert Workshop().verify(task, got)[0] is not Verdict.PASSED


@pytest.mark.parametrize("kind", Kind)
def test_no_answer_is_not_verified(kind: Kind) -> None:
    assert Workshop().verify(Task(kind, "x"), outcome(None)) == (Verdict.NONE, ())


def test_a_search_needs_documents() -> None:
    with pytest.raises(InputError, match="give --corpus DIR"):
        check_inputs(Task(Kind.SEARCH, "Who?"))


@pytest.mark.parametrize("kind", Kind)
def test_a_folder_that_is_gone_is_an_input_error(kind: Kind, tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    folders = {"workspace": gone} if kind is Kind.CODING else {"corpus": gone}
    with pytest.raises(InputError, match="gone"):
        check_inputs(Task(kind, "x", **folders))


def test_good_inputs_pass(folder: Path) -> None:
    check_inputs(CODING)
    check_inputs(Task(Kind.CODING, "x", workspace=str(folder)))
    check_inputs(Task(Kind.SEARCH, "x", corpus=str(folder)))


def test_an_empty_workspace_is_a_good_input(tmp_path: Path) -> None:
    task = Task(Kind.CODING, "Write a.py.", workspace=str(tmp_path))
    check_inputs(task)
    got = worked(task, "```write a.py\nx = 2\n```", "```done\nready\n```")
    assert Workshop().verify(task, got)[1][0].passed


CASE = "import unittest\nfrom a import x\nclass T(unittest.TestCase):\n    def test_x(self):\n"


@pytest.mark.slow
def test_a_change_that_mends_the_tests_ends_the_work_at_once(folder: Path) -> None:
    (folder / "test_a.py").write_text(CASE + "        self.assertEqual(x, 2)\n")
    task = Task(Kind.CODING, "Mend a.py.", workspace=str(folder))
    got = worked(task, "x must be 2.\n```python\n# a.py\nx = 2\n```", "never asked for")
    assert got.stop_reason is StopReason.ANSWERED
    verdict, checks = Workshop().verify(task, got)
    assert verdict is Verdict.PASSED
    assert len(checks) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "verdict"), [("y = 2", Verdict.NONE), ("raise SystemExit", Verdict.FAILED)]
)
def test_tests_that_passed_before_the_work_tell_what_breaks_and_nothing_more(
    folder: Path, line: str, verdict: Verdict
) -> None:
    (folder / "test_a.py").write_text(CASE + "        self.assertEqual(x, 1)\n")
    task = Task(Kind.CODING, "Do more in a.py.", workspace=str(folder))
    got = worked(task, f"```write a.py\nx = 1\n{line}\n```", "```done\nready\n```")
    given, checks = Workshop().verify(task, got)
    assert given is verdict
    assert ("passed before" in checks[-1].detail) is (verdict is Verdict.NONE)


@pytest.mark.slow
def test_tests_that_the_answer_changed_are_put_back_before_they_judge(folder: Path) -> None:
    (folder / "test_a.py").write_text(CASE + "        self.assertEqual(x, 2)\n")
    task = Task(Kind.CODING, "Mend a.py.", workspace=str(folder))
    weaker = f"```write test_a.py\n{CASE}        self.assertEqual(x, 1)\n```"
    got = worked(task, weaker, "```done\nall green\n```")
    verdict, checks = Workshop().verify(task, got)
    assert verdict is Verdict.FAILED
    assert "the answer's test_a.py left out" in checks[-1].detail


def test_a_small_folder_is_shown_whole_and_a_large_file_is_named(folder: Path) -> None:
    (folder / "large.py").write_text("y = 2\n" * 5_000)
    with Workshop().open(Task(Kind.CODING, "Set x to 2.", workspace=str(folder))) as opened:
        assert "a.py:\n```\nx = 1\n```" in opened.instruction
        assert "large.py (5000 lines)" in opened.instruction
        assert "y = 2" not in opened.instruction


class Listening:
    """A model that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[list[Message]] = []

    def complete(self, messages: Sequence[Message], **_: object) -> Completion:
        self.asked.append(list(messages))
        return Completion("```python\nx = 1\n```", 1, 0, 1, False, 0.0)

    def close(self) -> None:
        """Hold nothing."""


@pytest.mark.parametrize(("plan", "plainly"), [(None, True), ("First do this.", False)])
def test_a_function_is_asked_for_in_the_tasks_own_words_unless_a_plan_is_shown(plan, plainly):
    model = Listening()
    spec = AgentSpec("ada", "m", "listening", None)
    ada = Agent(spec, opener=Workshop("none").open, load=lambda _: model)
    task = Task(Kind.CODING, "def f():\n    <task>\x1b[0m")
    list(ada.execute(task, plan, limits=Limits(steps=1), seed=0))
    first = model.asked[0]
    assert ([message.role for message in first] == ["user"]) is plainly
    assert (first[-1].content == "def f():\n    <task>[0m") is plainly
    assert ("First do this." in first[-1].content) is not plainly


@pytest.mark.parametrize(
    ("text", "checkable"),
    [
        ("Write double(n).\n\ndouble(2) == 4", True),
        ("Write double(n).\n\n>>> double(2)\n4", True),
        ("Write a function double(n) that doubles a number.", False),
        ("", False),
    ],
)
def test_a_function_can_be_checked_where_its_task_shows_what_it_should_give(
    text: str, checkable: bool
) -> None:
    assert Workshop().checkable(Task(Kind.CODING, text)) is checkable


def test_a_folder_can_be_checked_where_it_has_tests(folder: Path) -> None:
    task = Task(Kind.CODING, "Mend it.", workspace=str(folder))
    assert not Workshop().checkable(task)
    (folder / "test_a.py").write_text("def test_x(): assert True\n")
    assert Workshop().checkable(task)


def test_an_answer_with_citations_can_be_checked(corpus: Path) -> None:
    assert Workshop().checkable(Task(Kind.SEARCH, "How high is it?", corpus=str(corpus)))
