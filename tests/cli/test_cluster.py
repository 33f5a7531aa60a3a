"""A market may run its agents on a Ray cluster that is already there."""

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster():
    """The address of a Ray cluster of one node, started by its own command and ended with it."""
    ports = ("--port=0", "--include-dashboard=false", "--num-cpus=1")
    command = [str(Path(sys.executable).parent / "ray"), "start", "--head", "--block", *ports]
    settings = os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    head = subprocess.Popen(command, env=settings, text=True, **pipes)
    try:
        found = (re.search(r"--address='([0-9.:]+)'", line) for line in head.stdout)
        yield next(match[1] for match in found if match)
    finally:
        for process in [*psutil.Process(head.pid).children(True), psutil.Process(head.pid)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        head.wait(timeout=60)
        head.stdout.close()


def test_a_market_joins_a_running_cluster_and_leaves_it_running(sale, cluster):
    sale.environment["RAY_AUTH_MODE"] = "disabled"
    rules = {"small": [sale.plan(), sale.work()], "large": [sale.plan(), sale.work()]}
    for address in ({"RAY_ADDRESS": cluster}, {}):
        market = sale.market(rules, more=f'[ray]\naddress = "{cluster}"\n' * (not address))
        done = sale("submit", "Write add(a, b).", "--market", market, "-q", **address)
        assert done.returncode == 0, done.stderr
        assert "def add(a, b):" in done.stdout
        assert done.stderr.count("\n") == 1


def test_a_cluster_that_is_not_there_is_named_at_once(sale):
    market = sale.market({"small": []}, more='[ray]\naddress = "127.0.0.1:1"\n')
    done = sale("submit", "x", "--market", market)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("sale: the Ray cluster at '127.0.0.1:1' can't be reached: ")
