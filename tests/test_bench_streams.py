"""An auction over trials is the auction itself, and nothing runs twice."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.bench.collect import Collector, Marks
from sale.bench.listed import Listed, by_task, executions_of
from sale.bench.recorded import Recorded, RecordedChecks, RecordedPool
from sale.bench.streams import Stop, Watcher, flow, order_of
from sale.bench.trials import line_of, read_trials
from sale.bench.variants import VARIANTS, variant_of
from sale.errors import InputError
from sale.types import Kind, Stage, Task, Verdict

TASKS = [Task(Kind.CODING, f"Write f{n}, which adds {n}.") for n in range(6)]
WRONG = "```answer\nwrong\n```"
UNSURE = "```answer\nmaybe\n```"


def graded(_name: Any, outcome: Any) -> Marks:
    return Marks(1.0 if outcome.answer == "right" else 0.0)


def roster(agent: Any, *, small: str = WRONG) -> tuple[Any, ...]:
    return (
        agent("small", 1.0, plan="Add.", work=small),
        agent("middle", 2.0, plan="Add the number to it.", work=UNSURE),
        agent("large", 9.0, plan="Take the number, add it, return the sum of both."),
    )


def collected(live: Any, specs: Sequence[Any], tmp_path: Path) -> dict[str, Recorded]:
    """Every agent tried on every task, written to disk and read again."""
    collector = Collector(live.pool, live.verifier, live.rules, tuple(specs), graded)
    lines = [
        line_of(trial)
        for n, task in enumerate(TASKS)
        for trial in collector.collect(f"t{n}", task, seed=n)
    ]
    (tmp_path / "trials.jsonl").write_text("".join(lines))
    found = by_task(read_trials(tmp_path))
    return {task.id: Recorded.of(found[f"t{n}"]) for n, task in enumerate(TASKS)}


def nobody() -> Any:
    raise AssertionError("the live pool was asked")


def replayed(live: Any, recorded: dict[str, Recorded], specs: Sequence[Any], pool: Any) -> Any:
    """The same market over trials; other checks than those on record would fail."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("checked again")

    checks = RecordedChecks(recorded, refuse, refuse)
    return replace(
        live,
        pool=RecordedPool(recorded, [one.name for one in specs], live.rules.ballot, pool),
        verifier=checks.verify,
        grader=checks.grade,
    )


def without_chance(auction: Any) -> Any:
    """All but seconds, and what happened to be cached: another time it is other prompts."""
    chance = {"wall_s": 0.0, "cached_tokens": 0, "usd": 0.0}
    usage = {stage: replace(used, **chance) for stage, used in auction.usage.items()}
    bids = [replace(bid, calls=bare(bid.calls, chance)) for bid in auction.bids]
    ratings = [replace(one, calls=bare(one.calls, chance)) for one in auction.ratings]
    return (
        auction.award,
        auction.outcome,
        auction.discarded,
        usage,
        bids,
        ratings,
        auction.appraisals,
    )


def bare(calls: Any, chance: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(replace(call, **chance) for call in calls)


@pytest.mark.parametrize("plan_in_prompt", [True, False])
@pytest.mark.parametrize("small", [WRONG, UNSURE, "```answer\nright\n```"])
def test_an_auction_over_trials_is_the_auction_itself(
    agent, market, tmp_path: Path, small: str, plan_in_prompt: bool
) -> None:
    specs = roster(agent, small=small)
    rules = {
        "refine": False,
        "fallbacks": 2,
        "fallback_on_failure": True,
        "plan_in_prompt": plan_in_prompt,
    }
    with market(specs, jury=[one.name for one in specs], **rules) as live:
        live = replace(live, grader=lambda _, outcome: graded("", outcome).grade)
        recorded = collected(live, specs, tmp_path)
        over = replayed(live, recorded, specs, nobody)
        for n, task in enumerate(TASKS):
            once, again = live.auction(task, seed=n), over.auction(task, seed=n)
            assert without_chance(again) == without_chance(once)


def streamed(market: Any, specs: Any, recorded: dict[str, Recorded], **settings: Any) -> Any:
    """The samples of one stream with lessons, refined by live agents."""
    order = settings.pop("order", 0)
    with market(specs, jury=[one.name for one in specs], **settings) as live:
        watcher = Watcher()
        over = replace(replayed(live, recorded, specs, lambda: live.pool), observe=watcher)
        stops = [
            Stop(Listed(name=f"t{n}", id=task.id, suite="s", kind=task.kind), task, n)
            for n, task in enumerate(TASKS)
        ]
        return list(flow(over, watcher, stops, policy="sale", order=order, seed=3))


@pytest.fixture
def trials(agent, market, tmp_path: Path) -> Iterator[tuple[Any, dict[str, Recorded]]]:
    specs = roster(agent)
    with market(specs, jury=[one.name for one in specs], plan_in_prompt=False) as live:
        yield specs, collected(live, specs, tmp_path)


def test_a_stream_learns_from_its_own_past_and_pays_for_refining(market, trials) -> None:
    specs, recorded = trials
    samples = streamed(market, specs, recorded, plan_in_prompt=False)
    assert [one.task for one in samples] == [f"t{n}" for n in range(6)]
    assert Stage.REFINE not in samples[0].stages
    assert any(Stage.REFINE in one.stages for one in samples[1:])
    for one in samples:
        assert one.usd == pytest.approx(sum(stage.usd for stage in one.stages.values()))
        assert one.agent == one.awards[-1]
        assert one.solved is (one.agent == "large")


def test_another_order_has_the_same_tasks_and_the_same_order_the_same_samples(
    market, trials
) -> None:
    specs, recorded = trials
    first, second = (
        streamed(market, specs, recorded, plan_in_prompt=False, order=1) for _ in range(2)
    )
    bare = [
        [one.model_dump(exclude={"auction", "stages"}) for one in run] for run in (first, second)
    ]
    assert bare[0] == bare[1]
    assert [one.task for one in first] != [f"t{n}" for n in range(6)]
    assert sorted(one.task for one in first) == [f"t{n}" for n in range(6)]


def test_who_works_after_a_failure_is_paid_as_well(market, trials) -> None:
    specs, recorded = trials
    samples = streamed(
        market,
        specs,
        recorded,
        plan_in_prompt=False,
        refine=False,
        fallbacks=2,
        fallback_on_failure=True,
    )
    for one in samples:
        work = [recorded[TASKS[one.place].id].trials[name][0].usd for name in one.awards]
        assert one.stages[Stage.EXECUTE].usd == pytest.approx(sum(work))


def test_a_stream_without_a_single_bid_solves_nothing_and_goes_on(agent, market, tmp_path) -> None:
    specs = (agent("mute", 1.0, plan={"error": "down"}),)
    with market(specs, jury=[], plan_in_prompt=False) as live:
        recorded = collected(live, specs, tmp_path)
    samples = streamed(market, specs, recorded, plan_in_prompt=False)
    assert [(one.agent, one.solved) for one in samples] == [(None, False)] * 6


def test_what_was_never_tried_is_refused(trials) -> None:
    pool = RecordedPool(trials[1], [], "joint", nobody)
    with pytest.raises(InputError, match="was never tried"):
        pool.solicit(Task(Kind.CODING, "other"), seed=0, usd=None)


def test_a_fresh_sample_of_the_same_agent_is_live_work(market, trials) -> None:
    specs, recorded = trials
    with market(specs, jury=[], plan_in_prompt=False) as live:
        asked: list[str] = []

        def pool() -> Any:
            asked.append("live")
            return live.pool

        played = replayed(live, recorded, specs, pool).pool
        limits = live.rules.limits
        for seed, went_live in ((0, 0), (0, 0), (7_654_321, 1)):
            events = list(played.execute(TASKS[0], "small", None, limits=limits, seed=seed))
            assert events[-1].answer == "wrong"
            assert len(asked) == went_live


def test_other_plans_go_to_the_live_jury_and_agents(market, trials) -> None:
    specs, recorded = trials
    with market(specs, jury=["large"], plan_in_prompt=False) as live:
        pool = RecordedPool(recorded, ["large"], live.rules.ballot, lambda: live.pool)
        known = recorded[TASKS[0].id].plans
        settings = {"seed": 0, "ballot": live.rules.ballot, "usd": None}
        on_record = list(pool.rate(TASKS[0], known, round=1, **settings))
        assert [one.calls for one in on_record] == [
            one.calls for one in recorded[TASKS[0].id].ratings() if one.juror == "large"
        ]
        fresh = list(pool.rate(TASKS[0], known | {"small": "Other."}, round=1, **settings))
        assert fresh[0].calls != on_record[0].calls
        *_, told = pool.execute(TASKS[0], "small", "Shown.", limits=live.rules.limits, seed=0)
        assert (told.agent, told.answer) == ("small", "wrong")
        assert live.pool.plans_shown == ["Shown."]


@given(st.integers(1, 60), st.integers(1, 5), st.integers(0, 9))
def test_an_order_is_a_permutation_that_its_seed_repeats(tasks: int, order: int, seed: int) -> None:
    drawn = order_of(tasks, order=order, seed=seed)
    assert sorted(drawn) == order_of(tasks, order=0, seed=seed) == list(range(tasks))
    assert drawn == order_of(tasks, order=order, seed=seed)


def test_trials_make_a_table_for_the_policies_that_need_no_plan(trials, agent) -> None:
    specs, recorded = trials
    listed = [
        Listed(name=f"t{n}", id=task.id, suite="s", kind=task.kind, minutes=n, text=task.text)
        for n, task in enumerate(TASKS)
    ]
    kept = [one for task in recorded.values() for one, _ in task.trials.values()]
    idle = agent("idle", None)
    table = executions_of(kept[:-1], listed, (*specs, idle))
    assert table.agents == ("small", "middle", "large", "idle")
    assert table.solved[0].tolist()[:3] == [0, 0, 1]
    assert table.verified[0][:2] == (Verdict.FAILED, Verdict.NONE)
    assert [str(one) for one in table.solved[5]] == ["0.0", "0.0", "nan", "nan"]
    assert table.answers[0] == ("wrong", "maybe", "right", "")
    assert table.minutes.tolist() == list(range(6))
    assert str(table.prices[3]) == "nan"


def test_every_variant_can_be_held_in_a_market_with_three_agents() -> None:
    from sale.config import load_market

    file = load_market("embedded")[1]
    for name, variant in VARIANTS.items():
        held = variant_of(file, variant)
        assert held.auction.without == variant.without, name
        assert held.weights().cost >= 0
    assert variant_of(file, VARIANTS["sale-published"]).auction.fallbacks == 0
    assert variant_of(file, VARIANTS["sale-nojury"]).jury == ()
