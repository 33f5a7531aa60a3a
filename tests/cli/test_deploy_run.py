"""The commands of the containers in `deploy/`, run as they stand: a head, a node, a task."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import yaml

pytestmark = pytest.mark.slow

DEPLOY = Path(__file__).parents[2] / "deploy"
BIN = str(Path(sys.executable).parent)
PATIENCE_S = 120.0


@contextmanager
def container(command: list[str], environment: dict[str, str]) -> Iterator[psutil.Process]:
    """A command with all that it starts, even what goes to the background; ended with the block."""
    process = psutil.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        with suppress(psutil.TimeoutExpired):
            process.wait(timeout=60)
        mark = f"CONTAINER={environment['CONTAINER']}"
        for each in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if mark.encode() in Path(f"/proc/{each.pid}/environ").read_bytes().split(b"\0"):
                    each.kill()


def free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("", 0))
        return int(taken.getsockname()[1])


def compose(sale, port: int) -> tuple[list[str], list[str], dict[str, str]]:
    """Commands of head and worker, and what their containers set."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    (token := sale.folder / "token").write_text("0123456789abcdef" * 4)
    told = services["head"]["environment"] | {"RAY_AUTH_TOKEN_PATH": str(token)}
    del told["SALE_DB"], told["SALE_MARKET"]
    head = [part.replace("6379", str(port)) for part in services["head"]["command"]]
    here = socket.gethostbyname(socket.gethostname())
    worker = [part.replace("head:6379", f"{here}:{port}") for part in services["worker"]["command"]]
    return head, worker, told


def kuberay(sale, port: int) -> tuple[list[str], list[str], dict[str, str]]:
    """The same of the Ray cluster, with what KubeRay and the pod add."""
    _, cluster = yaml.safe_load_all((DEPLOY / "kuberay.yaml").read_text())
    groups = [cluster["spec"]["headGroupSpec"], *cluster["spec"]["workerGroupSpecs"]]
    head, worker = (group["template"]["spec"]["containers"][0]["args"] for group in groups)
    told = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 4}
    return head, worker, told | {"RAY_ADDRESS": f"127.0.0.1:{port}"}


@pytest.mark.parametrize("made", [compose, kuberay])
def test_a_head_and_a_node_hold_an_auction(sale, made):
    port = free_port()
    head, worker, told = made(sale, port)
    market = sale.market({"ada": [sale.plan(), sale.work()]})
    settings = {"SALE_MARKET": market, "CONTAINER": str(sale.folder)}
    settings |= {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "RAY_USAGE_STATS_ENABLED": "0"}
    sale.environment |= told | settings
    here = socket.gethostbyname(socket.gethostname())
    small = "--num-cpus=1 --object-store-memory=100000000 --block"
    first = f"ray start --head --port={port} --include-dashboard=false {small}"
    second = f"ray start --address={here}:{port} {small}"
    with ExitStack() as running:
        environment = sale.environment | {"KUBERAY_GEN_RAY_START_CMD": first}
        started = running.enter_context(container(head, environment))
        until = time.monotonic() + PATIENCE_S
        while not sale.json("status"):
            assert started.poll() is None
            assert time.monotonic() < until
            time.sleep(0.5)
        environment["KUBERAY_GEN_RAY_START_CMD"] = second
        running.enter_context(container(worker, environment))
        done = sale.json("submit", "Write add(a, b).", "--stages", "full")
        assert done["award"]["agent"] == "ada"
        (up,) = sale.json("status")
        assert up["agents"]["ada"]["replicas"] == 1
        while nodes(sale) < 2 and time.monotonic() < until:
            time.sleep(1)
        assert nodes(sale) == 2
    assert sale.json("status") == []


def nodes(sale) -> int:
    """How many nodes the cluster has."""
    count = "import ray; ray.init('auto'); print(sum(node['Alive'] for node in ray.nodes()))"
    asked = [sys.executable, "-c", count]
    done = subprocess.run(asked, env=sale.environment, capture_output=True, text=True, timeout=60)
    return int(done.stdout)
