"""Deep search: a corpus of documents and the tools of the agent that reads it.

Everything that comes out of a corpus is data written by strangers. It is cleaned when it is read,
quoted when it is shown, and never taken for an instruction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Page:
    """One document as text."""

    ref: str
    """Names the page within its search back end, e.g. `rivers.md`."""
    title: str
    source: str
    """Where it stands: a path inside the corpus, or an address."""
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One passage of a page, as an answer to a query."""

    ref: str
    """The page's ref and the passage's number on it, e.g. `rivers.md#3`."""
    title: str
    source: str
    text: str
    score: float
    """Higher is better; comparable within one query only."""


class SearchBackend(Protocol):
    """Where a search agent looks: something that finds passages and opens pages."""

    def search(self, query: str, k: int) -> list[Hit]:
        """Find the `k` best passages, best first; none for a query without a usable word."""
        ...

    def open(self, ref: str) -> Page:
        """Return the page of a page's or a passage's ref; `InputError` for an unknown one."""
        ...
