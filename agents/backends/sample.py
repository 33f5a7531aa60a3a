"""A value that meets a JSON schema, always the same for the same key: no chance, no model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sale.errors import BackendError


def sample_json(schema: Mapping[str, Any], *, key: str) -> str:
    """Write the compact JSON that `key` picks among the values a schema allows.

    Covers const, enum, object, array, integer, number, string, boolean and null, with bounds;
    anything else raises `BackendError`.
    """
    return json.dumps(_sample(schema, key), separators=(",", ":"), ensure_ascii=False)


def _sample(schema: Mapping[str, Any], key: str) -> Any:
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][_pick(key, len(schema["enum"]))]
    match schema.get("type"):
        case "object":
            names = schema.get("properties", {})
            return {name: _sample(part, f"{key}\n{name}") for name, part in names.items()}
        case "array":
            places = range(schema.get("minItems", 1))
            return [_sample(schema.get("items", {"type": "null"}), f"{key}\n{i}") for i in places]
        case "integer":
            low = schema.get("minimum", 0)
            return low + _pick(key, schema.get("maximum", low + 9) - low + 1)
        case "number":
            low = schema.get("minimum", 0.0)
            return low + (schema.get("maximum", low + 1.0) - low) * _pick(key, 101) / 100
        case "string":
            text = hashlib.sha256(key.encode(errors="replace")).hexdigest()
            return text[: min(8, schema.get("maxLength", 8))].ljust(schema.get("minLength", 0), "x")
        case "boolean":
            return bool(_pick(key, 2))
        case "null":
            return None
        case other:
            raise BackendError(
                f"the scripted back end has no sample for a schema of type {other!r}"
            )


def _pick(key: str, size: int) -> int:
    return int(hashlib.sha256(key.encode(errors="replace")).hexdigest(), 16) % max(1, size)
