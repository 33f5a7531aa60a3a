"""The smallest change that would have changed the winner really is enough, and just enough."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sale.auction.counterfactual import Change, smallest_changes
from sale.types import Appraisal, Award, Term

SCALES = {
    "cost": (0.0, 200.0),
    "entropy": (0.5, 2.5),
    "rating:x": (0.0, 5.0),
    "rating:y": (1.0, 4.0),
}


def term(name: str, feature: float, weight: float) -> Term:
    low, high = SCALES[name]
    return Term(name, feature, weight, weight * (feature - low) / (high - low), low, high)


def appraisal(agent: str, terms: list[Term], *, round: int = 1) -> Appraisal:
    cost, value = terms[0].contribution, sum(one.contribution for one in terms[1:])
    return Appraisal(agent, round, cost, value, cost - value, tuple(terms))


def award(appraisals: list[Appraisal]) -> Award:
    best = min(appraisals, key=lambda entry: entry.score)
    return Award(best.agent, best.round, best.score, best.agent)


def changed(entry: Appraisal, change: Change, *, share: float) -> Appraisal:
    """The appraisal as it would be after this share of the change."""
    value = change.old + share * (change.new - change.old)
    if change.agent not in (None, entry.agent):
        return entry
    terms = [
        one
        if one.name != change.term
        else term(one.name, one.feature, value)
        if change.agent is None
        else term(one.name, value, one.weight)
        for one in entry.terms
    ]
    return appraisal(entry.agent, terms, round=entry.round)


def after(appraisals: list[Appraisal], change: Change, *, share: float) -> list[Appraisal]:
    return [changed(entry, change, share=share) for entry in appraisals]


numbers = st.tuples(st.floats(0, 200), st.floats(0, 3), st.floats(0, 5), st.floats(0, 5))
weighings = st.tuples(st.floats(0.1, 1), st.floats(-1, 1), st.floats(0, 1), st.floats(0.1, 1))


@given(st.lists(numbers, min_size=2, max_size=5), weighings)
def test_a_hair_more_than_the_change_makes_the_rival_win_and_less_does_not(
    drawn: list[tuple[float, ...]], weights: tuple[float, ...]
) -> None:
    appraisals = [
        appraisal(f"a{n}", [term(*one) for one in zip(SCALES, features, weights, strict=True)])
        for n, features in enumerate(drawn)
    ]
    ordered = sorted(entry.score for entry in appraisals)
    assume(ordered[1] - ordered[0] > 1e-3)
    won = award(appraisals)
    for change in smallest_changes(appraisals, won):
        assume(change.size < 1e3)
        beyond = after(appraisals, change, share=1.001)
        rival = next(entry for entry in beyond if entry.agent == change.rival)
        assert award(beyond).agent != won.agent
        assert rival.score <= next(one.score for one in beyond if one.agent == won.agent)
        # At the change itself nobody is ahead of the rival; past it another one may be by a hair.
        there = after(appraisals, change, share=1.0)
        level = next(entry for entry in there if entry.agent == change.rival)
        assert level.score == pytest.approx(min(entry.score for entry in there))
        assert award(after(appraisals, change, share=0.999)).agent == won.agent


def test_a_worked_example() -> None:
    small = appraisal("small", [term("cost", 20.0, 0.4), term("rating:x", 3.0, 0.5)])
    large = appraisal("large", [term("cost", 120.0, 0.4), term("rating:x", 4.0, 0.5)])
    assert (small.score, large.score) == (pytest.approx(-0.26), pytest.approx(-0.16))
    found = smallest_changes([small, large], award([small, large]))
    assert {one.rival for one in found} == {"large"}
    assert [one.size for one in found] == sorted(one.size for one in found)
    told = {(one.term, one.agent): (one.old, one.new) for one in found}
    assert ("rating:x", "large") not in told  # it would have to be above 5
    assert told["rating:x", "small"] == (3.0, pytest.approx(2.0))
    assert told["cost", "large"] == (120.0, pytest.approx(70.0))
    assert told["cost", "small"] == (20.0, pytest.approx(70.0))
    assert told["cost", None] == (0.4, pytest.approx(0.2))
    assert told["rating:x", None] == (0.5, pytest.approx(1.0))


def test_a_rating_below_five_can_rise() -> None:
    small = appraisal("small", [term("cost", 20.0, 0.4), term("rating:x", 3.0, 0.5)])
    large = appraisal("large", [term("cost", 70.0, 0.4), term("rating:x", 3.5, 0.5)])
    found = {(c.term, c.agent): c for c in smallest_changes([small, large], award([small, large]))}
    assert found["rating:x", "large"].new == pytest.approx(4.0)
    assert found["rating:x", "large"].size == pytest.approx(0.05 / 0.5)


def test_alone_or_after_a_takeover_no_number_decided() -> None:
    small = appraisal("small", [term("cost", 20.0, 0.4)])
    large = appraisal("large", [term("cost", 120.0, 0.4)])
    assert smallest_changes([small], award([small])) == ()
    taken_over = Award("large", 1, large.score, "small")
    assert smallest_changes([small, large], taken_over) == ()


def test_a_refined_bid_of_the_winner_shields_its_first_one() -> None:
    first = appraisal("small", [term("cost", 40.0, 0.4)])
    refined = appraisal("small", [term("cost", 20.0, 0.4)], round=2)
    large = appraisal("large", [term("cost", 120.0, 0.4)])
    bids = [first, refined, large]
    found = smallest_changes(bids, replace(award(bids), provisional="small"))
    assert {one.agent for one in found} <= {"large", None}
