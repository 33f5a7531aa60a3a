"""The loop with a model that calls tools: whatever it says, each call has its result."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st

from sale.agents import loop
from sale.agents.loop import ELIDED, TOGETHER, TOO_LATE, Observation, fit
from sale.agents.meter import Meter, estimate_tokens
from sale.agents.protocol import Action, Tool
from sale.types import (
    AgentSpec,
    Completion,
    Limits,
    Message,
    Outcome,
    Stage,
    Step,
    StopReason,
    ToolCall,
)


def assert_pairs(messages: Sequence[Message]) -> None:
    """Every call is answered by one turn that follows it, in order, and is readable JSON."""
    waiting: list[str] = []
    for message in messages:
        if message.role == "tool":
            assert message.call_id == waiting.pop(0)
            continue
        assert waiting == []
        waiting = [call.id for call in message.tool_calls]
        assert all(isinstance(json.loads(call.arguments), dict) for call in message.tool_calls)
    assert waiting == []


class Chatter:
    """A model that says what it is given, in turn; it keeps what it was asked."""

    def __init__(self, said: list[Completion]) -> None:
        self._said = said
        self.asked: list[tuple[list[Message], int, str]] = []

    def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        tool_choice: str = "none",
        **settings: Any,
    ) -> Completion:
        self.asked.append((list(messages), len(tools), tool_choice))
        return self._said[min(len(self.asked), len(self._said)) - 1]

    def close(self) -> None:
        pass


class Errand:
    """Work with a tool of each sort."""

    tools: ClassVar[dict[str, Tool]] = {
        name: Tool(name, "Do.", argument="what")
        for name in ("look", "draft", "again", "both", "end")
    }
    fallback: str | None = None
    hint = "Name a tool."
    weighs = False

    def __init__(self) -> None:
        self.done: list[str] = []
        self._answer: loop.Answer | None = None

    def last_call(self) -> str:
        return "Answer now."

    def act(self, action: Action) -> Observation:
        if action.tool == "draft":
            self._answer = loop.Answer(action.text)
        covers = 2 if action.tool == "both" else 1
        self.done.append(action.tool)
        stop = StopReason.ANSWERED if action.tool == "end" else None
        return Observation("seen " * 50, stop, fresh=action.tool == "again", covers=covers)

    def answer(self) -> loop.Answer | None:
        return self._answer


def work(
    model: Chatter, *, context: int = 4096, **limits: Any
) -> tuple[list[Step], Outcome, Errand]:
    errand = Errand()
    *steps, outcome = loop.run(
        Meter(model, AgentSpec("ada", "m", "x", None, context=context), Stage.EXECUTE),
        errand,
        OPENING,
        agent="ada",
        limits=Limits(reply_tokens=50, **limits),
        seed=1,
        native=NATIVE,
    )
    assert isinstance(outcome, Outcome)
    return [step for step in steps if isinstance(step, Step)], outcome, errand


OPENING, NATIVE = (
    (Message("system", "s"), Message("user", way)) for way in ("in text", "natively")
)


def says(*names: str) -> Completion:
    calls = (ToolCall(name, '{"argument": "x"}', f"c{at}") for at, name in enumerate(names))
    return Completion("", 1, 0, 1, False, 0.0, tool_calls=tuple(calls))


def results(model: Chatter) -> list[str]:
    """What the calls of its last but one reply brought."""
    return [message.content for message in model.asked[-1][0] if message.role == "tool"]


def test_what_a_work_does_together_is_one_result_that_the_other_calls_point_to() -> None:
    model = Chatter([says("both", "look", "look"), says("end")])
    _, _, errand = work(model)
    assert [text == TOGETHER for text in results(model)] == [False, True, False]
    assert errand.done == ["both", "look", "end"]


def test_after_the_end_of_the_work_nothing_is_carried_out() -> None:
    steps, outcome, errand = work(Chatter([says("end", "look")]))
    assert errand.done == ["end"]
    assert steps[0].observation.endswith(TOO_LATE)
    assert outcome.stop_reason is StopReason.ANSWERED


def test_a_fresh_sample_leaves_the_rest_of_the_calls_undone() -> None:
    model = Chatter([says("again", "look"), says("end")])
    _, _, errand = work(model)
    assert errand.done == ["again", "end"]
    assert model.asked[1][0] == [*NATIVE]


def test_once_time_is_up_the_rest_of_the_calls_stay_undone() -> None:
    _, _, errand = work(Chatter([says("draft", "look")]), wall_s=0.0)
    assert errand.done == ["draft"]


def test_old_calls_give_way_with_their_results() -> None:
    long = ToolCall("look", json.dumps({"argument": "x" * 900}), "c1")
    talk = [*NATIVE, Message("assistant", "", (long,)), Message("tool", "y" * 900, call_id="c1")]
    talk += [Message("assistant", "hm"), Message("user", "go on")]
    fitted = fit(talk, room=200)
    assert estimate_tokens(fitted) <= 200
    assert_pairs(fitted)
    assert json.loads(fitted[2].tool_calls[0].arguments) == {"argument": ELIDED}


tool_calls = st.lists(
    st.builds(
        ToolCall,
        st.sampled_from([*Errand.tools, "nonsense", ""]),
        st.sampled_from(['{"argument": "a"}', '{"argument": "b"}', "{broken", "[]", ""]),
        st.sampled_from(["a", "b", "", "bad id"]),
    ),
    max_size=4,
)
completions = st.builds(
    lambda text, calls, cut: Completion(text, 1, 0, 1, cut, 0.0, tool_calls=tuple(calls)),
    st.sampled_from(["", "Well.", "```look\na\n```", '{"name": "look", "arguments": {}}']),
    tool_calls,
    st.booleans(),
)


@settings(max_examples=200)
@given(st.lists(completions, min_size=1, max_size=6), st.integers(1, 6), st.integers(100, 2000))
def test_whatever_a_native_agent_says_its_conversation_stays_sound(
    said: list[Completion], most: int, context: int
) -> None:
    model = Chatter(said)
    steps, _, _ = work(model, context=context, steps=most)
    assert len(steps) <= most + 1
    for messages, tools, _ in model.asked:
        assert messages[:2] == [*(NATIVE if tools else OPENING)]
        assert_pairs(messages)
    assert all(choice == "auto" for _, tools, choice in model.asked[:-1] if tools)
