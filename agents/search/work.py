"""A question put to a corpus: search, open, find, and answer with the passages that prove it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from sale.agents.loop import Answer, Observation
from sale.agents.protocol import Action
from sale.agents.search.tools import SearchTools
from sale.types import StopReason

_UNCITED = (
    "Your answer names no passage. Reply with one ```answer block that ends with the number of "
    "the passage that proves it, such as [1]."
)


class SearchWork:
    """The tools of a search agent; the last answer given is the answer."""

    fallback: str | None = "answer"
    hint = "I found no action. Reply with one ```answer or ```search block."
    last_call = (
        "Stop searching. Reply now with one ```answer block with the number of the passage that "
        "proves it, or with ```not_found."
    )

    def __init__(self, tools: SearchTools) -> None:
        self._search = tools
        self._answer: Answer | None = None
        self._asked_for_citation = False
        self._tools: Mapping[str, Callable[[Action], Observation]] = {
            "search": lambda action: Observation(tools.search(action.text)),
            "open": lambda action: Observation(tools.open(action.text)),
            "find": lambda action: Observation(tools.find(action.text)),
            "answer": self._answered,
            "not_found": self._not_found,
        }
        self.tools: Collection[str] = self._tools

    def act(self, action: Action) -> Observation:
        """Carry out one tool."""
        return self._tools[action.tool](action)

    def answer(self) -> Answer | None:
        """The latest answer given, cited or not."""
        return self._answer

    def _answered(self, action: Action) -> Observation:
        citations = self._search.citations(action.text)
        self._answer = Answer(action.text, citations)
        if citations or self._asked_for_citation:
            return Observation(action.text, StopReason.ANSWERED)
        self._asked_for_citation = True
        return Observation(_UNCITED)

    def _not_found(self, action: Action) -> Observation:  # noqa: ARG002 - a tool takes its action
        self._answer = None
        return Observation("", StopReason.NOT_FOUND)
