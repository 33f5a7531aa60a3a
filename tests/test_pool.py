"""The pool on real Ray: an agent that fails, in whatever way, costs its own call and no more."""

import json
from contextlib import closing, contextmanager
from dataclasses import replace

import psutil
import pytest
import ray

from sale.agents.kinds import Workshop
from sale.auction.terms import Ballot
from sale.cli.compose import BuildAgent
from sale.errors import BackendError
from sale.pool import RayPool
from sale.rules import Brief, Deadlines
from sale.types import AgentSpec, Kind, Lesson, Limits, Outcome, Price, StopReason, Task, Verdict

pytestmark = pytest.mark.slow

TASK = Task(Kind.CODING, "Write add(a, b).")
CODE = "def add(a, b):\n    return a + b"
LIMITS = Limits(wall_s=60)
ON_PLAN, ON_RATE, ON_WORK = "Write a short plan", "Rate how likely", "complete Python code"
GOOD = (
    {"when": ON_PLAN, "reply": "Add them."},
    {"when": ON_WORK, "reply": f"```python\n{CODE}\n```"},
)


def agent(name: str, *rules: dict[str, object], **fields: object) -> AgentSpec:
    """A scripted agent; the rules of a good one follow the given ones."""
    script = json.dumps([*rules, *GOOD])
    spec = AgentSpec(name, name, "scripted", Price(1, 1, 2), options={"rules": script})
    return replace(spec, **fields)


def fails(when: str, how: dict[str, object]) -> dict[str, object]:
    return {"when": when, **how}


@contextmanager
def pool(*roster: AgentSpec, seconds: float = 120.0, address: str | None = None):
    jury = [spec.name for spec in roster]
    deadlines = Deadlines(seconds, seconds)
    build = BuildAgent(Workshop("auto"))
    with closing(RayPool(roster, jury, build, deadlines=deadlines, address=address)) as running:
        yield running


def bids(running: RayPool):
    return {bid.agent: bid for bid in running.solicit(TASK, seed=1, usd=None)}


def ratings(running: RayPool, plans: dict[str, str]):
    options = {"round": 1, "seed": 1, "ballot": Ballot.JOINT, "usd": None}
    return {r.juror: r for r in running.rate(TASK, plans, **options)}


def outcome(running: RayPool, name: str, limits: Limits = LIMITS) -> Outcome:
    *_, last = running.execute(TASK, name, "Add.", limits=limits, seed=1)
    assert isinstance(last, Outcome)
    return last


def test_a_closed_pool_leaves_no_process():
    before = set(psutil.Process().children(recursive=True))
    with pool(agent("good"), agent("dies", {"exit": 3})) as running:
        bids(running)
        mine = set(psutil.Process().children(recursive=True)) - before
        assert {"gcs_server", "raylet"} <= {process.name() for process in mine}
    assert not ray.is_initialized()
    assert [process for process in mine if _runs(process)] == []


def test_a_cluster_that_is_not_there_is_named():
    with pytest.raises(BackendError, match=r"Ray cluster at '127\.0\.0\.1:1'"):
        RayPool([agent("good")], [], BuildAgent(Workshop()), address="127.0.0.1:1")


@pytest.fixture(scope="module")
def mixed():
    """Two good agents among those that fail, all on one Ray."""
    roster = [
        agent("good"),
        agent("twin", replicas=2),
        agent("searcher", kinds=frozenset({Kind.SEARCH})),
        agent("dies", {"exit": 3}),
        agent("quits", fails(ON_WORK, {"exit": 3})),
        agent("raises", {"error": "out of order"}),
        agent("babbles", fails(ON_RATE, {"reply": "[[["}), fails(ON_WORK, {"reply": "def ("})),
        agent("empty", fails(ON_PLAN, {"reply": "  "})),
        replace(agent("unbuildable"), options={"temper": 1}),
    ]
    with pool(*roster) as running:
        yield running


def test_every_agent_of_the_kind_bids_and_failures_are_bids_with_an_error(mixed):
    found = bids(mixed)
    assert "searcher" not in found
    assert {name for name, bid in found.items() if bid.error is None} == {
        "good",
        "twin",
        "quits",
        "babbles",
    }
    assert found["good"].plan == "Add them."
    assert found["dies"].error == "its process died"
    assert "out of order" in found["raises"].error
    assert "empty plan" in found["empty"].error
    assert "temper" in found["unbuildable"].error


def test_a_dead_agent_has_a_new_process_for_its_next_call(mixed):
    for _ in range(2):
        assert bids(mixed)["dies"].error == "its process died"
    assert outcome(mixed, "quits").stop_reason is StopReason.CRASHED
    assert bids(mixed)["quits"].error is None


def test_jurors_that_fail_leave_the_ratings_of_the_others_whole(mixed):
    found = ratings(mixed, {"good": "Add them.", "twin": "Return a + b."})
    assert set(found["good"].by_agent) == {"good", "twin"}
    assert all(0 <= rating <= 5 for rating in found["good"].by_agent.values())
    for name in ("dies", "raises", "babbles"):
        assert found[name].by_agent == {}
        assert found[name].error


def test_agents_with_a_brief_refine_and_nobody_else(mixed):
    brief = Brief("Add them.", (Lesson("Write sub.", "Guess.", "Think.", 0.9, Verdict.PASSED),))
    found = {
        bid.agent: bid
        for bid in mixed.refine(TASK, {"good": brief, "dies": brief}, seed=1, usd=None)
    }
    assert set(found) == {"good", "dies"}
    assert (found["good"].round, found["good"].error) == (2, None)
    assert (found["dies"].round, found["dies"].error) == (2, "its process died")


def test_the_steps_of_the_work_come_before_its_outcome(mixed):
    *steps, last = mixed.execute(TASK, "good", "Add.", limits=LIMITS, seed=1)
    assert [step.action for step in steps] == ["python"]
    assert last.answer.strip() == CODE
    assert last.stop_reason is StopReason.ANSWERED


@pytest.mark.parametrize("name", ["quits", "raises", "unbuildable"])
def test_work_that_fails_ends_in_an_outcome(mixed, name):
    failed = outcome(mixed, name)
    assert failed.answer is None
    assert failed.stop_reason is StopReason.CRASHED
    assert failed.error


def test_calls_go_to_the_replica_with_the_least_to_do():
    plans = {"when": ON_PLAN, "replies": ["first", "second"]}
    stuck = ({"when": ON_WORK, "reply": ""}, {"hang": True})
    with pool(agent("twin", plans, *stuck, replicas=2)) as running:
        work = running.execute(TASK, "twin", "Add.", limits=LIMITS, seed=1)
        assert next(work).action == ""
        assert [bids(running)["twin"].plan for _ in range(2)] == ["first", "second"]
        work.close()
        assert bids(running)["twin"].plan == "first"


def test_an_agent_that_hangs_is_given_up_and_replaced():
    roster = [agent("good"), agent("hangs", fails(ON_PLAN, {"hang": True}))]
    with pool(*roster, seconds=15) as running:
        found = bids(running)
        assert found["good"].error is None
        assert found["hangs"].error == "no answer within 15 s"
        assert ratings(running, {"good": "Add them."})["hangs"].error is None


def test_work_that_hangs_is_given_up_after_its_limit():
    with pool(agent("hangs", fails(ON_WORK, {"hang": True}))) as running:
        bids(running)
        failed = outcome(running, "hangs", replace(LIMITS, wall_s=0.5))
        assert (failed.stop_reason, failed.answer) == (StopReason.CRASHED, None)
        assert failed.error == "no answer within 0.5 s"
        assert bids(running)["hangs"].error is None


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
