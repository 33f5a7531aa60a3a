"""What makes two model calls the same call: the model to the byte, and everything it is asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from sale.agents.backends.catalogue import catalogue
from sale.agents.protocol import Tool
from sale.types import INDIFFERENT, AgentSpec, Message

VERSION = 1
"""Of the key: another one when the same arguments come to mean another call."""


def revision(spec: AgentSpec) -> str:
    """Name the model behind an agent by content where it lies here, else as its server calls it."""
    parts = {
        "backend": spec.backend,
        "model": _model(spec.model),
        "adapter": None if spec.adapter is None else _model(spec.adapter),
        "options": {
            name: _model(value) if isinstance(value, str) else value
            for name, value in sorted(spec.options.items())
            if name not in INDIFFERENT
        },
    }
    return _hash(parts).hex()


def key(
    revision: str,
    messages: Sequence[Message],
    *,
    tools: Sequence[Tool] = (),
    seed: int | None = None,
    temperature: float = 0.0,
    **asked: Any,
) -> bytes:
    """Give the 32 bytes that name a call; at temperature 0 no seed makes it another one."""
    return _hash(
        {
            "version": VERSION,
            "revision": revision,
            "messages": [asdict(message) for message in messages],
            "tools": [asdict(tool) for tool in tools],
            "temperature": temperature,
            "seed": None if temperature == 0 else seed,
            **asked,
        }
    )


def _model(name: str) -> str:
    """A model by its content where that is known, else by its name."""
    if (known := catalogue().get(name)) is not None:
        return "+".join(file.sha256 for file in known.files)
    path = Path(name)
    try:
        found = path.stat()
    except (OSError, ValueError):
        return name
    try:
        return _content(path, found.st_size, found.st_mtime_ns) if path.is_file() else name
    except OSError:
        return name


@lru_cache(maxsize=64)
def _content(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash(parts: Mapping[str, Any]) -> bytes:
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).digest()
