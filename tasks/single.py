"""Tasks as a user gives them: words on the command line, a text file, entries of a suite file.

A suite file holds one JSON object a line: `id`, `kind` and `prompt`, and for some kinds
`workspace` or `corpus` (relative to the file). Other keys belong to graders and are left alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from sale.errors import InputError
from sale.types import Kind, Task

MAX_TEXT = 200_000
"""Characters; more belongs into a workspace or a corpus."""
MAX_FILE = 64 << 20
MAX_IDS = 20
"""Task names that an error lists."""


class TaskLine(BaseModel):
    """One line of a suite file."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: str
    kind: Kind = Kind.CODING
    prompt: str
    workspace: str | None = None
    corpus: str | None = None


def read_task(
    text: str | None,
    file: str | None,
    *,
    kind: Kind | None = None,
    workspace: Path | None = None,
    corpus: Path | None = None,
) -> Task:
    """Make the task that a user asked for; exactly one of `text` and `file` is given.

    `file` is a text file, a suite file with one task, or `FILE#ID` for one of several.
    """
    if (text is None) == (file is None):
        raise InputError("give the task either in words or with --task FILE")
    line = TaskLine(id="-", prompt=text) if text is not None else _read(file or "")
    kind = kind or _kind(line, workspace=workspace, corpus=corpus)
    if workspace is not None and corpus is not None:
        raise InputError("give --workspace for coding or --corpus for search, not both")
    if kind is Kind.CODING and corpus is not None:
        raise InputError("--corpus goes with --kind search")
    if kind is Kind.SEARCH and workspace is not None:
        raise InputError("--workspace goes with --kind coding")
    return Task(
        kind=kind,
        text=_checked(line.prompt),
        workspace=_folder(workspace or line.workspace, "--workspace"),
        corpus=_folder(corpus or line.corpus, "--corpus"),
    )


def read_tasks(name: str) -> dict[str, Task]:
    """All tasks of a suite file, or of a shipped suite, by their ids.

    Raises `InputError` naming the first task that can't be used, or an id that is there twice.
    """
    path, wanted = _split(name)
    lines = [_read(name)] if wanted else [_beside(path, line) for line in _lines(_text(path), path)]
    tasks: dict[str, Task] = {}
    for line in lines:
        if line.id in tasks:
            raise InputError(f"{path}: the id {line.id!r} is there twice; ids must differ")
        try:
            tasks[line.id] = _task(line)
        except InputError as error:
            raise InputError(f"{path}: task {line.id!r}: {error}") from error
    if not tasks:
        raise InputError(f"{path} holds no task; give a file with a JSON object a line")
    return tasks


def _task(line: TaskLine) -> Task:
    kind = _kind(line, workspace=None, corpus=None)
    workspace, corpus = (
        _folder(line.workspace, "workspace"),
        _folder(line.corpus, "corpus"),
    )
    return Task(kind, _checked(line.prompt), workspace=workspace, corpus=corpus)


def _kind(line: TaskLine, *, workspace: Path | None, corpus: Path | None) -> Kind:
    if "kind" in line.model_fields_set:
        return line.kind
    searching = (corpus or line.corpus) is not None and workspace is None
    return Kind.SEARCH if searching else Kind.CODING


def _checked(text: str) -> str:
    if not text.strip():
        raise InputError("the task is empty; say what to do in a few words")
    if len(text) > MAX_TEXT:
        raise InputError(
            f"the task is {len(text):,} characters long, at most {MAX_TEXT:,} are allowed; "
            "put large material into a folder and give --workspace or --corpus"
        )
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError("the task is not a text: it holds NUL or broken characters")
    return text


def _folder(path: Path | str | None, option: str) -> str | None:
    if path is None:
        return None
    if not _is(Path.is_dir, path):
        raise InputError(f"{option}: {str(path)!r} is not a folder")
    return str(Path(path).resolve())


def _is(test: Callable[[Path], bool], path: Path | str) -> bool:
    """Ask a path something; one that no file system takes is neither a file nor a folder."""
    try:
        return test(Path(path))
    except (OSError, ValueError):
        return False


def _read(name: str) -> TaskLine:
    path, wanted = _split(name)
    text = _text(path)
    if path.suffix not in {".json", ".jsonl"}:
        if wanted is not None:
            raise InputError(f"{path} is one task; #{wanted} goes with a .json or .jsonl file")
        return TaskLine(id=path.name, prompt=text)
    lines = {line.id: line for line in _lines(text, path)}
    if wanted is None and len(lines) == 1:
        wanted = next(iter(lines))
    if wanted is None or wanted not in lines:
        problem = f"has no task {wanted!r}" if wanted else f"holds {len(lines)} tasks"
        shown = ", ".join(list(lines)[:MAX_IDS]) + (", ..." if len(lines) > MAX_IDS else "")
        raise InputError(f"{path} {problem}; give {path}#ID with one of: {shown or 'none'}")
    return _beside(path, lines[wanted])


def _beside(path: Path, line: TaskLine) -> TaskLine:
    """The same task, with its folders taken relative to the file that names them."""
    folders = {"workspace": line.workspace, "corpus": line.corpus}
    return line.model_copy(
        update={key: str(path.parent / name) for key, name in folders.items() if name is not None}
    )


def _split(name: str) -> tuple[Path, str | None]:
    """`FILE#ID` in parts; a file whose own name holds a # goes first; shipped suites by name."""
    path, _, wanted = (name, "", "") if _is(Path.exists, name) else name.partition("#")
    shipped = files("sale.tasks").joinpath(f"{path}.jsonl")
    if not _is(Path.exists, path) and "/" not in path and shipped.is_file():
        return Path(str(shipped)), wanted or None
    return Path(path), wanted or None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE:
            raise InputError(f"{path} is larger than {MAX_FILE >> 20} MiB; give a smaller file")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text; give the task as text or JSON") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no name of a file"
        raise InputError(f"{str(path)!r} can't be read: {reason}") from error


def _lines(text: str, path: Path) -> Iterator[TaskLine]:
    """The tasks of a suite file: JSON lines, or one JSON object or list."""
    for number, entry in enumerate(_objects(text, path), start=1):
        try:
            yield TaskLine.model_validate(entry)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(map(str, first["loc"])) or "it"
            raise InputError(f"{path}: task {number}: {key}: {first['msg'].lower()}") from error


def _objects(text: str, path: Path) -> list[Any]:
    try:
        if path.suffix == ".json":
            value = json.loads(text)
            return value if isinstance(value, list) else [value]
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON: {error}") from error
