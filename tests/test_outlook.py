"""What is believed of a task: whom it sends, how often others are tried, what plans would add."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.auction.foresight import GUESS, Foresight, Plans
from sale.auction.terms import Prefer, Sight
from sale.foreseeing import OF_PLANS, OF_RATINGS
from sale.types import AgentSpec, Kind, Precedent, Price, Signs

Make = Callable[..., Any]


def work(agent: str, *, solved: bool | None = True, usd: float = 1.0) -> Precedent:
    return Precedent(agent, 1.0, solved, (), usd)


@pytest.fixture
def roster() -> tuple[AgentSpec, ...]:
    return spec("small", 1.0), spec("large", 10.0)


def test_others_are_tried_as_often_as_the_profit_given_up_allows(roster: Any) -> None:
    known = [work("small", solved=n < 2, usd=1.0) for n in range(4)]
    known += [work("large", solved=n < 2, usd=10.0) for n in range(3)]
    outlook = Foresight(roster, 50.0).look(Kind.CODING, known, checkable=True)
    best = outlook.foreseen()
    tried: dict[float, Counter[str]] = {}
    for explore in (0.0, 0.005, 1.0):
        awards = [
            outlook.foreseen(np.random.default_rng(seed), explore).award for seed in range(400)
        ]
        tried[explore] = Counter(award.agent for award in awards)
        for agent in {award.agent for award in awards}:  # what is logged is how often it happens
            (propensity,) = {one.propensity for one in awards if one.agent == agent}
            assert tried[explore][agent] / 400 == pytest.approx(propensity, abs=0.08)
    other = ({"small", "large"} - {best.award.agent}).pop()
    assert best.award.propensity == 1.0
    assert tried[0.0][other] == 0
    assert 0 < tried[0.005][other] < tried[1.0][other]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12), st.floats(0, 2))
def test_what_is_given_up_stays_within_the_budget(works, explore) -> None:
    made = tuple(spec(name, price) for name, price in (("small", 1.0), ("large", 10.0)))
    known = [work("large" if large else "small", solved=solved) for large, solved in works]
    outlook = Foresight(made, 50.0).look(Kind.CODING, [*known, work("small")], checkable=True)
    chain, lost = outlook.foreseen().chain, 0.0
    sent = {one.award.agent: one for seed in range(60) if (one := drawn(outlook, seed, explore))}
    for one in sent.values():
        lost += one.award.propensity * (chain.profit - one.chain.profit)
    assert lost <= explore * chain.dollars + 1e-9
    assert sum(one.award.propensity for one in sent.values()) <= 1 + 1e-9


def drawn(outlook: Any, seed: int, explore: float) -> Any:
    found = outlook.foreseen(np.random.default_rng(seed), explore)
    return found if found.award else None


def spec(name: str, price: float) -> AgentSpec:
    return AgentSpec(name, name, "scripted", Price(price, price / 10, price))


def test_plans_are_worth_reading_where_they_have_told_right_from_wrong(roster: Any) -> None:
    def works(tells: bool) -> list[Precedent]:
        rng = np.random.default_rng(5)
        rated = rng.uniform(0, 5, size=80)
        solved = rated > 2.5 if tells else rng.random(80) < 0.5
        names = ["small", "large"] * 40
        return [
            replace(work(name, solved=bool(right)), signs=Signs(50, 1.0, float(rating)))
            for name, right, rating in zip(names, solved, rated, strict=True)
        ]

    told, untold = (
        Foresight(roster, 100.0, longest=1).look(Kind.CODING, works(one), checkable=False)
        for one in (True, False)
    )
    assert told.gain(OF_RATINGS) > 4 * untold.gain(OF_RATINGS) > 0.0
    assert told.gain(OF_PLANS) == pytest.approx(0.0, abs=1e-9)  # all plans are equally long
    good = {"small": Signs(50, 1.0, 4.8), "large": Signs(50, 1.0, 0.3)}
    bad = {"small": Signs(50, 1.0, 0.3), "large": Signs(50, 1.0, 4.8)}
    for signs, best in ((good, "small"), (bad, "large")):
        foresight, seen = Foresight(roster, 100.0, longest=1), Plans(here=signs)
        found = foresight.look(Kind.CODING, works(True), checkable=False, plans=seen).foreseen()
        assert (found.award.agent, found.award.round, found.award.planner) == (best, 1, None)


def test_passed_checks_of_answers_to_questions_are_believed_less_than_those_of_code(
    roster: Any,
) -> None:
    known = [work("small", solved=n < 4, usd=1.0) for n in range(9)]
    code, question = (
        Foresight(roster, 100.0).look(kind, known, checkable=True)
        for kind in (Kind.CODING, Kind.SEARCH)
    )
    chances = [one.foreseen().appraisals[0].value for one in (code, question)]
    assert chances[0] > chances[1] + 5.0
    assert (code.checked, question.checked) == (1.0, pytest.approx(1.0 - GUESS[Kind.SEARCH]))


def lent(n: int, *, helps: bool) -> list[Precedent]:
    """The small agent has seen the large one's plan, and has worked without."""
    alone = [work("small", solved=not helps, usd=1.0)] * n
    shown = [replace(work("small", solved=helps, usd=1.0), planner="large")] * n
    return [*alone, *shown, *[work("large", usd=10.0)] * n]


def test_a_small_agent_is_shown_a_large_ones_plan_where_that_has_paid(roster: Any) -> None:
    def sent(usd: float, *, helps: bool = True, sight: Sight = Sight.AUTO) -> tuple[Any, Any]:
        foresight = Foresight(roster, 100.0, longest=1, sight=sight)
        plans = Plans({"small": usd, "large": usd})
        known = lent(20, helps=helps)
        award = foresight.look(Kind.CODING, known, checkable=False, plans=plans).foreseen().award
        return award.agent, award.planner

    assert sent(1.0) == ("small", "large")
    assert sent(20.0) == ("large", None)  # then it may as well work itself
    assert sent(1.0, helps=False)[1] is None
    assert sent(1.0, sight=Sight.NONE) == ("large", None)


def test_a_plan_that_is_there_costs_nothing_more_and_one_that_nobody_can_make_is_not_offered(
    roster: Any,
) -> None:
    def looks(**plans: Any) -> dict[tuple[str, str | None], float]:
        foresight = Foresight(roster, 1000.0, longest=1, sight=Sight.AUTO)
        given = Plans({"large": 2.0, "small": 0.5}, **plans)
        found = foresight.look(Kind.CODING, lent(9, helps=True), checkable=False, plans=given)
        return {(one.agent, one.planner): one.cost for one in found.foreseen().appraisals}

    asked, here = looks(), looks(here={"large": Signs(50, 1.0)})
    assert asked["small", "large"] == pytest.approx(here["small", "large"] + 2.0)
    assert {planner for _, planner in looks(missing=["large"])} <= {None, "small"}
    assert all(planner is None for _, planner in looks(missing=["large", "small"]))


def test_where_everybody_sees_its_own_plan_that_is_what_is_weighed(roster: Any) -> None:
    known = [work("small", solved=True)] * 9
    known += [replace(work("small", solved=False), planner="small")] * 9
    known += [work("large", usd=3.0)] * 9
    rule = Foresight(roster, 100.0, longest=1, sight=Sight.OWN)
    bare = rule.look(Kind.CODING, known, checkable=False).foreseen()
    both = Plans(here={"small": Signs(50, 1.0), "large": Signs(50, 1.0)})
    seen = rule.look(Kind.CODING, known, checkable=False, plans=both).foreseen()
    assert [one.planner for one in bare.appraisals] == [None, None]
    assert [one.planner for one in seen.appraisals] == ["small", "large"]
    assert (seen.award.agent, seen.award.planner) == ("large", "large")
    alone, shown = (one.appraisals[0].value / 100.0 for one in (bare, seen))
    assert alone > 0.7 > 0.3 > shown


def test_a_value_refuses_only_where_it_is_all_but_sure_and_a_preference_never(roster: Any) -> None:
    def sent(value: Any, failures: int) -> bool:
        known = [work("small", solved=False, usd=1.0)] * failures
        known += [work("large", solved=False, usd=1.0)] * failures
        outlook = Foresight(roster, value).look(Kind.CODING, known, checkable=True)
        return outlook.foreseen().award is not None

    assert sent(2.0, 1)  # bad luck so far, but little is known
    assert not sent(2.0, 30)
    assert all(sent(prefer, 30) for prefer in Prefer)
