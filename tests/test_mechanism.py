"""The worked examples: the one in docs/mechanism.md, read from there, and two more by hand."""

import re
from pathlib import Path

import pytest

from sale.auction.auctioneer import Auctioneer
from sale.auction.counterfactual import smallest_changes
from sale.auction.weights import Scale, Weights
from sale.types import AgentSpec, Appraisal, Bid, Price, Ratings

DOC = Path(__file__).parents[1] / "docs" / "mechanism.md"
PRICES = {"small": 1.0, "middle": 3.0, "large": 10.0}
BID = ["agent", "price", "tokens", "entropy", "by small", "by middle", "by large"]
SCORE = ["agent", "cost", "value", "score"]


def spec(name: str, price: float | None) -> AgentSpec:
    return AgentSpec(name, "m", "scripted", None if price is None else Price(price, price, price))


def tables(headings: list[str]) -> list[list[list[str]]]:
    """The tables of the page that have these headings, row by row."""
    found: list[list[list[str]]] = []
    rows: list[list[str]] | None = None
    for line in DOC.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line[:1] == "|" else []
        if cells == headings:
            rows = []
            found.append(rows)
        elif not cells:
            rows = None
        elif rows is not None and not re.fullmatch("-+", cells[0]):
            rows.append(cells)
    return found


def test_the_worked_example_of_the_page_comes_out_as_it_says() -> None:
    roster = tuple(spec(*item) for item in PRICES.items())
    jurors = {"small": 0.1, "middle": 0.2, "large": 0.4}
    market = Auctioneer(roster, Weights(0.3, -0.1, jurors, cost_scale=Scale(0.0, 500.0)))
    rounds: list[tuple[Appraisal, ...]] = []
    inputs, results = tables(BID), tables(SCORE)
    assert [len(rows) for rows in inputs] == [len(rows) for rows in results] == [3, 2]
    for number, (bids, scores) in enumerate(zip(inputs, results, strict=True), start=1):
        assert {row[0]: float(row[1]) for row in bids}.items() <= PRICES.items()
        appraisals = market.appraise(
            [Bid(name, number, "p", int(tokens), float(h)) for name, _, tokens, h, *_ in bids],
            [
                Ratings(juror, number, {row[0]: float(row[4 + place]) for row in bids})
                for place, juror in enumerate(PRICES)
            ],
        )
        assert [
            [entry.agent, f"{entry.cost:.3f}", f"{entry.value:.3f}", f"{entry.score:.3f}"]
            for entry in appraisals
        ] == scores
        rounds.append(appraisals)
    award = market.award(*rounds)
    assert (award.agent, award.round, award.provisional) == ("small", 2, "large")
    assert market.cheaper("large") == ("small", "middle")
    found = smallest_changes([*rounds[0], *rounds[1]], award)
    rating = next(change for change in found if change.agent is not None)
    assert (rating.term, rating.agent, rating.rival) == ("rating:large", "small", "large")
    assert (rating.old, round(rating.new, 3), round(rating.size, 3)) == (4.0, 3.225, 0.155)
    weight = next(change for change in found if change.agent is None)
    assert (weight.term, weight.rival) == ("entropy", "large")
    assert (weight.old, round(weight.new, 3), round(weight.size, 3)) == (-0.1, -0.203, 0.103)


def test_by_hand_a_gap_in_entropy_and_a_juror_that_failed() -> None:
    """C = 20, 30; H = 0.4 and unmeasured (so 0.4); y failed, so x has 0.2 + 0.6."""
    market = Auctioneer(
        (spec("a", 2.0), spec("b", 1.0)),
        Weights(0.5, 0.25, {"x": 0.2, "y": 0.6}, Scale(0.0, 100.0), Scale(0.0, 2.0)),
    )
    a, b = market.appraise(
        [Bid("a", 1, "p", 10, 0.4), Bid("b", 1, "p", 30, None)],
        [Ratings("x", 1, {"a": 1.0, "b": 2.0}), Ratings("y", 1, {}, error="late")],
    )
    assert (a.cost, a.value) == (pytest.approx(0.1), pytest.approx(0.05 + 0.16))
    assert (b.cost, b.value) == (pytest.approx(0.15), pytest.approx(0.05 + 0.32))
    assert market.award([a, b], ()).agent == "b"  # -0.22 against -0.11


def test_by_hand_an_unknown_price_a_fitted_span_and_a_tie() -> None:
    """b's price is taken for a's, 4; C = 40, 40; x's ratings 3 and 3 are 0.5 of its span 2..4."""
    market = Auctioneer(
        (spec("b", None), spec("a", 4.0)),
        Weights(0.6, 0.0, {"x": 0.4}, Scale(20.0, 60.0), rating_scales={"x": Scale(2.0, 4.0)}),
    )
    both = market.appraise(
        [Bid("a", 1, "p", 10, None), Bid("b", 1, "p", 10, None)],
        [Ratings("x", 1, {"a": 3.0, "b": 3.0})],
    )
    assert [entry.score for entry in both] == [pytest.approx(0.6 * 0.5 - 0.4 * 0.5)] * 2
    assert market.award(both, ()).agent == "a"  # an unknown price loses a tie
