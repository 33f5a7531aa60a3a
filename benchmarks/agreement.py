"""Would a second opinion pay where a task shows nothing to check?

Each task of a suite is done by a small agent several times, the first time greedy, and once by a
large one. Answers agree where they give the same on every input of the hidden tests: no inputs that
an agent could make up would tell more, so this is the best that agreement can do. Printed is how
often answers that agree are right, and what it comes to when the small agent's answer is kept where
its samples agree and the large agent is sent where they don't, at several prices.

    python benchmarks/agreement.py SUITE [--every N] [--limit N] [--market FILE] [--calls FILE]
        [--small qwen2.5-coder-0.5b] [--large qwen2.5-coder-1.5b] [--samples 3]
"""

from __future__ import annotations

import argparse
import ast
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import mean

from sale.agents.agent import Agent
from sale.agents.calls.cached import load_cached
from sale.agents.coding import sandbox
from sale.agents.coding.sandbox import Bounds
from sale.agents.coding.workspace import fresh_workspace
from sale.agents.kinds import Workshop
from sale.bench.statistics.scores import wilson
from sale.cli.hidden_tests import HiddenTests
from sale.config import load_market
from sale.tasks.exam import Script, SuiteTask
from sale.tasks.suites import load
from sale.types import FRESH_TEMPERATURE, Limits, Outcome, Step

BOX = sandbox.choose("auto")
RATIOS = (3, 5, 10, 20, 50)
TRY = """
import json, sys
asked = json.load(sys.stdin)
names, told = {}, []
try:
    exec(open("answer.py").read(), names)
except BaseException as error:
    names = {}
for call in asked:
    try:
        told.append(repr(eval(call, dict(names)))[:500])
    except BaseException as error:
        told.append(type(error).__name__)
sys.stderr.write(json.dumps(told))
"""


@dataclass(frozen=True)
class Answer:
    """One answer: what it gives on the inputs, whether it is right, and what it cost."""

    gives: tuple[str, ...] | None
    right: bool
    usd: float


def inputs(task: SuiteTask) -> list[str]:
    """The calls of the function in the hidden tests, as source."""
    if not isinstance(task.exam, Script):
        return []
    found = {}
    for source in task.exam.files.values():
        tree = ast.parse(source)
        alias = next((name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
                      and node.module == "answer" for name in node.names), None)  # fmt: skip
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("candidate", alias):
                told = ", ".join(ast.unparse(one) for one in (*node.args, *node.keywords))
                found[f"{alias}({told})"] = None
    return list(found)


def behaviour(code: str, calls: Sequence[str]) -> tuple[str, ...] | None:
    """What an answer gives on each input; None where it ends otherwise."""
    with fresh_workspace() as workspace:
        (workspace / "answer.py").write_bytes(code.encode(errors="replace"))
        (workspace / "attempt.py").write_text(TRY)
        told = BOX.run(["python", "attempt.py"], workspace=workspace, stdin=json.dumps(calls),
                       bounds=Bounds(wall_s=10))  # fmt: skip
    try:
        return tuple(json.loads(told.stderr.splitlines()[-1]))
    except (ValueError, IndexError):
        return None


def answers(agent: Agent, task: SuiteTask, grader: HiddenTests, count: int) -> Iterator[Answer]:
    """What an agent answers, the first time greedy, then by chance."""
    calls = inputs(task)
    for sample in range(count):
        limits = Limits(steps=1, temperature=FRESH_TEMPERATURE if sample else 0.0)
        events = list(agent.execute(task.task, None, limits=limits, seed=sample))
        paid = [call.usd for one in events if isinstance(one, Step) for call in one.calls]
        outcome = next(one for one in events if isinstance(one, Outcome))
        code = outcome.answer or ""
        yield Answer(
            behaviour(code, calls) if code else None,
            bool(code) and grader(task.id, outcome) == 1.0,
            sum(usd or 0.0 for usd in paid),
        )


def agree(some: Sequence[Answer]) -> bool:
    """Whether all of some answers give the same."""
    return some[0].gives is not None and len({one.gives for one in some}) == 1


def shown(right: Sequence[bool]) -> str:
    """A share with its 95 % interval."""
    if not right:
        return "-"
    found = wilson(mean(right), len(right))
    share = f"{found.value:.0%} [{found.low:.0%}, {found.high:.0%}]"
    return f"{sum(right)} of {len(right)} right ({share})"


def told(small: Sequence[Sequence[Answer]], large: Sequence[Answer]) -> None:
    """Print what agreement says, and what it comes to."""
    print(f"small: {shown([one[0].right for one in small])}")
    print(f"large: {shown([one.right for one in large])}")
    paid = mean(one.usd for one in large) / mean(one[0].usd for one in small)
    print(f"a work of the large agent costs {paid:.1f} times as much\n")
    for count in range(2, len(small[0]) + 1):
        same = [agree(one[:count]) for one in small]
        yes = [one[0].right for one, alike in zip(small, same, strict=True) if alike]
        no = [one[0].right for one, alike in zip(small, same, strict=True) if not alike]
        print(f"{count} samples agree: {shown(yes)}; they don't: {shown(no)}")
        kept = [
            one[0].right if alike else other.right
            for one, other, alike in zip(small, large, same, strict=True)
        ]
        costs = [count / ratio + 1 - mean(same) for ratio in (paid, *RATIOS)]
        print(f"  small where they agree, else large: {shown(kept)}")
        print("  dollars beside the large agent alone: " + ", ".join(
            f"{cost:.2f} at {ratio:.3g} times the price"
            for cost, ratio in zip(costs, (paid, *RATIOS), strict=True)
        ))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("suite")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--market")
    parser.add_argument("--calls", type=Path, default=Path("agreement.db"))
    parser.add_argument("--small", default="qwen2.5-coder-0.5b")
    parser.add_argument("--large", default="qwen2.5-coder-1.5b")
    parser.add_argument("--samples", type=int, default=3)
    asked = parser.parse_args()
    tasks = {task.id: task for task in islice(load(asked.suite).tasks, 0, None, asked.every)}
    tasks = dict(islice(tasks.items(), asked.limit))
    roster = {spec.name: spec for spec in load_market(asked.market)[1].roster}
    grader = HiddenTests(tasks)

    def ask(name: str, count: int) -> list[tuple[Answer, ...]]:
        spec = roster[name]
        agent = Agent(spec, opener=Workshop().open, load=partial(load_cached, path=asked.calls))
        with closing(agent), ThreadPoolExecutor(spec.slots) as pool:
            return list(
                pool.map(lambda one: tuple(answers(agent, one, grader, count)), tasks.values())
            )

    small, large = ask(asked.small, asked.samples), ask(asked.large, 1)
    told(small, [one for [one] in large])


if __name__ == "__main__":
    main()
