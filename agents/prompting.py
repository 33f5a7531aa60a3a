"""The prompts of an agent: one shared prefix, then what differs.

Bid, rate, refine and execute all begin with [system][task], so that an agent's prefix cache
holds most of an auction's prompt tokens. Everything written by a model or a user is quoted
between markers and stripped of control characters: it is data, never an instruction.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import Template

from sale.types import Lesson, Message, Task

PLAN_CHARACTERS = 2_000
LESSON_CHARACTERS = 400
TASK_CHARACTERS = 200_000

_MARKS = re.compile(r"<(?=\s*/?\s*(?:plan|task|lesson|passage)\b)", re.I)
"""The bracket alone is replaced: what is cut out of a text lets the rest join to a new mark."""


@cache
def _template(name: str) -> Template:
    return Template(files("sale.agents").joinpath(f"prompts/{name}.md").read_text().strip())


def clean(text: str, *, limit: int) -> str:
    """Text from outside, without control and direction characters, cut at `limit` characters."""
    kept = "".join(char for char in text if char in "\n\t" or unicodedata.category(char)[0] != "C")
    return kept if len(kept) <= limit else kept[:limit].rstrip() + " [cut]"


def inert(text: str, *, limit: int) -> str:
    """Cleaned text that can neither close nor open the marks that prompts use."""
    return _MARKS.sub("(", clean(text, limit=limit)).strip()


def quote(text: str, *, limit: int) -> str:
    """A plan as data: inert, and without fences that would read as an action."""
    return inert(text, limit=limit).replace("```", "'''")


def prefix(task: Task) -> str:
    """The part of every user message that all stages of an auction share."""
    return f"<task>\n{inert(task.text, limit=TASK_CHARACTERS)}\n</task>\n\n"


def conversation(task: Task, instruction: str) -> list[Message]:
    """[system][task][instruction]: the shared prefix first, what differs last."""
    return [
        Message("system", _template("system").template),
        Message("user", prefix(task) + instruction),
    ]


def plan(task: Task, *, tokens: int) -> str:
    """Ask for a plan of at most `tokens` tokens."""
    words = int(tokens * 0.6)
    return _template(f"plan_{task.kind}").substitute(words=words)


def rate(plans: Mapping[str, str]) -> str:
    """Ask for one digit a plan; `plans` maps letters to the bidders' plans."""
    quoted = "\n".join(
        f'<plan id="{letter}">\n{quote(text, limit=PLAN_CHARACTERS)}\n</plan>'
        for letter, text in plans.items()
    )
    shape = ", ".join(f'"{letter}": digit' for letter in plans)
    return _template("rate").substitute(plans=quoted, shape=shape)


def refine(own: str, lessons: Sequence[Lesson], *, tokens: int) -> str:
    """Ask for a better plan, given what lost and what won on similar tasks."""
    shown = "\n".join(
        f"<lesson>\nLost: {quote(lesson.lost, limit=LESSON_CHARACTERS)}\n"
        f"Won: {quote(lesson.won, limit=LESSON_CHARACTERS)}\n</lesson>"
        for lesson in lessons
    )
    return _template("refine").substitute(
        lessons=shown, plan=quote(own, limit=PLAN_CHARACTERS), words=int(tokens * 0.6)
    )


def own_plan(text: str) -> str:
    """The winner's plan, as it stands in its own prompt."""
    return f"<plan>\n{quote(text, limit=PLAN_CHARACTERS)}\n</plan>\n\n"


def instruction(name: str, **values: str) -> str:
    """Any other prompt file with its blanks filled."""
    return _template(name).substitute(values)
