"""A folder of documents that a search agent may read, ranked by BM25 over passages."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sale.agents.search import Hit, Page
from sale.agents.search.documents import read_folder
from sale.agents.search.passages import Passage, split
from sale.agents.search.text import terms
from sale.errors import InputError

if TYPE_CHECKING:
    from bm25s import BM25

MOST_TERMS = 64
"""Different words of a query that count; the rest of a longer one is ignored."""
MOST_QUERY = 10_000
"""Characters of a query that are looked at."""


class Corpus:
    """Pages and an index of their passages; nothing changes once it is built."""

    def __init__(self, pages: Iterable[Page], *, skipped: tuple[str, ...] = ()) -> None:
        self.pages = tuple(pages)
        self.skipped = skipped
        self._pages = {page.ref: page for page in self.pages}
        self._passages: list[tuple[Page, Passage]] = [
            (page, passage) for page in self.pages for passage in split(page)
        ]
        self._places = {passage.ref: at for at, (_, passage) in enumerate(self._passages)}
        self._index = _index([_indexed(*entry) for entry in self._passages])

    @classmethod
    def load(cls, folder: Path) -> Corpus:
        """Read and index a folder; raises `InputError` if it holds nothing to read."""
        documents = read_folder(folder)
        return cls(documents.pages, skipped=documents.skipped)

    def search(self, query: str, k: int) -> list[Hit]:
        """Find the `k` best passages, best first; equal ones in the order of the pages.

        A passage with the same title and text as a better one is left out.
        """
        import numpy as np

        wanted = list(dict.fromkeys(terms(query[:MOST_QUERY])))[:MOST_TERMS]
        if self._index is None or not wanted:
            return []
        scores = self._index.get_scores(wanted)
        found: dict[tuple[str, str], Hit] = {}
        for at in np.argsort(-scores, kind="stable"):
            if len(found) >= k or scores[at] <= 0:
                break
            hit = self._hit(at, float(scores[at]))
            found.setdefault((hit.title, hit.text), hit)
        return list(found.values())

    def open(self, ref: str) -> Page:
        """Return the page that a page's or a passage's ref names."""
        page = self._pages.get(ref) or self._pages.get(ref.rpartition("#")[0])
        if page is None:
            raise InputError(f"no page {ref[:80]!r} in this corpus; use a ref that a search showed")
        return page

    def passage(self, ref: str) -> Hit | None:
        """Return one passage by its ref, e.g. `rivers.md#3`."""
        at = self._places.get(ref)
        return None if at is None else self._hit(at, 0.0)

    def _hit(self, at: int, score: float) -> Hit:
        page, passage = self._passages[at]
        return Hit(passage.ref, page.title, page.source, passage.text, score)


def _indexed(page: Page, passage: Passage) -> list[str]:
    """The words a passage is found by: its own, its page's title and its file's name."""
    name = PurePosixPath(page.source).with_suffix("").as_posix()
    return terms(f"{page.title}\n{name}\n{passage.text}")


def _index(documents: list[list[str]]) -> BM25 | None:
    """Build the index; None if no document has a word that counts."""
    if not any(documents):
        return None
    from bm25s import BM25

    index = BM25(backend="numpy")
    index.index(documents, show_progress=False)
    return index
