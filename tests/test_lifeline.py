"""What a driver started ends with it, also when the driver is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

DRIVER = """
import subprocess, sys, time
from sale.lifeline import Lifeline
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
