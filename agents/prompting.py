"""The prompts of an agent: one shared prefix, then what differs.

Bid, rate, refine and execute all begin with [system][task], so that an agent's prefix cache
holds most of an auction's prompt tokens. Everything written by a model or a user is quoted
between markers and stripped of control characters: it is data, never an instruction. A plan
before a juror is reduced further, to the sentences of one paragraph that could be steps: what
speaks of ratings or of plans, or has the form of a juror's answer, is left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import Template

from sale.types import Lesson, Message, Task, ToolUse

PLAN_CHARACTERS = 2_000
JURY_BYTES = 600
"""Of a plan as a juror sees it: about 120 tokens, and never more tokens than bytes."""
LESSON_BYTES = 400
"""Of each plan of a lesson."""
TASK_CHARACTERS = 200_000

_MARKS = re.compile(r"<(?=\s*/?\s*(?:plan|task|lesson|passage)\b)", re.I)
"""The bracket alone is replaced: what is cut out of a text lets the rest join to a new mark."""
_BREAK_OUT = re.compile(rf"{_MARKS.pattern}|<\s*\|", re.I)
_PLAIN = str.maketrans('[{}]"`\u201c\u201d', "(())" + "'" * 4)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n")
_RATING = re.compile(r"\b(?:rat(?:e[sd]?|ings?|ers?)|scor(?:e[sd]?|ing)|jur(?:y|ors?))\b", re.I)
_PLAN = re.compile(r"\b(?:plans?|bids?|bidders?|json|instructions?)\b", re.I)
_SCALE = re.compile(r"\b(?:[0-5]|zero|five|highest|maximum)\b", re.I)
_A_PLAN = re.compile(r"\b(?:this|my|our|every|each|(?:all )?(?:the )?other) (?:plan|bid)s?\b", re.I)


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


def steps(text: str, *, limit: int = JURY_BYTES, letters: Iterable[str] = "A") -> str:
    """A plan as a rival may see it: one paragraph of plain signs, without what speaks to a juror.

    It is cut at `limit` bytes, and no sentence stands twice. `letters` are those that the
    plans stand under. No list of words is complete: docs/jury.md says what gets through.
    """
    any_letter = "|".join(map(re.escape, letters))
    answer = re.compile(rf"\b(?:{any_letter})\W{{0,4}}[:=]\W{{0,4}}[0-5]\b")
    known = unicodedata.normalize("NFKC", clean(text, limit=PLAN_CHARACTERS))
    sentences = (_plain(part) for part in _SENTENCE.split(known) if not _BREAK_OUT.search(part))
    kept = dict.fromkeys(s for s in sentences if s and not (_to_a_juror(s) or answer.search(s)))
    whole = _MARKS.sub("(", " ".join(kept)).encode()
    cut = " [cut]" if len(whole) > limit else ""
    return whole[:limit].decode(errors="ignore").rstrip() + cut or "(no steps)"


def _plain(sentence: str) -> str:
    """Letters, digits and the signs of prose and arithmetic; no tag, fence, object or flood."""
    text = re.sub(r"([<>]=?)", r" \1 ", sentence.translate(_PLAIN))
    signs = " .,;:!?'()+-*/=<>%&_^~"
    text = "".join(c if c in signs or unicodedata.category(c)[0] in "LNM" else " " for c in text)
    text = re.sub(r"([^\w\s])\1{2,}", r"\1", text)
    return re.sub(r"\b(\w+)(?:\s+\1\b){2,}", r"\1 \1", " ".join(text.split()))


def _to_a_juror(sentence: str) -> bool:
    """Whether a sentence speaks of plans or ratings, or hides its letters: no step does."""
    topics = sum(bool(words.search(sentence)) for words in (_RATING, _PLAN, _SCALE))
    return topics > 1 or bool(_A_PLAN.search(sentence)) or any(map(_mixed, sentence.split()))


def _mixed(word: str) -> bool:
    """Whether a word mixes alphabets, as look-alikes do."""
    names = {unicodedata.name(c, "").partition(" ")[0] for c in word if c.isalpha()}
    return {"LATIN", "CYRILLIC"} <= names or (len(word) > 3 and {"LATIN", "GREEK"} <= names)


def prefix(task: Task) -> str:
    """The part of every user message that all stages of an auction share."""
    return f"<task>\n{inert(task.text, limit=TASK_CHARACTERS)}\n</task>\n\n"


def conversation(task: Task, instruction: str) -> list[Message]:
    """[system][task][instruction]: the shared prefix first, what differs last."""
    return [
        Message("system", _template("system").template),
        Message("user", prefix(task) + instruction),
    ]


def bare(task: Task) -> list[Message]:
    """The task in its own words and nothing else: what a model was trained to answer with code."""
    return [Message("user", clean(task.text, limit=TASK_CHARACTERS))]


def plan(task: Task, *, tokens: int) -> str:
    """Ask for a plan of at most `tokens` tokens."""
    words = int(tokens * 0.6)
    return _template(f"plan_{task.kind}").substitute(words=words)


def rate(plans: Mapping[str, str]) -> str:
    """Ask for one digit a plan; `plans` maps letters to the bidders' plans."""
    quoted = "\n".join(
        f'<plan id="{letter}">\n{steps(text, letters=plans)}\n</plan>'
        for letter, text in plans.items()
    )
    shape = ", ".join(f'"{letter}": digit' for letter in plans)
    return _template("rate").substitute(plans=quoted, shape=shape)


def refine(own: str, lessons: Sequence[Lesson], *, tokens: int) -> str:
    """Ask for a better plan, given what lost and what won on similar tasks."""
    shown = "\n".join(
        f"<lesson>\nLost: {steps(lesson.lost, limit=LESSON_BYTES)}\n"
        f"Won: {steps(lesson.won, limit=LESSON_BYTES)}\n</lesson>"
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


def instructions(name: str, **values: str) -> tuple[str, str]:
    """The instruction that opens a piece of work: for the text protocol, and for native calls."""
    text, native = (
        instruction(name, **values, way=_template(f"{name}_{way}").template) for way in ToolUse
    )
    return text, native
