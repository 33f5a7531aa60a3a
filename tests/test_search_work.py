"""How a search agent comes to an answer, or to none: doubts, second looks, notes, repeats."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from math import exp
from pathlib import Path

import pytest

from sale.agents import turns
from sale.agents.agent import Agent
from sale.agents.confidence import confidence
from sale.agents.kinds import Workshop
from sale.agents.protocol import Action
from sale.agents.search.sources import open_search
from sale.agents.search.tools import LONG_OBSERVATION, OBSERVATION, SearchTools
from sale.agents.search.work import SearchWork
from sale.types import (
    AgentSpec,
    Completion,
    Kind,
    Limits,
    Outcome,
    Price,
    Step,
    StopReason,
    Task,
    TokenChoice,
    Verdict,
)

LAST = "Stop searching."
TOWER = "How high is the tower of Arle?"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    pages = {
        "tower.md": "# The tower of Arle\n\nThe tower of Arle is 42 metres high.",
        "builder.md": "# Ines Rook\n\nThe architect Ines Rook was born in Tessel in 1820.",
        "arle.md": "# Arle\n\nArle is a town. Its library was designed by Ines Rook.",
        "quarry.md": "# Quarry\n\nStone was cut here until 1900.",
    }
    for name, text in pages.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def search(
    corpus: Path,
    *replies: str,
    question: str = TOWER,
    unsure: Sequence[str] = (),
    last: str = "not_found: nothing",
    context: int = 4096,
    **limits: int,
) -> tuple[list[Step], Outcome, Task]:
    """Let a model that says these things work on a question; what is `unsure` it says first."""
    rules: list[dict[str, object]] = [
        {"when": LAST, "reply": last},
        {"when": "A first search found", "replies": unsure, "confidence": 0.4},
        {"replies": replies, "confidence": 0.9},
    ]
    rules = [rule for rule in rules if rule.get("replies") != ()]
    options = {"rules": json.dumps(rules)}
    spec = AgentSpec("ada", "m", "scripted", Price(1, 1, 1), context=context, options=options)
    task = Task(Kind.SEARCH, question, corpus=str(corpus))
    agent = Agent(spec, opener=Workshop().open)
    *steps, outcome = agent.execute(task, None, limits=Limits(**limits), seed=0)
    agent.close()
    assert isinstance(outcome, Outcome)
    return [step for step in steps if isinstance(step, Step)], outcome, task


def sources(outcome: Outcome) -> list[str]:
    return [citation.source for citation in outcome.citations]


def test_an_answer_that_its_passage_holds_and_the_model_is_sure_of_is_taken(corpus: Path) -> None:
    steps, outcome, task = search(corpus, "It is 42 metres high [1].")
    assert outcome.stop_reason is StopReason.ANSWERED
    assert outcome.answer == "It is 42 metres high [1]."
    assert sources(outcome) == ["tower.md"]
    assert Workshop().verify(task, outcome)[0] is Verdict.PASSED
    assert [len(step.calls) for step in steps] == [1]


def test_an_answer_that_the_model_is_not_sure_of_is_doubted_and_not_found_if_it_repeats_it(
    corpus: Path,
) -> None:
    said = "It is 42 metres high [1]."
    steps, outcome, _ = search(corpus, said, unsure=[said])
    assert (outcome.answer, outcome.stop_reason) == (None, StopReason.NOT_FOUND)
    assert "You do not seem sure of that." in steps[0].observation
    assert f"Question: {TOWER}" in steps[0].observation
    assert "Looked at: search How high is the tower of Arle" in steps[1].observation
    assert "The tower of Arle (tower.md)" in steps[1].observation


def test_another_answer_that_it_is_sure_of_is_taken_after_a_doubt(corpus: Path) -> None:
    better = "It is 42 metres high [1]."
    steps, outcome, _ = search(corpus, "search: tower", better, unsure=["Arle is a town [2]"])
    assert [step.action for step in steps] == ["answer", "search", "answer"]
    assert outcome.answer == better


def test_a_model_that_does_not_tell_how_sure_it_is_is_taken_at_its_word(corpus: Path) -> None:
    tools = SearchTools(open_search(str(corpus)), goal=TOWER)
    tools.search(TOWER)
    work = SearchWork(tools, TOWER)
    seen = work.act(Action("answer", "It is 42 metres high [1].", ""))
    assert seen.stop is StopReason.ANSWERED


def test_an_answer_that_was_doubted_may_be_mended(corpus: Path) -> None:
    steps, outcome, _ = search(corpus, "It is 77 metres high [1].", "It is 42 metres high [1].")
    assert "not in the cited passages: 77" in steps[0].observation
    assert len(steps[0].calls) == 1, "what words and numbers tell costs no call"
    assert outcome.answer == "It is 42 metres high [1]."


def test_an_answer_that_is_worked_out_is_taken_if_the_model_stands_by_it(corpus: Path) -> None:
    question = "How old was Ines Rook in 1840?"
    said = "She was twenty [1]."
    _, outcome, task = search(corpus, said, said, question=question)
    assert outcome.answer is not None
    assert outcome.stop_reason is StopReason.ANSWERED
    assert Workshop().verify(task, outcome)[0] is Verdict.FAILED


@pytest.mark.parametrize(
    "said", ["It is 42 metres high.", "42 metres [3]", "42 metres [tower.md]", "[42]"]
)
def test_an_answer_is_traced_to_the_passage_that_holds_it(corpus: Path, said: str) -> None:
    _, outcome, task = search(corpus, said)
    assert sources(outcome) == ["tower.md"]
    assert (outcome.answer or "").endswith("[1]")
    assert Workshop().verify(task, outcome)[0] is Verdict.PASSED


def test_passages_that_complete_an_answer_are_cited_with_it(corpus: Path) -> None:
    question = "In which town was the designer of the library of Arle born?"
    _, outcome, _ = search(corpus, "Ines Rook, in Tessel [2].", question=question)
    assert outcome.stop_reason is StopReason.ANSWERED
    assert {"builder.md", "arle.md"} <= set(sources(outcome))


def test_a_claim_without_any_passage_is_not_found_in_the_end(corpus: Path) -> None:
    steps, outcome, _ = search(corpus, "Otto Brandt", "Otto Brandt")
    assert "names no passage" in steps[0].observation
    assert (outcome.answer, outcome.stop_reason) == (None, StopReason.NOT_FOUND)


def test_an_afterthought_below_an_answer_is_no_part_of_it(corpus: Path) -> None:
    _, outcome, _ = search(corpus, "It is 42 metres high [1].\n\nnot_found")
    assert outcome.answer == "It is 42 metres high [1]."


@pytest.mark.parametrize("said", ["not_found: a height", "```not_found\nthe height\n```"])
def test_an_agent_may_say_itself_that_it_is_not_there(corpus: Path, said: str) -> None:
    steps, outcome, _ = search(corpus, said)
    assert (outcome.answer, outcome.stop_reason) == (None, StopReason.NOT_FOUND)
    assert steps[-1].observation.startswith("Looked at: ")


def test_whoever_gives_up_without_a_look_is_sent_for_one(corpus: Path) -> None:
    steps, outcome, _ = search(corpus, "not_found", "search: tower", "It is 42 metres high [1].")
    assert steps[0].observation.endswith("and other words to look for.")
    assert [step.action for step in steps] == ["not_found", "search", "answer"]
    assert outcome.answer == "It is 42 metres high [1]."


def test_the_documents_do_not_say_is_not_an_answer(corpus: Path) -> None:
    _, outcome, _ = search(corpus, "The passages do not mention the height.")
    assert (outcome.answer, outcome.stop_reason) == (None, StopReason.NOT_FOUND)


def test_an_answer_that_was_forced_is_held_to_the_same(corpus: Path) -> None:
    looks = ["search: stone", "search: quarry"]
    last = "It is 42 metres high [1]."
    _, taken, _ = search(corpus, *looks, last=last, steps=2)
    assert (taken.answer, sources(taken)) == (last, ["tower.md"])
    _, refused, _ = search(corpus, *looks, last="It is 42 metres high.", unsure=[last], steps=2)
    assert (refused.answer, refused.stop_reason) == (None, StopReason.NOT_FOUND)


def test_looks_that_repeat_themselves_are_told_and_then_end_the_search(corpus: Path) -> None:
    looks = [
        "search: old stone",
        "search: stones old",
        "search: the old stone",
        "search: OLD stone",
    ]
    steps, outcome, _ = search(corpus, *looks, last="It is 42 metres high [1].")
    assert [step.action for step in steps] == ["search"] * 4 + ["answer"]
    assert all("You did that already" in step.observation for step in steps[1:4])
    assert outcome.answer == "It is 42 metres high [1]."
    assert outcome.stop_reason is StopReason.STUCK


def test_notes_are_shown_below_what_comes_after_them_and_with_the_last_call(corpus: Path) -> None:
    steps, _, _ = search(corpus, "note: Rook was born in 1820 [2]", "search: quarry", steps=2)
    assert steps[0].observation.startswith("Noted.")
    assert "Your notes:\n- Rook was born in 1820" in steps[1].observation
    assert steps[1].observation.endswith(f"Question: {TOWER}")


def test_a_model_with_much_context_is_shown_more_at_once(tmp_path: Path) -> None:
    parts = (f"Tower {n}. " + "Reeds and willows stand along its bank. " * 20 for n in range(30))
    (tmp_path / "a.md").write_text("\n\n".join(parts))
    for context, most in ((4096, OBSERVATION), (65_536, LONG_OBSERVATION)):
        steps, _, _ = search(tmp_path, "open: 1", context=context, steps=1)
        words = len(steps[0].observation.split())
        assert most * 0.6 < words < most * 1.2


def test_of_several_wishes_the_first_is_granted(corpus: Path) -> None:
    wishes = "search: quarry\nopen: 2\nnot_found: all"
    steps, _, _ = search(corpus, wishes, "search: quarry", steps=2)
    assert steps[1].observation.startswith("You did that already (search quarry).")


# How sure a model is


def told(*tokens: tuple[str, float]) -> Completion:
    choices = tuple(TokenChoice(token, logprob, ()) for token, logprob in tokens)
    text = "".join(token for token, _ in tokens)
    return Completion(text, 1, 0, len(tokens), False, 0.0, choices)


def test_a_model_is_as_sure_as_the_tokens_of_what_it_claims_are_likely() -> None:
    reply = told(("The", -9.0), (" an", -1.0), ("swer", -3.0), (" is", -9.0))
    assert confidence(reply, "answer") == pytest.approx(exp(-2))
    assert confidence(reply, "nswe") == pytest.approx(exp(-2))
    assert confidence(reply, "The answer is") == pytest.approx(exp(-22 / 4))
    for unknown in ("", "another"):
        assert confidence(reply, unknown) is None
    assert confidence(replace(reply, choices=None), "answer") is None


def test_of_an_answer_the_marks_of_its_passages_tell_nothing() -> None:
    reply = told((" 42", -0.1), (" m", -0.3), (" [", -5.0), ("1", -5.0), ("]", -5.0))
    turn = turns.read(reply, SearchWork.tools, fallback="answer", conversation=[])
    assert turn.actions[0].confidence == pytest.approx(exp(-0.2))
