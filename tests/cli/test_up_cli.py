"""A market that stays up: who joins it, what it tells, and how it ends."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx2
import psutil
import pytest

pytestmark = pytest.mark.slow

JOINERS = 8


@pytest.fixture(scope="module")
def market(shared) -> str:
    name = shared.market({"solo": [shared.plan(), shared.work()]})
    return str(name)


@pytest.fixture
def up(shared, market: str) -> Iterator[psutil.Process]:
    """The keeper of a market that is up."""
    shared.json("up", "--market", market)
    (told,) = shared.json("status")
    yield psutil.Process(told["pid"])
    assert shared("down").returncode == 0


def family(keeper: psutil.Process) -> list[psutil.Process]:
    return [keeper, *keeper.children(recursive=True)]


def submit(shared, market: str, text: str = "Write add(a, b).") -> dict:
    return shared.json("submit", text, "--market", market, "--stages", "full")


def test_a_command_joins_the_market_and_leaves_it_up(shared, market, up):
    actors = {p.pid for p in family(up) if p.name().startswith("ray::")}
    first = submit(shared, market)
    assert first["award"]["agent"] == "solo"
    (told,) = shared.json("status")
    assert told["pid"] == up.pid
    assert told["agents"] == {"solo": {"replicas": 1, "most": 1, "in_hand": 0, "waiting": 0}}
    assert {p.pid for p in family(up) if p.name().startswith("ray::")} == actors
    assert shared.json("up", "--market", market)["fresh"] is False
    assert "token" not in told


def test_a_bench_joins_too_and_its_calls_alone_are_kept(shared, market, up):
    suite = [
        {"id": f"add-{n}", "prompt": f"Write add(a, b).\n\n>>> add({n}, 2)\n{n + 2}"}
        for n in (1, 2)
    ]
    (shared.folder / "suite.jsonl").write_text("".join(json.dumps(task) + "\n" for task in suite))
    asked = ("bench", "suite.jsonl", "--market", market, "--policy", "single", "--out")
    pids = {process.pid for process in family(up)}
    bench = shared.start(*asked, "first", "-q")
    started = set()
    while bench.poll() is None:
        with suppress(psutil.Error):
            started |= {p.name() for p in psutil.Process(bench.pid).children(recursive=True)}
        time.sleep(0.05)
    assert bench.wait() == 0, bench.stderr.read()
    assert "raylet" not in started
    assert {process.pid for process in family(up)} == pids
    kept = shared.json("calls", "list")["calls"]
    assert kept > 0
    shared.json(*asked, "second")
    submit(shared, market)
    assert shared.json("calls", "list")["calls"] == kept
    elsewhere = ("--calls", "elsewhere.db")  # as the command sees it, not the market that is up
    shared.json(*asked, "third", *elsewhere)
    assert (shared.folder / "elsewhere.db").exists()
    assert shared.json("calls", "list", *elsewhere)["calls"] > 0


def test_many_commands_at_once_lose_nothing(shared, market, up):
    before = len(shared.json("log", "--limit", "1000"))
    texts = [f"Write add(a, b), number {n}." for n in range(JOINERS)]
    running = [
        shared.start("submit", text, "--market", market, "--stages", "full", "--json")
        for text in texts
    ]
    ended = [process.communicate(timeout=300) for process in running]
    assert [process.returncode for process in running] == [0] * JOINERS, ended
    auctions = shared.json("log", "--limit", "1000")
    assert len(auctions) == before + JOINERS
    assert shared.json("status")[0]["agents"]["solo"]["in_hand"] == 0


def test_another_market_file_does_not_join(shared, market, up):
    other = shared.folder / "other.toml"
    other.write_text((shared.folder / market).read_text() + "\n[limits]\nsteps = 3\n")
    (told,) = shared.json("status")
    pids = {process.pid for process in family(up)}
    assert submit(shared, str(other))["award"]["agent"] == "solo"
    assert {process.pid for process in family(up)} == pids
    assert shared.json("status") == [told]


def test_its_ray_asks_for_a_token_that_only_the_user_can_read(shared, market, up):
    token = shared.folder / "state" / "up" / "token"
    assert token.stat().st_mode & 0o077 == 0
    (told,) = shared.json("status")
    stranger = f"import ray; ray.init(address={told['address']!r}, log_to_driver=False)"
    (wrong := shared.folder / "wrong").write_text("0" * 64)
    environment = shared.environment | {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(wrong)}
    done = subprocess.run(
        [sys.executable, "-c", stranger], env=environment, capture_output=True, timeout=120
    )
    assert done.returncode != 0


def test_a_keeper_that_is_killed_takes_all_with_it(shared, market):
    shared.json("up", "--market", market)
    keeper = psutil.Process(shared.json("status")[0]["pid"])
    gone = family(keeper)
    keeper.kill()
    _, alive = psutil.wait_procs(gone, timeout=30)
    assert alive == []
    assert shared.json("status") == []
    assert submit(shared, market)["award"]["agent"] == "solo"  # with agents of its own
    assert shared.json("down") == []


def test_down_lets_the_call_in_hand_end(shared):
    slow = shared.work() | {"delay_s": 6}
    market = shared.market({"slow": [shared.plan(), slow]})
    shared.json("up", "--market", market)
    keeper = psutil.Process(shared.json("status")[0]["pid"])
    text = ("submit", "Write add(a, b).", "--market", str(market), "--stages", "full", "--json")
    working = shared.start(*text)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        (told,) = shared.json("status")
        if told["agents"]["slow"]["in_hand"]:
            break
    gone = family(keeper)
    assert shared("down").returncode == 0
    working.communicate(timeout=60)
    assert working.returncode == 0
    assert not any(process.is_running() for process in gone)


def test_what_is_wrong_is_one_line(shared, tmp_path: Path):
    (broken := tmp_path / "m.toml").write_text("[[agent]]\nname = 'a'\n")
    done = shared("up", "--market", str(broken))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert shared("status").stdout == "no market is up; `sale up` starts one\n"
    assert shared("down").stdout == "no market was up\n"


def test_a_state_folder_that_cannot_be_written_is_named(shared, market, tmp_path: Path):
    (blocked := tmp_path / "file").write_text("")
    done = shared("up", "--market", market, SALE_STATE=str(blocked))
    assert done.returncode == 2
    assert "can't be written" in done.stderr


def test_a_market_that_is_up_answers_prometheus(shared):
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    told = f"[telemetry]\nmetrics_port = {port}\n"
    market = shared.market({"solo": [shared.plan(), shared.work()]}, more=told)
    shared.json("up", "--market", market)
    before = httpx2.get(f"http://127.0.0.1:{port}/metrics").text
    submit(shared, market)
    after = httpx2.get(f"http://127.0.0.1:{port}/metrics").text
    assert shared("down").returncode == 0
    assert 'sale_replicas{agent="solo"} 1.0' in before
    assert after != before
    assert 'sale_awards_total{agent="solo"}' in after


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_it_stays_until_it_is_told_to_end(shared, market, end):
    keeper = shared.start("up", "--foreground", "--market", market)
    assert "is up: `sale submit` joins it" in keeper.stdout.readline()
    (told,) = shared.json("status")
    assert told["pid"] == keeper.pid
    assert submit(shared, market)["award"]["agent"] == "solo"
    again = shared("up", "--foreground", "--market", market)
    assert again.returncode == 2
    assert f"is up already, as process {keeper.pid}" in again.stderr
    gone = family(psutil.Process(keeper.pid))
    keeper.send_signal(end)
    assert keeper.wait(timeout=60) == 0
    assert not any(process.is_running() for process in gone)
    assert shared.json("status") == []


def test_several_markets_are_up_side_by_side(shared):
    names = ("left", "right")
    for name in names:
        (shared.folder / "market.toml").unlink(missing_ok=True)
        made = Path(shared.market({name: [shared.plan(), shared.work()]}))
        made.rename(shared.folder / f"{name}.toml")
        shared.json("up", "--market", str(shared.folder / f"{name}.toml"))
    agents = [list(told["agents"]) for told in shared.json("status")]
    assert sorted(agents) == [["left"], ["right"]]
    assert shared.json("down", "--market", str(shared.folder / "left.toml"))
    assert [list(told["agents"]) for told in shared.json("status")] == [["right"]]
    assert shared("down").returncode == 0
