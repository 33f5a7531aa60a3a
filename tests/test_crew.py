"""Replicas on real Ray: they come with the calls, go when idle, and refuse what is too much."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import ray
from ray.exceptions import RayActorError

from sale.agents.kinds import Workshop
from sale.cli.compose import BuildAgent
from sale.config import parse_market
from sale.errors import BusyError, ConfigError
from sale.pool import RayPool
from sale.pool.answers import follow
from sale.pool.cluster import start_ray
from sale.pool.crew import Crew, crews
from sale.pool.seat import Seat
from sale.rules import Deadlines
from sale.types import AgentSpec, Kind, Price, Task

pytestmark = pytest.mark.slow

TASK = Task(Kind.CODING, "Write add(a, b).")
BUILD = BuildAgent(Workshop("auto"))
SLOW = json.dumps([{"when": "Write a short plan", "reply": "Add them.", "delay_s": 3}])
SPEC = AgentSpec("ada", "ada", "scripted", Price(1, 1, 2), options={"rules": SLOW})


@pytest.fixture(scope="module", autouse=True)
def ray_here() -> Iterator[None]:
    with ExitStack() as ending:
        start_ray(None, ending)
        yield


def crew(**fields: object) -> Crew:
    return Crew([replace(SPEC, **fields)], BUILD)


def actors() -> list[psutil.Process]:
    """Actors that run now; Ray keeps workers in reserve, which have another name."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if child.name().startswith("ray::Actor")]


def ask_until(seat: Seat, moment: float) -> None:
    while time.monotonic() < moment:
        ray.get(seat.alive())


def test_a_crew_that_may_be_empty_starts_with_nobody_and_grows_with_its_calls():
    ada = crew(replicas=2, min_replicas=0, slots=2)
    assert ada.state() == {"replicas": 0, "most": 2, "in_hand": 0, "waiting": 0}
    first = [ada.take() for _ in range(2)]
    assert first[0] is first[1]
    assert ada.state()["replicas"] == 1
    second = [ada.take() for _ in range(2)]
    assert second[0] is second[1] is not first[0]
    assert ada.state() == {"replicas": 2, "most": 2, "in_hand": 4, "waiting": 0}
    ada.take()
    assert ada.state() == {"replicas": 2, "most": 2, "in_hand": 4, "waiting": 1}
    ada.end()


def test_a_call_goes_to_the_replica_with_the_fewest():
    ada = crew(replicas=3, slots=4)
    seats = [ada.take() for _ in range(9)]
    assert sorted(seat.load for seat in set(seats)) == [3, 3, 3]
    ada.give_back(seats[4])
    assert ada.take() is seats[4]
    ada.end()


def test_more_than_the_line_holds_is_refused_with_the_way_out():
    ada = crew(slots=1, queue=1)
    ada.take()
    waiting = ada.take()
    with pytest.raises(BusyError, match=r"agent 'ada' is busy.*raise its `queue`"):
        ada.take()
    ada.give_back(waiting)
    ada.take()
    ada.end()


def test_idle_replicas_end_and_those_at_work_or_always_wanted_stay():
    ada = crew(replicas=3, min_replicas=1, slots=1, idle_s=0.01)
    seats = [ada.take() for _ in range(3)]
    ada.give_back(seats[0])
    ada.give_back(seats[1])
    time.sleep(0.05)
    ada.tend()
    assert ada.state() == {"replicas": 1, "most": 3, "in_hand": 1, "waiting": 0}
    ada.give_back(seats[2])
    time.sleep(0.05)
    ada.tend()
    assert ada.state()["replicas"] == 1
    ada.end()


def test_an_idle_replica_that_died_is_replaced_before_it_is_needed():
    ada = crew()
    with ada.seat() as seat:
        ray.get(seat.loading("ada"))
    before = actors()
    before[-1].kill()
    before[-1].wait(timeout=20)
    time.sleep(1)
    ada.tend()
    with ada.seat() as seat:
        assert ray.get(seat.alive())
    ada.end()


def test_a_call_that_hangs_costs_no_other_call_of_its_replica():
    ada = crew(slots=2)
    hung, slow = ada.take(), ada.take()
    assert hung is slow
    ray.get(slow.loading("ada"))
    asked = slow.call("bid", "ada", TASK, seed=1, usd=None)
    ada.replace(hung)
    ada.give_back(hung)
    assert ada.state() == {"replicas": 1, "most": 1, "in_hand": 1, "waiting": 0}
    assert ada.take() is not slow
    assert ray.get(asked).plan == "Add them."
    ada.give_back(slow)
    with pytest.raises(RayActorError):
        ask_until(slow, time.monotonic() + 20)  # Ray takes a moment to end an actor
    ada.end()


def test_many_calls_of_a_replica_that_died_replace_it_once():
    ada = crew(slots=4)
    lost = [ada.take() for _ in range(4)]
    lost[0].end()
    ada.replace(lost[0])
    ada.give_back(lost[0])
    fresh = ada.take()
    for seat in lost[1:]:
        ada.replace(seat)
        ada.give_back(seat)
    assert ada.take() is fresh
    assert ray.get(fresh.alive())
    ada.end()


class Talker:
    """An agent whose work has more steps than anybody listens to."""

    def __init__(self, told: Path) -> None:
        self._told = told

    def execute(self) -> Iterator[int]:
        for step in range(200):
            time.sleep(0.05)
            self._told.write_text(str(step))
            yield step


def test_work_that_nobody_listens_to_ends_with_its_step_and_ends_no_other(tmp_path):
    told = tmp_path / "step"
    seat = Seat([replace(SPEC, slots=2)], lambda _: Talker(told))
    work, other = (follow(seat.stream("execute", "ada"), time.monotonic() + 60) for _ in range(2))
    assert next(work) == next(other) == 0
    work.close()
    assert sum(1 for _ in other) == 199
    work = follow(seat.stream("execute", "ada"), time.monotonic() + 60)
    assert next(work) == 0
    work.close()
    time.sleep(2.0)
    last = told.read_text()
    time.sleep(1.0)
    assert told.read_text() == last
    assert int(last) < 199
    seat.end()


def test_a_crew_that_drains_takes_no_more():
    ada = crew()
    ada.drain()
    with pytest.raises(BusyError, match="its market is ending"):
        ada.take()
    ada.end()


def test_agents_on_one_engine_are_one_crew():
    eve = replace(SPEC, name="eve", adapter="x")
    found = crews([replace(SPEC, engine="ada"), replace(eve, engine="ada")], BUILD)
    assert found["ada"] is found["eve"]
    with closing(
        RayPool([replace(SPEC, engine="ada"), replace(eve, engine="ada")], [], BUILD)
    ) as p:
        assert {bid.agent for bid in p.solicit(TASK, seed=1, usd=None)} == {"ada", "eve"}
    found["ada"].end()


def test_bids_of_many_tasks_spread_over_replicas_and_those_too_many_are_told():
    spec = replace(SPEC, replicas=2, min_replicas=0, slots=1, queue=0)
    with closing(RayPool([spec], [], BUILD, deadlines=Deadlines(60, 60))) as pool:
        bids = []

        def ask() -> None:
            bids.extend(pool.solicit(TASK, seed=1, usd=None))

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
            time.sleep(0.3)
        for thread in threads:
            thread.join()
    assert sorted(bid.error is None for bid in bids) == [False, True, True]
    assert "busy" in next(bid.error for bid in bids if bid.error)


def test_the_time_of_a_call_begins_when_its_model_is_loaded():
    slow = replace(SPEC, options={"load_s": 4.0})
    with closing(RayPool([slow], [], BUILD, deadlines=Deadlines(3, 3, load=60))) as pool:
        (bid,) = pool.solicit(TASK, seed=1, usd=None)
    assert bid.error is None


def test_a_model_that_takes_too_long_to_load_is_told_as_such():
    slow = replace(SPEC, options={"load_s": 30.0})
    with closing(RayPool([slow], [], BUILD, deadlines=Deadlines(1, 1, load=3))) as pool:
        (bid,) = pool.solicit(TASK, seed=1, usd=None)
    assert bid.error == "its model did not load in 3 s"


def test_a_market_file_says_how_many_replicas_there_are():
    text = """
    [[agent]]
    name = "ada"
    model = "ada"
    backend = "scripted"
    replicas = 4
    min_replicas = 0
    idle_s = 60
    queue = 8
    """
    (spec,) = parse_market(text, name="m.toml").roster
    assert (spec.least_replicas, spec.replicas, spec.idle_s, spec.queue) == (0, 4, 60, 8)
    with pytest.raises(ConfigError, match="agent 'ada': min_replicas is 5"):
        parse_market(text.replace("= 0", "= 5"), name="m.toml")
