"""Markets that stay warm in the background: the files that tell where they are.

A file is the keeper's to write and to remove; one whose keeper is gone counts for nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from platformdirs import user_state_path

import sale
from sale.errors import ConfigError
from sale.market_file import MarketFile


@dataclass(frozen=True, slots=True)
class Standing:
    """A market that is up."""

    market: str
    """Where its file was read from."""
    digest: str
    """Of the market file and of all else that makes two markets the same."""
    pid: int
    """Of its keeper, the process that it lives and dies with."""
    since: float
    """When the keeper began, in seconds of the epoch; tells it from a later process of its pid."""
    address: str
    """Of its Ray."""
    dashboard: str | None
    token: str | None
    """The file with the token that its Ray asks for; None where the user's environment has it."""

    def keeper(self) -> psutil.Process | None:
        """The process that keeps it up, if it runs."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.since) < 1 and process.is_running():
                return process
        return None


def folder() -> Path:
    """Where the files are: `up` in SALE_STATE, or in the user's state folder."""
    root = os.environ.get("SALE_STATE")
    return (Path(root).expanduser() if root else user_state_path("sale")) / "up"


def make_folder() -> None:
    """Make the folder, for this user alone, where there is none; raises `ConfigError`."""
    where = folder()
    try:
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"{str(where)!r} can't be written: {error.strerror}") from None


def namespace(digest: str) -> str:
    """Of a market's actors in Ray."""
    return f"sale-{digest[:16]}"


def file_of(digest: str, kind: str = "json") -> Path:
    """A file of one market: `json` or `log`."""
    return folder() / f"{digest[:16]}.{kind}"


def digest(source: str, file: MarketFile) -> str:
    """Name a market by what its file says, what relative paths in it mean here, and our version."""
    told = [sale.__version__, source, os.environ.get("SALE_CACHE"), file.model_dump_json()]
    paths = [path for agent in file.agent for path in (agent.model, agent.adapter) if path]
    told += [str(Path(path).resolve()) for path in paths if Path(path).exists()]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def write(standing: Standing) -> None:
    """Tell that a market is up; raises `OSError`."""
    path = file_of(standing.digest)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(asdict(standing)))
    unfinished.replace(path)


def find(digest: str) -> Standing | None:
    """The market of this digest, if it is up."""
    return _read(file_of(digest))


def standing() -> Iterator[Standing]:
    """All markets that are up, in the order of their files."""
    for path in sorted(folder().glob("*.json")):
        if (found := _read(path)) is not None:
            yield found


def forget(digest: str) -> None:
    """Tell no more that a market is up; its log stays."""
    file_of(digest).unlink(missing_ok=True)


def token() -> Path:
    """The file with the token of this user's markets, made where there is none.

    All have the same one: a process that has joined a Ray with one token can't join another's.
    Raises `OSError`.
    """
    path = folder() / "token"
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
    return path


def _read(path: Path) -> Standing | None:
    try:
        found = Standing(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return found if found.keeper() else None
