"""A run folder: how it was made, and what it has come to so far. It can always be resumed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

import sale
from sale.bench.listed import Listed
from sale.bench.samples import Sample
from sale.bench.trials import TRIALS, Trial, line_of, read_trials
from sale.errors import InputError
from sale.types import AgentSpec

RUN, TASKS, SAMPLES, RESULTS = "run.json", "tasks.jsonl", "samples.jsonl", "results.json"
MEMORIES = "memory"
"""The folder of a run's auction memories, one for each policy and order."""
MADE_ON = "made_on"
"""What `run.json` says of the machine; a run may go on on another one."""
WARM = "warm"
"""What `run.json` says of the run that memories begin with; it may be named later."""


def settings(
    suites: Sequence[str],
    tasks: Mapping[str, str],
    roster: Iterable[AgentSpec],
    revisions: Mapping[str, str],
    *,
    seed: int,
    market: str,
    judge: str | None = None,
    warm: str | None = None,
) -> dict[str, Any]:
    """What makes two runs the same: version, tasks, agents with models and prices, rules, seed.

    `tasks` has a hash of each task by its name, `revisions` one of each agent's model, `market`
    is one of everything else that the market file says, and `warm` names the run that memories
    begin with.
    """
    begun = {} if warm is None else {WARM: warm}
    return begun | {
        "sale": sale.__version__,
        "suites": list(suites),
        "seed": seed,
        "market": market,
        "judge": judge,
        "agents": [
            {
                "name": spec.name,
                "model": spec.model,
                "revision": revisions[spec.name],
                "backend": spec.backend,
                "adapter": spec.adapter,
                "price": spec.price and [spec.price.input, spec.price.cached, spec.price.output],
                "plan_tokens": spec.plan_tokens,
                "context": spec.context,
                "kinds": sorted(spec.kinds),
                "tools": spec.tools,
            }
            | ({"prompt": spec.prompt} if spec.prompt else {})
            for spec in roster
        ],
        "tasks": dict(tasks),
    }


@dataclass(frozen=True, slots=True)
class Run:
    """An open run folder; one process writes it at a time."""

    folder: Path
    lock: FileLock

    @staticmethod
    def open(
        folder: Path, made_by: dict[str, Any], *, made_on: Mapping[str, Any], resume: bool
    ) -> Run:
        """Begin a run, or go on with the one that is there when `resume` says so.

        A run that goes on may have more tasks than before. Raises `InputError` when the folder
        holds another run, or one that isn't to be resumed.
        """
        if signs := sorted(set("?#%") & set(str(folder.absolute()))):
            raise InputError(
                f"--out {str(folder)!r}: {signs[0]!r} can't be part of its path; name another"
            )
        lock = FileLock(folder / ".lock", timeout=0)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
            _begin(folder, made_by | {MADE_ON: dict(made_on)}, resume=resume)
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
        text = "".join(map(line_of, trials)).encode()

        def append() -> None:
            with (self.folder / TRIALS).open("ab+") as file:
                _cut_torn_line(file)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())

        self._written(append)

    def forget_samples(self) -> None:
        """Drop what policies came to: trials are about to change."""
        self._replace(SAMPLES, "")

    def name_tasks(self, tasks: Iterable[Listed]) -> None:
        """Say which tasks there are."""
        self._replace(TASKS, "".join(one.model_dump_json() + "\n" for one in tasks))

    def samples(self) -> tuple[Sample, ...]:
        """What policies have come to so far; nothing yet is no error."""
        from sale.bench.report.folder import read_samples

        path = self.folder / SAMPLES
        return read_samples(self.folder) if path.exists() and path.stat().st_size else ()

    def keep(self, samples: Sequence[Sample]) -> None:
        """Put samples in the place of those of the same policies and orders."""
        fresh = {(one.policy, one.order) for one in samples}
        others = [one for one in self.samples() if (one.policy, one.order) not in fresh]
        self._replace(SAMPLES, "".join(one.model_dump_json() + "\n" for one in (*others, *samples)))

    def sum_up(self, results: Mapping[str, Any]) -> None:
        """Write the figures."""
        self._replace(RESULTS, json.dumps(results, indent=2) + "\n")

    def memory(self, policy: str, order: int, attempt: int = 0) -> str:
        """The URL of an empty auction memory for one policy, order and attempt."""
        folder = self.folder / MEMORIES
        name = f"{policy}-{order}{f'-{attempt}' if attempt else ''}.db"

        def clear() -> None:
            folder.mkdir(exist_ok=True)
            for path in folder.glob(f"{name}*"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

        self._written(clear)
        return f"sqlite:///{folder.absolute() / name}"  # `open` sees that no sign means more in it

    def close(self) -> None:
        """Let another process write it."""
        self.lock.release()

    def _replace(self, name: str, text: str) -> None:
        self._written(lambda: _write(self.folder / name, text))

    def _written(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            raise InputError(
                f"run {str(self.folder)!r} can't be written: {error.strerror or error}; "
                "what is there is kept: free some space and go on with --resume"
            ) from error


def _begin(folder: Path, made_by: dict[str, Any], *, resume: bool) -> None:
    """Say in the folder how the run is made, or see that it is made as before."""
    described = folder / RUN
    if described.exists():
        before = _check(described, made_by, resume=resume)
        made_by = {WARM: before[WARM], **made_by} if WARM in before else made_by
    elif any(path.name != ".lock" for path in folder.iterdir()):
        raise InputError(f"--out {str(folder)!r} holds other files; name a new folder")
    _write(described, json.dumps(made_by, indent=2) + "\n")


def _check(described: Path, made_by: dict[str, Any], *, resume: bool) -> dict[str, Any]:
    """What the folder says so far; raises `InputError` where that is another run."""
    where = str(described.parent)
    if not resume:
        raise InputError(f"--out {where!r} holds a run; go on with --resume, or name a new folder")
    try:
        before = json.loads(described.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{described} is damaged; name a new folder with --out") from error
    for key, value in made_by.items():
        if not isinstance(before, dict) or (key not in before and key != WARM):
            raise InputError(
                f"--resume: the run in {where!r} does not say its {key}, as an older SALE made "
                "it; name a new folder with --out"
            )
        if key != MADE_ON and not _goes_on(before.get(key, value), value, more=key == "tasks"):
            raise InputError(
                f"--resume: the run in {where!r} was made with other {key}; "
                "give the same ones, or name a new folder with --out"
            )
    return dict(before)


def _goes_on(before: Any, now: Any, *, more: bool) -> bool:
    """Whether a setting is the same as before, or holds more where that is allowed."""
    if more and isinstance(before, dict) and isinstance(now, dict):
        return before.items() <= now.items()
    return bool(before == now)


def _write(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
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
