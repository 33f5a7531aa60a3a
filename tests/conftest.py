"""What several tests build on: agents with a script, a pool in this process, a whole market."""

import faulthandler
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key
from hypothesis import settings
from tenacity import Retrying, stop_after_delay, wait_fixed

from sale.agents.agent import Agent, OpenedWork, Opener
from sale.agents.loop import Answer, Observation
from sale.agents.meter import Meter
from sale.agents.protocol import Action
from sale.auction.auctioneer import Auctioneer
from sale.auction.weights import Weights, cost_scale
from sale.embedding import HashEmbedder
from sale.errors import SaleError
from sale.market import Market
from sale.memory.store import Store
from sale.rules import Brief, Rules
from sale.seams import Memory, Verifier
from sale.types import (
    AgentSpec,
    Bid,
    Check,
    Kind,
    Limits,
    Outcome,
    Price,
    Ratings,
    Step,
    StopReason,
    Task,
    Verdict,
)

settings.register_profile("sale", deadline=None)  # a busy machine is no failure
settings.load_profile("sale")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Have an abort tell its test: Ray, once started, has put silent handlers in place of these."""
    faulthandler.disable()
    faulthandler.enable(file=item.config.stash[fault_handler_stderr_fd_key])


PLAN, RATE, REFINE, WORK = (
    "Write a short plan",
    "Rate how likely",
    "Write a better plan",
    "Do it now",
)
"""What the last message of each stage contains; a script's `when` matches on it."""


class Pool:
    """The agents of a roster, asked one after the other in this process."""

    def __init__(
        self, roster: Sequence[AgentSpec], jury: Sequence[str], *, opener: Opener | None = None
    ) -> None:
        self._roster = roster
        self._jury = jury
        self._agents = {spec.name: Agent(spec, opener=opener or desk) for spec in roster}
        self.plans_shown: list[str | None] = []

    def solicit(
        self, task: Task, *, seed: int, usd: float | None, only: str | None = None
    ) -> Iterator[Bid]:
        for spec in self._roster:
            if task.kind in spec.kinds and only in {None, spec.name}:
                yield self._agents[spec.name].bid(task, seed=seed, usd=usd)

    def rate(
        self, task: Task, plans: Mapping[str, str], *, usd: float | None, **options: Any
    ) -> Iterator[Ratings]:
        for name in self._jury:
            yield self._agents[name].rate(task, plans, usd=usd, **options)

    def refine(
        self, task: Task, briefs: Mapping[str, Brief], *, seed: int, usd: float | None
    ) -> Iterator[Bid]:
        for name, brief in briefs.items():
            agent = self._agents[name]
            yield agent.refine(task, brief.own, brief.lessons, seed=seed, usd=usd)

    def execute(
        self, task: Task, agent: str, plan: str | None, *, limits: Limits, seed: int
    ) -> Iterator[Step | Outcome]:
        self.plans_shown.append(plan)
        try:
            yield from self._agents[agent].execute(task, plan, limits=limits, seed=seed)
        except SaleError as error:
            yield Outcome(agent, None, StopReason.CRASHED, error=str(error))


class Desk:
    """Work with one tool: what is answered is the answer. `interrupt` is the user's Ctrl-C."""

    tools = ("answer", "think", "interrupt")
    fallback = None
    hint = "Reply with an answer block."
    weighs = False

    def __init__(self) -> None:
        self._answer: Answer | None = None

    def act(self, action: Action) -> Observation:
        if action.tool == "interrupt":
            raise KeyboardInterrupt
        if action.tool == "think":
            return Observation("Do it now.")
        self._answer = Answer(action.text)
        return Observation("Taken.", StopReason.ANSWERED)

    def last_call(self) -> str:
        return "Do it now, this is the last call."

    def answer(self) -> Answer | None:
        return self._answer


@contextmanager
def desk(task: Task, meter: Meter) -> Iterator[OpenedWork]:
    """Open any task as a `Desk`."""
    yield OpenedWork(Desk(), "Do it now.")


def right_is_right(task: Task, outcome: Outcome) -> tuple[Verdict, tuple[Check, ...]]:
    """A verifier: an answer with `right` passes, one with `wrong` fails, others can't be told."""
    for word, verdict in (("right", Verdict.PASSED), ("wrong", Verdict.FAILED)):
        if word in (outcome.answer or ""):
            return verdict, (Check(f"says {word}", verdict is Verdict.PASSED),)
    return Verdict.NONE, ()


@dataclass(frozen=True, slots=True)
class Script:
    """What one agent says at each stage; a failure is `{"error": "..."}`."""

    plan: str | dict[str, Any] = "Read the task, then do it."
    rating: str | dict[str, Any] | None = None
    """None: any valid ratings, always the same."""
    refined: str | dict[str, Any] = "Read the task twice, then do it."
    work: str | dict[str, Any] = "```answer\nright\n```"
    extra: tuple[dict[str, Any], ...] = field(default_factory=tuple)

    def rules(self) -> str:
        said = {REFINE: self.refined, RATE: self.rating, PLAN: self.plan, WORK: self.work}
        rules = [
            {"when": when} | (what if isinstance(what, dict) else {"reply": what})
            for when, what in said.items()
        ]
        return json.dumps([*self.extra, *rules])


def bidder(
    name: str, price: float | None, *, kinds: Sequence[Kind] = tuple(Kind), **script: Any
) -> AgentSpec:
    """An agent that plays a script; `price` is for a million tokens of any sort."""
    return AgentSpec(
        name,
        "script",
        "scripted",
        None if price is None else Price(price, price / 10, price),
        kinds=frozenset(kinds),
        options={"rules": Script(**script).rules()},
    )


@contextmanager
def opened_market(
    roster: Sequence[AgentSpec],
    *,
    jury: Sequence[str] = (),
    weights: Weights | None = None,
    memory: Memory | None = None,
    verifier: Verifier = right_is_right,
    opener: Opener | None = None,
    **rules: Any,
) -> Iterator[Market]:
    """A market over a pool in this process; without a memory, one that lives as long as it."""
    scale = cost_scale(roster)
    weights = weights or Weights(1.0, 0.0, dict.fromkeys(jury, 1.0), cost_scale=scale)
    auctioneer = {key: rules.pop(key) for key in ("without", "cost_model") if key in rules}
    parts = {key: rules.pop(key) for key in ("foresight", "checkable") if key in rules}
    rules = {"limits": Limits()} | rules
    with Store.open("sqlite://", embedder=HashEmbedder) as store:
        yield Market(
            pool=Pool(roster, jury, opener=opener),
            memory=memory or store,
            auctioneer=Auctioneer(tuple(roster), weights, **auctioneer),
            verifier=verifier,
            rules=Rules(name="test", sandbox="none", **rules),
            **parts,
        )


@pytest.fixture(scope="session")
def agent() -> Callable[..., AgentSpec]:
    """Makes an agent with a script: `agent(name, price, plan=..., rating=..., work=...)`."""
    return bidder


@pytest.fixture(scope="session")
def market() -> Callable[..., Any]:
    """Opens a whole market: `with market(roster, jury=..., fallbacks=...) as market:`."""
    return opened_market


LOGINS = """
host all guarded 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""
"""Who gets into a server of the tests: all, but `guarded` only with a password."""


class PostgresServer:
    """A real server on loopback that goes when the tests go, however they end."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self._data = folder / "data"
        self._names = (f"memory_{number}" for number in count())
        self._as_user = ["setpriv", "--pdeathsig=QUIT"]
        if os.geteuid() == 0:  # as root the server refuses to run
            shutil.chown(folder, "postgres", "postgres")
            self._as_user += ["--reuid=postgres", "--regid=postgres", "--init-groups"]
        init = ["initdb", "-D", str(self._data), "-U", "sale", "-A", "trust", "-E", "UTF8", "-N"]
        subprocess.run(self._command(*init), check=True, capture_output=True, cwd=folder)
        (self._data / "pg_hba.conf").write_text(LOGINS)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        """Bring the server up, again if need be: what was committed is there."""
        settings = {"port": self._port, "listen_addresses": "127.0.0.1", "fsync": "off"}
        settings |= {"unix_socket_directories": "", "max_connections": 60}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        with (self._folder / "log").open("ab") as log:
            command = self._command("postgres", "-D", str(self._data), *options)
            self._process = subprocess.Popen(command, stderr=log, cwd=self._folder)
        wait = Retrying(stop=stop_after_delay(60), wait=wait_fixed(0.05), reraise=True)
        wait(self._connect).close()

    def new_memory(self, *, tablespace: str = "pg_default") -> str:
        """The URL of a database that holds nothing."""
        name = next(self._names)
        self.execute(f"CREATE DATABASE {name} TABLESPACE {tablespace}")
        return f"postgresql+psycopg://sale@127.0.0.1:{self._port}/{name}"

    def execute(self, statement: str) -> None:
        """Carry out a statement as the owner of the server, outside of every memory."""
        with closing(self._connect()) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """Take the server away at once, as a crash would."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def _command(self, name: str, *arguments: str) -> list[str]:
        return [*self._as_user, str(self._binaries / name), *arguments]

    def _connect(self) -> psycopg.Connection:
        where = f"host=127.0.0.1 port={self._port} user=sale dbname=postgres"
        return psycopg.connect(where, autocommit=True)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of its own; without the Debian package its tests are skipped."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = [*installed, *filter(None, [shutil.which("initdb")])]
    if not found:
        say = pytest.fail if os.environ.get("SALE_TEST_POSTGRES") else pytest.skip
        say("no PostgreSQL server here; install the package postgresql")
    with TemporaryDirectory(prefix="sale-postgres-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(found[-1]).resolve().parent, Path(folder))
        yield server
        server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The PostgreSQL server of all tests."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for one test, which may stop it."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def tiny_disk() -> Iterator[Path]:
    """A folder on a disk of 16 MiB."""
    with TemporaryDirectory(prefix="sale-tiny-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=0755", "none", folder]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("only root mounts a small disk")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def fill_disk() -> Callable[..., Path]:
    """Fills the disk of a folder: `fill_disk(folder, but=bytes)` gives the file that does."""

    def fill(folder: Path, *, but: int) -> Path:
        left = os.statvfs(folder)
        file = folder / "filler"
        file.write_bytes(bytes(left.f_bavail * left.f_bsize - but))
        return file

    return fill


@pytest.fixture(params=["sqlite", "postgresql"])
def memory_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new memory may be laid out: the same test runs on both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'memory.db'}"
    return request.getfixturevalue("postgres").new_memory()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_memory_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The same for all tests of a module that only read or don't mind each other."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('memory') / 'memory.db'}"
    return request.getfixturevalue("postgres").new_memory()
