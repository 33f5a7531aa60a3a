"""Awards in money, by what came of earlier work."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

import numpy as np

from sale.auction.chains import FEW, chains, worth_a_look
from sale.auction.design import SIGNS, Matrix, Precedents, Vector
from sale.auction.dollars import Costs, dollars_of_plans
from sale.auction.outcomes import Posterior, fit
from sale.auction.outlook import HOPE, NAN, Outlook
from sale.auction.terms import Prefer, Sight
from sale.auction.ways import NOBODY, STRANGER, Ways
from sale.types import AgentSpec, Kind, Precedent, Signs

AGAIN = 3
"""How often an agent that has failed at a task may be sent to it again."""
GUESS = {Kind.CODING: 0.0, Kind.SEARCH: 0.22}
"""The chance that a wrong answer passes its visible checks, as far as awards reckon with it.

Of wrong answers to questions 49 of 185 do (18 of 83 when this was set). Of wrong code 33 of 259 do,
and to reckon with that won nothing (docs/evidence.md; benchmarks/false_passes.py).
"""


@dataclass(frozen=True, slots=True)
class Plans:
    """What is known of plans for a task."""

    usd: Mapping[str, float] = field(default_factory=dict)
    """Agent -> mean dollars of its past plans."""
    here: Mapping[str, Signs] = field(default_factory=dict)
    """Agent -> what its plan for this task looks like."""
    missing: Collection[str] = ()
    """Who was asked for one and made none."""
    seen: Sequence[str | None] = ()
    """Whose plan each of those saw that have worked in vain, in order."""

    def cost(self, names: Sequence[str], prices: Vector) -> Vector:
        """Predicted dollars of a plan by each agent, shape (n,); nan where it can't be had."""
        past = dollars_of_plans(np.array([self.usd.get(name, NAN) for name in names]), prices)
        missing = np.array([NAN if name in self.missing else 1.0 for name in names])
        return np.where([name in self.here for name in names], 0.0, past * missing)


NO_PLANS = Plans()


@dataclass(frozen=True, slots=True)
class Foresight:
    """Decides by what came of earlier work, with no I/O and no clock."""

    roster: tuple[AgentSpec, ...]
    value: float | Prefer = Prefer.BALANCED
    """Dollars that a solved task is worth."""
    longest: int = 3
    """Works on a task, one after the other."""
    explore: float = 0.0
    """Profit that may be given up to learn, as a share of an award's predicted dollars."""
    sight: Sight = Sight.NONE
    """Whose plan whoever works is shown."""

    def can_tell(self, kind: Kind, precedents: Sequence[Precedent]) -> bool:
        """Whether work of one of the agents is known with its dollars, and every one has a price.

        It need not have been checked: where nothing ever is, bids tell no more the next time, and
        the prior of the price is what there is to go by.
        """
        able = self.able(kind)
        known = table_of(precedents, able)
        return all(spec.price for spec in able) and not bool(np.isnan(known.dollars).all())

    def look(
        self,
        kind: Kind,
        precedents: Sequence[Precedent],
        *,
        checkable: bool,
        failed: Sequence[str] = (),
        gone: Sequence[str] = (),
        plans: Plans = NO_PLANS,
    ) -> Outlook:
        """Form a belief of what each agent would do for a task of a kind.

        `failed` are those that have worked on it in vain, in order: their failures are evidence,
        too. Those that are `gone` aren't sent again, nor asked for a plan.
        """
        able = self.able(kind)
        table = table_of(precedents, able)
        return self.look_at(
            able,
            table,
            guess=GUESS[kind],
            checkable=checkable,
            failed=failed,
            gone=gone,
            plans=plans,
        )

    def able(self, kind: Kind) -> tuple[AgentSpec, ...]:
        """Give the agents that take tasks of a kind, in roster order."""
        return tuple(spec for spec in self.roster if kind in spec.kinds)

    def look_at(
        self,
        able: Sequence[AgentSpec],
        table: Precedents,
        *,
        guess: float,
        checkable: bool,
        failed: Sequence[str] = (),
        gone: Sequence[str] = (),
        plans: Plans = NO_PLANS,
    ) -> Outlook:
        """The same, of precedents as a table, whose agents are places among those that are able.

        `guess` is the chance that a wrong answer passes its checks, here and in the precedents.
        """
        names = [spec.name for spec in able]
        table = table.and_then(table_of(_here(failed, plans.seen), able))
        prices = np.array([_price(spec) for spec in able])
        left = np.array([NAN if name in gone else 1.0 for name in names])
        posterior = fit(table, prices, guess=guess)
        costs = Costs.of(table, prices, plans.cost(names, prices) * left)
        worth, before = self._worth(costs.plain), tuple(names.index(name) for name in failed)
        alone = posterior.solves(Ways.plain(len(names)))[0, 0, 0]
        sent = worth_a_look(alone, costs.plain * left, value=worth)
        ways = Ways.plain(len(names))
        if self.sight is Sight.OWN:
            ways = ways.with_own([name in plans.here for name in names])
        elif self.sight is Sight.AUTO:
            ways += _worth_showing(sent, posterior, costs, worth)
        longest = max(self.longest - len(failed), 0)
        compared = (*sent, *range(len(names), len(ways)))
        return Outlook(
            agents=tuple(names),
            ways=ways,
            cost=costs.work(ways),
            cost_spread=costs.spread[ways.who],
            plan_cost=costs.plan(ways),
            value=worth,
            posterior=posterior,
            failed=before,
            table=chains(compared, ways, before, longest, AGAIN, tuple(posterior.scaling.sizes)),
            checked=1.0 - guess if checkable else 0.0,
            plans=_signs_of([plans.here.get(name) for name in names]),
            plans_usd=float(costs.plans.sum()),
            shows_own=self.sight is Sight.OWN,
            # A preference says how to go about a task, not whether.
            reserve=not isinstance(self.value, Prefer),
            round=1 if plans.here else 0,
        )

    def _worth(self, cost: Vector) -> float:
        if not isinstance(self.value, Prefer):
            return self.value
        # Where all work is free, the best is worth having, whatever it is worth.
        return self.value.factor * float(np.nanmax(cost)) or 1.0


def _worth_showing(agents: Sequence[int], posterior: Posterior, costs: Costs, value: float) -> Ways:
    """The most promising ways to show one of some agents a plan by one of them.

    Those that may well, with a probability of HOPE, earn more than the agent does without a plan;
    no more than leave the chains short enough to look far ahead.
    """
    planners = [one for one in agents if not np.isnan(costs.plans[one])]
    plain = Ways(tuple(agents), (NOBODY,) * len(agents))
    shown = Ways.planned(agents, planners)
    if not shown:
        return shown
    both = plain + shown
    profit = value * posterior.drawn(both)[:, 0, 0, 0] - costs.work(both) - costs.plan(both)
    alone, planned = profit[:, : len(plain)], profit[:, len(plain) :]
    of_worker = [agents.index(one) for one in shown.workers]
    hope = (planned > alone[:, of_worker]).mean(axis=0)
    gain = (planned - alone[:, of_worker]).mean(axis=0)
    order = sorted(range(len(shown)), key=lambda one: (-gain[one], one))
    room = max(FEW - len(agents), 1)
    return shown.only([one for one in order if hope[one] >= HOPE][:room])


def _here(failed: Sequence[str], seen: Sequence[str | None]) -> list[Precedent]:
    """What has come of the task itself so far."""
    return [
        Precedent(name, 1.0, False, tuple(failed[:at]), None, planner=planner)
        for at, (name, planner) in enumerate(zip_longest(failed, seen))
    ]


def _price(spec: AgentSpec) -> float:
    """How dear an agent is, for comparisons: dollars per million tokens in and as many out."""
    return spec.price.input + spec.price.output if spec.price else NAN


def table_of(works: Sequence[Precedent], able: Sequence[AgentSpec]) -> Precedents:
    """Give the works of some agents as a table; each agent is its place among them.

    What another model did under an agent's name tells nothing of it. Dollars are those of today's
    prices, where the tokens are known.
    """
    place = {spec.name: index for index, spec in enumerate(able)}
    versions = {(spec.name, spec.version) for spec in able} | {(name, None) for name in place}
    known = [one for one in works if (one.agent, one.version) in versions]
    others = [set(one.before) - {one.agent} for one in known]
    prices = {spec.name: _price(spec) for spec in able}
    betters = [
        sum(prices.get(other, NAN) > prices[one.agent] for other in failed)
        for one, failed in zip(known, others, strict=True)
    ]
    shown = [NOBODY if one.planner is None else place.get(one.planner, STRANGER) for one in known]
    return Precedents(
        agents=np.array([place[one.agent] for one in known], dtype=np.intp),
        nearness=np.array([one.nearness for one in known], dtype=float),
        solved=np.array([_number_of(one.solved) for one in known], dtype=float),
        others=np.array([len(one) for one in others], dtype=float),
        betters=np.array(betters, dtype=float),
        again=np.array([one.before.count(one.agent) for one in known], dtype=float),
        dollars=np.array([_dollars(one, able[place[one.agent]]) for one in known], dtype=float),
        plans=_signs_of([one.signs for one in known]),
        planners=np.array(shown, dtype=np.intp),
        certain=np.array([one.certain for one in known], dtype=bool),
    )


def _dollars(work: Precedent, spec: AgentSpec) -> float:
    """What a work would cost today; nan where nobody knows what it did."""
    if work.usd is None or work.tokens is None or spec.price is None:
        return _number_of(work.usd)
    return spec.price.dollars(*work.tokens)


def _signs_of(plans: Sequence[Signs | None]) -> Matrix:
    """Give the SIGNS of some plans, shape (m, 3); nan where there is no plan, or nobody knows."""
    rows = [
        (NAN, NAN, NAN)
        if one is None
        else (
            NAN if one.tokens is None else float(np.log1p(one.tokens)),
            _number_of(one.entropy),
            _number_of(one.rating),
        )
        for one in plans
    ]
    return np.array(rows, dtype=float).reshape(-1, len(SIGNS))


def _number_of(value: float | None) -> float:
    """Give a number; nan for what nobody knows."""
    return NAN if value is None else float(value)
