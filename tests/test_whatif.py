"""What ended auctions would have come to under other settings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.auction.foresight import Foresight
from sale.auction.outcomes import WORLDS
from sale.auction.terms import Prefer
from sale.types import AgentSpec, Kind, PastAuction, PastWork, Price, Verdict
from sale.whatif.estimates import answer, expecting, gather
from sale.whatif.rules import Alone, ByForesight, Cascade, Random, Rule, Sending, Works

PRICES = {"small": Price(1.0, 1.0, 1.0), "large": Price(10.0, 10.0, 10.0)}
ROSTER = tuple(AgentSpec(name, name, "none", price) for name, price in PRICES.items())
SOLVES = {"small": 0.5, "large": 0.9}
MILLION = 1_000_000


def work(agent: str, *, solved: bool, checked: bool = True, tokens: int = MILLION) -> PastWork:
    verified = (Verdict.PASSED if solved else Verdict.FAILED) if checked else Verdict.NONE
    usd = PRICES[agent].dollars(0, 0, tokens)
    return PastWork(agent, verified, float(solved), 0, 0, tokens, usd)


def auction(*works: PastWork, propensity: float = 1.0, asked: float | None = 0.0) -> PastAuction:
    return PastAuction("aa", Kind.CODING, works, propensity, asked)


def by_chance(n: int, *, seed: int, chance: float = 0.5) -> list[PastAuction]:
    """Auctions without checks, awarded to the large agent by chance."""
    rng = np.random.default_rng(seed)
    past = []
    for _ in range(n):
        large = rng.random() < chance
        agent = "large" if large else "small"
        made = work(agent, solved=bool(rng.random() < SOLVES[agent]), checked=False)
        past.append(auction(made, propensity=chance if large else 1.0 - chance))
    return past


def wrong(_at: int, _chain: Sequence[str], _failed: Sequence[str]) -> np.ndarray:
    """An outcome model that knows nothing."""
    return np.tile([0.1, 3.0], (1 + WORLDS, 1))


def ask(past: Sequence[PastAuction], rule: Rule, expected=wrong, prices=None):
    found = answer(gather(past, range(len(past)), rule, expected, prices or PRICES))
    assert found is not None
    return found


def by_foresight(past: Sequence[PastAuction], foresight: Foresight):
    """A rule, and what it expects, as `sale whatif` puts them together."""
    vectors = np.zeros((len(past), 0), np.float32)
    checkable = [one.checkable for one in past]
    rule, truth = (
        ByForesight(foresight, kind(past, foresight.roster, vectors), checkable)
        for kind in (Works.seen, Works.known)
    )
    return rule, expecting(lru_cache(truth.outlook))


@pytest.mark.parametrize("agent", PRICES)
def test_records_by_chance_tell_of_each_agent_even_where_the_model_is_wrong(agent: str) -> None:
    found = ask(by_chance(4000, seed=1), Alone(agent))
    assert found.weighted[0] == pytest.approx(SOLVES[agent], abs=0.03)
    assert found.solved.low < SOLVES[agent] < found.solved.high
    assert found.solved.value == pytest.approx(SOLVES[agent], abs=0.03)
    assert found.usd.value == pytest.approx(PRICES[agent].output, abs=0.3)
    assert not found.is_thin
    assert found.direct == pytest.approx((0.1, 3.0))


def test_intervals_hold_the_truth_nineteen_times_in_twenty() -> None:
    held = 0
    for seed in range(200):
        found = ask(by_chance(120, seed=seed, chance=0.4), Alone("large"))
        held += found.solved.low <= SOLVES["large"] <= found.solved.high
    assert held >= 180


def test_what_never_happened_is_thin_and_rests_on_the_model() -> None:
    past = [auction(work("small", solved=n % 2 == 0)) for n in range(40)]
    found = ask(past, Alone("large"))
    assert found.is_thin
    assert found.overlap == 0.0
    assert found.solved.value == pytest.approx(0.1)
    assert np.isnan(found.weighted).all()


def test_what_the_model_does_not_know_widens_the_interval() -> None:
    def unsure(at: int, chain: Sequence[str], failed: Sequence[str]) -> np.ndarray:
        told = wrong(at, chain, failed)
        told[1:, 0] = np.linspace(0.0, 1.0, WORLDS)
        return told

    past = [auction(work("small", solved=True)) for _ in range(40)]
    sure, doubtful = (ask(past, Alone("large"), model) for model in (wrong, unsure))
    assert sure.solved.high - sure.solved.low < 0.01
    assert doubtful.solved.high - doubtful.solved.low > 0.4


@given(st.lists(st.tuples(st.sampled_from(sorted(PRICES)), st.booleans()), min_size=2, max_size=9))
def test_a_rule_that_does_the_same_comes_to_the_same(made: list[tuple[str, bool]]) -> None:
    past = [auction(work(agent, solved=solved)) for agent, solved in made]

    class Same:
        def send(self, at: int, failed: Sequence[str]) -> Mapping[str, Sending]:
            return {} if failed else {made[at][0]: Sending(1.0, (made[at][0],))}

    found = ask(past, Same())
    assert found.gained.value == pytest.approx(0.0, abs=1e-9)
    assert found.saved.value == pytest.approx(0.0, abs=1e-9)
    assert found.overlap == pytest.approx(len(made))


def test_the_record_ends_where_the_rule_goes_another_way_after_a_failure() -> None:
    past = [auction(work("small", solved=False), work("large", solved=True))] * 10
    alone = ask(past, Alone("small"))
    assert (alone.solved.value, alone.usd.value) == pytest.approx((0.0, 1.0))
    assert alone.overlap == pytest.approx(10)

    class Twice:
        def send(self, at: int, failed: Sequence[str]) -> Mapping[str, Sending]:
            return {} if len(failed) > 1 else {"small": Sending(1.0, ("small",))}

    twice = ask(past, Twice())
    assert (twice.solved.value, twice.usd.value) == pytest.approx((0.1, 1.0 + 3.0))


def test_a_cascade_goes_on_to_the_next_while_checks_fail() -> None:
    failed, passed = work("small", solved=False), work("large", solved=True)
    unchecked = work("small", solved=False, checked=False)
    past = [auction(failed, passed), auction(work("small", solved=True)), auction(unchecked)]
    rule = Cascade(("small", "large"), [one.checkable for one in past])
    assert rule.send(0, ())["small"].chain == ("small", "large")
    assert rule.send(2, ())["small"].chain == ("small",)
    assert rule.send(0, ("small", "large")) == {}
    found = ask(past, rule)
    assert (found.solved.value, found.usd.value) == pytest.approx((2 / 3, 13 / 3))
    assert found.overlap == pytest.approx(3)


def test_random_agents_are_each_counted_by_how_likely_they_were_sent() -> None:
    found = ask(by_chance(4000, seed=5, chance=0.8), Random(tuple(SOLVES)))
    assert found.solved.value == pytest.approx(0.7, abs=0.03)
    assert found.usd.value == pytest.approx(5.5, abs=0.4)
    assert Random(tuple(SOLVES)).send(0, ("small",)) == {}


def test_other_prices_change_dollars_by_their_tokens_and_bids_are_saved() -> None:
    past = [auction(work("small", solved=True), asked=5.0) for _ in range(9)]
    found = ask(past, Alone("small"), prices={"small": Price(7.0, 7.0, 7.0)})
    assert found.logged == (1.0, 6.0)
    assert found.usd.value == pytest.approx(7.0)
    assert found.saved.value == pytest.approx(-1.0)


def test_auctions_of_which_nobody_knows_anything_say_nothing() -> None:
    unknown = PastWork("small", Verdict.NONE, None, 0, 0, 1, 1.0)
    free = replace(work("small", solved=True), usd=None)
    assert answer(gather([auction(unknown)], range(1), Alone("small"), wrong, PRICES)) is None
    assert answer(gather([auction(free)], range(1), Alone("small"), wrong, {})) is None
    known = auction(work("small", solved=True))
    past = [auction(unknown), known, known, auction(work("small", solved=True), asked=None)]
    assert ask(past, Alone("small")).tasks == 2


def test_an_award_that_could_not_be_says_nothing() -> None:
    past = [auction(work("small", solved=True), propensity=0.0)] * 3
    found = ask(past, Alone("small"))
    assert (found.overlap, found.is_thin) == (0.0, True)
    assert found.solved.value == pytest.approx(0.1)


def test_whoever_may_explore_is_weighed_by_how_likely_it_is_sent() -> None:
    rng = np.random.default_rng(3)
    past = []
    for _ in range(60):
        agent = "large" if rng.random() < 0.5 else "small"
        past.append(auction(work(agent, solved=bool(rng.random() < 0.6)), propensity=0.5))
    cheap = Foresight(ROSTER, Prefer.CHEAP, 1, explore=0.5)
    rule, expected = by_foresight(past, cheap)
    sending = rule.send(0, ())
    assert sum(one.propensity for one in sending.values()) == pytest.approx(1.0)
    found = ask(past, rule, expected)
    assert found.usd.value < found.logged[1]
    without = Foresight(ROSTER[1:], Prefer.CHEAP, 1)
    alone = ask(past, *by_foresight(past, without))
    assert alone.usd.value == pytest.approx(10.0, rel=0.1)


def test_before_anything_was_checked_nothing_can_be_told() -> None:
    made = replace(work("small", solved=True, checked=False), grade=1.0)
    rule, _ = by_foresight([auction(made, asked=2.0)] * 5, Foresight(ROSTER))
    assert rule.telling == 0
    checked = [auction(work("small", solved=True))] * 5
    assert by_foresight(checked, Foresight(ROSTER))[0].telling == 5
    assert by_foresight(checked, Foresight(ROSTER[1:]))[0].telling == 0


def test_no_auction_is_judged_by_what_came_of_itself() -> None:
    past = [auction(work("small", solved=n != 0)) for n in range(8)]
    turned = [auction(work("small", solved=True)), *past[1:]]
    outlooks = [by_foresight(one, Foresight(ROSTER))[0].outlook(0, ()) for one in (past, turned)]
    chances = [outlook.posterior.solves(outlook.ways) for outlook in outlooks]
    assert chances[0] == pytest.approx(chances[1])
    other = [by_foresight(one, Foresight(ROSTER))[0].outlook(1, ()) for one in (past, turned)]
    assert other[0].posterior.solves(other[0].ways) != pytest.approx(
        other[1].posterior.solves(other[1].ways)
    )
