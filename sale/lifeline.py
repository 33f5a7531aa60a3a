"""Nothing that a driver started outlives it, however it ends.

Ray's helper processes take a minute to notice that a killed driver is gone. So a small watcher
holds one end of a pipe whose other end only the driver holds: when the pipe breaks, the watcher
ends every process that carries the driver's mark in its environment.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import psutil

MARK = "SALE_LIFELINE"
SHORT = "/tmp"  # noqa: S108 - mkdtemp makes it private, and the paths of sockets must be short
PATIENCE_S = 20.0
"""How long a driver that closes waits for the last process to be gone."""


class Lifeline:
    """Marks every process started from now on, and ends them all when cut or broken.

    Raises OSError where no temporary folder can be made.
    """

    def __init__(self) -> None:
        mark = secrets.token_hex(8)
        self.folder = tempfile.mkdtemp(prefix="sale-ray-", dir=SHORT)
        """For files of the processes; removed with them."""
        self._watcher = subprocess.Popen(
            [sys.executable, "-P", "-m", "sale.lifeline", mark, self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # an interrupt from the terminal must not reach it
        )
        os.environ[MARK] = mark
        # Processes that rename themselves would write their names over their environment.
        os.environ["SPT_NOENV"] = "1"

    def cut(self) -> None:
        """End every marked process, and return when they are gone."""
        os.environ.pop(MARK, None)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._watcher.communicate(timeout=PATIENCE_S)


def watch(mark: str, folder: str) -> None:
    """Wait until the pipe breaks, then end all that carries the mark, and remove the folder."""
    sys.stdin.buffer.read()
    while found := list(_marked(mark)):
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=1)
    shutil.rmtree(folder, ignore_errors=True)


def _marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == mark:
                yield process


if __name__ == "__main__":
    watch(*sys.argv[1:])
