"""What a sandbox costs: the median time to start python in each tier, beside a plain start.

python benchmarks/sandbox_overhead.py [RUNS]
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from sale.agents.coding.interpreter import binary
from sale.agents.coding.sandbox import choose, fresh_workspace, probe

COMMAND = ["-c", "pass"]


def milliseconds(start: Callable[[], object]) -> float:
    began = time.perf_counter()
    start()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    with fresh_workspace() as folder:
        plain = [str(binary()), *COMMAND]
        starts: dict[str, Callable[[], object]] = {
            "plain": lambda: subprocess.run(plain, check=True, env={})
        }
        for report in probe():
            if report.works:
                box = choose(report.tier)
                starts[report.tier] = lambda box=box: box.run(
                    ["python", *COMMAND], workspace=folder
                )
        # The tiers take turns, so that a busy moment of the machine meets all of them alike.
        times = {name: [] for name in starts}
        for _ in range(runs):
            for name, start in starts.items():
                times[name].append(milliseconds(start))
    base = statistics.median(times["plain"])
    print(f"median of {runs} starts of {' '.join(['python', *COMMAND])!r}")
    for name, values in times.items():
        median = statistics.median(values)
        low, high = min(values), max(values)
        print(
            f"{name:>9} {median:7.1f} ms  (+{median - base:.1f} ms, x{median / base:.2f}; "
            f"{low:.1f} to {high:.1f})"
        )


if __name__ == "__main__":
    main()
