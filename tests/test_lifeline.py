"""What a driver started ends with it, also when the driver is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sale.lifeline import own_sigterm

DRIVER = """
import subprocess, sys, time
from sale.lifeline import Lifeline, own_sigterm
line = Lifeline()
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
print(child.pid, line.folder, flush=True)
if sys.argv[1] == "cut":
    line.cut()
else:
    time.sleep(600)
"""
PATIENCE_S = 30.0


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("end", ["cut", "kill"])
def test_neither_a_process_nor_a_file_outlives_the_driver(end: str) -> None:
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, end], stdout=subprocess.PIPE)
    assert driver.stdout is not None
    pid, folder = driver.stdout.readline().split()
    if end == "kill":
        os.kill(driver.pid, signal.SIGKILL)
    driver.wait(timeout=PATIENCE_S)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and not (
        gone(int(pid)) and not Path(folder.decode()).exists()
    ):
        os.sched_yield()
    driver.stdout.close()
    assert gone(int(pid))
    assert not Path(folder.decode()).exists()


def test_sigterm_stays_ours_while_others_ask_for_it() -> None:
    asked: list[int] = []

    def start() -> None:
        signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
        signal.raise_signal(signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), own_sigterm():
        start()
    assert asked == []
    assert signal.getsignal(signal.SIGTERM) is before
    usual = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    assert signal.signal(signal.SIGUSR1, usual) is signal.SIG_IGN


def test_a_sigterm_whose_exception_was_dropped_is_not_lost() -> None:
    started: list[bool] = []

    def start() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:  # as Python does behind a fork
            started.append(True)

    with pytest.raises(KeyboardInterrupt), own_sigterm():
        start()
    assert started == [True]


def test_without_a_signal_nothing_is_raised() -> None:
    with own_sigterm():
        pass
