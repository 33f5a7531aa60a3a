"""A run folder: how it was made, and what it has come to so far. It can always be resumed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

import sale
from sale.bench.trials import TRIALS, Trial, line_of, read_trials
from sale.errors import InputError
from sale.types import AgentSpec

RUN = "run.json"


def settings(
    contents: Mapping[str, str], tasks: Iterable[str], roster: Iterable[AgentSpec], *, seed: int
) -> dict[str, Any]:
    """What makes two runs the same: version, tasks, agents with models and prices, seed.

    `contents` has a hash of what each suite holds, by the suite's name.
    """
    return {
        "sale": sale.__version__,
        "suites": list(contents),
        "tasks": list(tasks),
        "contents": dict(contents),
        "seed": seed,
        "agents": [
            {
                "name": spec.name,
                "model": spec.model,
                "backend": spec.backend,
                "adapter": spec.adapter,
                "price": spec.price and [spec.price.input, spec.price.cached, spec.price.output],
                "plan_tokens": spec.plan_tokens,
            }
            for spec in roster
        ],
    }


@dataclass(frozen=True, slots=True)
class Run:
    """An open run folder; one process writes it at a time."""

    folder: Path
    lock: FileLock

    @staticmethod
    def open(folder: Path, made_by: dict[str, Any], *, resume: bool) -> Run:
        """Begin a run, or go on with the one that is there when `resume` says so.

        Raises `InputError` when the folder holds another run, or one that isn't to be resumed.
        """
        lock = FileLock(folder / ".lock", timeout=0)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
            _begin(folder, made_by, resume=resume)
        except Timeout as error:
            raise InputError(
                f"another process is writing the run {str(folder)!r}; wait until it is done"
            ) from error
        except OSError as error:
            lock.release()
            raise InputError(
                f"--out {str(folder)!r} can't be written: {error.strerror or error}; name another"
            ) from error
        except InputError:
            lock.release()
            raise
        return Run(folder, lock)

    def trials(self) -> tuple[Trial, ...]:
        """What is there so far; nothing yet is no error."""
        return read_trials(self.folder) if (self.folder / TRIALS).exists() else ()

    def add(self, trials: Iterable[Trial]) -> None:
        """Add the trials of one task; a line that a crash had cut off is taken away first."""
        path = self.folder / TRIALS
        text = "".join(map(line_of, trials)).encode()
        try:
            with path.open("ab+") as file:
                _cut_torn_line(file)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise InputError(
                f"run {str(self.folder)!r} can't be written: {error.strerror or error}; "
                "what is there is kept: free some space and go on with --resume"
            ) from error

    def close(self) -> None:
        """Let another process write it."""
        self.lock.release()


def _begin(folder: Path, made_by: dict[str, Any], *, resume: bool) -> None:
    """Say in the folder how the run is made, or see that it is made as before."""
    described = folder / RUN
    if described.exists():
        _check(described, made_by, resume=resume)
    elif any(path.name != ".lock" for path in folder.iterdir()):
        raise InputError(f"--out {str(folder)!r} holds other files; name a new folder")
    else:
        _write(described, json.dumps(made_by, indent=2) + "\n")


def _check(described: Path, made_by: dict[str, Any], *, resume: bool) -> None:
    if not resume:
        raise InputError(
            f"--out {str(described.parent)!r} holds a run; "
            "go on with --resume, or name a new folder"
        )
    try:
        before = json.loads(described.read_bytes())
    except ValueError as error:
        raise InputError(f"{described} is damaged; name a new folder with --out") from error
    for key, value in made_by.items():
        if isinstance(before, dict) and key not in before:
            raise InputError(
                f"--resume: the run in {str(described.parent)!r} does not say its {key}, as an "
                "older SALE made it; name a new folder with --out"
            )
        if not isinstance(before, dict) or before[key] != value:
            raise InputError(
                f"--resume: the run in {str(described.parent)!r} was made with other {key}; "
                "give the same ones, or name a new folder with --out"
            )


def _write(path: Path, text: str) -> None:
    partial = path.with_suffix(".part")
    partial.write_text(text)
    partial.replace(path)


def _cut_torn_line(file: Any) -> None:
    """Take away what stands after the last whole line."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    kept = 0
    for line in file:
        kept += len(line) if line.endswith(b"\n") else 0
    if kept < end:
        file.truncate(kept)
    file.seek(0, os.SEEK_END)
