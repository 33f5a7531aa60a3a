"""The command line as its users meet it: a process of its own, a database of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

SALE = str(Path(sys.executable).parent / "sale")
PATIENCE_S = 300.0
CODE = "```python\ndef add(a, b):\n    return a + b\n```"


def heed_interruptions() -> None:
    """Undo what a shell does to tests in its background: they are born deaf to SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class CommandLine:
    """`sale` in a folder of its own, with the auction memory there, too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {key: os.environ[key] for key in os.environ if not key.startswith(("SALE_", "RAY_"))}
        self.environment = kept | {
            "SALE_DB": f"sqlite:///{folder / 'memory.db'}",
            "SALE_CALLS": str(folder / "calls.db"),
            "SALE_LOG": str(folder / "errors.log"),
            "SALE_STATE": str(folder / "state"),
            "COLUMNS": "160",
        }

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """Begin a command."""
        return subprocess.Popen(
            [SALE, *arguments],
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=heed_interruptions,
        )

    def __call__(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        process = self.start(*arguments, **environment)
        output, errors = process.communicate(timeout=PATIENCE_S)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Run a command with --json; its output, after a look at its exit code."""
        done = self(*arguments, "--json")
        assert done.returncode == code, done.stderr
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def market(self, rules: Mapping[str, Sequence[Mapping[str, Any]]], *, more: str = "") -> str:
        """Write a market file of scripted agents, each dearer than the one before it."""
        agents = []
        for price, (name, script) in enumerate(rules.items(), start=1):
            path = self.folder / f"{name}.json"
            path.write_text(json.dumps(script))
            agents.append(
                f'[[agent]]\nname = "{name}"\nmodel = "{name}"\nbackend = "scripted"\n'
                f"price = {{ input = {price}, output = {2 * price} }}\n"
                f'options = {{ script = "{path}" }}\n'
            )
        file = self.folder / "market.toml"
        file.write_text("\n".join([more, *agents]))
        return str(file)

    @staticmethod
    def plan(text: str = "Add the two numbers.", **more: Any) -> dict[str, Any]:
        """The rule of a scripted agent for its plans."""
        return {"when": "Write a short plan", "reply": text, **more}

    @staticmethod
    def work(reply: str = CODE, **more: Any) -> dict[str, Any]:
        """The rule of a scripted agent for its work on a function."""
        return {"when": "complete Python code", "reply": reply, **more}


@pytest.fixture
def sale(tmp_path: Path) -> CommandLine:
    """The command line in an empty folder."""
    return CommandLine(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """The command line in one folder for all tests of a module."""
    return CommandLine(tmp_path_factory.mktemp("sale"))


class Family:
    """Every process that one has started, as far as it was seen."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._seen: set[psutil.Process] = set()

    def look(self) -> None:
        """Take in whoever is there now."""
        try:
            self._seen.update(self._root.children(recursive=True))
        except psutil.NoSuchProcess:
            return

    def survivors(self, *, within: float) -> list[psutil.Process]:
        """Who is still running after so many seconds; the dead that nobody buried don't count."""
        end = time.monotonic() + within
        while (alive := [process for process in self._seen if _runs(process)]) and (
            time.monotonic() < end
        ):
            psutil.wait_procs(alive, timeout=0.2)
        return alive


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def family() -> type[Family]:
    """Watches what a process starts."""
    return Family
