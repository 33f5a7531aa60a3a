"""The files of a run folder as they are read: they may come from another machine or program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sale.errors import InputError

Line = TypeVar("Line", bound=BaseModel)


def described_in(path: Path) -> dict[str, Any]:
    """Read what `run.json` says of a run; empty where there is none."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path} can't be read as JSON: {error}; mend it, or remove it to report without it"
        ) from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: expected a JSON object; mend it, or remove it")
    return found


def lines_of(path: Path, form: type[Line]) -> list[Line]:
    """Read a file of a run, a line each; a last line that a crash has cut off is left out.

    Raises `InputError` with file, line and field of the first mistake.
    """
    try:
        *lines, _torn = path.read_bytes().decode().split("\n")  # a crash may have torn the last
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(
            f"run {str(path.parent)!r}: {path.name} can't be read: {reason}; give a folder that "
            "`sale bench` or `sale replay --out` wrote"
        ) from error
    return [_line(line, form, f"{path}:{number}") for number, line in enumerate(lines, start=1)]


def _line(line: str, form: type[Line], place: str) -> Line:
    try:
        return form.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "line"
        raise InputError(
            f"{place}: {field}: {first['msg'].lower()}; mend or remove the line"
        ) from error
