"""How long until the first bid, the award and the answer, from a warm cache.

Runs `sale submit` on one task several times, each with a fresh auction memory, and prints the
median of the seconds at which the progress lines on stderr report each event.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TASK = (
    "Write a Python function roman(n) that converts 1..3999 to Roman numerals; "
    "raise ValueError otherwise"
)
EVENTS = {"first bid": "has bid", "award": "awarded to", "done": "done"}


def measure(task: str, seed: int) -> dict[str, float]:
    """Hold one auction; event -> seconds since the command began."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SALE_DB": f"sqlite:///{folder}/memory.db"}
        command = [str(Path(sys.executable).with_name("sale")), "submit", task, "--seed", str(seed)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    seen: dict[str, float] = {}
    for line in done.stderr.splitlines():
        if found := re.match(r"\s*([\d.]+) s\s+\S+\s+(.*)", line):
            for event, words in EVENTS.items():
                if words in found[2]:
                    seen.setdefault(event, float(found[1]))
    return seen


def main() -> None:
    """Print the median and the range of each event."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=3, help="auctions")
    parser.add_argument("--task", default=TASK)
    options = parser.parse_args()
    runs = [measure(options.task, seed) for seed in range(options.n)]
    for event in EVENTS:
        seconds = [run[event] for run in runs]
        median, low, high = statistics.median(seconds), min(seconds), max(seconds)
        print(f"{event:>9}: median {median:.1f} s, {low:.1f} to {high:.1f} s of {len(runs)} runs")


if __name__ == "__main__":
    main()
