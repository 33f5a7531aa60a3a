"""Awards from memory alone, in money: score = predicted dollars - value x P(solved)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sale.auction.chains import Chain, best_chain
from sale.auction.outcomes import Precedents, dollars, fit
from sale.auction.terms import Prefer
from sale.types import AgentSpec, Appraisal, Award, Kind, Precedent, Term

NAN = float("nan")
ROUND = 0
"""Of awards and appraisals that no plan was asked for."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What memory alone says of a task."""

    appraisals: tuple[Appraisal, ...]
    """Of every agent that may work, in roster order."""
    chain: Chain
    """The awards that are expected to earn the most; its places are those of the appraisals."""
    award: Award | None
    """To the first of the chain; None where nobody is worth its price."""


@dataclass(frozen=True, slots=True)
class Foresight:
    """Decides by what came of earlier work, with no I/O and no clock."""

    roster: tuple[AgentSpec, ...]
    value: float | Prefer = Prefer.BALANCED
    """Dollars that a solved task is worth."""
    longest: int = 3
    """Agents that may work on a task, one after the other."""

    def can_tell(self, kind: Kind, precedents: Sequence[Precedent]) -> bool:
        """Whether a checked outcome of one of the agents is known, and every one has a price."""
        able = [spec for spec in self.roster if kind in spec.kinds]
        names = {spec.name for spec in able}
        return all(spec.price for spec in able) and any(
            one.agent in names and one.solved is not None and one.usd is not None
            for one in precedents
        )

    def look(
        self,
        kind: Kind,
        precedents: Sequence[Precedent],
        *,
        checkable: bool,
        failed: Sequence[str] = (),
    ) -> Foreseen:
        """Appraise the agents that have not worked on the task, and award it to one of them.

        `failed` are those that have worked in vain, in order: their failures are evidence, too.
        The award goes to the first agent of the chain that is expected to earn the most.
        """
        able = [spec for spec in self.roster if kind in spec.kinds]
        place = {spec.name: index for index, spec in enumerate(able)}
        known = [one for one in precedents if one.agent in place]
        known += [Precedent(name, 1.0, False, at, None) for at, name in enumerate(failed)]
        table = _table(known, place)
        prices = np.array([_price(spec) for spec in able])
        cost = dollars(table, prices)
        value = self._worth(cost)
        posterior = fit(table, prices)
        left = [index for index, spec in enumerate(able) if spec.name not in failed]
        longest = self.longest - len(failed)
        solves = np.array([posterior.solves(len(failed) + step)[left] for step in range(longest)])
        if not left or longest < 1:
            return Foreseen((), Chain(()), None)
        chain = best_chain(
            solves, cost[left], value=value, checked=float(checkable), longest=longest
        )
        appraisals = tuple(
            _appraisal(able[index].name, usd, chance, value)
            for index, usd, chance in zip(
                left, cost[left].tolist(), solves[0].tolist(), strict=True
            )
        )
        return Foreseen(appraisals, chain, _award(appraisals, chain))

    def _worth(self, cost: np.ndarray) -> float:
        if not isinstance(self.value, Prefer):
            return self.value
        # Where all work is free, the best is worth having, whatever it is worth.
        return self.value.factor * float(np.nanmax(cost)) or 1.0


def _price(spec: AgentSpec) -> float:
    """How dear an agent is, for comparisons: dollars per million tokens in and as many out."""
    return spec.price.input + spec.price.output if spec.price else NAN


def _award(appraisals: Sequence[Appraisal], chain: Chain) -> Award | None:
    if not chain.agents:
        return None
    first = appraisals[chain.agents[0]]
    return Award(first.agent, ROUND, first.score, provisional=first.agent)


def _table(known: Sequence[Precedent], place: dict[str, int]) -> Precedents:
    return Precedents(
        np.array([place[one.agent] for one in known], dtype=np.intp),
        np.array([one.nearness for one in known]),
        np.array([NAN if one.solved is None else float(one.solved) for one in known]),
        np.array([float(one.failures) for one in known]),
        np.array([NAN if one.usd is None else one.usd for one in known]),
    )


def _appraisal(agent: str, cost: float, chance: float, value: float) -> Appraisal:
    terms = (
        Term("dollars", cost, 1.0, cost),
        Term("solves", chance, value, value * chance),
    )
    return Appraisal(agent, ROUND, cost, value * chance, cost - value * chance, terms)
