"""A folder of documents read into pages; what is left out is said, never silently dropped."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sale.agents.search import Page
from sale.agents.search.markup import read_html
from sale.agents.search.text import clean, one_line
from sale.errors import InputError

MOST_BYTES = 5_000_000
"""A longer file is left out."""
MOST_BYTES_IN_ALL = 200_000_000
MOST_FILES = 50_000

Reader = Callable[[bytes], tuple[str, str]]
"""Turns the bytes of a file into a title, which may be empty, and a text."""


@dataclass(frozen=True, slots=True)
class Documents:
    """What was found in a folder."""

    pages: tuple[Page, ...]
    """In the order of their refs."""
    skipped: tuple[str, ...]
    """One line for each thing left out, with the reason."""


def read_text(data: bytes) -> tuple[str, str]:
    """Read plain text; a short first line set apart by an empty one is its title."""
    text = _decode(data)
    first = re.match(r"\s*(\S[^\n]{0,79})\n[^\S\n]*\n", text)
    return (first[1] if first else ""), text


def read_markdown(data: bytes) -> tuple[str, str]:
    """Read Markdown; its first heading is its title."""
    text = _decode(data)
    heading = re.search(
        r"^ {0,3}#{1,6}[^\S\n]+([^\n]*?)[^\S\n]*#*$|^(\S[^\n]*)\n=+[^\S\n]*$", text, re.M
    )
    return (heading[1] or heading[2] or "" if heading else ""), text


def read_rst(data: bytes) -> tuple[str, str]:
    """Read reStructuredText; its first underlined line is its title."""
    text = _decode(data)
    heading = re.search(r"^(\S[^\n]*)\n([=\-~^\"'#*+`])\2{2,}[^\S\n]*$", text, re.M)
    return (heading[1] if heading else ""), text


READERS: Mapping[str, Reader] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".rst": read_rst,
    ".html": read_html,
    ".htm": read_html,
}
"""How a file is read, by the end of its name."""


def read_folder(folder: Path) -> Documents:
    """Read every document below a folder; raises `InputError` where there is none."""
    try:
        is_folder = stat.S_ISDIR(folder.stat().st_mode)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"corpus {str(folder)!r} can't be opened: {why}; give a folder of documents"
        ) from error
    if not is_folder:
        raise InputError(f"corpus {str(folder)!r} is not a folder; give the folder that holds it")
    reading = _Reading(folder)
    reading.read()
    if not reading.pages:
        why = f" ({reading.skipped[0]})" if reading.skipped else ""
        kinds = " ".join(READERS)
        raise InputError(
            f"corpus {str(folder)!r} holds no readable document{why}; put in files of {kinds}"
        )
    pages = sorted(reading.pages.values(), key=lambda page: page.ref)
    return Documents(tuple(pages), tuple(reading.skipped))


class _Reading:
    """One walk through a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages: dict[str, Page] = {}
        self.skipped: list[str] = []
        self._files = 0
        self._bytes = 0

    def read(self) -> None:
        """Read all files that a reader knows and note the others."""
        others: Counter[str] = Counter()
        for path in self._walk():
            suffix = path.suffix.lower()
            if suffix in READERS:
                self._add(path, READERS[suffix])
            else:
                others[one_line(suffix, limit=20) or "no suffix"] += 1
        if others:
            kinds = ", ".join(f"{suffix}: {count}" for suffix, count in others.most_common(8))
            self.skipped.append(f"{others.total()} files of kinds that are not read ({kinds})")

    def _walk(self) -> Iterator[Path]:
        """Yield the regular files, links and hidden names left out."""
        waiting = [self.folder]
        while waiting:
            folder = waiting.pop()
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError as error:
                self._skip(folder, error.strerror or "can't be read")
                continue
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_symlink():
                    self._skip(Path(entry.path), "a link")
                elif entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    yield Path(entry.path)

    def _add(self, path: Path, reader: Reader) -> None:
        ref = self._ref(path)
        try:
            data = _bytes_of(path)
        except OSError as error:
            self._skip(path, error.strerror or "can't be read")
            return
        if ref in self.pages:
            self._skip(path, "its name looks the same as another one's")
        elif len(data) > MOST_BYTES:
            self._skip(path, f"more than {MOST_BYTES // 1_000_000} MB")
        elif _is_binary(data):
            self._skip(path, "binary")
        else:
            title, text = reader(data)
            if text := clean(text).strip():
                title = one_line(title) or PurePosixPath(ref).stem
                self.pages[ref] = Page(ref=ref, title=title, source=ref, text=text)
                self._count(len(data))
            else:
                self._skip(path, "no text")

    def _count(self, size: int) -> None:
        self._files += 1
        self._bytes += size
        if self._files > MOST_FILES or self._bytes > MOST_BYTES_IN_ALL:
            raise InputError(
                f"corpus {str(self.folder)!r} is too large: at most {MOST_FILES} documents and "
                f"{MOST_BYTES_IN_ALL // 1_000_000} MB are read; give a smaller folder"
            )

    def _ref(self, path: Path) -> str:
        relative = path.relative_to(self.folder).as_posix()
        return one_line(
            relative.encode(errors="surrogateescape").decode(errors="replace"), limit=300
        )

    def _skip(self, path: Path, why: str) -> None:
        self.skipped.append(f"{self._ref(path)}: {why}")


def _bytes_of(path: Path) -> bytes:
    """Read one byte more than is allowed, so that the caller sees what is too long.

    No link is followed and no pipe waited for, even if the file was swapped since it was listed.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MOST_BYTES + 1)


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return clean(data.decode("utf-16", errors="replace"))
    return clean(data.decode("utf-8-sig", errors="replace"))


def _is_binary(data: bytes) -> bool:
    return b"\x00" in data[:8_192] and not data.startswith((b"\xff\xfe", b"\xfe\xff"))
