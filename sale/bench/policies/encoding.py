"""Tasks and answers as vectors: what every learned router sees of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sale.bench.executions import Array
from sale.embedding import Embedder


class Encoder:
    """Embeds each text once, and tells suites apart by a 1 in a place of their own.

    A suite is known before anybody works, so it is as good a feature as the text. The names of
    tasks are none: they would let a policy learn tasks by heart.
    """

    def __init__(self, embedder: Embedder | None, suites: Sequence[str] = ()) -> None:
        self.embedder = embedder
        named = dict.fromkeys(suites)
        self._places = {suite: place for place, suite in enumerate(named)}
        self._known: dict[str, Array] = {}

    def tasks(self, texts: Sequence[str], suites: Sequence[str]) -> Array | None:
        """One row for each task; None where nothing tells one task from another."""
        parts = []
        if texts and self.embedder is not None:
            parts.append(self.texts(texts))
        if suites and len(self._places) > 1:
            rows = np.zeros((len(suites), len(self._places)))
            known = [(row, self._places[s]) for row, s in enumerate(suites) if s in self._places]
            for row, place in known:
                rows[row, place] = 1.0
            parts.append(rows)
        return np.hstack(parts) if parts else None

    def texts(self, texts: Sequence[str]) -> Array:
        """One row of unit length for each text; nothing is a row of zeros.

        Raises `ValueError` without an embedder.
        """
        if self.embedder is None:
            raise ValueError("there is no embedder")
        new = [text for text in dict.fromkeys(texts) if text.strip() and text not in self._known]
        if new:
            rows = np.asarray(self.embedder.embed(new), dtype=np.float64)
            self._known |= dict(zip(new, rows, strict=True))
        nothing = np.zeros(self.embedder.width)
        return np.array([self._known.get(text, nothing) for text in texts]).reshape(
            len(texts), self.embedder.width
        )
