"""A question put to a corpus: search, open, find, and answer with the passages that prove it.

An answer is taken when its passages hold its words and the model was sure of it. One that is not
taken gets one more chance, with the reason; what names no passage after that, or what the model
was still not sure of, is not found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sale.agents import prompting
from sale.agents.loop import Answer, Observation
from sale.agents.protocol import Action, Tool
from sale.agents.search.citing import renumbered, unmarked
from sale.agents.search.completing import completed
from sale.agents.search.tools import SearchTools, citation
from sale.agents.search.verify import holds, is_not_found, verify
from sale.types import Citation, StopReason

REPEATS = 3
"""Looks that were taken before, until an answer is asked for."""
LOOKS = 2
"""Before an agent may give up by itself; the first search is made for it."""
SURE = 0.67
"""The geometric mean of the probabilities of an answer's tokens from which on a model is sure."""
QUESTION_CHARACTERS = 600
"""A question stands again below what was seen, as small models forget what they read first."""

TOOLS = (
    Tool("search", "Search the documents; shows numbered passages.", argument="words to look for"),
    Tool(
        "open",
        "Read more of the page that a passage stands on.",
        argument="the number of a passage, and what to look for on its page",
    ),
    Tool("find", "Find words in the page that was opened last.", argument="the words to find"),
    Tool(
        "note",
        "Keep a fact for later; notes stay in sight when older passages don't.",
        argument="the fact in one sentence, with the number of its passage in square brackets",
    ),
    Tool(
        "answer",
        "Give the answer; this ends the work.",
        argument="the shortest answer, with no sentence around it, and after it the number of each "
        "passage that proves it, in square brackets",
    ),
    Tool(
        "not_found",
        "Say that the documents do not hold the answer; this ends the work.",
        argument="what is missing",
    ),
)

_LAST_CALL = (
    "Stop searching. Write the shortest answer now, with no sentence around it, and after it the "
    "number of the passage that proves it, in square brackets; or write "
    '"not_found:" and what is missing.'
)
_LOOK = 'Look once more before you give up: write only "search:" and other words to look for.'
_UNCITED = "Your answer names no passage that holds it."
_UNSURE = "You do not seem sure of that."
_AGAIN = (
    "Answer with what the passages say, followed by the number of the passage in square brackets. "
    'Or write only "search:" and other words to look for, "open:" and the number of a passage to '
    'read more of, or "not_found:" and what is missing.'
)


class SearchWork:
    """The tools of a search agent, and the answer that it was talked into proving."""

    tools: Mapping[str, Tool] = {tool.name: tool for tool in TOOLS}
    fallback: str | None = "answer"
    hint = "I found neither an answer nor a search. Reply with one of them."

    weighs = True

    def __init__(self, tools: SearchTools, question: str) -> None:
        self._search = tools
        self._question = question
        self._answer: Answer | None = None
        self._final = False
        self._first_said: dict[str, float | None] = {}
        self._uses: Mapping[str, Callable[[Action], Observation]] = {
            "search": lambda action: self._look(tools.search(_first_line(action))),
            "open": lambda action: self._look(tools.open(_first_line(action))),
            "find": lambda action: self._look(tools.find(_first_line(action))),
            "note": lambda action: self._look(tools.note(action.text)),
            "answer": self._answered,
            "not_found": self._not_found,
        }

    def act(self, action: Action) -> Observation:
        """Carry out one tool."""
        return self._uses[action.tool](action)

    def answer(self) -> Answer | None:
        """The answer that was taken."""
        return self._answer

    def last_call(self) -> str:
        """Ask for an answer at once, with the notes; what comes next is final."""
        self._final = True
        return "\n\n".join([*self._reminder(), _LAST_CALL])

    def _look(self, seen: str) -> Observation:
        """Show what a look brought, and below it the notes and the question."""
        stuck = self._search.trail.repeats >= REPEATS
        text = "\n\n".join([seen, *self._reminder()])
        return Observation(text, StopReason.STUCK if stuck else None)

    def _reminder(self) -> list[str]:
        notes = "\n".join(f"- {note}" for note in self._search.trail.notes)
        question = prompting.inert(self._question, limit=QUESTION_CHARACTERS)
        return [*([f"Your notes:\n{notes}"] if notes else []), f"Question: {question}"]

    def _answered(self, action: Action) -> Observation:
        """Take an answer that stands in its passages; any other has one more chance."""
        if is_not_found(action.text):
            return self._not_found(action)
        text = self._search.numbered(_without_afterthought(action.text))
        if not unmarked(text) and not self._search.cited(text):
            text = text.strip("[] ")  # `[1996]` is an answer and no mark
        numbers = self._proving(text)
        doubts = self._doubts(text, numbers)
        sure = self._is_sure(unmarked(text), action.confidence)
        # What it stands by although no passage has the words, such as a sum, is given, too.
        if sure and numbers and (self._final or not doubts):
            self._answer = Answer(renumbered(text, numbers), self._citations(numbers))
            return Observation(self._answer.text, StopReason.ANSWERED)
        if self._final:
            return self._not_found(action)
        self._final = True
        reasons = [*doubts, *([] if sure else [_UNSURE])]
        return Observation("\n\n".join([*reasons, *self._reminder(), _AGAIN]))

    def _is_sure(self, said: str, confidence: float | None) -> bool:
        """Whether the model was sure when it first said that; what it only repeats, it copies."""
        first = self._first_said.setdefault(said.casefold(), confidence)
        return first is None or first >= SURE

    def _proving(self, text: str) -> tuple[int, ...]:
        """The passages cited; where they don't hold the answer, those shown that do."""
        cited = self._search.cited(text)
        for numbers in (cited, *self._others(text)):
            if not self._doubts(text, numbers):
                return numbers
        return cited

    def _others(self, text: str) -> Iterator[tuple[int, ...]]:
        """Each passage that holds the words of an answer, alone and with what completes it."""
        shown = self._search.shown
        for number, hit in enumerate(shown, start=1):
            if holds(self._question, text, self._citations((number,))):
                yield (number,)
                beside = completed(self._question, [hit], shown)
                yield tuple(shown.index(other) + 1 for other in beside)

    def _doubts(self, text: str, numbers: Sequence[int]) -> tuple[str, ...]:
        """What the checks of words and numbers say against an answer."""
        if not numbers:
            return (_UNCITED,)
        citations = self._citations(numbers)
        _, checks = verify(self._question, renumbered(text, numbers), citations)
        return tuple(f"Not so: {c.name} ({c.detail})." for c in checks if not c.passed)

    def _citations(self, numbers: Sequence[int]) -> tuple[Citation, ...]:
        return tuple(citation(self._search.shown[number - 1]) for number in numbers)

    def _not_found(self, action: Action) -> Observation:  # noqa: ARG002 - a tool takes its action
        """End without an answer, and say what was looked at; whoever looked at nothing has to."""
        if not self._final and len(self._search.trail.looks) < LOOKS:
            self._final = True
            return Observation("\n\n".join([*self._reminder(), _LOOK]))
        self._answer = None
        return Observation(self._search.looked_at(), StopReason.NOT_FOUND)


def _without_afterthought(text: str) -> str:
    """An answer without the `not_found` that small models write below it."""
    answer, mark, _ = text.partition("\nnot_found")
    return answer.strip() if mark and answer.strip() else text


def _first_line(action: Action) -> str:
    """What to look for; small models write several wishes below one another."""
    return action.text.partition("\n")[0]
