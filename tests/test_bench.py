"""Trying every agent on every task, and the run folder that keeps it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.bench.collect import Collector, Marks
from sale.bench.run import Run, settings
from sale.bench.samples import Sample
from sale.bench.singles import singles
from sale.bench.trials import TRIALS, UNASKED, Played, Trial, Used, line_of, read_trials
from sale.errors import InputError
from sale.types import Check, Kind, Outcome, StopReason, Task, Verdict

Make = Callable[..., Any]
TASK = Task(Kind.CODING, "Write a function double(n).")
WRONG = "```answer\nwrong\n```"


def trial(task: str = "t", agent: str = "a", **changes: Any) -> Trial:
    given_values: dict[str, Any] = {
        "task": task,
        "kind": Kind.CODING,
        "agent": agent,
        "price": 1.0,
        "tokens": 10,
        "entropy": 0.5,
        "ratings": {"a": 3.0},
        "verified": Verdict.PASSED,
        "stop_reason": StopReason.ANSWERED,
        "usd": 0.001,
        "auction_usd": 0.002,
        "wall_s": 1.0,
    }
    return Trial(**(given_values | changes))


def collected(agent: Make, market: Make, *roster: Any, **rules: Any) -> dict[str, Trial]:
    with market(roster, jury=[spec.name for spec in roster], **rules) as open_market:
        collector = Collector(
            open_market.pool, open_market.verifier, open_market.rules, tuple(roster)
        )
        return {one.agent: one for one in collector.collect("double", TASK, seed=1)}


def test_every_agent_is_tried_whoever_would_have_won(agent: Make, market: Make) -> None:
    found = collected(agent, market, agent("small", 1.0, work=WRONG), agent("large", 9.0))
    assert {name: one.solved for name, one in found.items()} == {"small": False, "large": True}
    for one in found.values():
        assert one.ratings.keys() == {"small", "large"}
        assert one.tokens > 0
        assert one.usd is not None
        assert one.usd > 0
        assert one.auction_usd is not None
        assert one.auction_usd > one.usd


def test_an_agent_that_makes_no_bid_is_tried_all_the_same(agent: Make, market: Make) -> None:
    mute = agent("mute", 1.0, plan={"error": "down"})
    found = collected(agent, market, mute, agent("large", 9.0))
    assert found["mute"].bid_error is not None
    assert found["mute"].ratings == {}
    assert found["mute"].solved is True


def test_without_auctions_nobody_bids_or_rates_and_everybody_works(
    agent: Make, market: Make
) -> None:
    roster = (agent("small", 1.0, work=WRONG), agent("large", 9.0))
    with market(roster, jury=["small", "large"], plan_in_prompt=False) as one:
        collector = Collector(one.pool, one.verifier, one.rules, roster, bidding=False)
        small, large = collector.collect("double", TASK, seed=1)
    assert (small.solved, large.solved) == (False, True)
    for trial_ in (small, large):
        assert trial_.bid_error == UNASKED
        assert (trial_.auction_usd, trial_.ratings, trial_.tokens) == (0.0, {}, 0)
        assert trial_.usd is not None
        assert trial_.usd > 0
        assert not trial_.lost


@pytest.mark.parametrize("cut", [0, 1, 5, len(sys.base_prefix) - 1])
def test_a_run_does_not_say_where_the_python_of_its_machine_is(
    agent: Make, market: Make, cut: int
) -> None:
    place = f"{sys.base_prefix}/"
    told = f'File "{place}lib/ast.py", line 2, then File "{place[: len(place) - cut]}'

    def verifier(_task: Task, _outcome: Outcome) -> tuple[Verdict, tuple[Check, ...]]:
        return Verdict.FAILED, (Check("it runs", False, told),)

    with market((agent("a", 1.0),), jury=["a"], verifier=verifier) as one:
        collector = Collector(one.pool, one.verifier, one.rules, one.auctioneer.roster)
        (found,) = collector.collect("double", TASK, seed=1)
    assert found.played is not None
    assert found.played.checks[0].detail == 'File "lib/ast.py", line 2, then File "'


USED = Used(9, 0, 3, 0.1, 0.001)
FAILED = USED._replace(error="the server hung up")
WHOLE = {
    "seed": 1,
    "plan": "Add.",
    "plan_shown": False,
    "bid_calls": (USED,),
    "rate_error": None,
    "rate_calls": (USED,),
    "answer": "x",
    "citations": (),
    "checks": (),
    "error": None,
    "steps": 1,
    "tool_calls": 0,
    "work_calls": (USED,),
}


@pytest.mark.parametrize(
    ("changes", "more", "lost"),
    [
        ({}, {}, False),
        ({}, {"stop_reason": StopReason.CRASHED}, True),
        ({"plan": "", "bid_calls": (FAILED,)}, {"bid_error": "the server hung up"}, True),
        ({"plan": "", "bid_calls": ()}, {"bid_error": "no answer in 120 s"}, True),
        ({"plan": ""}, {"bid_error": "an empty plan"}, False),
        ({"rate_error": "no answer in 120 s", "rate_calls": ()}, {}, True),
        ({"rate_error": "it gave no digit"}, {}, False),
        ({"plan": "", "bid_calls": (), "rate_calls": ()}, {"bid_error": UNASKED}, False),
    ],
)
def test_what_a_failure_took_is_lost_and_what_a_model_did_is_not(
    changes: dict[str, Any], more: dict[str, Any], lost: bool
) -> None:
    assert trial(played=Played(**WHOLE | changes), **more).lost is lost


def test_no_answer_counts_as_unsolved_and_an_unknown_price_stays_unknown(
    agent: Make, market: Make
) -> None:
    found = collected(agent, market, agent("broken", None, work={"error": "gone"}))
    assert found["broken"].solved is False
    assert found["broken"].usd is None


def test_what_cannot_be_checked_is_unknown(agent: Make, market: Make) -> None:
    found = collected(agent, market, agent("a", 1.0, work="```answer\nmaybe\n```"))
    assert found["a"].solved is None


def test_hidden_tests_decide_and_what_visible_checks_said_stays_beside_it(
    agent: Make, market: Make
) -> None:
    graded: list[tuple[str, str | None]] = []

    def grader(name: str, outcome: Outcome) -> Marks:
        graded.append((name, outcome.answer))
        return Marks(0.5, 0.8) if outcome.answer is not None else Marks(0.0, 0.0)

    roster = (agent("sure", 1.0), agent("broken", 2.0, work={"error": "gone"}))
    with market(roster, jury=["sure"]) as open_market:
        pool, verifier, rules = open_market.pool, open_market.verifier, open_market.rules
        sure, broken = Collector(pool, verifier, rules, roster, grader).collect("d", TASK, seed=1)
    assert [answer is None for _, answer in graded] == [False, True]
    assert (sure.verified, sure.grade, sure.solved) == (Verdict.PASSED, 0.5, False)
    assert (sure.f1, broken.f1) == (0.8, 0.0)
    assert (broken.verified, broken.grade, broken.solved) == (Verdict.FAILED, 0.0, False)


def test_a_grade_goes_before_the_visible_checks() -> None:
    assert trial(verified=Verdict.PASSED, grade=0.5).solved is False
    assert trial(verified=Verdict.NONE, grade=1.0).solved is True


TASKS = {"t": "1", "u": "2"}


def made(tasks: dict[str, str] = TASKS, *, seed: int = 1) -> dict[str, Any]:
    return settings(["s"], tasks, [], {}, seed=seed, market="m")


def opened(folder: Path, made_by: dict[str, Any] | None = None, *, resume: bool = False) -> Run:
    return Run.open(folder, made_by or made(), made_on={"cores": 2}, resume=resume)


def test_a_run_is_resumed_where_it_stopped(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    run.add([trial("t")])
    run.close()
    again = opened(tmp_path / "run", resume=True)
    again.add([trial("u")])
    assert [one.task for one in again.trials()] == ["t", "u"]
    again.close()


@given(st.integers(1, 400))
def test_a_line_that_a_crash_cut_off_is_dropped_and_written_over(cut: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        run = opened(Path(folder) / "run")
        run.add([trial("t"), trial("u")])
        samples = Path(folder) / "run" / TRIALS
        whole = samples.read_bytes()
        samples.write_bytes(whole[: max(len(whole) - cut, 0)])
        left = [one.task for one in run.trials()]
        assert left == ["t", "u"][: len(left)]
        run.add([trial("v")])
        assert [one.task for one in run.trials()] == [*left, "v"]
        run.close()


def refused(folder: Path, *, resume: bool, seed: int = 1, **tasks: str) -> str:
    with pytest.raises(InputError) as caught:
        opened(folder, made(TASKS | tasks, seed=seed), resume=resume)
    return str(caught.value)


def test_a_run_is_never_overwritten_or_mixed_with_another(tmp_path: Path) -> None:
    opened(tmp_path / "run").close()
    assert "go on with --resume" in refused(tmp_path / "run", resume=False)
    assert "was made with other seed" in refused(tmp_path / "run", resume=True, seed=2)
    assert "was made with other tasks" in refused(tmp_path / "run", resume=True, t="other")
    (tmp_path / "run" / "run.json").write_text("{")
    assert "is damaged" in refused(tmp_path / "run", resume=True)


def test_a_run_may_go_on_with_more_tasks_on_another_machine(tmp_path: Path) -> None:
    opened(tmp_path / "run").close()
    more = made(TASKS | {"v": "3"})
    Run.open(tmp_path / "run", more, made_on={"cores": 64}, resume=True).close()
    described = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (described["tasks"], described["made_on"]) == (TASKS | {"v": "3"}, {"cores": 64})
    with pytest.raises(InputError, match="made with other tasks"):
        opened(tmp_path / "run", resume=True)


def sample(policy: str, task: str, **more: Any) -> Sample:
    return Sample(policy=policy, task=task, agent="a", solved=True, usd=0.1, **more)


def test_samples_take_the_place_of_those_of_the_same_policy_and_order(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    assert run.samples() == ()
    run.keep([sample("p", "t"), sample("p", "u"), sample("p", "t", order=1)])
    run.keep([sample("p", "t", place=7), sample("q", "t")])
    kept = [(one.policy, one.order, one.task, one.place) for one in run.samples()]
    assert kept == [("p", 1, "t", 0), ("p", 0, "t", 7), ("q", 0, "t", 0)]
    run.close()


def test_a_memory_of_a_run_is_new_each_time(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    for order in (0, 1):
        (tmp_path / "run" / "memory").mkdir(exist_ok=True)
        (tmp_path / "run" / "memory" / f"sale-{order}.db").write_text("old")
    assert run.memory("sale", 0) == f"sqlite:///{tmp_path / 'run' / 'memory' / 'sale-0.db'}"
    assert [path.name for path in (tmp_path / "run" / "memory").iterdir()] == ["sale-1.db"]
    run.close()


def test_a_run_from_before_answers_were_graded_is_refused_in_one_line(tmp_path: Path) -> None:
    opened(tmp_path / "run").close()
    described = tmp_path / "run" / "run.json"
    before = json.loads(described.read_text())
    del before["tasks"]
    described.write_text(json.dumps(before))
    told = refused(tmp_path / "run", resume=True)
    assert "does not say its tasks, as an older SALE made it; name a new folder" in told
    assert "\n" not in told


def test_other_folders_and_second_writers_are_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    assert "holds other files" in refused(tmp_path, resume=False)
    run = opened(tmp_path / "run")
    assert "another process is writing" in refused(tmp_path / "run", resume=True)
    run.close()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{}", "trials.jsonl:2: task: field required"),
        ("nonsense", "trials.jsonl:2: line: invalid json"),
        (line_of(trial()).replace("3.0", "7.5").strip(), "trials.jsonl:2: ratings.a:"),
        (line_of(trial()).replace('"passed"', '"fine"').strip(), "trials.jsonl:2: verified:"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / TRIALS).write_text(line_of(trial()) + line + "\n")
    with pytest.raises(InputError) as caught:
        read_trials(tmp_path)
    assert words in str(caught.value)


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give the folder that `sale bench` wrote"):
        read_trials(tmp_path)


def test_a_trial_survives_its_line() -> None:
    one = trial(entropy=None, price=None, usd=None, auction_usd=None, grade=0.25)
    assert Trial.model_validate(json.loads(line_of(one))) == one


def test_singles_are_summed_up_with_an_interval() -> None:
    trials = [
        *(trial(f"t{n}", "a", verified=Verdict.PASSED) for n in range(3)),
        trial("t3", "a", verified=Verdict.FAILED),
        trial("t4", "a", verified=Verdict.NONE),
        trial("t0", "b", usd=None, verified=Verdict.NONE),
    ]
    a, b = singles(trials)
    assert (a.tasks, a.known, a.solved, a.share) == (5, 4, 3, 0.75)
    assert a.usd == pytest.approx(0.005)
    assert a.interval == pytest.approx((0.3006, 0.9544), abs=1e-4)  # Wilson, by hand
    assert (b.usd, b.share, b.interval) == (None, None, None)
    assert (a.misled, a.doubted) == (None, None)


def test_how_often_visible_checks_mislead_is_counted_where_hidden_tests_can_tell() -> None:
    (found,) = singles(
        [
            trial("t0", verified=Verdict.PASSED, grade=0.9),
            trial("t1", verified=Verdict.PASSED, grade=1.0),
            trial("t2", verified=Verdict.FAILED, grade=1.0),
            trial("t3", verified=Verdict.NONE, grade=0.0),
            trial("t4", verified=Verdict.PASSED),
        ]
    )
    assert (found.misled, found.doubted, found.solved, found.known) == (1, 1, 3, 5)
