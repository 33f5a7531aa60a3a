"""Rules of award, to be asked about auctions that have ended: whom each would send, how likely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sale.auction.design import Precedents
from sale.auction.foresight import Foresight, table_of
from sale.auction.outlook import Outlook
from sale.types import AgentSpec, PastAuction, PastWork, Precedent

Cosines = NDArray[np.float32]

FORESEEN = 6
"""Works ahead that are told of a cascade: what is expected of them takes the cube of it."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One way to go on with a task."""

    propensity: float
    chain: tuple[str, ...]
    """Who is sent now, and who after each failure, as far as can be told."""


class Rule(Protocol):
    """Decides as it would now, by what is known of all other auctions."""

    def send(self, at: int, failed: Sequence[str]) -> Mapping[str, Sending]:
        """Say who may be sent to the auction at a place, after some failures there."""
        ...


@dataclass(frozen=True, slots=True)
class Alone:
    """One agent for everything, once."""

    agent: str

    def send(self, at: int, failed: Sequence[str]) -> Mapping[str, Sending]:  # noqa: ARG002
        """Send it, if it hasn't failed."""
        return {} if failed else {self.agent: Sending(1.0, (self.agent,))}


@dataclass(frozen=True, slots=True)
class Random:
    """Any agent, each as likely as the others, once."""

    agents: Sequence[str]

    def send(self, at: int, failed: Sequence[str]) -> Mapping[str, Sending]:  # noqa: ARG002
        """Send one of them, if none has failed."""
        agents = () if failed else self.agents
        return {agent: Sending(1.0 / len(agents), (agent,)) for agent in agents}


@dataclass(frozen=True, slots=True)
class Cascade:
    """One agent after the other until an answer passes its checks, or can't be checked."""

    agents: Sequence[str]
    """Cheapest first."""
    checkable: Sequence[bool]
    """Of each auction, whether its task showed anything to check."""

    def send(self, at: int, failed: Sequence[str]) -> Mapping[str, Sending]:
        """Send the cheapest that hasn't failed."""
        left = tuple(agent for agent in self.agents if agent not in failed)
        chain = left[:FORESEEN] if self.checkable[at] else left[:1]
        return {left[0]: Sending(1.0, chain)} if left else {}


@dataclass(frozen=True, slots=True, eq=False)
class Works:
    """All works of some auctions as a table, in the order of the auctions."""

    able: tuple[AgentSpec, ...]
    table: Precedents
    of: NDArray[np.intp]
    """Shape (m,): the auction of each work, as its place."""
    vectors: Cosines
    """Shape (n, width): the unit vectors of the auctions' tasks."""

    @staticmethod
    def seen(past: Sequence[PastAuction], able: Sequence[AgentSpec], vectors: Cosines) -> Works:
        """What could be seen at the time."""
        return _works(past, able, vectors, truth=False)

    @staticmethod
    def known(past: Sequence[PastAuction], able: Sequence[AgentSpec], vectors: Cosines) -> Works:
        """What is known of it by now, grades included."""
        return _works(past, able, vectors, truth=True)

    def without(self, at: int) -> Precedents:
        """The works of all other auctions, as near as they are to one."""
        rows = np.flatnonzero(self.of != at)
        cosines = self.vectors[self.of[rows]] @ self.vectors[at]
        return replace(self.table.only(rows), nearness=cosines.astype(float))


@dataclass(frozen=True, slots=True, eq=False)
class ByForesight:
    """Awards by what came of earlier work, as a market with `stages = "auto"` makes them.

    Nobody sees a plan: `foresight.sight` is `none`.
    """

    foresight: Foresight
    works: Works
    checkable: Sequence[bool]
    guess: float = 0.0
    """The chance that a wrong answer passes, in what the works say and where it was checked."""

    def send(self, at: int, failed: Sequence[str]) -> Mapping[str, Sending]:
        """Say who may be sent."""
        outlook = self.outlook(at, tuple(failed))
        explore = 0.0 if failed else self.foresight.explore
        return {
            outlook.agents[outlook.ways.workers[way]]: Sending(
                one.propensity, outlook.workers(one.chain)
            )
            for way, one in outlook.first(explore).items()
            if one.propensity > 0
        }

    def outlook(self, at: int, failed: tuple[str, ...]) -> Outlook:
        """Form a belief by the works of all other auctions."""
        others, checkable = self.works.without(at), self.checkable[at]
        return self.foresight.look_at(
            self.works.able, others, guess=self.guess, checkable=checkable, failed=failed
        )

    @property
    def telling(self) -> int:
        """Auctions in which work of its agents was checked and paid; of one alone none can tell."""
        table = self.works.table
        known = ~np.isnan(table.solved) & ~np.isnan(table.dollars)
        return len(np.unique(self.works.of[known]))


def _works(
    past: Sequence[PastAuction], able: Sequence[AgentSpec], vectors: Cosines, *, truth: bool
) -> Works:
    prices = {spec.name: spec.price for spec in able}
    rows, of = [], []
    for at, auction in enumerate(past):
        for place, work in enumerate(auction.works):
            if work.agent in prices:
                before = [one.agent for one in auction.works[:place]]
                rows.append(_precedent(work, before, work.dollars(prices[work.agent]), truth=truth))
                of.append(at)
    table = table_of(rows, able)
    return Works(tuple(able), table, np.array(of, dtype=np.intp), vectors)


def _precedent(
    work: PastWork, before: Sequence[str], usd: float | None, *, truth: bool
) -> Precedent:
    return Precedent(
        work.agent,
        0.0,
        work.solved if truth else work.seen,
        tuple(before),
        usd,
        planner=work.planner,
        certain=work.feedback is not None,
    )
