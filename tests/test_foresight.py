"""Awards from memory alone, and auctions that need no bids."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from sale.agents.kinds import Workshop
from sale.auction.foresight import AGAIN, Foresight
from sale.auction.terms import Prefer
from sale.auction.weights import Scale, Weights
from sale.cli.why import explain
from sale.embedding import HashEmbedder
from sale.errors import NoBidsError, StoreError, WorthlessError
from sale.memory.store import Store
from sale.rules import Rules
from sale.types import (
    Check,
    Experience,
    Kind,
    Limits,
    Outcome,
    Precedent,
    Price,
    Stage,
    State,
    Task,
    Tokens,
    ToolUse,
    Verdict,
)
from tests.conftest import right_is_right

Make = Callable[..., Any]
TASK = Task(Kind.CODING, "Count the words of a text.")
EXAMPLE = " Write add(a, b).\n\n>>> add(1, 2)\n3"
OTHER = Task(Kind.CODING, "Count the lines of a text.")
WRONG = "```answer\nwrong\n```"


def work(agent: str, *, solved: bool | None = True, usd: float = 1.0) -> Precedent:
    return Precedent(agent, 1.0, solved, (), usd)


def small_is_wrong(_task: Task, outcome: Outcome) -> tuple[Verdict, tuple[Check, ...]]:
    return Verdict.FAILED if outcome.agent == "small" else Verdict.PASSED, ()


@pytest.fixture
def roster(agent: Make) -> tuple[Any, ...]:
    return agent("small", 1.0), agent("large", 10.0)


def test_nothing_can_be_told_before_work_was_paid(roster: Any, agent: Make) -> None:
    foresight = Foresight(roster)
    assert not foresight.can_tell(Kind.CODING, [])
    assert not foresight.can_tell(Kind.CODING, [replace(work("small"), usd=None)])
    assert foresight.can_tell(Kind.CODING, [work("small", solved=None)])
    assert foresight.can_tell(Kind.CODING, [work("small")])
    unpriced = Foresight((*roster, agent("free", None)))
    assert not unpriced.can_tell(Kind.CODING, [work("small")])


def test_a_cheap_agent_that_has_done_well_is_sent_first(roster: Any) -> None:
    known = [work("small", usd=1.0)] * 9 + [work("small", solved=False)]
    known += [work("large", usd=10.0)] * 10
    found = Foresight(roster).look(Kind.CODING, known, checkable=True).foreseen()
    assert found.award is not None
    assert found.award.agent == "small"
    assert [entry.agent for entry in found.appraisals] == ["small", "large"]
    sent = [found.appraisals[place].agent for place in found.chain.ways]
    assert (sent[0], set(sent)) == ("small", {"small", "large"})
    for entry in found.appraisals:
        cost, solves = entry.terms
        assert entry.score == pytest.approx(cost.feature - solves.weight * solves.feature)


def test_failures_count_against_everybody_and_nobody_is_sent_for_ever(roster: Any) -> None:
    known = [work("small"), work("large", usd=10.0)] * 5
    foresight = Foresight(roster)
    fresh = foresight.look(Kind.CODING, known, checkable=True).foreseen()
    after = foresight.look(Kind.CODING, known, checkable=True, failed=["small"]).foreseen()
    chances = [[entry.terms[1].feature for entry in one.appraisals] for one in (fresh, after)]
    assert all(later < before for before, later in zip(*chances, strict=True))
    spent = foresight.look(Kind.CODING, known, checkable=True, failed=["small", "large", "small"])
    assert spent.foreseen().award is None


def test_a_cheap_agent_gets_fresh_samples_where_dear_ones_are_not_worth_it(roster: Any) -> None:
    known = [work("small", solved=n % 2 == 0, usd=0.1) for n in range(20)]
    known += [work("large", solved=n % 2 == 0, usd=10.0) for n in range(20)]
    foresight = Foresight(roster, 10.0, longest=9)
    failed: list[str] = []
    while award := (
        foresight.look(Kind.CODING, known, checkable=True, failed=failed).foreseen().award
    ):
        failed.append(award.agent)
    assert failed == ["small"] * (1 + AGAIN)


def test_whoever_is_gone_is_not_sent_again(roster: Any) -> None:
    known = [work("small"), work("large", usd=10.0)] * 5
    foresight = Foresight(roster, longest=9)
    look = partial(foresight.look, Kind.CODING, known, checkable=True)
    found = look(failed=["small"], gone=["small"]).foreseen()
    assert found.award is not None
    assert found.award.agent == "large"
    assert look(failed=["small", "large"], gone=["small", "large"]).foreseen().award is None


def test_what_a_solved_task_is_worth_decides_whether_quality_is_bought(roster: Any) -> None:
    known = [work("small", solved=n < 10, usd=1.0) for n in range(20)]
    known += [work("large", solved=n < 18, usd=10.0) for n in range(20)]
    chosen = {
        prefer: Foresight(roster, prefer)
        .look(Kind.CODING, known, checkable=False)
        .foreseen()
        .award.agent
        for prefer in Prefer
    }
    assert chosen == {Prefer.QUALITY: "large", Prefer.BALANCED: "large", Prefer.CHEAP: "small"}


def test_nobody_is_sent_where_a_solved_task_is_worth_less_than_the_work(roster: Any) -> None:
    known = [work("small", usd=1.0), work("large", usd=10.0)]
    assert Foresight(roster, 0.5).look(Kind.CODING, known, checkable=True).foreseen().award is None


def test_outcomes_of_agents_that_are_gone_tell_nothing(roster: Any) -> None:
    assert not Foresight(roster).can_tell(Kind.CODING, [work("gone")])
    known = [work("gone", solved=False), work("small"), work("large", usd=9.0)]
    found = Foresight(roster).look(Kind.CODING, known, checkable=True).foreseen()
    assert {entry.agent for entry in found.appraisals} == {"small", "large"}


def test_an_agent_whose_model_has_changed_is_a_new_one(roster: Any) -> None:
    small, large = roster
    other = replace(small, model="another")
    known = [replace(work("small", solved=False), version=small.version)] * 9
    known += [replace(work("large", usd=10.0), version=large.version)] * 3

    def solves(*able: Any) -> float:
        looked = Foresight(able).look(Kind.CODING, known, checkable=True)
        return looked.foreseen().appraisals[0].terms[1].feature

    assert solves(small, large) < 0.2 < 0.5 < solves(other, large)
    assert not Foresight((other,)).can_tell(Kind.CODING, known)
    assert solves(replace(small, price=Price(2.0, 0.2, 2.0)), large) < 0.2  # the same at another
    noted_by_nobody = [replace(one, version=None) for one in known]
    assert Foresight((other,)).can_tell(Kind.CODING, noted_by_nobody)


@pytest.mark.parametrize(
    "changed",
    [
        {"backend": "openai"},
        {"adapter": "one"},
        {"prompt": "Be brief."},
        {"tools": ToolUse.NATIVE},
        {"options": {"reply": "yes"}},
    ],
)
def test_what_answers_under_a_name_makes_the_version(agent: Make, changed: Any) -> None:
    spec = agent("small", 1.0)
    assert replace(spec, **changed).version != spec.version
    faster = {"threads": 8, "timeout_s": 9}
    assert replace(spec, options={**spec.options, **faster}, slots=4).version == spec.version


def test_dollars_are_those_of_todays_prices(agent: Make) -> None:
    known = [replace(work("one", usd=0.5), tokens=Tokens(3e6, 1e6, 1e6))] * 30

    def cost(price: float) -> float:
        looked = Foresight((agent("one", price),)).look(Kind.CODING, known, checkable=True)
        return looked.foreseen().appraisals[0].cost

    assert cost(1.0) == pytest.approx(3.1)  # two million tokens, one cached, one written
    assert cost(2.0) == pytest.approx(6.2)
    lost = [replace(one, usd=None) for one in known]
    assert not Foresight((agent("one", 1.0),)).can_tell(Kind.CODING, lost)


def test_what_is_known_for_certain_is_no_lucky_guess(agent: Make) -> None:
    passed = [work("one")] * 2 + [work("one", solved=False)] * 4
    certain = [replace(one, certain=True) for one in passed]

    def solves(kind: Kind, known: Any) -> float:
        looked = Foresight((agent("one", 1.0),)).look(kind, known, checkable=True)
        return looked.foreseen().appraisals[0].terms[1].feature

    assert solves(Kind.SEARCH, certain) == solves(Kind.CODING, certain)
    assert solves(Kind.SEARCH, passed) < solves(Kind.SEARCH, certain)


def test_where_all_work_is_free_the_likeliest_is_sent(agent: Make) -> None:
    roster = (agent("small", 0.0), agent("large", 0.0))
    known = [work("small", solved=False, usd=0.0)] * 3 + [work("large", usd=0.0)] * 3
    found = Foresight(roster).look(Kind.CODING, known, checkable=False).foreseen()
    assert found.award is not None
    assert found.award.agent == "large"
    assert found.appraisals[0].cost == 0.0
    unseen = Foresight((*roster, agent("new", 0.0))).look(Kind.CODING, known, checkable=False)
    assert [entry.cost for entry in unseen.foreseen().appraisals] == [0.0, 0.0, 0.0]


def test_bids_are_asked_for_once_and_then_memory_tells(agent: Make, market: Make) -> None:
    roster = (agent("small", 1.0), agent("large", 10.0))
    rules = {"jury": ["large"], "fallbacks": 1, "fallback_on_failure": True}
    foresight = Foresight(roster, Prefer.CHEAP)
    with market(roster, foresight=foresight, **rules) as open_market:
        first = open_market.auction(TASK, seed=1)
        second = open_market.auction(OTHER, seed=2)
        assert open_market.memory.get(second.id) == second
    assert len(first.bids) == 2
    assert (second.bids, second.ratings) == ((), ())
    assert second.award is not None
    assert (second.award.agent, second.award.round) == ("small", 0)
    assert second.outcome is not None
    assert second.outcome.verified is Verdict.PASSED
    assert {Stage.BID, Stage.RATE}.isdisjoint(second.usage)
    assert second.total.usd == pytest.approx(second.usage[Stage.EXECUTE].usd)


def test_the_next_one_takes_over_a_failure_which_stays_on_record(agent: Make, market: Make) -> None:
    roster = agent("small", 2.0), agent("large", 3.0)
    rules = {"jury": ["large"], "fallbacks": 1, "fallback_on_failure": True}
    rules["foresight"] = Foresight(roster, Prefer.CHEAP, longest=2)

    with Store.open("sqlite://", embedder=HashEmbedder) as memory:
        with market(roster, memory=memory, **rules) as before:
            for seed in range(4):
                before.auction(TASK, seed=seed)
        with market(roster, memory=memory, verifier=small_is_wrong, **rules) as after:
            auctions = [after.auction(TASK, seed=seed) for seed in range(18)]
        found = memory.experience(TASK).works
    assert auctions[0].bids == ()
    assert [one.agent for one in auctions[0].discarded] == ["small"]
    assert {one.outcome.agent for one in auctions if one.outcome} == {"large"}
    assert auctions[-1].discarded == ()  # by then it is known to fail
    assert {(one.agent, one.solved, one.before) for one in found} == {
        ("small", True, ()),
        ("small", False, ()),
        ("large", True, ("small",)),
        ("large", True, ()),
    }


def test_why_an_agent_was_sent_names_those_before_it_and_not_those_after(
    agent: Make, market: Make
) -> None:
    roster = (agent("small", 1.0, work=WRONG), agent("large", 3.0, work=WRONG))
    rules = {"jury": ["large"], "fallbacks": 1, "fallback_on_failure": True}
    foresight = Foresight(roster, Prefer.QUALITY, longest=2)
    with market(roster, foresight=foresight, **rules) as open_market:
        open_market.auction(TASK, seed=1)
        auction = open_market.auction(OTHER, seed=2)
    first, second = auction.workers
    assert auction.award is not None
    assert auction.award.agent == first  # of failures alone the first is kept
    assert explain(auction).startswith(f"{first} was sent: ")
    later = replace(auction, award=replace(auction.award, agent=second))
    assert explain(later).startswith(f"{second} was sent after {first} had worked in vain: ")


def test_an_auction_that_nobody_is_worth_is_on_record_and_costs_nothing(
    agent: Make, market: Make
) -> None:
    roster = (agent("small", 1.0),)
    with market(roster, jury=["small"], foresight=Foresight(roster, 1e-12)) as open_market:
        open_market.auction(TASK, seed=1)
        with pytest.raises(WorthlessError, match="no agent is worth its price") as caught:
            open_market.auction(TASK, seed=2)
        entry = open_market.memory.log(limit=1)[0]
        auction = open_market.memory.get(entry.id)
    assert caught.value.exit_code == NoBidsError.exit_code
    assert auction.state is State.FAILED
    assert auction.total.usd == 0.0
    assert auction.appraisals


def test_a_memory_that_fails_to_tell_does_not_stop_the_auction(agent: Make, market: Make) -> None:
    class Silent(Store):
        def experience(self, task: Task) -> Experience:
            raise StoreError("the disk is gone")

    roster = (agent("small", 1.0),)
    with (
        Silent.open("sqlite://") as memory,
        market(roster, jury=["small"], foresight=Foresight(roster), memory=memory) as open_market,
    ):
        auctions = [open_market.auction(TASK, seed=seed) for seed in range(2)]
    assert all(auction.bids for auction in auctions)


@pytest.mark.parametrize(("prefer", "sent"), [(Prefer.BALANCED, "large"), (Prefer.CHEAP, "small")])
def test_where_nothing_is_ever_checked_bids_are_asked_for_once_and_prices_tell(
    agent: Make, market: Make, prefer: Prefer, sent: str
) -> None:
    maybe = "```answer\nmaybe\n```"
    roster = tuple(agent(name, usd, work=maybe) for name, usd in (("small", 1.0), ("large", 3.0)))
    rules = {"jury": ["large"], "foresight": Foresight(roster, prefer)}
    with market(roster, checkable=lambda _: False, **rules) as open_market:
        held = [open_market.auction(task, seed=1) for task in (TASK, OTHER, TASK)]
    assert [len(auction.bids) for auction in held] == [2, 0, 0]
    assert [auction.outcome.verified for auction in held] == [Verdict.NONE] * 3
    assert {auction.award.agent for auction in held[1:]} == {sent}


def test_each_sample_is_an_award_of_its_own_once_memory_tells(agent: Make, market: Make) -> None:
    bad, good = (f"```python\ndef add(a, b):\n    return a {sign} b\n```" for sign in "-+")
    # Asked for a function alone, a model sees the task and nothing else.
    roster = tuple(
        agent(name, usd, work={"when": "add(1, 2)", "reply": code})
        for name, usd, code in (("small", 1.0, bad), ("large", 3.0, good))
    )
    workshop, tasks = Workshop(), [Task(Kind.CODING, text + EXAMPLE) for text in ("One.", "Two.")]
    rules = {"fallbacks": 1, "fallback_on_failure": True, "plan_in_prompt": False}
    rules |= {"opener": workshop.open, "verifier": workshop.verify}
    foresight = Foresight(roster, Prefer.CHEAP)
    with market(roster, foresight=foresight, **rules) as open_market:
        first, second = (open_market.auction(task, seed=1) for task in tasks)
    assert (first.workers, len(first.steps)) == (("small", "large"), 3 + 1)
    assert second.bids == ()
    assert len(second.steps) == len(second.workers) <= 2 * 3
    assert second.outcome.verified is Verdict.PASSED


def test_samples_are_counted_only_where_work_may_pass_on() -> None:
    rules = Rules("test", "none", Limits(samples=4), fallbacks=2, fallback_on_failure=True)
    counted = rules.sample_by_sample(TASK)
    assert (counted.fallbacks, counted.limits.samples) == (11, 1)
    for kept in (replace(rules, fallbacks=0), replace(rules, fallback_on_failure=False)):
        assert kept.sample_by_sample(TASK) == kept
    assert rules.sample_by_sample(replace(TASK, workspace="folder")) == rules
    assert rules.sample_by_sample(Task(Kind.SEARCH, "Who?")) == rules


def test_whether_a_task_can_be_checked_is_asked_before_anybody_works(
    agent: Make, market: Make
) -> None:
    asked: list[Task] = []

    def checkable(task: Task) -> bool:
        asked.append(task)
        return False

    roster = (agent("small", 1.0), agent("large", 2.0))
    rules = {"jury": ["large"], "foresight": Foresight(roster), "checkable": checkable}
    with market(roster, fallback_on_failure=True, **rules) as open_market:
        open_market.auction(TASK, seed=1)
        assert asked == []
        open_market.auction(OTHER, seed=2)
    assert asked == [OTHER]


def test_where_a_failed_answer_is_kept_nobody_is_sent_to_be_checked(
    agent: Make, market: Make
) -> None:
    roster = (agent("small", 1.0), agent("large", 3.0))
    sent = {}
    for passes_on in (True, False):
        with Store.open("sqlite://", embedder=HashEmbedder) as memory:
            rules = {"memory": memory, "fallback_on_failure": passes_on, "fallbacks": 1}
            rules["plan_in_prompt"] = False
            cheapest = Weights(1.0, 0.0, {}, cost_scale=Scale())
            checks = (small_is_wrong, small_is_wrong, right_is_right)
            for verifier in checks:  # the small one is right once in three times
                with market(roster, weights=cheapest, verifier=verifier, **rules) as m:
                    m.auction(TASK, seed=1)
            with market(roster, foresight=Foresight(roster), **rules) as open_market:
                sent[passes_on] = open_market.auction(TASK, seed=2).award.agent
    assert sent == {True: "small", False: "large"}
