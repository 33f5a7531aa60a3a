"""The vectors of texts: each text is embedded once by each model, and kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from sale.memory.database import Database, insert_missing
from sale.memory.embedding import Embedder
from sale.memory.tables import EmbeddingRow

STORED = np.dtype("<f4")


class Vectors:
    """Unit vectors by text; the model is loaded when a vector is first asked for."""

    def __init__(self, database: Database, factory: Callable[[], Embedder]) -> None:
        self._database = database
        self._factory = factory
        self._lock = threading.Lock()
        self._loaded: Embedder | None = None

    @property
    def embedder(self) -> Embedder:
        """Load the model, once."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._factory()
            return self._loaded

    def matrix(
        self, texts: Mapping[str, str], known: Mapping[str, bytes | None]
    ) -> NDArray[np.float32]:
        """Give one row for each text (by hash, in order); those not `known` are embedded and kept.

        A kept vector of another length than the model's is damaged, and counts as not known.
        """
        size = self.embedder.width * STORED.itemsize
        kept = {name: vector for name, vector in known.items() if vector and len(vector) == size}
        missing = [name for name in texts if name not in kept]
        if missing:
            kept |= self._embed({name: texts[name] for name in missing})
        return np.stack([np.frombuffer(kept[name], STORED) for name in texts]).astype(np.float32)

    def kept(self, text_hash: str) -> bytes | None:
        """Read one vector, if its text was embedded before."""
        with self._database.read() as session:
            return session.scalar(
                select(EmbeddingRow.vector).where(
                    EmbeddingRow.text_hash == text_hash, EmbeddingRow.model == self.embedder.name
                )
            )

    def _embed(self, texts: Mapping[str, str]) -> dict[str, bytes]:
        rows = self.embedder.embed(list(texts.values())).astype(STORED)
        vectors = {name: row.tobytes() for name, row in zip(texts, rows, strict=True)}
        with self._database.write() as session:
            insert_missing(
                session,
                EmbeddingRow,
                [
                    {"text_hash": name, "model": self.embedder.name, "vector": vector}
                    for name, vector in vectors.items()
                ],
            )
        return vectors
