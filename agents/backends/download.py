"""One file, from the first source that has it, into a checked part of the cache.

The part is named by the hash it must have. It grows at its end only, so that whatever was
interrupted goes on where it stopped, from any source.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from sale.agents.backends.catalogue import File, Model
from sale.agents.backends.sources import DamagedError, Request, Source
from sale.errors import ModelError

ATTEMPTS = 5
"""How often one source is asked again, as long as each time brought something."""


def download(
    model: Model,
    file: File,
    *,
    folder: Path,
    sources: Sequence[Source],
    report: Callable[[int], None],
) -> Path:
    """Fetch a file into `folder` and return its path, size and hash being right.

    `report` is told the bytes that are there. Raises `ModelError` with what each source said.
    """
    part = folder / file.sha256
    failures: dict[str, str] = {}
    for source in sources:
        for _ in range(ATTEMPTS):
            start = size_of(part)
            request = Request(
                model, file, start, folder, lambda n: report(min(size_of(part) + n, file.bytes))
            )
            try:
                _append(part, source, request, report)
                check(part, file)
            except ModelError as error:
                failures[str(source)] = str(error)
                damaged = isinstance(error, DamagedError)
                if damaged:
                    _empty(folder)
                # A damaged whole may be the fault of the bytes it began with: once more, from 0.
                if not (start > 0 if damaged else size_of(part) > start):
                    break
            else:
                return part
    said = "; ".join(f"{source}: {why}" for source, why in failures.items())
    raise ModelError(
        f"{file.name} of model {model.name!r} can't be fetched: {said}; "
        f"check the network and run `sale models pull {model.name}` again"
    )


def _append(part: Path, source: Source, request: Request, report: Callable[[int], None]) -> None:
    """Add to the part what it lacks; raise when the source gives less, or a byte more."""
    done, expected = request.start, request.file.bytes
    with part.open("ab") as stream:
        for chunk in source.read(request) if done < expected else ():
            done += len(chunk)
            if done > expected:
                raise DamagedError(f"there is more than the {expected} bytes expected")
            stream.write(chunk)
            report(done)
        stream.flush()
        os.fsync(stream.fileno())
    if done < expected:
        raise ModelError(f"the download ended after {done} of {expected} bytes")


def check(path: Path, file: File) -> None:
    """Raise `DamagedError`, naming both hashes, unless a file is what the catalogue says."""
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != file.sha256:
        raise DamagedError(f"the sha256 of {file.name} is {found}, expected {file.sha256}")


def size_of(path: Path) -> int:
    """Return the size of a file, 0 where there is none that could be read."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(exist_ok=True)
