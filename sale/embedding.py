"""Texts as unit vectors, so that similar ones can be found."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sale.errors import ModelError


class Embedder(Protocol):
    """A model that turns texts into vectors."""

    @property
    def name(self) -> str:
        """Under which its vectors are kept; another model has another name."""
        ...

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Give one row of unit length for each text."""
        ...


class MiniLM:
    """all-MiniLM-L6-v2 from a local folder, on the CPU; texts are cut at its 256 tokens."""

    name = "all-MiniLM-L6-v2"
    width = 384

    def __init__(self, path: Path) -> None:
        if not (path / "config.json").is_file():
            raise ModelError(
                f"embedding model: {path} holds no config.json; "
                f"fetch {self.name} with `sale models pull`"
            )
        _go_quiet_and_offline()
        import transformers
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer

        transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self._model = SentenceTransformer(str(path), device="cpu", local_files_only=True)
        except (OSError, ValueError, RuntimeError, LookupError, SafetensorError) as error:
            raise ModelError(
                f"embedding model: {path} can't be loaded ({type(error).__name__}); "
                f"fetch {self.name} again with `sale models pull`"
            ) from error

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Give one row of unit length for each text."""
        vectors = self._model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, dtype=np.float32)


def _go_quiet_and_offline() -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    for name in ("sentence_transformers", "transformers", "huggingface_hub"):
        logging.getLogger(name).setLevel(logging.ERROR)


class HashEmbedder:
    """Words hashed into a few dimensions: no model, the same vector on every machine.

    Texts are similar as far as they share words. It is meant for tests.
    """

    name = "hash-256"
    width = 256

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Give one row of unit length for each text."""
        rows = np.zeros((len(texts), self.width), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                digest = hashlib.blake2b(word.encode(), digest_size=4).digest()
                row[int.from_bytes(digest, "little") % self.width] += 1.0
            if not row.any():
                row[0] = 1.0
            row /= np.linalg.norm(row)
        return rows


@dataclass(frozen=True, slots=True)
class Remembering:
    """An embedder that turns no text into a vector twice, whatever stream it comes in."""

    model: Embedder
    known: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The model's."""
        return self.model.name

    @property
    def width(self) -> int:
        """The model's."""
        return self.model.width

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of unit length for each text."""
        if fresh := [text for text in dict.fromkeys(texts) if text not in self.known]:
            self.known.update(zip(fresh, self.model.embed(fresh), strict=True))
        return np.stack([self.known[text] for text in texts])
