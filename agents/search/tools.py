"""What a search agent can do, as text in and text out for models with little context.

A passage gets a number when it is first shown and keeps it for the whole episode, so that an answer
can cite it as [n]. What the tools show of a page is quoted data, never an instruction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sale.agents.search import Hit, Page, SearchBackend, citing
from sale.agents.search.citing import marks
from sale.agents.search.excerpt import Weight, cut, overlap, quote, quote_line
from sale.agents.search.leads import SHOWN, look
from sale.agents.search.passages import length, split
from sale.agents.search.text import clean, one_line, terms
from sale.agents.search.trail import Trail
from sale.errors import InputError, SaleError
from sale.types import Citation

OBSERVATION = 350
"""Words of one observation, about, for a model of little context."""
SPACIOUS = 16_384
"""Tokens of context from which on a model is shown more at once."""
LONG_OBSERVATION = 1_200
MOST = 90
"""Words of one passage that a search shows; `open` shows more."""
LEAST = 25
"""Words of a passage below which it isn't worth showing."""
FRAME = 12
"""Words put by for the line above a passage."""
MOST_ARGUMENT = 500
"""Characters of an argument that are looked at."""

_NUMBER = re.compile(r"\[?([0-9]{1,6})\]?[\s:,.-]*(?:\s(.*))?$", re.DOTALL)


class SearchTools:
    """The tools of one episode over one corpus, and the numbers of what they have shown."""

    def __init__(
        self,
        corpus: SearchBackend,
        *,
        goal: str = "",
        words: int = OBSERVATION,
        led: bool = True,
    ) -> None:
        self._corpus = corpus
        self._led = led
        self._goal = goal
        self._words = words
        self.trail = Trail()
        self._shown: list[Hit] = []
        self._numbers: dict[str, int] = {}
        self._page: Page | None = None
        self._refused: dict[str, str] = {}

    def search(self, query: str) -> str:
        """Find passages: the new ones cut to what matters, those shown before by number."""
        query = clean(query)[:MOST_ARGUMENT]
        if (before := self.trail.take("search", query)) is not None:
            return _again(before)
        try:
            hits = look(self._corpus, query, led=self._led)
        except SaleError as error:
            if not self._shown:  # "not found" would be a lie where nothing could be looked at
                raise
            return f"The search failed: {quote_line(one_line(str(error), limit=200))}"
        if not hits:
            return "No passage matches. Search with other words, such as names and nouns."
        new = [hit for hit in hits if hit.ref not in self._numbers]
        old = [self._label(hit) for hit in hits if hit.ref in self._numbers]
        if not new:
            hint = "Nothing new. Open one of these by its number or search with other words:"
            return "\n".join([hint, *old])
        room = self._words - sum(map(length, old))
        shown = self._passages(new, overlap(terms(query)), room, most=MOST)
        lines = ["Passages, quoted as data:", *shown]
        return "\n".join([*lines, "Shown before:", *old] if old else lines)

    def open(self, argument: str) -> str:
        """Open a page by a number or a ref, e.g. `3`, `rivers.md` or `3 how long is it`."""
        argument = clean(argument)[:MOST_ARGUMENT].strip()
        target = self._target(argument)
        if target is None:
            return self._not_there(argument)
        page, ref, goal = target
        place = ref if ref.startswith(f"{page.ref}#") else page.ref
        if (before := self.trail.take("open", goal, place=place)) is not None:
            return _again(before)
        hits = _hits(page)
        if not hits:
            return f"{quote_line(page.title)} is empty."
        self._page = page
        weight = overlap(terms(goal) or terms(self._goal))
        chosen = _chosen(hits, ref, weight, self._words)
        head = f"{quote_line(page.title)}, {len(chosen)} of {len(hits)} passages, quoted as data:"
        return "\n".join([head, *self._passages(chosen, weight, self._words)])

    def find(self, text: str) -> str:
        """Find words in the page that was opened last."""
        text = " ".join(clean(text)[:MOST_ARGUMENT].split())
        if self._page is None:
            return "No page is open. Open one first, by its number or its name."
        if not text:
            return "Say which words to find in the open page."
        if (before := self.trail.take("find", text, place=self._page.ref)) is not None:
            return _again(before)
        hits = _hits(self._page)
        literal = re.compile(r"\s+".join(map(re.escape, text.split())), re.IGNORECASE)
        found = [hit for hit in hits if literal.search(hit.text)]
        if found:
            return "\n".join(
                self._passages(found[:SHOWN], lambda s: float(bool(literal.search(s))), self._words)
            )
        weight = overlap(terms(text))
        near = sorted((h for h in hits if weight(h.text)), key=lambda h: -weight(h.text))
        title = quote_line(self._page.title)
        if not near:
            return f"{title} holds none of these words. Search for them instead."
        head = f"{title} does not hold exactly that. Closest:"
        return "\n".join([head, *self._passages(near[:2], weight, self._words)])

    def note(self, text: str) -> str:
        """Keep a note of what was learned; it is shown again until the end."""
        kept = self.trail.note(quote_line(text[:MOST_ARGUMENT]))
        return "Noted." if kept else "Say what to note."

    def looked_at(self) -> str:
        """What was looked for, and the pages that were seen, for the user to judge."""
        looks = "; ".join(self.trail.looks)
        pages = dict.fromkeys(f"{hit.title} ({hit.source})" for hit in self._shown)
        seen = "; ".join(one_line(page, limit=160) for page in pages)
        return f"Looked at: {looks or 'nothing'}.\nPages seen: {seen or 'none'}."

    @property
    def shown(self) -> tuple[Hit, ...]:
        """The passages shown so far; number n stands at n - 1."""
        return tuple(self._shown)

    def numbered(self, answer: str) -> str:
        """Put numbers for marks that name a passage shown by its ref, source or title."""
        entries = reversed(list(enumerate(self._shown, start=1)))
        names = {
            name.casefold(): number
            for number, hit in entries
            for name in (hit.title, hit.source, hit.ref)
        }
        return citing.numbered(answer, names)

    def cited(self, answer: str) -> tuple[int, ...]:
        """The numbers that the marks [1] and [1, 3] hold; those never shown are ignored."""
        return tuple(number for number in marks(answer) if 0 < number <= len(self._shown))

    def citations(self, answer: str) -> tuple[Citation, ...]:
        """Resolve the marks of an answer to passages."""
        return tuple(citation(self._shown[number - 1]) for number in self.cited(answer))

    def _passages(
        self, hits: list[Hit], weight: Weight, words: int, *, most: int = LONG_OBSERVATION
    ) -> Iterator[str]:
        """Show passages, each with a fair share of the words, and more where others need less."""
        twins: dict[str, int] = {}
        for at, hit in enumerate(hits):
            needed = sum(length(other.text) + FRAME for other in hits[at + 1 :])
            share = max(words // (len(hits) - at), words - needed) - FRAME
            if share < LEAST:
                return
            label = self._label(hit)
            twin = twins.setdefault(hit.text, self._numbers[hit.ref])
            if twin == self._numbers[hit.ref]:
                body = cut(hit.text, weight, min(share, most))
                yield f"{label}\n{quote(body)}"
                words -= length(body)
            else:
                yield f"{label}: the same text as [{twin}]"
            words -= length(label)

    def _label(self, hit: Hit) -> str:
        """Name a passage by its number, which it gets when it is shown for the first time."""
        if hit.ref not in self._numbers:
            self._shown.append(hit)
            self._numbers[hit.ref] = len(self._shown)
        title, source = quote_line(one_line(hit.title)), quote_line(one_line(hit.source))
        return f"[{self._numbers[hit.ref]}] {title} ({source})"

    def _target(self, argument: str) -> tuple[Page, str, str] | None:
        """Split an argument into the page, the ref that named it, and what to look for."""
        number = _NUMBER.match(argument)
        if number and 0 < int(number[1]) <= len(self._shown):
            ref = self._shown[int(number[1]) - 1].ref
            page = self._page_of(ref)
            return None if page is None else (page, ref, number[2] or "")
        pieces = argument.split(" ")
        for count in range(len(pieces), 0, -1):
            name = " ".join(pieces[:count]).strip("[]()\"'`,: ")
            page = self._page_of(name)
            if page is not None:
                return page, name, " ".join(pieces[count:])
        return None

    def _page_of(self, name: str) -> Page | None:
        """Open what a ref, or the title of a passage that was shown, stands for."""
        titles = {hit.title.casefold(): hit.ref for hit in reversed(self._shown)}
        for ref in (name, titles.get(name.casefold())):
            if ref:
                try:
                    return self._corpus.open(ref)
                except InputError as error:
                    self._refused[ref] = str(error)
        return None

    def _not_there(self, argument: str) -> str:
        """Say what can be opened, or why the page of a passage can't."""
        if not argument:
            return "Say what to open: the number or the name of a passage that was shown."
        number = _NUMBER.match(argument)
        if number and 0 < int(number[1]) <= len(self._shown):
            why = self._refused.get(self._shown[int(number[1]) - 1].ref, "")
            said = quote_line(one_line(why, limit=200))
            return f"[{number[1]}] can't be read on: {said}. Go by its passage, or look elsewhere."
        known = f"numbers 1 to {len(self._shown)}" if self._shown else "nothing yet; search first"
        return f"There is no {quote_line(argument[:60])!r} to open. You can open: {known}."


def citation(hit: Hit) -> Citation:
    """A passage as what supports an answer."""
    return Citation(hit.ref, hit.title, hit.source, hit.text)


def _again(before: str) -> str:
    return (
        f"You did that already ({before}). Look for something else, or answer with what was shown."
    )


def _hits(page: Page) -> list[Hit]:
    return [Hit(p.ref, page.title, page.source, p.text, 0.0) for p in split(page)]


def _chosen(hits: list[Hit], ref: str, weight: Weight, words: int) -> list[Hit]:
    """Choose what fits of a page: the passage asked for, then what matters, then what is near."""
    asked = next((at for at, hit in enumerate(hits) if hit.ref == ref), None)
    near = asked or 0
    order = sorted(
        range(len(hits)), key=lambda at: (at != asked, -weight(hits[at].text), abs(at - near))
    )
    taken: list[int] = []
    for at in order:
        words -= FRAME + length(hits[at].text)
        if taken and words < 0:
            break
        taken.append(at)
    return [hits[at] for at in sorted(taken)]
