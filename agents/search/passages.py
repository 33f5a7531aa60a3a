"""Pages cut into passages: short enough to rank and to quote, whole enough to make sense."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sale.agents.search import Page
from sale.agents.search.text import sentences

FULL = 120
"""Words from which on a passage ends at the next heading."""
MOST = 180
"""Words that a passage holds at most."""
WORD = 8
"""Characters that count as one word in text that is written without spaces."""

_BLOCK = re.compile(r"\S.*(?:\n[^\S\n]*\S.*)*")
_HEADING = re.compile(r"#{1,6}\s")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a page's text; `page.text[start:end]` is `text`."""

    ref: str
    start: int
    end: int
    text: str


def split(page: Page) -> tuple[Passage, ...]:
    """Cut a page at paragraphs and headings; its passages are numbered from 1."""
    return tuple(
        Passage(f"{page.ref}#{number}", start, end, page.text[start:end])
        for number, (start, end) in enumerate(_packed(page.text), start=1)
    )


def length(text: str) -> int:
    """Count words; text without spaces has a word for each eight characters."""
    return max(len(text.split()), len(text) // WORD)


def _packed(text: str) -> Iterator[Span]:
    """Join neighbouring pieces until the next one would be too much or starts a section."""
    current: Span | None = None
    for start, end in _pieces(text):
        if current is None:
            current = (start, end)
        elif _fits(text, current[0], end) and not _closes(text, current, start):
            current = (current[0], end)
        else:
            yield current
            current = (start, end)
    if current is not None:
        yield current


def _closes(text: str, current: Span, start: int) -> bool:
    return bool(_HEADING.match(text, start)) and length(text[slice(*current)]) >= FULL


def _pieces(text: str) -> Iterator[Span]:
    """Yield paragraphs, each with the headings right above it."""
    above: int | None = None
    end = 0
    for start, end in _blocks(text):
        if _HEADING.match(text, start) and "\n" not in text[start:end]:
            above = start if above is None else above
        elif above is None:
            yield start, end
        elif _fits(text, above, end):
            yield above, end
            above = None
        else:
            yield above, start
            yield start, end
            above = None
    if above is not None:
        yield above, end


def _blocks(text: str) -> Iterator[Span]:
    """Yield paragraphs; one that is too long by sentences, and such a sentence by words."""
    for block in _BLOCK.finditer(text):
        if _fits(text, block.start(), block.end()):
            yield block.start(), block.end()
            continue
        for start, end in sentences(block.group()):
            yield from _windows(text, block.start() + start, block.start() + end)


def _windows(text: str, start: int, end: int) -> Iterator[Span]:
    while not _fits(text, start, end):
        stop = _last_stop(text, start, end)
        yield start, stop
        start = stop
    if text[start:end].strip():
        yield start, end


def _last_stop(text: str, start: int, end: int) -> int:
    """Where a window ends: between two words if it can."""
    limit = min(start + MOST * WORD, end)
    spaces = [match.end() for match in re.finditer(r"\s+", text[start:limit])]
    return start + spaces[:MOST][-1] if spaces else limit


def _fits(text: str, start: int, end: int) -> bool:
    return end - start <= MOST * WORD and len(text[start:end].split()) <= MOST
