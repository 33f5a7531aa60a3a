"""Fifty `sale submit` at once on a market that is up: is any lost, and what does joining take?

    python benchmarks/joiners.py [--commands 50]

The market has two scripted agents, so that what is timed is SALE. Joining is what `JoinedPool`
takes in a process that has loaded nothing of Ray yet: the import, the connection and finding the
switchboard; the median of five.
Exit code 1 where an auction is lost.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

SALE = str(Path(sys.executable).with_name("sale"))
MARKET = """
[[agent]]
name = "{name}"
model = "none"
backend = "scripted"
slots = 64
price = {{ input = 1, output = 1 }}
options = {{ reply = "```python\\ndef add(a, b):\\n    return a + b\\n```" }}
"""
JOIN = """
import sys, time
from sale.config import load_market
from sale.standing import digest, find
from sale.cli.compose import prepare_ray
up = find(digest(*load_market(sys.argv[1])))
began = time.perf_counter()
prepare_ray(up.token)
from sale.pool import JoinedPool
with JoinedPool(up, load_market(sys.argv[1])[1].auction.deadlines) as pool:
    pool.state()
    print(time.perf_counter() - began)
"""


def main() -> int:
    """Start the market, join it, count what is on record, and end it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=50)
    count = parser.parse_args().commands
    with TemporaryDirectory() as folder:
        market = Path(folder) / "market.toml"
        market.write_text("".join(MARKET.format(name=name) for name in ("small", "large")))
        settings = os.environ | {"SALE_STATE": folder, "SALE_DB": f"sqlite:///{folder}/memory.db"}

        def sale(*words: str) -> subprocess.Popen[str]:
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            return subprocess.Popen([SALE, *words], env=settings, text=True, **pipes)

        began = time.perf_counter()
        sale("up", "--market", str(market)).communicate()
        print(f"up after {time.perf_counter() - began:.1f} s")
        joins = [
            float(subprocess.check_output([sys.executable, "-c", JOIN, market], env=settings))
            for _ in range(5)
        ]
        print(f"joined in {statistics.median(joins):.2f} s (median of 5)")
        began = time.perf_counter()
        told = ("--market", str(market), "--stages", "full", "-q", "--json")
        running = [sale("submit", f"Write add(a, b), number {n}.", *told) for n in range(count)]
        for each in running:
            each.communicate()
        codes = [each.returncode for each in running]
        took = time.perf_counter() - began
        listed, _ = sale("log", "--limit", str(10 * count), "--json").communicate()
        kept = len({entry["auction_id"] for entry in json.loads(listed)})
        print(
            f"{count} commands in {took:.0f} s, {codes.count(0)} with exit code 0, {kept} on record"
        )
        sale("down").communicate()
    return 0 if kept == count and not any(codes) else 1


if __name__ == "__main__":
    sys.exit(main())
