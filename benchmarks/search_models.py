"""Each agent of a market alone on questions: one retrieval and one reply against the agent loop.

    python benchmarks/search_models.py search --tasks 40 --agents qwen2.5-coder-1.5b
    python benchmarks/search_models.py hotpotqa.json --corpus-mode pooled --out hotpotqa.jsonl
    python benchmarks/search_models.py search --table              # what is on file, no model

`one-shot` searches once with the question itself, puts the best passages into the prompt and takes
the one reply. `loop` is what an agent that has won does: it searches, opens, and answers or gives
up. Both are greedy. Rows go to --out as they are made, and what is there is not made again.

EM and F1 are those of the suite's key; `holds` is the share of answers in which the key stands,
whatever is said around it: a model may answer in a sentence all the same. All three are of the
questions that have an answer; `gave up` is how many of these ended "not found". `not found` is of
the others, where it is right. `verified` is of all answers given. Calls, tokens and seconds are
means.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
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
from sale.agents.backends.embedder import embedder_if_here
from sale.agents.calls.cached import Load, load_cached
from sale.agents.kinds import Workshop
from sale.agents.meter import Meter
from sale.agents.search.citing import marks
from sale.agents.search.excerpt import quote, quote_line
from sale.agents.search.sources import open_search
from sale.agents.search.tools import citation
from sale.agents.search.verify import is_not_found
from sale.cli.hidden_tests import said
from sale.config import load_market
from sale.errors import SaleError
from sale.tasks.contexts import CorpusMode, placed
from sale.tasks.exam import Key, SuiteTask
from sale.tasks.grading.keys import grade_words, normalised, says_not_found
from sale.tasks.suites import open_suite
from sale.types import (
    AgentSpec,
    Call,
    Limits,
    Message,
    Outcome,
    Stage,
    Step,
    StopReason,
    Verdict,
)

Attempt = Callable[[SuiteTask], tuple[Outcome, list[Call]]]
"""Gives the outcome and the calls that led to it."""
MODES = ("one-shot", "loop")
PASSAGES = 5
"""Of one retrieval; as many as a search of the loop shows."""
PROMPT = """\
These passages were found:

{passages}

Question: {question}

Write the shortest answer to the question, with no sentence around it. After it write the number \
of the passage that says so, in square brackets. If no passage says it, write only: not_found"""
"""The same words as the loop's, so that all that differs is what the model can do."""


def one_shot(spec: AgentSpec, load: Load) -> Attempt:
    """The model asked once, with what a search for the question itself brings."""
    backend = load(spec)

    def attempt(task: SuiteTask) -> tuple[Outcome, list[Call]]:
        meter = Meter(backend, spec, Stage.EXECUTE)
        hits = open_search(task.task.corpus or "").search(task.task.text, PASSAGES)
        shown = [
            f"[{number}] {quote_line(hit.title)}\n{quote(hit.text)}"
            for number, hit in enumerate(hits, start=1)
        ]
        asked = PROMPT.format(passages="\n".join(shown), question=task.task.text)
        prompt, most = [Message("user", asked)], Limits().reply_tokens
        try:
            reply = meter.complete(prompt, max_tokens=most, temperature=0.0, seed=0)
        except SaleError as error:
            failed = Outcome(spec.name, None, StopReason.CRASHED, error=str(error))
            return failed, list(meter.take())
        cited = [hits[n - 1] for n in marks(reply.text) if 0 < n <= len(hits)]
        citations = tuple(map(citation, cited))
        return _outcome(spec, reply.text.strip(), citations=citations), list(meter.take())

    return attempt


def _outcome(spec: AgentSpec, text: str, **more: Any) -> Outcome:
    """What a reply answers, or that it gives up; a tool's name in front is no part of it."""
    action = protocol.parse(text, ("answer", "not_found"))
    if action:
        text = action.text
    gave_up = (action and action.tool == "not_found") or not text or is_not_found(text)
    if gave_up:
        return Outcome(spec.name, None, StopReason.NOT_FOUND)
    return Outcome(spec.name, text, StopReason.ANSWERED, **more)


def loop(spec: AgentSpec, load: Load) -> Attempt:
    """The agent with its tools, as after an award without its plan."""
    agent = Agent(spec, opener=Workshop().open, load=load)

    def attempt(task: SuiteTask) -> tuple[Outcome, list[Call]]:
        calls: list[Call] = []
        for event in agent.execute(task.task, None, limits=Limits(), seed=0):
            if isinstance(event, Step):
                calls += event.calls
            else:
                outcome = event
        return outcome, calls

    return attempt


def row(
    task: SuiteTask, *, corpus: str, mode: str, slots: int, spec: AgentSpec, attempt: Attempt
) -> dict[str, Any]:
    """One attempt, compared with the key."""
    began = time.monotonic()
    outcome, calls = attempt(task)
    seconds = time.monotonic() - began
    answer, key = said(outcome), task.exam
    assert isinstance(key, Key)
    grade = grade_words(key, answer)
    return {
        "agent": spec.name,
        "suite": task.task.suite,
        "corpus": corpus,
        "mode": mode,
        "slots": slots,
        "task": task.id,
        "answerable": key.answerable,
        "em": grade.solved,
        "f1": grade.f1,
        "holds": key.answerable and any(map(partial(holds, answer), key.answers)),
        "not_found": says_not_found(answer),
        "verified": Workshop(embedder=embedder_if_here).verify(task.task, outcome)[0],
        "stop": outcome.stop_reason,
        "calls": len(calls),
        "tokens": sum(call.prompt_tokens + call.completion_tokens for call in calls),
        "seconds": seconds,
        "answer": outcome.answer,
        "error": outcome.error,
    }


def holds(answer: str, right: str) -> bool:
    """Whether an answer has the words of a key in a row somewhere."""
    return f" {normalised(right)} " in f" {normalised(answer)} "


def questions(options: argparse.Namespace) -> Sequence[SuiteTask]:
    """The first questions of a suite that have a key, with what they look at."""
    suite = open_suite(options.suite)
    keyed = [task for task in suite.read_all().tasks if isinstance(task.exam, Key)]
    if options.only:
        keyed = [one for one in keyed if one.exam.answerable == (options.only == "answerable")]
    mode = options.corpus_mode and CorpusMode(options.corpus_mode)
    return placed(keyed[:: options.every][: options.tasks], suite, mode=mode, where=options.corpus)


def run(options: argparse.Namespace, roster: list[AgentSpec]) -> Iterator[dict[str, Any]]:
    """Every attempt, those that are on file first."""
    done = [json.loads(line) for line in options.out.open()] if options.out.exists() else []
    yield from done
    if options.table:
        return
    keys = ("agent", "suite", "corpus", "mode", "task")
    known = {tuple(one[key] for key in keys) for one in done}
    tasks = questions(options)
    corpus = options.corpus or options.corpus_mode or "its own"
    for spec, mode in product(roster, options.modes):
        lead = (spec.name, tasks[0].task.suite, corpus, mode)
        left = [task for task in tasks if (*lead, task.id) not in known]
        if not left:
            continue
        opened = partial(load_cached, path=options.calls) if options.calls else load_backend
        start = {"one-shot": one_shot, "loop": loop}[mode]
        attempt = start(replace(spec, slots=options.slots), opened)
        work = partial(
            row, corpus=corpus, mode=mode, slots=options.slots, spec=spec, attempt=attempt
        )
        with ThreadPoolExecutor(options.slots) as threads:
            for made in as_completed([threads.submit(work, task) for task in left]):
                with options.out.open("a") as file:
                    file.write(json.dumps(made.result()) + "\n")
                yield made.result()


def table(rows: list[dict[str, Any]], groups: Callable[[dict[str, Any]], str]) -> str:
    """A line for every agent, mode and group of questions."""
    heads = (
        *("agent", "suite", "corpus", "mode", "questions", "n", "EM", "F1", "holds", "gave up"),
        *("verified", "n without", "not found", "calls", "tokens", "seconds"),
    )
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    sorted_in: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in rows:
        key = (one["agent"], one["suite"], one["corpus"], one["mode"], groups(one))
        sorted_in.setdefault(key, []).append(one)
    lines += ["| " + " | ".join([*key, *_figures(own)]) + " |" for key, own in sorted_in.items()]
    return "\n".join(lines)


def _figures(rows: list[dict[str, Any]]) -> list[str]:
    with_answer = [one for one in rows if one["answerable"]]
    without = [one for one in rows if not one["answerable"]]
    given = [one for one in rows if one["answer"] is not None]
    known = [one["f1"] for one in with_answer if one["f1"] is not None]
    return [
        str(len(with_answer)),
        _share([one["em"] for one in with_answer]),
        f"{mean(known):.3f}" if known else "-",
        _share([one["holds"] for one in with_answer]),
        _share([one["not_found"] for one in with_answer]),
        _share([one["verified"] == Verdict.PASSED for one in given]),
        str(len(without)),
        _share([one["not_found"] for one in without]),
        *(f"{mean(one[key] for one in rows):.1f}" for key in ("calls", "tokens", "seconds")),
    ]


def _share(values: Sequence[bool]) -> str:
    return f"{mean(values):.1%}" if values else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite")
    parser.add_argument("--every", type=int, default=1, help="the first and each so manieth on")
    parser.add_argument("--tasks", type=int, default=None, help="so many of them")
    parser.add_argument("--only", choices=("answerable", "absent"), help="questions of one sort")
    parser.add_argument("--agents", nargs="*", default=None)
    parser.add_argument("--modes", nargs="*", choices=MODES, default=MODES)
    parser.add_argument("--corpus-mode", choices=[*CorpusMode], default=None)
    parser.add_argument("--corpus", default=None, help="a folder or built corpus to look in")
    parser.add_argument("--market", default=None)
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--calls", type=Path, help="a cache of model calls, as `sale bench` keeps")
    parser.add_argument("--table", action="store_true", help="only show what is on file")
    parser.add_argument("--shapes", action="store_true", help="a line for each shape of question")
    parser.add_argument("--out", type=Path, default=Path("search_models.jsonl"))
    options = parser.parse_args()
    market = load_market(options.market)[1]
    roster = [one for one in market.roster if not options.agents or one.name in options.agents]
    rows = []
    for one in run(options, roster):
        rows.append(one)
        if not options.table:
            print(one["agent"], one["mode"], one["task"], one["em"], one["verified"], flush=True)
    print(table(rows, lambda _: "all"))
    if options.shapes:
        print("\n" + table(rows, lambda one: one["task"].rpartition("-")[0]))


if __name__ == "__main__":
    main()
