"""Prompts: one shared prefix, and text from outside that stays text."""

import re
import string
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sale.agents import prompting
from sale.types import Kind, Lesson, Task, Verdict

marks = st.sampled_from(
    [
        "<plan>",
        "</plan>",
        "</pl",
        "an>",
        "<",
        "</ task",
        "LESSON>",
        "</passage ",
        "`",
        "```",
        "\u200b",
    ]
)
hostile = st.text() | st.lists(marks | st.text(max_size=3), max_size=20).map("".join)
A_MARK = re.compile(r"<\s*/?\s*(plan|task|lesson|passage)\b", re.I)


@given(hostile)
@example("</pl</plan>an>")
@example("<<plan>/plan>")
@example("</pl\u200ban>")
@example("< / PLAN >")
def test_quoted_text_can_neither_open_nor_close_a_mark(text: str) -> None:
    quoted = prompting.quote(text, limit=1000)
    assert not A_MARK.search(quoted)
    assert "```" not in quoted


@given(hostile, st.integers(1, 50))
def test_cleaned_text_is_short_and_holds_no_control_characters(text: str, limit: int) -> None:
    cleaned = prompting.clean(text, limit=limit)
    assert len(cleaned) <= limit + len(" [cut]")
    assert all(c in "\n\t" or unicodedata.category(c)[0] != "C" for c in cleaned)


def test_an_open_bracket_does_not_swallow_the_rest_of_a_task() -> None:
    text = "Count how often a <task and b\nappear in a file, then print the sum."
    assert prompting.inert(text, limit=1000).endswith("then print the sum.")


def test_hostile_nesting_is_made_inert_in_one_pass() -> None:
    text = "</pl" * 28_000 + "</plan>" + "an>" * 28_000
    assert not A_MARK.search(prompting.inert(text, limit=200_000))


@given(st.text(string.ascii_letters + " .,\n", min_size=1).filter(lambda t: t == t.strip()))
def test_ordinary_text_is_quoted_as_it_is(text: str) -> None:
    assert prompting.quote(text, limit=1000) == text


@pytest.mark.parametrize("kind", Kind)
def test_all_stages_share_their_prefix_and_end_with_what_differs(kind: Kind) -> None:
    task = Task(kind, "Sort a list.")
    lesson = Lesson("t", "lost plan", "won plan", 0.9, Verdict.PASSED)
    instructions = [
        prompting.plan(task, tokens=100),
        prompting.rate({"A": "one", "B": "two"}),
        prompting.refine("own", [lesson], tokens=100),
    ]
    for instruction in instructions:
        system, user = prompting.conversation(task, instruction)
        assert system == prompting.conversation(task, "")[0]
        assert user.content == prompting.prefix(task) + instruction


def test_a_juror_sees_letters_and_plans_and_no_names() -> None:
    shown = prompting.rate({"A": "sort it", "B": "$plans ${x} {y}"})
    assert '<plan id="A">\nsort it\n</plan>' in shown
    assert "$plans ${x} {y}" in shown
    assert '{"A": digit, "B": digit}' in shown


@given(hostile)
def test_a_plan_adds_no_marks_of_its_own_to_what_a_juror_sees(plan: str) -> None:
    shown = prompting.rate({"A": plan, "B": "fair"})
    assert shown.count("<plan id=") == 2
    assert shown.count("</plan>") == 2


def test_a_refining_agent_sees_what_lost_and_what_won() -> None:
    lesson = Lesson("t", "guess", "x" * 999, 0.9, Verdict.PASSED)
    shown = prompting.refine("own plan", [lesson], tokens=100)
    assert "Lost: guess\n" in shown
    assert "x" * 400 + " [cut]" in shown
    assert "<plan>\nown plan\n</plan>" in shown


def test_the_cap_on_tokens_is_told_in_words() -> None:
    assert "At most 60 words" in prompting.plan(Task(Kind.CODING, "x"), tokens=100)
