"""Agents that call tools natively, at work on coding and search, at a server that misbehaves."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from chat_server import Answer, Server, call, calling, chat, refusal, serving

from sale.agents.agent import Agent
from sale.agents.backends import load_backend
from sale.agents.kinds import Workshop
from sale.agents.loop import TOGETHER, UNTOLD
from sale.agents.turns import MOST_CALLS, MOST_CHARACTERS
from sale.errors import ConfigError
from sale.types import (
    AgentSpec,
    Kind,
    Limits,
    Outcome,
    Price,
    Step,
    StopReason,
    Task,
    ToolUse,
    Verdict,
)

FUNCTION = Task(Kind.CODING, "Write a function double(n).\n\ndouble(2) == 4")
RIGHT = "def double(n):\n    return 2 * n\n"
CASE = "import unittest\nfrom a import x\nclass T(unittest.TestCase):\n    def test_x(self):\n"
ANSWER = call("answer", argument="The tower of Arle is 42 metres high [1].")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b.py").write_text("y = 1\n")
    return tmp_path


@pytest.fixture
def tested(folder: Path) -> Path:
    (folder / "test_a.py").write_text(CASE + "        self.assertEqual(x, 2)\n")
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "tower.txt").write_text("The tower of Arle is 42 metres high.\n")
    (tmp_path / "river.txt").write_text("The river Lune is 99 miles long.\n")
    return tmp_path


def changed(folder: Path) -> Task:
    return Task(Kind.CODING, "Set x to 2.", workspace=str(folder))


def asked(corpus: Path) -> Task:
    return Task(Kind.SEARCH, "How high is the tower of Arle?", corpus=str(corpus))


def spec(url: str, *, tools: ToolUse = ToolUse.NATIVE, context: int = 4096) -> AgentSpec:
    options = {"base_url": url, "max_retries": 0, "timeout_s": 5.0}
    return AgentSpec(
        "ada", "m", "openai", Price(1, 1, 1), tools=tools, context=context, options=options
    )


def work(
    task: Task, *answers: Answer | Callable[[dict[str, Any]], Answer], **settings: Any
) -> tuple[list[Step], Outcome, list[dict[str, Any]]]:
    """Have an agent work on a task at a server of these answers; what it was asked comes last.

    What a search asks its model in between, about a passage, is answered with yes.
    """
    queue = [*answers]

    def reply(request: dict[str, Any]) -> Answer:
        if task.kind is Kind.SEARCH and "tools" not in request:
            return chat("yes")
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        return answer(request) if callable(answer) else answer

    with serving(reply) as server:
        steps, outcome = at(server, task, **settings)
    for request in server.asked:
        assert_pairs(request["messages"])
    asked = [r for r in server.asked if task.kind is Kind.CODING or "tools" in r]
    return steps, outcome, asked


def at(
    server: Server, task: Task, *, context: int = 4096, **limits: Any
) -> tuple[list[Step], Outcome]:
    agent = Agent(spec(server.url, context=context), opener=Workshop().open)
    *steps, outcome = agent.execute(task, None, limits=Limits(**limits), seed=0)
    agent.close()
    assert isinstance(outcome, Outcome)
    return [step for step in steps if isinstance(step, Step)], outcome


def assert_pairs(messages: list[dict[str, Any]]) -> None:
    """Every call is answered by one turn that follows it, in order, and is readable JSON."""
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            assert message["tool_call_id"] == waiting.pop(0)
            continue
        assert waiting == []
        waiting = [each["id"] for each in message.get("tool_calls", ())]
        for each in message.get("tool_calls", ()):
            assert isinstance(json.loads(each["function"]["arguments"]), dict)
    assert waiting == []


def results(request: dict[str, Any]) -> list[str]:
    return [m["content"] for m in request["messages"] if m["role"] == "tool"]


def test_a_function_is_handed_in_by_a_call() -> None:
    steps, outcome, requests = work(FUNCTION, calling(call("python", body=RIGHT)))
    assert (outcome.answer, outcome.stop_reason) == (RIGHT, StopReason.ANSWERED)
    assert Workshop().verify(FUNCTION, outcome)[0] is Verdict.PASSED
    assert steps[0].reply == f"python({json.dumps({'body': RIGHT})})"
    assert steps[0].action == "python"
    assert [tool["function"]["name"] for tool in requests[0]["tools"]] == ["python"]


@pytest.mark.parametrize("kind", ["function", "workspace", "search"])
def test_a_native_prompt_teaches_no_fences(kind: str, folder: Path, corpus: Path) -> None:
    task = {"function": FUNCTION, "workspace": changed(folder), "search": asked(corpus)}[kind]
    requests: list[str] = []
    for tools in ToolUse:
        with serving(refusal(401, "no")) as server:
            agent = Agent(spec(server.url, tools=tools), opener=Workshop().open)
            list(agent.execute(task, "Plan.", limits=Limits(), seed=0))
            assert ("tools" in server.asked[0]) is (tools is ToolUse.NATIVE)
            requests.append(server.asked[0]["messages"][1]["content"])
    text, native = requests
    words = "write only: not_found" if kind == "search" else "```python"
    assert words in text
    assert words not in native
    assert text.partition("</task>")[0] == native.partition("</task>")[0]


def test_a_failed_check_draws_a_fresh_sample_from_the_native_opening() -> None:
    wrong = calling(call("python", body="def double(n):\n    return n\n"))
    steps, outcome, requests = work(FUNCTION, wrong, calling(call("python", body=RIGHT)))
    assert outcome.answer == RIGHT
    assert len(steps) == 2
    assert requests[0]["messages"] == requests[1]["messages"]
    assert requests[1]["temperature"] > requests[0]["temperature"]


@pytest.mark.slow
def test_a_folder_is_changed_by_calls(tested: Path) -> None:
    look = calling(call("read", argument="a.py"), call("find", argument="y", ident="call_2"))
    edit = "<<<<\nx = 1\n====\nx = 2\n>>>>\n"
    mend = calling(call("edit", argument="a.py", body=edit))
    steps, outcome, requests = work(changed(tested), look, mend)
    assert outcome.stop_reason is StopReason.ANSWERED
    assert "-x = 1\n+x = 2\n" in (outcome.answer or "")
    assert [step.action for step in steps] == ["read", "edit"]
    first, second = results(requests[1])
    assert "x = 1" in first
    assert "b.py" in second


@pytest.mark.slow
def test_changes_of_one_reply_are_made_together_and_tested_once(tested: Path) -> None:
    both = calling(
        call("write", argument="b.py", body="y = 2\n"),
        call("write", argument="a.py", body="x = 3\n", ident="call_2"),
        call("read", argument="b.py", ident="call_3"),
    )
    mend = calling(call("write", argument="a.py", body="x = 2\n"))
    steps, outcome, requests = work(changed(tested), both, mend)
    first, second, third = results(requests[1])
    assert first.startswith("Wrote b.py. Wrote a.py. The tests fail")
    assert second == TOGETHER
    assert "y = 2" in third
    assert steps[0].observation == "\n\n".join([first, second, third])
    assert outcome.stop_reason is StopReason.ANSWERED


def test_a_question_is_answered_by_calls(corpus: Path) -> None:
    river = calling(call("search", argument="river Lune"), call("open", argument="1", ident="c2"))
    steps, outcome, requests = work(asked(corpus), river, calling(ANSWER))
    assert outcome.stop_reason is StopReason.ANSWERED
    assert [citation.source for citation in outcome.citations] == ["tower.txt"]
    assert len(steps) == 2
    assert len(results(requests[1])) == 2


def test_not_found_is_a_call_as_well(corpus: Path) -> None:
    _, outcome, _ = work(asked(corpus), calling(call("not_found", argument="the height")))
    assert (outcome.answer, outcome.stop_reason) == (None, StopReason.NOT_FOUND)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (call("open_page", argument="1"), "there is no tool 'open_page'; call one of search"),
        (call("search", "{broken"), "Invalid JSON"),
        (call("search", '["tower"]'), "an object"),
        (call("search", argument="x" * (MOST_CHARACTERS + 1)), "200000 are taken"),
        (call("search\n\u0000", argument="x"), "there is no tool"),
    ],
    ids=["unknown", "no JSON", "a list", "huge", "no name"],
)
def test_a_wrong_call_is_told_and_counted(corpus: Path, wrong: Any, said: str) -> None:
    steps, outcome, requests = work(asked(corpus), calling(wrong), calling(ANSWER))
    assert outcome.stop_reason is StopReason.ANSWERED
    assert (steps[0].action, steps[1].action) == ("", "answer")
    assert said in results(requests[1])[0]
    assert len(json.dumps(requests[1])) < 20_000
    steps, outcome, _ = work(asked(corpus), calling(wrong), format_errors=3, steps=9)
    assert outcome.stop_reason is StopReason.FORMAT
    assert len(steps) == 3 + 1


def test_a_good_call_beside_a_wrong_one_is_carried_out(corpus: Path) -> None:
    mixed = calling(call("nonsense"), call("search", argument="river", ident="c2"))
    steps, _, requests = work(asked(corpus), mixed, calling(ANSWER))
    assert steps[0].action == "search"
    first, second = results(requests[1])
    assert "no tool" in first
    assert "Lune" in second


def test_two_calls_of_one_id_get_a_result_each(corpus: Path) -> None:
    twins = calling(call("search", argument="river"), call("search", argument="tower"))
    _, outcome, requests = work(asked(corpus), twins, calling(ANSWER))
    assert len(results(requests[1])) == 2
    assert outcome.stop_reason is StopReason.ANSWERED


def test_a_flood_of_calls_is_cut_and_ends(corpus: Path) -> None:
    flood = calling(*(call("search", argument=f"a{n}", ident=f"c{n}") for n in range(500)))
    _, outcome, requests = work(asked(corpus), flood, calling(ANSWER))
    assert len(results(requests[1])) == MOST_CALLS
    assert outcome.stop_reason is StopReason.ANSWERED


def test_the_same_call_again_and_again_is_stuck(corpus: Path) -> None:
    steps, outcome, requests = work(
        asked(corpus),
        lambda r: (
            chat("not_found: it")
            if r["tool_choice"] == "none"
            else calling(call("search", argument="x"))
        ),
    )
    assert [step.action for step in steps] == ["search", "search", "search", "not_found"]
    assert outcome.stop_reason is StopReason.NOT_FOUND
    assert requests[2]["temperature"] > 0


def test_the_last_answer_is_asked_for_in_text(corpus: Path) -> None:
    searches = iter(range(99))

    def reply(request: dict[str, Any]) -> Answer:
        if request["tool_choice"] == "none":
            return chat("The tower of Arle is 42 metres high [1].")
        return calling(call("search", argument=str(next(searches))))

    _, outcome, requests = work(asked(corpus), reply, steps=2)
    assert outcome.stop_reason is StopReason.STEPS
    assert outcome.answer == "The tower of Arle is 42 metres high [1]."
    assert [request["tool_choice"] for request in requests] == ["auto", "auto", "none"]
    assert requests[2]["tools"] == requests[0]["tools"]


@pytest.mark.parametrize(
    ("last", "answer"),
    [(ANSWER, "The tower of Arle is 42 metres high [1]."), (call("search", argument="z"), None)],
    ids=["an answer", "one more look"],
)
def test_a_call_after_the_last_call_is_all_that_there_is(
    corpus: Path, last: Any, answer: str | None
) -> None:
    look = calling(call("search", argument="river"))
    steps, outcome, _ = work(asked(corpus), look, calling(last), steps=1)
    assert len(steps) == 2
    assert outcome.answer == answer
    assert outcome.stop_reason is StopReason.STEPS


@pytest.mark.parametrize(
    "deaf",
    [chat("Well, let me see."), refusal(400, '"auto" tool choice requires a tool call parser')],
    ids=["ignores tools", "refuses tools"],
)
def test_a_server_without_tools_gets_the_text_protocol(folder: Path, deaf: Answer) -> None:
    def reply(request: dict[str, Any]) -> Answer:
        if "tools" in request:
            return deaf
        taught = "```edit NAME" in request["messages"][1]["content"]
        return chat("```write a.py\nx = 2\n```\n```done" if taught else "What tools?")

    steps, outcome, _ = work(changed(folder), reply)
    assert steps[0].observation == UNTOLD
    assert [step.action for step in steps] == ["", "write"]
    assert outcome.stop_reason is StopReason.ANSWERED


def test_a_server_that_ignores_tools_may_answer_at_once(corpus: Path) -> None:
    steps, outcome, _ = work(asked(corpus), chat("The tower of Arle is 42 metres high [1]."))
    assert (len(steps), outcome.stop_reason) == (1, StopReason.ANSWERED)


def test_calls_that_a_server_leaves_in_the_text_are_carried_out(corpus: Path) -> None:
    """As llama.cpp does with Qwen2.5-Coder, which writes no tags around its calls."""
    given = {"search": "river", "answer": "The tower of Arle is 42 metres high [1]."}
    written = [
        json.dumps({"name": name, "arguments": {"argument": text}}) for name, text in given.items()
    ]
    steps, outcome, requests = work(asked(corpus), *map(chat, written))
    assert [step.action for step in steps] == ["search", "answer"]
    assert "Lune" in requests[1]["messages"][-1]["content"]
    assert outcome.answer == "The tower of Arle is 42 metres high [1]."


def test_a_model_that_talks_between_its_calls_is_told_to_call(folder: Path) -> None:
    look = calling(call("read", argument="a.py"))
    steps, _, requests = work(
        changed(folder),
        look,
        chat("I think."),
        calling(call("write", argument="a.py", body="x = 2"), call("done", ident="c2")),
    )
    assert steps[1].observation.startswith("No tool was called. Call one of: list, read,")
    assert "tools" in requests[2]


def test_a_call_that_was_cut_off_is_told_to_be_shorter(corpus: Path) -> None:
    cut = calling(call("search", '{"argument": "the to'), finish_reason="length")
    steps, _, _ = work(asked(corpus), cut, calling(ANSWER))
    assert steps[0].observation.startswith("Your reply was cut off: be shorter. Error: ")


def test_a_model_that_refuses_ends_the_work_in_one_line(corpus: Path) -> None:
    no = chat(choice={"message": {"content": None, "refusal": "I can't help\nwith that."}})
    steps, outcome, _ = work(asked(corpus), no)
    assert (outcome.answer, outcome.stop_reason) == (None, StopReason.CRASHED)
    assert (outcome.error or "").endswith("the model refused: I can't help with that.")
    assert steps[-1].calls[0].error


def test_old_results_give_way_in_a_small_context_and_pairs_stay(corpus: Path) -> None:
    (corpus / "long.txt").write_text("The tower of Arle stands. " * 400)
    queries = iter(range(99))

    def reply(request: dict[str, Any]) -> Answer:
        if next(queries) == 8:
            return calling(ANSWER)
        twice = [call("open", argument=f"1 {next(queries)} {n}", ident=f"c{n}") for n in (1, 2)]
        return calling(*twice)

    steps, _, requests = work(asked(corpus), reply, context=2200, reply_tokens=100)
    assert len(steps) > 3
    assert "[earlier output removed to save room]" in results(requests[-1])


def test_a_budget_bears_the_tools_too() -> None:
    """The schemas are in the prompt, so that a call could cost more than its words."""
    for usd, calls in ((2200e-6, 1), (1500e-6, 0)):
        steps, outcome, _ = work(FUNCTION, calling(call("python", body=RIGHT)), usd=usd)
        assert len(steps) == calls
    assert outcome.stop_reason is StopReason.BUDGET


def test_an_auction_is_won_by_an_agent_that_calls_tools(
    agent: Callable[..., AgentSpec], market: Callable[..., Any]
) -> None:
    hand_in = {"name": "python", "arguments": {"body": RIGHT}}
    rule = {"when": "call `python`", "reply": "", "calls": [hand_in]}
    roster = [
        replace(agent("calls", 1.0, extra=(rule,)), tools=ToolUse.NATIVE),
        agent("writes", 2.0, work="```python\npass\n```"),
    ]
    workshop = Workshop()
    with market(roster, opener=workshop.open, verifier=workshop.verify) as held:
        auction = held.auction(FUNCTION, seed=1)
        (kept,) = held.memory.log(limit=9)
    assert auction.award is not None
    assert auction.award.agent == "calls"
    assert auction.outcome is not None
    assert (auction.outcome.answer, auction.outcome.verified) == (RIGHT, Verdict.PASSED)
    assert auction.steps[0].reply == f"python({json.dumps({'body': RIGHT})})"
    assert kept.id == auction.id


class Mute:
    """A back end of somebody's own that knows no tools."""

    def __init__(self, spec: AgentSpec) -> None:
        pass

    def complete(self, messages: object, *, max_tokens: int, logprobs: int = 0) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("backend", ["llama_cpp", f"{__name__}:Mute"])
def test_a_back_end_without_native_calls_is_refused(backend: str) -> None:
    with pytest.raises(ConfigError, match=r"no native tool calls; set tools = .text."):
        load_backend(AgentSpec("ada", "m", backend, None, tools=ToolUse.NATIVE))
