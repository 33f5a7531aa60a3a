"""A market may run its agents on a Ray cluster that is already there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.slow


@contextmanager
def head(**environment: str) -> Iterator[str]:
    """The address of a Ray cluster of one node, started by its own command and ended with it."""
    ports = ("--port=0", "--include-dashboard=false", "--num-cpus=1")
    command = [str(Path(sys.executable).parent / "ray"), "start", "--head", "--block", *ports]
    settings = os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
    settings |= environment
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    started = subprocess.Popen(command, env=settings, text=True, **pipes)
    try:
        found = (re.search(r"--address='([0-9.:]+)'", line) for line in started.stdout)
        yield next(match[1] for match in found if match)
    finally:
        process = psutil.Process(started.pid)
        for each in [*process.children(True), process]:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        started.wait(timeout=60)
        started.stdout.close()


@pytest.fixture
def cluster() -> Iterator[str]:
    with head() as address:
        yield address


def test_a_market_joins_a_running_cluster_and_leaves_it_running(sale, cluster):
    sale.environment["RAY_AUTH_MODE"] = "disabled"
    rules = {"small": [sale.plan(), sale.work()], "large": [sale.plan(), sale.work()]}
    for address in ({"RAY_ADDRESS": cluster}, {}):
        market = sale.market(rules, more=f'[ray]\naddress = "{cluster}"\n' * (not address))
        done = sale("submit", "Write add(a, b).", "--market", market, "-q", **address)
        assert done.returncode == 0, done.stderr
        assert "def add(a, b):" in done.stdout
        assert [line.split()[0] for line in done.stderr.splitlines()] == ["More:", "Right"]


def test_status_tells_of_markets_with_and_without_a_token(sale, cluster):
    sale.environment["RAY_AUTH_MODE"] = "disabled"
    for name, more in (("far", f'[ray]\naddress = "{cluster}"\n'), ("near", "")):
        market = sale.market({name: [sale.plan(), sale.work()]}, more=more)
        (sale.folder / market).rename(sale.folder / f"{name}.toml")
    try:
        for name in ("far", "near"):
            sale.json("up", "--market", f"{name}.toml")
        told = sale.json("status")
    finally:
        assert sale("down").returncode == 0
    assert sorted((*each["agents"], each["error"]) for each in told) == [
        ("far", None),
        ("near", None),
    ]


def test_the_nodes_run_the_code_of_the_command_whatever_is_installed_there(sale, tmp_path: Path):
    sale.environment["RAY_AUTH_MODE"] = "disabled"
    (tmp_path / "sale").mkdir()
    (tmp_path / "sale" / "__init__.py").write_text("__version__ = '0.0.0'\n")
    with head(PYTHONPATH=str(tmp_path)) as address:
        market = sale.market(
            {"solo": [sale.plan(), sale.work()]}, more=f'[ray]\naddress="{address}"\n'
        )
        done = sale("submit", "Write add(a, b).", "--market", market, "-q")
    assert done.returncode == 0, done.stderr
    assert "def add(a, b):" in done.stdout


def test_a_node_without_what_the_code_needs_is_a_line(sale, tmp_path: Path):
    sale.environment["RAY_AUTH_MODE"] = "disabled"
    (tmp_path / "tenacity.py").write_text("raise ModuleNotFoundError('no tenacity here')\n")
    with head(PYTHONPATH=str(tmp_path)) as address:
        market = sale.market(
            {"solo": [sale.plan(), sale.work()]}, more=f'[ray]\naddress="{address}"\n'
        )
        done = sale("submit", "Write add(a, b).", "--market", market, "-q")
    assert done.returncode == 3
    assert "its process can't start: ModuleNotFoundError: no tenacity here" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cluster_that_is_not_there_is_named_at_once(sale):
    market = sale.market({"small": []}, more='[ray]\naddress = "127.0.0.1:1"\n')
    done = sale("submit", "x", "--market", market)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("sale: the Ray cluster at '127.0.0.1:1' can't be reached: ")
