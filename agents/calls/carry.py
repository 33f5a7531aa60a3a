"""Calls in one compressed file, to be published with a run or taken to another machine."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from sale.agents.calls import written
from sale.agents.calls.store import CallStore, Kept
from sale.errors import InputError

TOGETHER = 500
KEY_BYTES = 32
FLOODS = (OverflowError, RecursionError)
"""What numbers and brackets without an end raise."""


def pack(calls: CallStore, out: Path) -> int:
    """Write all calls to a file of JSON lines under xz; returns how many."""
    partial = out.with_name(out.name + ".part")
    count = 0
    try:
        with lzma.open(partial, "wt", preset=9) as file:
            for one in calls.all():
                if (line := _line(one)) is not None:
                    file.write(line)
                    count += 1
        partial.replace(out)
    except OSError as error:
        raise InputError(
            f"{str(out)!r} can't be written: {error.strerror or error}; name another file"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return count


def unpack(source: Path, calls: CallStore) -> tuple[int, int]:
    """Add the calls of a file; returns how many it held and how many were new.

    What is there already stays. Raises `InputError` that names the file and line of a mistake.
    """
    held = new = 0
    lines = _lines(source)
    while some := list(islice(lines, TOGETHER)):
        held += len(some)
        new += calls.add(some)
    return held, new


def _line(one: Kept) -> str | None:
    """A call as a line; None for one that is damaged."""
    # The completion as text: xz finds what calls have in common, which it can't below zlib.
    try:
        parts = [one.key.hex(), one.model, one.made, written.unpack(one.completion)]
    except ValueError:
        return None
    return json.dumps(parts) + "\n"


def _lines(source: Path) -> Iterator[Kept]:
    number = 0
    try:
        with lzma.open(source, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):  # noqa: B007
                yield _kept(line)
    except (lzma.LZMAError, EOFError, ValueError, TypeError, AttributeError, *FLOODS) as error:
        raise InputError(
            f"{source}:{number or 1}: not a file of calls ({error}); give one that "
            "`sale calls export` wrote"
        ) from error
    except OSError as error:
        raise InputError(f"{str(source)!r} can't be read: {error.strerror or error}") from error


def _kept(line: str) -> Kept:
    name, model, made, body = json.loads(line)
    key, completion = bytes.fromhex(name), written.pack(body)
    if len(key) != KEY_BYTES or not (isinstance(model, str) and model.isprintable()):
        raise ValueError("a key has 32 bytes, and a model a name")
    written.read(completion)
    return Kept(key, model, float(made), completion)
