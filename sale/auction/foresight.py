"""Awards in money, by what came of earlier work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sale.auction.chains import Vector, chains, worth_a_look
from sale.auction.dollars import dollars, dollars_spread
from sale.auction.outcomes import Precedents, fit
from sale.auction.outlook import NAN, Outlook, number_of, signs_of
from sale.auction.terms import Prefer
from sale.types import AgentSpec, Kind, Precedent

AGAIN = 3
"""How often an agent that has failed at a task may be sent to it again."""


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

    def can_tell(self, kind: Kind, precedents: Sequence[Precedent]) -> bool:
        """Whether work of one of the agents is known with its dollars, and every one has a price.

        It need not have been checked: where nothing ever is, bids tell no more the next time, and
        the prior of the price is what there is to go by.
        """
        able = self.able(kind)
        names = {spec.name for spec in able}
        return all(spec.price for spec in able) and any(
            one.agent in names and one.usd is not None for one in precedents
        )

    def look(
        self,
        kind: Kind,
        precedents: Sequence[Precedent],
        *,
        checkable: bool,
        failed: Sequence[str] = (),
        gone: Sequence[str] = (),
    ) -> Outlook:
        """Form a belief of what each agent would do for a task of a kind.

        `failed` are those that have worked on it in vain, in order: their failures are evidence,
        too. Those that are `gone` aren't sent again.
        """
        able = self.able(kind)
        table = table_of(precedents, [spec.name for spec in able])
        return self.look_at(able, table, checkable=checkable, failed=failed, gone=gone)

    def able(self, kind: Kind) -> tuple[AgentSpec, ...]:
        """Give the agents that take tasks of a kind, in roster order."""
        return tuple(spec for spec in self.roster if kind in spec.kinds)

    def look_at(
        self,
        able: Sequence[AgentSpec],
        table: Precedents,
        *,
        checkable: bool,
        failed: Sequence[str] = (),
        gone: Sequence[str] = (),
    ) -> Outlook:
        """The same, of precedents as a table, whose agents are places among those that are able."""
        names = [spec.name for spec in able]
        table = table.and_then(table_of(_here(failed), names))
        prices = np.array([_price(spec) for spec in able])
        cost, posterior = dollars(table, prices), fit(table, prices)
        value = self._worth(cost)
        left = np.array([NAN if name in gone else 1.0 for name in names])
        candidates = worth_a_look(posterior.solves()[0, 0], cost * left, value=value)
        longest = max(self.longest - len(failed), 0)
        before = tuple(names.index(name) for name in failed)
        return Outlook(
            tuple(names),
            cost,
            dollars_spread(table, len(names)),
            value,
            posterior,
            before,
            chains(candidates, before, longest, AGAIN),
            float(checkable),
            signs_of([None] * len(names)),
            # A preference says how to go about a task, not whether.
            reserve=not isinstance(self.value, Prefer),
        )

    def _worth(self, cost: Vector) -> float:
        if not isinstance(self.value, Prefer):
            return self.value
        # Where all work is free, the best is worth having, whatever it is worth.
        return self.value.factor * float(np.nanmax(cost)) or 1.0


def _here(failed: Sequence[str]) -> list[Precedent]:
    """What has come of the task itself so far."""
    return [
        Precedent(name, 1.0, False, len({*failed[:at]} - {name}), None, failed[:at].count(name))
        for at, name in enumerate(failed)
    ]


def _price(spec: AgentSpec) -> float:
    """How dear an agent is, for comparisons: dollars per million tokens in and as many out."""
    return spec.price.input + spec.price.output if spec.price else NAN


def table_of(works: Sequence[Precedent], names: Sequence[str]) -> Precedents:
    """Give the works of some agents as a table; each agent is its place among the names."""
    place = {name: index for index, name in enumerate(names)}
    known = [one for one in works if one.agent in place]
    return Precedents(
        np.array([place[one.agent] for one in known], dtype=np.intp),
        np.array([one.nearness for one in known], dtype=float),
        np.array([number_of(one.solved) for one in known], dtype=float),
        np.array([one.failures for one in known], dtype=float),
        np.array([one.again for one in known], dtype=float),
        np.array([number_of(one.usd) for one in known], dtype=float),
        signs_of([one.signs for one in known]),
    )
