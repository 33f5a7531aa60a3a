"""An interruption ends what runs, also where Python drops what its handler raises."""

import signal
import subprocess
import sys

import pytest

from sale.interrupts import own_sigterm

DROPPED = """
import os, signal, sys, time
from sale.interrupts import interrupt_again, sigterm_interrupts

number = int(sys.argv[2])
if number == signal.SIGINT:  # which a shell in the background has ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
sigterm_interrupts()
interrupt_again()

class Finalized:
    def __del__(self):
        signal.raise_signal(number)

def fork():
    os.register_at_fork(after_in_parent=lambda: signal.raise_signal(number))
    if os.fork() == 0:
        os._exit(0)

try:
    fork() if sys.argv[1] == "fork" else Finalized()
    print("dropped", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("heard")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
@pytest.mark.parametrize("where", ["fork", "finalizer"])
def test_an_interruption_that_python_drops_comes_again(where: str, number: int) -> None:
    command = [sys.executable, "-c", DROPPED, where, str(int(number))]
    if number == signal.SIGTERM:
        command = ["bash", "-c", 'trap "" INT; exec "$@"', "in the background", *command]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert ended.stdout.splitlines() == ["dropped", "heard"]
    assert ended.stderr == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_one_that_is_dropped_while_ray_starts_comes_at_the_end_of_that(number: int) -> None:
    class Finalized:
        def __del__(self) -> None:
            signal.raise_signal(number)

    started: list[bool] = []

    def start() -> None:
        Finalized()
        started.append(True)

    usual = sys.unraisablehook
    with pytest.raises(KeyboardInterrupt), own_sigterm():
        start()
    assert started == [True]
    assert sys.unraisablehook is usual


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


def test_what_else_python_drops_is_told_as_ever() -> None:
    told = "from sale.interrupts import interrupt_again; interrupt_again()\n" + (
        "class Broken:\n def __del__(self): raise OSError('no disk')\nBroken()"
    )
    ended = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert "OSError: no disk" in ended.stderr


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


def test_without_a_signal_nothing_is_raised() -> None:
    with own_sigterm():
        pass
