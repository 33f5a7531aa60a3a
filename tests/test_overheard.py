"""What processes say on stderr is heard, and still said."""

import os
import subprocess
import sys
import time

from sale.agents.backends.overheard import KEPT_LINES, Overheard, overheard

SPEAK = "import os; os.write(2, b'ValueError: from a child\\n')"


def test_words_of_this_process_and_of_those_it_starts_are_heard_and_passed_on(capfd):
    with overheard() as heard:
        os.write(2, b"from here\n")
        subprocess.run([sys.executable, "-c", SPEAK], check=True)
    os.write(2, b"afterwards\n")
    assert heard.text.splitlines() == ["from here", "ValueError: from a child"]
    said = capfd.readouterr().err.splitlines()
    assert said == ["from here", "ValueError: from a child", "afterwards"]


def test_a_process_that_was_begun_within_goes_on_being_heard(capfd):
    late = "import os, sys; sys.stdin.read(); os.write(2, b'late words\\n')"
    with overheard() as heard:
        child = subprocess.Popen([sys.executable, "-c", late], stdin=subprocess.PIPE)
    child.communicate()
    waited = time.monotonic() + 10
    while "late words" not in heard.text and time.monotonic() < waited:
        time.sleep(0.01)
    assert "late words" in heard.text


def test_no_more_than_the_last_lines_are_kept():
    heard = Overheard()
    for number in range(3 * KEPT_LINES):
        heard.hear(b"line %d\nhalf" % number)
    lines = heard.text.splitlines()
    assert len(lines) == KEPT_LINES + 1
    assert lines[-2:] == [f"halfline {3 * KEPT_LINES - 1}", "half"]
