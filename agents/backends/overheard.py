"""What a process and those that it starts write to stderr, heard and passed on.

A library that works in processes of its own tells the cause of a failure there and nowhere else.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

KEPT_LINES = 400
CHUNK = 1 << 16
STDERR = 2
PATIENCE_S = 1.0
"""How long the last words of a process that just ended are waited for."""


class Overheard:
    """The last lines that were heard."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._rest = ""

    @property
    def text(self) -> str:
        """What was said last, oldest line first."""
        return "\n".join([*self._lines, self._rest])

    def hear(self, chunk: bytes) -> None:
        """Take in what was just written."""
        *lines, self._rest = (self._rest + chunk.decode(errors="replace")).split("\n")
        self._lines.extend(lines)


@contextmanager
def overheard() -> Iterator[Overheard]:
    """Hear stderr of this process within the block, and for good that of processes begun in it.

    All of it goes on to where stderr went before. One block at a time in a process.
    """
    heard, before = Overheard(), os.dup(STDERR)
    reading, writing = os.pipe()
    listener = threading.Thread(target=_listen, args=(reading, before, heard), daemon=True)
    listener.start()
    os.dup2(writing, STDERR)
    os.close(writing)
    try:
        yield heard
    finally:
        os.dup2(before, STDERR)
        # It ends by itself with the last process that holds the other end.
        listener.join(PATIENCE_S)


def _listen(reading: int, onward: int, heard: Overheard) -> None:
    try:
        while chunk := os.read(reading, CHUNK):
            heard.hear(chunk)
            os.write(onward, chunk)
    except OSError:
        pass  # the place where stderr went is gone, or full
    finally:
        os.close(reading)
        os.close(onward)
