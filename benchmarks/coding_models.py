"""Each agent of a market alone on the first tasks of a suite: one reply against the agent loop.

    python benchmarks/coding_models.py humaneval --tasks 82 --agents qwen2.5-coder-0.5b
    python benchmarks/coding_models.py coding --out coding.jsonl     # goes on where it stopped
    python benchmarks/coding_models.py coding --slots 3              # three tasks at a time

`one-shot` is the plain prompt, greedy, one reply, and what stands in its first block. `loop` is
what an agent that has won does, greedy at first; `first reply` is what its first call brought, had
it stopped there. All are graded by the hidden tests. Tasks with a workspace are for the loop alone.
`calls`, `tokens` and `seconds` are means over the tasks. With several slots a model is read once
for several replies: more of them in an hour, each of them slower.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from statistics import mean
from typing import Any

from sale.agents import protocol
from sale.agents.agent import Agent
from sale.agents.backends import load_backend
from sale.agents.calls.cached import Load, load_cached
from sale.agents.coding.function_work import FunctionWork
from sale.agents.kinds import Workshop
from sale.agents.meter import Meter
from sale.cli.examiner import examine
from sale.cli.hidden_tests import HiddenTests
from sale.config import load_market
from sale.tasks.exam import SuiteTask
from sale.tasks.suites import load
from sale.types import AgentSpec, Call, Limits, Message, Outcome, Stage, Step, StopReason

Attempt = Callable[[SuiteTask], tuple[Outcome, list[Call], str]]
"""Gives the outcome, the calls that led to it, and the first reply."""
MODES = ("one-shot", "loop")


def code_in(reply: str) -> str:
    """What a reply holds as its answer."""
    action = protocol.parse(reply, FunctionWork.tools)
    return reply if action is None else action.body


def one_shot(spec: AgentSpec, load: Load) -> Attempt:
    """The model asked once, in the task's own words."""
    backend = load(spec)

    def attempt(task: SuiteTask) -> tuple[Outcome, list[Call], str]:
        meter = Meter(backend, spec, Stage.EXECUTE)
        prompt = [Message("user", task.task.text)]
        reply = meter.complete(prompt, max_tokens=Limits().reply_tokens, temperature=0.0, seed=0)
        outcome = Outcome(spec.name, code_in(reply.text), StopReason.ANSWERED)
        return outcome, list(meter.take()), reply.text

    return attempt


def loop(spec: AgentSpec, load: Load) -> Attempt:
    """The agent with its tools, as after an award without its plan."""
    agent = Agent(spec, opener=Workshop().open, load=load)

    def attempt(task: SuiteTask) -> tuple[Outcome, list[Call], str]:
        calls: list[Call] = []
        replies: list[str] = []
        for event in agent.execute(task.task, None, limits=Limits(), seed=0):
            if isinstance(event, Step):
                calls += event.calls
                replies.append(event.reply)
            else:
                outcome = event
        return outcome, calls, replies[0] if replies else ""

    return attempt


def row(
    task: SuiteTask,
    *,
    mode: str,
    slots: int,
    spec: AgentSpec,
    attempt: Attempt,
    grader: HiddenTests,
) -> dict[str, Any]:
    """One attempt, graded."""
    began = time.monotonic()
    outcome, calls, reply = attempt(task)
    seconds = time.monotonic() - began
    grade = grader(task.id, outcome)
    if mode == "loop" and task.task.workspace is None and len(calls) > 1:
        first = grader(task.id, replace(outcome, answer=code_in(reply)))
    else:
        first = grade
    return {
        "agent": spec.name,
        "mode": mode,
        "slots": slots,
        "task": task.id,
        "function": task.task.workspace is None,
        "grade": grade,
        "first_grade": first,
        "verified": Workshop(examiner=examine).verify(task.task, outcome)[0],
        "stop": outcome.stop_reason,
        "calls": len(calls),
        "tokens": sum(call.prompt_tokens + call.completion_tokens for call in calls),
        "seconds": seconds,
        "answer": outcome.answer,
    }


def run(options: argparse.Namespace, roster: list[AgentSpec]) -> Iterator[dict[str, Any]]:
    """Every attempt, those that are on file first."""
    done = [json.loads(line) for line in options.out.open()] if options.out.exists() else []
    yield from done
    known = {(one["agent"], one["mode"], one["task"]) for one in done}
    tasks = load(options.suite).tasks[:: options.every][: options.tasks]
    grader = HiddenTests({task.id: task for task in tasks})
    for spec, mode in product(roster, options.modes):
        left = [
            task
            for task in tasks
            if (spec.name, mode, task.id) not in known
            and not (mode == "one-shot" and task.task.workspace is not None)
        ]
        if not left:
            continue
        opened = partial(load_cached, path=options.calls) if options.calls else load_backend
        start = {"one-shot": one_shot, "loop": loop}[mode]
        attempt = start(replace(spec, slots=options.slots), opened)
        work = partial(
            row, mode=mode, slots=options.slots, spec=spec, attempt=attempt, grader=grader
        )
        with ThreadPoolExecutor(options.slots) as threads:
            for made in as_completed([threads.submit(work, task) for task in left]):
                with options.out.open("a") as file:
                    file.write(json.dumps(made.result()) + "\n")
                yield made.result()


def table(rows: list[dict[str, Any]]) -> str:
    """A line for every agent, mode and shape of task."""
    lines = ["| agent | tasks | n | mode | pass@1 | calls | tokens | seconds |", "|" + "---|" * 8]
    agents = dict.fromkeys(one["agent"] for one in rows)
    for agent, function, mode in product(agents, (True, False), MODES):
        wanted = (agent, function, mode)
        group = [one for one in rows if (one["agent"], one["function"], one["mode"]) == wanted]
        if not group:
            continue
        head = f"| {agent} | {'code' if function else 'folders'} | {len(group)} |"
        if mode == "loop" and function:
            solved = mean(one["first_grade"] == 1.0 for one in group)
            lines.append(f"{head} first reply | {solved:.1%} | 1 | | |")
        solved = mean(one["grade"] == 1.0 for one in group)
        calls, tokens, seconds = (
            mean(one[key] for one in group) for key in ("calls", "tokens", "seconds")
        )
        lines.append(f"{head} {mode} | {solved:.1%} | {calls:.2f} | {tokens:.0f} | {seconds:.1f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite")
    parser.add_argument("--every", type=int, default=1, help="the first and each so manieth on")
    parser.add_argument("--tasks", type=int, default=None, help="so many of them")
    parser.add_argument("--agents", nargs="*", default=None)
    parser.add_argument("--modes", nargs="*", choices=MODES, default=MODES)
    parser.add_argument("--market", default=None)
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--calls", type=Path, help="a cache of model calls, as `sale bench` keeps")
    parser.add_argument("--out", type=Path, default=Path("coding_models.jsonl"))
    options = parser.parse_args()
    market = load_market(options.market)[1]
    roster = [one for one in market.roster if not options.agents or one.name in options.agents]
    rows = []
    for one in run(options, roster):
        rows.append(one)
        print(one["agent"], one["mode"], one["task"], one["grade"], one["verified"], flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
