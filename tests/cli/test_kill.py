"""A command that is killed at any moment leaves a whole memory and no process behind."""

import random
import signal
import subprocess
import time

import pytest

pytestmark = pytest.mark.slow

RUN_S = 12.0
"""About how long the command would run: start, bids, ratings, work."""
GONE_S = 20.0
MOMENTS = sorted(random.Random(20).uniform(0.1, RUN_S) for _ in range(10))
CHOSEN = sorted(random.Random(21).uniform(0.1, RUN_S) for _ in range(4))


@pytest.fixture(scope="module")
def market(shared):
    """A market that takes its time; one auction in it is over before any test."""
    shared.market({"only": [shared.plan(), shared.work()]})
    shared.json("submit", "Write add(a, b).", "--market", "market.toml", "--seed", "1")
    return shared.market(
        {
            "small": [shared.plan(delay_s=1), shared.work(delay_s=30)],
            "large": [shared.plan(delay_s=2), shared.work(hang=True)],
        }
    )


def end(sale, market, family, number: int, *, after: float):
    """Start a command, send it a signal, and return its exit code, output and survivors."""
    before = {entry["auction_id"] for entry in sale.json("log")}
    process = sale.start("submit", "Write add(a, b).", "--market", market, "--json")
    kin = family(process.pid)
    deadline = time.monotonic() + after
    while time.monotonic() < deadline:
        kin.look()
        try:
            process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
    kin.look()
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    survivors = kin.survivors(within=GONE_S)
    begun = [entry for entry in sale.json("log") if entry["auction_id"] not in before]
    return process.returncode, output, errors, survivors, begun


def whole(sale) -> bool:
    """Every auction of the log can be shown, and the finished one has all its parts."""
    shown = [sale.json("show", entry["auction_id"]) for entry in sale.json("log", "--limit", "99")]
    finished = [auction for auction in shown if auction["state"] == "finished"]
    assert {auction["state"] for auction in shown} <= {"finished", "interrupted"}
    return any(
        auction["seed"] == 1
        and [bid["agent"] for bid in auction["bids"]] == ["only"]
        and auction["outcome"]["answer"].startswith("def add")
        for auction in finished
    )


@pytest.mark.parametrize("moment", MOMENTS, ids="{:.1f}s".format)
def test_a_killed_command_leaves_a_whole_memory_and_no_process(shared, market, family, moment):
    code, _, _, survivors, begun = end(shared, market, family, signal.SIGKILL, after=moment)
    assert code == -signal.SIGKILL
    assert survivors == []
    assert [entry["state"] for entry in begun] in ([], ["interrupted"])
    assert whole(shared)


@pytest.mark.parametrize("moment", CHOSEN, ids="{:.1f}s".format)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_an_interrupted_command_says_so_and_ends_all_it_started(
    shared, market, family, number, moment
):
    code, output, errors, survivors, begun = end(shared, market, family, number, after=moment)
    assert survivors == []
    assert "Traceback" not in errors
    assert [entry["state"] for entry in begun] in ([], ["interrupted"])
    assert bool(output) == bool(begun), errors
    assert code == 130, errors
    assert errors.splitlines()[-1].startswith("sale: interrupted"), errors
