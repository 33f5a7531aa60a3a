"""What a run of `sale bench` teaches a market, read from its folder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sale.bench.learning import read_learnt
from sale.bench.listed import Listed
from sale.bench.trials import UNASKED, Played, Trial, Used, line_of
from sale.errors import InputError
from sale.types import Kind, StopReason, Task, Tokens, Verdict

Make = Callable[..., Any]
TEXT = "Write double(n).\n\n>>> double(1)\n2"
FIRST, SECOND = Used(9, 4, 2, 1.0, 1e-6), Used(8, 3, 1, 1.0, 2e-6)


def trial(agent: str = "small", task: str = "t", *calls: Used, **changes: Any) -> Trial:
    played = Played(
        seed=1,
        plan="",
        plan_shown=False,
        bid_calls=(),
        rate_error=None,
        rate_calls=(),
        answer="an answer",
        citations=(),
        checks=(),
        error=None,
        steps=len(calls),
        tool_calls=0,
        work_calls=calls or (FIRST,),
    )
    plain = {
        "task": task,
        "kind": Kind.CODING,
        "agent": agent,
        "price": 1.0,
        "tokens": 0,
        "entropy": None,
        "ratings": {},
        "bid_error": UNASKED,
        "verified": Verdict.PASSED,
        "stop_reason": StopReason.ANSWERED,
        "usd": 1e-6,
        "auction_usd": 0.0,
        "wall_s": 1.0,
        "played": played,
    }
    return Trial(**plain | changes)


def listed(name: str = "t", *, text: str | None = TEXT, one_reply: bool = True) -> Listed:
    return Listed(
        name=name,
        id=f"id-{name}",
        suite="s",
        kind=Kind.CODING,
        text=text,
        in_one_reply=one_reply,
    )


TASKS = (listed(),)


@pytest.fixture
def learnt(tmp_path: Path, agent: Make) -> Callable[..., Any]:
    def read(*trials: Trial, tasks: Any = TASKS, agents: Any = ("small",)) -> Any:
        told = [{"name": name, "revision": f"r-{name}"} for name in agents]
        (tmp_path / "run.json").write_text(json.dumps({"agents": told, "made_on": {"cores": 2}}))
        (tmp_path / "tasks.jsonl").write_text("".join(f"{t.model_dump_json()}\n" for t in tasks))
        (tmp_path / "trials.jsonl").write_text("".join(line_of(one) for one in trials))
        roster = (agent("small", 1.0), agent("large", 2.0))
        return read_learnt(tmp_path, roster, {"small": "r-small", "large": "r-large"})

    return read


def test_each_sample_of_one_reply_is_a_work_and_all_but_the_last_have_failed(learnt: Any) -> None:
    found = learnt(trial("small", "t", FIRST, SECOND, grade=1.0))
    told = [(one.again, one.solved, one.certain, one.tokens, one.usd) for one in found.tried]
    assert told == [
        (0, False, True, Tokens(9, 4, 2), 1e-6),
        (1, True, True, Tokens(8, 3, 1), 2e-6),
    ]
    assert (found.tasks, found.left_out) == (1, {})


def test_other_work_is_one_whole(learnt: Any) -> None:
    tasks = (listed(one_reply=False),)
    (one,) = learnt(trial("small", "t", FIRST, SECOND), tasks=tasks).tried
    assert (one.again, one.solved, one.certain) == (0, True, False)
    assert (one.tokens, one.usd) == (Tokens(17, 7, 3), pytest.approx(3e-6))
    lost = FIRST._replace(usd=None)
    assert learnt(trial("small", "t", lost, SECOND), tasks=tasks).tried[0].usd is None


@pytest.mark.parametrize(
    ("changes", "solved", "certain", "failed"),
    [
        ({"grade": 0.5}, False, True, False),  # hidden tests know better than the visible check
        ({"grade": 1.0, "verified": Verdict.FAILED}, False, True, True),  # right, and passed on
        ({"verified": Verdict.FAILED}, False, True, True),
        ({"verified": Verdict.NONE}, None, False, False),
    ],
)
def test_the_best_that_is_known_is_learnt(
    learnt: Any, changes: Any, solved: bool | None, certain: bool, failed: bool
) -> None:
    (one,) = learnt(trial(**changes)).tried
    assert (one.solved, one.certain, one.failed) == (solved, certain, failed)


def test_who_is_not_in_the_market_or_is_another_model_is_left_out_and_named(
    learnt: Any, agent: Make
) -> None:
    agents = ("small", "gone")
    found = learnt(trial("small"), trial("gone"), trial("unheard-of"), agents=agents)
    assert [one.agent for one in found.tried] == ["small"]
    assert found.left_out == {"gone": "the market has no such agent"}
    assert found.tried[0].version == agent("small", 1.0).version


def test_another_revision_is_another_model(tmp_path: Path, learnt: Any, agent: Make) -> None:
    learnt(trial())
    found = read_learnt(tmp_path, (agent("small", 1.0),), {"small": "r-newer"})
    assert (found.tried, found.left_out) == ((), {"small": "it is another model by now"})


def test_what_nobody_can_learn_from_is_left_out(learnt: Any) -> None:
    crashed = trial(stop_reason=StopReason.CRASHED)
    assert learnt(crashed, trial(task="other"), trial(played=None)).tried == ()
    assert learnt(trial(), tasks=(listed(text=None),)).tried == ()


def test_nothing_is_learnt_of_tasks_that_are_left_for_a_test(learnt: Any) -> None:
    tasks = tuple(listed(name, text=name.upper()) for name in ("one", "two", "three"))
    found = learnt(*(trial(task=one.name) for one in tasks), tasks=tasks)
    same_text = Task(Kind.CODING, "ONE")
    same_name = Task(Kind.CODING, "TWO", suite="s", name="two")
    left = found.without([same_text, same_name])
    assert [one.task.text for one in left.tried] == ["THREE"]
    assert left.id == found.id


def test_a_run_has_one_name_wherever_it_was_made(tmp_path: Path, learnt: Any) -> None:
    before = learnt(trial()).id
    described = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(described | {"made_on": {"cores": 64}}))
    assert learnt(trial()).id == before
    assert learnt(trial(), agents=("small", "large")).id != before


@pytest.mark.parametrize("told", [None, "{}", '{"agents": 3}', "[", "[]"])
def test_a_folder_that_is_no_run_is_refused_in_one_line(
    tmp_path: Path, learnt: Any, agent: Make, told: str | None
) -> None:
    learnt(trial())
    if told is None:
        (tmp_path / "run.json").unlink()
    else:
        (tmp_path / "run.json").write_text(told)
    with pytest.raises(InputError, match=r"run\.json") as raised:
        read_learnt(tmp_path, (agent("small", 1.0),), {"small": "r-small"})
    assert "\n" not in str(raised.value).split("; mend")[0]
