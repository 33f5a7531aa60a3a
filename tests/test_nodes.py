"""A market over several nodes, made on one machine by Ray's own cluster utility."""

import os
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
import ray

from sale.agents.kinds import Workshop
from sale.cli.compose import BuildAgent
from sale.pool import RayPool
from sale.rules import Deadlines
from sale.types import AgentSpec, Kind, Limits, Outcome, Price, Task

pytestmark = pytest.mark.slow

TASK = Task(Kind.CODING, "Write add(a, b).")
BUILD = BuildAgent(Workshop("auto"))
SPEC = AgentSpec("ada", "ada", "scripted", Price(1, 1, 2))
NOTICED_S = 240.0
"""On two busy cores Ray may take minutes to believe that a node is dead."""
NODE = {"num_cpus": 1, "object_store_memory": 100 << 20, "include_dashboard": False}


@pytest.fixture(params=[2, 4])
def cluster(request: pytest.FixtureRequest) -> Iterator[object]:
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args=NODE)
    for _ in range(request.param - 1):
        made.add_node(num_cpus=1, object_store_memory=100 << 20)
    made.wait_for_nodes()
    yield made
    made.shutdown()
    os.environ.pop("RAY_ADDRESS", None)


def homes(pool: RayPool) -> list[str]:
    """The node of each replica that Ray has found a place for."""
    seats = [seat._actor._actor_id.hex() for seat in pool._crews["ada"]._seats]
    actors = {a["ActorID"]: a["Address"]["NodeID"] for a in ray._private.state.actors().values()}
    return [actors[seat] for seat in seats if seat in actors]


def all_away_from(node: str, pool: RayPool) -> bool:
    places = homes(pool)
    return len(places) == len(pool._crews["ada"]._seats) and node not in places


def test_replicas_spread_over_the_nodes_and_outlive_one_of_them(cluster):
    roster = [replace(SPEC, replicas=2 * len(cluster.list_all_nodes()))]
    deadlines = Deadlines(60, 60)
    with closing(RayPool(roster, [], BUILD, deadlines=deadlines, address=cluster.address)) as pool:
        ray.get([seat.alive() for seat in pool._crews["ada"]._seats])
        before = set(homes(pool))
        assert len(before) == len(cluster.list_all_nodes())
        victim = cluster.worker_nodes.copy().pop()
        cluster.remove_node(victim, allow_graceful=False)
        until = time.monotonic() + NOTICED_S
        while not all_away_from(victim.node_id, pool) and time.monotonic() < until:
            pool._crews["ada"].tend()
        assert all_away_from(victim.node_id, pool)
        (bid,) = pool.solicit(TASK, seed=1, usd=None)
        assert bid.error is None
        *_, outcome = pool.execute(TASK, "ada", None, limits=Limits(wall_s=60), seed=1)
        assert isinstance(outcome, Outcome)
        assert outcome.error is None
