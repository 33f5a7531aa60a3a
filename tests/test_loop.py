"""One agent at work: its limits, its stuck detector and the forced last answer."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sale.agents import loop
from sale.agents.backends.scripted import Scripted
from sale.agents.loop import ELIDED, Answer, Observation, fit
from sale.agents.meter import Meter, estimate_tokens
from sale.agents.protocol import Action
from sale.errors import SandboxError
from sale.types import (
    AgentSpec,
    Citation,
    Limits,
    Message,
    Outcome,
    Price,
    Stage,
    Step,
    StopReason,
)

LAST = "Answer now."


class Errand:
    """Work with a tool of each sort; `cited` goes with every answer."""

    tools = ("answer", "look", "draft", "give_up", "break", "again")
    fallback: str | None = None
    hint = "Name a tool."
    weighs = False
    cited = (Citation("1", "t", "s", "x"),)

    def __init__(self) -> None:
        self.done: list[Action] = []
        self._answer: Answer | None = None

    def act(self, action: Action) -> Observation:
        self.done.append(action)
        if action.tool == "break":
            raise SandboxError("the box is gone")
        if action.tool == "give_up":
            return Observation("", StopReason.NOT_FOUND)
        if action.tool in {"answer", "draft"}:
            self._answer = Answer(action.text, self.cited)
        if action.tool == "again":
            return Observation("failed", fresh=True)
        stop = StopReason.ANSWERED if action.tool == "answer" else None
        return Observation(f"saw {action.text}", stop)

    def last_call(self) -> str:
        return LAST

    def answer(self) -> Answer | None:
        return self._answer


def block(tool: str, body: str = "x") -> str:
    return f"```{tool}\n{body}\n```"


def work(
    *replies: str | dict[str, Any],
    last: str = block("answer", "forced"),
    usd: float | None = None,
    **limits: Any,
) -> tuple[list[Step], Outcome, Errand]:
    """Run one agent that says these replies in turn; `last` is what it says when forced."""
    texts = [reply for reply in replies if isinstance(reply, str)]
    others = [reply for reply in replies if isinstance(reply, dict)]
    rules = [{"when": LAST, "reply": last}, *others, {"replies": texts or ["no action"]}]
    spec = AgentSpec("ada", "m", "scripted", Price(1, 0.1, 1), options={"rules": json.dumps(rules)})
    errand = Errand()
    *steps, outcome = loop.run(
        Meter(Scripted(spec), spec, Stage.EXECUTE, usd=usd),
        errand,
        [Message("system", "s"), Message("user", "go")],
        agent="ada",
        limits=replace(Limits(usd=usd), **limits),
        seed=1,
    )
    assert isinstance(outcome, Outcome)
    return [step for step in steps if isinstance(step, Step)], outcome, errand


def test_an_agent_works_until_it_answers() -> None:
    steps, outcome, errand = work(block("look", "a"), block("look", "b"), block("answer", "42"))
    assert [step.action for step in steps] == ["look", "look", "answer"]
    assert [step.index for step in steps] == [1, 2, 3]
    assert steps[0].observation == "saw a"
    assert (outcome.answer, outcome.stop_reason) == ("42", StopReason.ANSWERED)
    assert outcome.citations == Errand.cited
    assert len(errand.done) == 3


def test_every_step_carries_the_call_that_it_cost() -> None:
    steps, _, _ = work(block("look"), block("answer"))
    assert [len(step.calls) for step in steps] == [1, 1]
    assert all(call.stage is Stage.EXECUTE for step in steps for call in step.calls)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"steps": 2}, StopReason.STEPS),
        ({"tokens": 40}, StopReason.TOKENS),
        ({"wall_s": 0.0}, StopReason.WALL),
    ],
    ids=["steps", "tokens", "wall"],
)
def test_at_a_limit_a_last_answer_is_forced(limits: dict[str, Any], reason: StopReason) -> None:
    replies = [block("look", str(n)) for n in range(20)]
    steps, outcome, _ = work(*replies, **limits)
    assert steps[-1].action == "answer"
    assert (outcome.answer, outcome.stop_reason) == ("forced", reason)


def test_with_an_answer_in_hand_none_is_forced() -> None:
    steps, outcome, _ = work(block("draft", "early"), block("look"), steps=2)
    assert [step.action for step in steps] == ["draft", "look"]
    assert (outcome.answer, outcome.stop_reason) == ("early", StopReason.STEPS)


def test_an_agent_that_finds_nothing_is_not_asked_again() -> None:
    steps, outcome, _ = work(block("give_up"))
    assert [step.action for step in steps] == ["give_up"]
    assert (outcome.answer, outcome.stop_reason) == (None, StopReason.NOT_FOUND)


def test_a_forced_agent_may_say_that_nothing_is_there() -> None:
    _, outcome, _ = work(block("look"), last=block("give_up"), steps=1)
    assert (outcome.answer, outcome.stop_reason) == (None, StopReason.NOT_FOUND)


def test_replies_without_an_action_are_told_and_then_end_the_work() -> None:
    steps, outcome, errand = work("hm", "well", "so", last="nothing", format_errors=3)
    assert [step.observation for step in steps] == [Errand.hint] * 4
    assert outcome.stop_reason is StopReason.FORMAT
    assert outcome.answer is None
    assert errand.done == []


def test_an_action_makes_earlier_format_errors_good() -> None:
    _, outcome, _ = work("hm", "hm", block("look"), "hm", "hm", block("answer"), format_errors=3)
    assert outcome.stop_reason is StopReason.ANSWERED


def test_a_reply_that_was_cut_off_is_told_to_be_shorter() -> None:
    steps, _, _ = work("word " * 50, block("answer"), reply_tokens=32)
    assert steps[0].observation.startswith("Your reply was cut off: be shorter.")


def test_the_same_action_again_and_again_is_stuck_and_not_carried_out() -> None:
    steps, outcome, errand = work(block("look"), repeats=3)
    assert outcome.stop_reason is StopReason.STUCK
    assert [step.action for step in steps] == ["look", "look", "look", "answer"]
    assert [action.tool for action in errand.done] == ["look", "look", "answer"]


def test_a_fresh_sample_forgets_the_conversation() -> None:
    steps, outcome, _ = work(block("again", "1"), block("answer", "2"))
    assert outcome.answer == "2"
    assert steps[0].calls[0].prompt_tokens == steps[1].calls[0].prompt_tokens


def test_the_samples_that_an_agent_may_try_by_itself_are_counted() -> None:
    replies = [block("look"), block("again", "1"), block("again", "2"), block("answer", "3")]
    steps, outcome, _ = work(*replies, samples=2)
    assert outcome.stop_reason is StopReason.STEPS
    assert [step.action for step in steps] == ["look", "again", "again", "answer"]
    assert work(*replies, samples=3)[1].stop_reason is StopReason.ANSWERED


def test_a_back_end_that_fails_ends_the_work_and_is_billed() -> None:
    steps, outcome, _ = work({"when": "saw", "error": "gone"}, block("draft", "half"))
    assert outcome.stop_reason is StopReason.CRASHED
    assert "gone" in (outcome.error or "")
    assert outcome.answer == "half"
    assert steps[-1].calls[0].error
    assert steps[-1].action == ""


def test_a_tool_that_fails_for_good_ends_the_work_and_its_call_is_billed() -> None:
    steps, outcome, _ = work(block("break"))
    assert (outcome.stop_reason, outcome.error) == (StopReason.CRASHED, "the box is gone")
    assert len(steps[-1].calls) == 1


def test_a_budget_ends_the_work_before_the_call_that_it_can_not_bear() -> None:
    steps, outcome, _ = work(block("look"), usd=1e-6)
    assert steps == []
    assert (outcome.stop_reason, outcome.answer) == (StopReason.BUDGET, None)
    assert "could cost" in (outcome.error or "")


replies = st.lists(
    st.sampled_from([block("look"), block("draft"), block("again"), "prose", block("nonsense")])
    | st.text(max_size=20),
    min_size=1,
    max_size=6,
)


@settings(max_examples=50)
@given(replies, st.integers(1, 6), st.floats(0, 1e-3))
def test_whatever_an_agent_says_its_work_ends_in_one_outcome(
    said: list[str], most: int, usd: float
) -> None:
    steps, outcome, _ = work(*said, steps=most, usd=usd)
    assert len(steps) <= most + 1
    assert outcome.agent == "ada"
    assert sum(call.usd or 0 for step in steps for call in step.calls) <= usd


def talk(*sizes: int) -> list[Message]:
    return [Message("user", "x" * size) for size in sizes]


def test_the_oldest_observations_give_way_first() -> None:
    fitted = fit(talk(10, 10, 1000, 1000, 10, 10), room=500)
    assert [m.content == ELIDED for m in fitted] == [False, False, True, False, False, False]


@given(st.lists(st.integers(0, 500), max_size=10), st.integers(0, 500))
def test_fitting_keeps_the_opening_the_last_exchange_and_every_turn(
    sizes: list[int], room: int
) -> None:
    messages = talk(*sizes)
    fitted = fit(messages, room=room)
    assert len(fitted) == len(messages)
    assert fitted[:2] == messages[:2]
    assert fitted[-2:] == messages[-2:]
    if estimate_tokens(messages) <= room:
        assert fitted == messages
