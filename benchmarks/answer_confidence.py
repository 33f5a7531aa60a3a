"""What tells a right answer of a search agent from a wrong one? Its own words, or a second look?

    python benchmarks/answer_confidence.py qwen2.5-coder-1.5b search --only absent
    python benchmarks/answer_confidence.py qwen2.5-coder-1.5b hotpotqa.json --limit 40
    python benchmarks/answer_confidence.py --table

Each question is answered as an agent begins: from the passages that one search shows. `confidence`
is that of `sale.agents.confidence`: how likely the tokens of the answer were. Then the same model
is asked afresh, with nothing but passages: whether the `cited` one answers the question, and
whether the answer is really this one by those that `completed` it: probabilities of a yes. The
table has for each the share of pairs of a right answer and another one in which the right one has
the higher number (0.5 is chance). An answer is right when a key stands in it. Rows go to --out as
they are made, and what is there is not made again.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from search_models import holds

from sale.agents import prompting, protocol
from sale.agents.backends import load_backend
from sale.agents.confidence import confidence
from sale.agents.meter import Meter
from sale.agents.search import Hit
from sale.agents.search.citing import unmarked
from sale.agents.search.completing import completed
from sale.agents.search.excerpt import cut, overlap, quote, quote_line
from sale.agents.search.sources import open_search
from sale.agents.search.text import one_line, terms
from sale.agents.search.tools import SearchTools
from sale.agents.search.work import SURE, SearchWork
from sale.config import load_market
from sale.tasks.contexts import CorpusMode, placed
from sale.tasks.exam import Key, SuiteTask
from sale.tasks.suites import open_suite
from sale.types import Completion, Kind, Message, Stage, Task

OUT = Path(__file__).parents[1] / "results" / "answer-confidence.jsonl"
CITED = 'Does this passage answer the question "{question}"? Reply with one word: yes or no.'
COMPLETED = (
    'Is the answer to the question "{question}" really "{answer}", and does this passage say so? '
    "Reply with one word: yes or no."
)
WAYS = ("confidence", "cited", "completed")
WORDS = 120
"""Of each passage that the model is asked about."""


def looked_at(meter: Meter, task: SuiteTask) -> dict[str, Any]:
    """Answer one question, and weigh the answer in every way."""
    question, key = task.task.text, task.exam
    assert isinstance(key, Key)
    tools = SearchTools(open_search(task.task.corpus or ""), goal=question)
    text, _ = prompting.instructions("search", passages=tools.search(question), question=question)
    opening = prompting.conversation(Task(Kind.SEARCH, question), text)
    said = meter.complete(opening, max_tokens=80, logprobs=1)
    action = protocol.parse(said.text, SearchWork.tools, fallback="answer")
    row = {"task": task.id, "answerable": key.answerable, "said": said.text}
    if action is None or action.tool != "answer":
        return row | {"answer": None}
    numbered = tools.numbered(action.text)
    answer, cited = unmarked(numbered), [tools.shown[n - 1] for n in tools.cited(numbered)]
    wider = completed(question, cited, tools.shown)
    told = {"question": question, "answer": answer}
    return row | {
        "answer": answer,
        "right": key.answerable and any(holds(answer, one) for one in key.answers),
        "confidence": confidence(said, action.text.partition("[")[0].strip()),
        "cited": yes(meter, question, cited, CITED.format(**told)) if cited else 0.0,
        "completed": yes(meter, question, wider, COMPLETED.format(**told)) if wider else 0.0,
    }


def yes(meter: Meter, question: str, passages: Sequence[Hit], asked: str) -> float:
    """The probability that the model says yes to something about passages."""
    weight = overlap(terms(question))
    shown = "\n".join(
        f"{quote_line(one_line(hit.title))}:\n{quote(cut(hit.text, weight, WORDS))}"
        for hit in passages
    )
    prompt = Message("user", f"<passage>\n{shown}\n</passage>\n\n{asked}")
    return weigh(meter.complete([prompt], max_tokens=4, logprobs=20))


def weigh(completion: Completion) -> float:
    """Weigh yes against no where the first of them stands; 1 where neither does."""
    for choice in completion.choices or ():
        if _word(choice.token) in {"yes", "no"}:
            top = dict(choice.top) | {choice.token: choice.logprob}
            for_yes, for_no = (
                sum(math.exp(value) for token, value in top.items() if _word(token) == word)
                for word in ("yes", "no")
            )
            return for_yes / (for_yes + for_no)
    return 1.0


def _word(token: str) -> str:
    return token.strip().strip(".,!*\"'").casefold()


def told_apart(rows: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]], way: str) -> str:
    """The share of pairs in which the first of two kinds of answers has the higher number."""
    pairs = [
        (a[way] > b[way]) + (a[way] == b[way]) / 2
        for a in rows
        for b in others
        if None not in {a[way], b[way]}
    ]
    return f"{sum(pairs) / len(pairs):.2f}" if pairs else "-"


def table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What each way tells, and whom the thresholds would let through."""
    given = [one for one in rows if one["answer"] is not None]
    right = [one for one in given if one["right"]]
    wrong = [one for one in given if one["answerable"] and not one["right"]]
    absent = [one for one in given if not one["answerable"]]
    yield f"| | {len(right)} right from {len(wrong)} wrong | from {len(absent)} of what is absent |"
    yield "|---|---|---|"
    for way in WAYS:
        yield f"| {way} | {told_apart(right, wrong, way)} | {told_apart(right, absent, way)} |"
    yield ""
    yield "| taken | right | wrong | of what is not there |\n|---|---|---|---|"
    rules = {
        f"confidence {SURE}": lambda one: one["confidence"] is None or one["confidence"] >= SURE,
        "cited 0.5 or completed 0.6": lambda one: one["cited"] >= 0.5 or one["completed"] >= 0.6,
    }
    for name, rule in rules.items():
        taken = (f"{sum(map(rule, kind))} of {len(kind)}" for kind in (right, wrong, absent))
        yield f"| {name} | {' | '.join(taken)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("agent", nargs="?")
    parser.add_argument("suite", nargs="?")
    parser.add_argument("--only", choices=("answerable", "absent"), default="answerable")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--market", metavar="FILE")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--table", action="store_true", help="only show what is on file")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.out.open()] if options.out.exists() else []
    if not options.table:
        suite, known = open_suite(options.suite), {row["task"] for row in rows}
        keyed = [one for one in suite.read_all().tasks if isinstance(one.exam, Key)]
        wanted = [one for one in keyed if one.exam.answerable == (options.only == "answerable")]
        mode = None if options.suite == "search" else CorpusMode.PER_QUESTION
        tasks = placed(wanted[:: options.every][: options.limit], suite, mode=mode, where=None)
        roster = load_market(options.market)[1].roster
        spec = next(one for one in roster if one.name == options.agent)
        with closing(load_backend(spec)) as backend, options.out.open("a") as file:
            meter = Meter(backend, spec, Stage.EXECUTE)
            for task in (one for one in tasks if one.id not in known):
                rows.append(looked_at(meter, task))
                print(json.dumps(rows[-1]), file=file, flush=True)
                print(task.id, rows[-1]["answer"], flush=True)
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
