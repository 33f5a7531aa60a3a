"""How much of the prefix that an auction's stages share is found in the prefix cache.

The embedded agents bid, rate, refine with a full set of lessons, rate again and begin to execute,
in this process. The prefix is [system][task]; its tokens are counted by the model itself.

    python benchmarks/prefix_sharing.py [--agents NAME...] [--tasks N] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from statistics import mean

from sale.agents import prompting
from sale.agents.agent import Agent
from sale.agents.backends import Backend, load_backend
from sale.agents.kinds import Workshop
from sale.auction.jury import letters
from sale.config import load_market
from sale.types import AgentSpec, Call, Kind, Lesson, Limits, Message, Outcome, Task, Verdict

PROSE = (
    "Check the input first and raise an error if it is out of range. Keep a table of the values "
    "from large to small. Go through the table; while the rest is at least the value, add the "
    "symbol and subtract. Join the symbols and return them. Test the first, the last and a middle "
    "value, and both sides of every limit. "
)
"""An ordinary plan; its sentences get numbers where a full-length one is needed."""
TASKS = (
    "Write a Python function roman(n) that converts 1..3999 to Roman numerals; raise ValueError "
    "otherwise",
    "Write a Python function is_leap(year).\n\nassert is_leap(2000)\nassert not is_leap(1900)",
    'Write a Python function rle(text) that encodes runs: rle("aab") == "a2b1". An empty text '
    "stays empty. Only letters are given; a run may be longer than nine, and then its number has "
    "two digits or more. Say nothing else.",
)
LESSONS = 8
"""As many as the embedded market shows."""
BIDDERS = ("first", "second", "third")
SEED = 1
TURN_END = 5
"""Tokens that close a turn and open the reply in the chat format of all three models:
`<|im_end|>`, a line break, `<|im_start|>`, `assistant`, a line break."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One model call of an auction, beside the prefix that it could have found in the cache."""

    agent: str
    stage: str
    task: int
    prefix_tokens: int
    prompt_tokens: int
    cached_tokens: int

    @property
    def uncached_tokens(self) -> int:
        """Prompt tokens that the model had to read."""
        return self.prompt_tokens - self.cached_tokens

    @property
    def hit(self) -> float:
        """The share of the prefix that came from the cache."""
        return min(self.cached_tokens, self.prefix_tokens) / self.prefix_tokens


def count(backend: Backend, messages: Sequence[Message]) -> int:
    """Tokens of a prompt, told by the model's own tokenizer."""
    return backend.complete(messages, max_tokens=1).prompt_tokens


def prefix_tokens(backend: Backend, task: Task) -> int:
    """Tokens of [system][task], without the marks that end the turn."""
    return count(backend, prompting.conversation(task, "")) - TURN_END


def auction(agent: Agent, task: Task) -> Iterator[tuple[str, Call]]:
    """Hold one auction's calls on one agent, and give each with its stage."""
    lesson = Lesson("t", PROSE, PROSE, 0.9, Verdict.PASSED)
    bid = agent.bid(task, seed=SEED)
    yield from _calls("bid", bid.calls)
    plans = dict.fromkeys(BIDDERS, PROSE) | {BIDDERS[0]: bid.plan or PROSE}
    yield from _calls("rate", agent.rate(task, plans, round=1, seed=SEED).calls)
    refined = agent.refine(task, bid.plan or PROSE, [lesson] * LESSONS, seed=SEED)
    yield from _calls("refine", refined.calls)
    plans[BIDDERS[0]] = refined.plan or PROSE
    yield from _calls("rate again", agent.rate(task, plans, round=2, seed=SEED).calls)
    limits = Limits(steps=1, reply_tokens=48)
    for event in agent.execute(task, plans[BIDDERS[0]], limits=limits, seed=SEED):
        if not isinstance(event, Outcome):
            yield from _calls("execute", event.calls[:1])


def _calls(stage: str, calls: Iterable[Call]) -> Iterator[tuple[str, Call]]:
    yield from ((stage, call) for call in calls)


def readings(spec: AgentSpec, tasks: Sequence[Task]) -> list[Reading]:
    """Hold the auctions; the prefixes are counted on a model of their own, which warms nothing."""
    with closing(Agent(spec, opener=Workshop().open)) as agent:
        held = [(index, *row) for index, task in enumerate(tasks) for row in auction(agent, task)]
    with closing(load_backend(spec)) as backend:
        prefixes = [prefix_tokens(backend, task) for task in tasks]
    return [
        Reading(spec.name, stage, index, prefixes[index], call.prompt_tokens, call.cached_tokens)
        for index, stage, call in held
    ]


@dataclass(frozen=True, slots=True)
class Bound:
    """The most prompt tokens after the prefix that one call of a stage can have."""

    stage: str
    full_length: int
    """With every text as long as its cap, in ordinary English: counted by the model."""
    hard: int
    """With a token for each byte: nothing can be longer."""


def bounds(backend: Backend, task: Task, spec: AgentSpec) -> list[Bound]:
    """Bound the stages whose prompts hold texts of other agents or of the memory."""
    full = "".join(PROSE.replace(".", f" {n}.") for n in range(10, 20))
    lessons = [Lesson("t", full, full, 0.9, Verdict.PASSED)] * LESSONS
    order = letters(BIDDERS, seed=SEED, juror=spec.name, round=1)
    plans = dict.fromkeys(order, full)
    blank = [Lesson("t", "", "", 0.9, Verdict.PASSED)] * LESSONS
    tokens = spec.plan_tokens
    frames = {
        "bid": (prompting.plan(task, tokens=tokens), "", 0),
        "rate": (
            prompting.rate(plans),
            prompting.rate(dict.fromkeys(order, "")),
            len(order) * prompting.JURY_BYTES,
        ),
        "refine": (
            prompting.refine(full, lessons, tokens=tokens),
            prompting.refine("", blank, tokens=tokens),
            2 * LESSONS * prompting.LESSON_BYTES + 4 * prompting.PLAN_CHARACTERS,
        ),
    }
    prefix = prefix_tokens(backend, task)
    found = []
    for stage, (filled, frame, most) in frames.items():
        full_length = count(backend, prompting.conversation(task, filled)) - prefix
        around = count(backend, prompting.conversation(task, frame)) - prefix
        hard = around + most if most else full_length
        found.append(Bound(stage, full_length, hard))
    return found


def show(rows: Sequence[Reading], limits: Sequence[Bound]) -> None:
    """Print the table by agent and stage, and the bounds."""
    print(
        f"{'agent':20}{'stage':12}{'prompt':>8}{'cached':>8}{'uncached':>10}{'prefix':>8}{'hit':>7}"
    )
    for agent, stage in dict.fromkeys((row.agent, row.stage) for row in rows):
        chosen = [row for row in rows if (row.agent, row.stage) == (agent, stage)]
        figures = [
            mean(getattr(row, name) for row in chosen)
            for name in ("prompt_tokens", "cached_tokens", "uncached_tokens", "prefix_tokens")
        ]
        prompt, cached, uncached, prefix = figures
        print(
            f"{agent:20}{stage:12}{prompt:8.0f}{cached:8.0f}{uncached:10.0f}{prefix:8.0f}"
            f"{mean(row.hit for row in chosen):7.1%}"
        )
    print("\nprompt tokens after the prefix, with every text as long as its cap")
    for bound in limits:
        print(f"{bound.stage:12} English {bound.full_length:6}   never more than {bound.hard:6}")


def main() -> None:
    """Measure the agents of the embedded market."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--agents", nargs="*", metavar="NAME", help="all, unless named")
    parser.add_argument("--tasks", type=int, default=len(TASKS), help="the first so many tasks")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    tasks = [Task(Kind.CODING, text) for text in TASKS[: options.tasks]]
    _, market = load_market("embedded")
    roster = [s for s in market.roster if not options.agents or s.name in options.agents]
    if not roster:
        parser.error(f"choose agents from {', '.join(s.name for s in market.roster)}")
    rows: list[Reading] = []
    for spec in roster:
        for row in readings(spec, tasks):
            cached = f"{row.cached_tokens} of {row.prompt_tokens} cached"
            print(f"{row.agent} {row.stage}: {cached}, {row.hit:.1%}", file=sys.stderr)
            rows.append(row)
    with closing(load_backend(roster[0])) as backend:
        limits = bounds(backend, tasks[0], roster[0])
    if options.json:
        calls = [{**asdict(row), "hit": row.hit} for row in rows]
        print(json.dumps({"calls": calls, "bounds": [asdict(b) for b in limits]}, indent=1))
    else:
        show(rows, limits)


if __name__ == "__main__":
    main()
