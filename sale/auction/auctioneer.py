"""The auctioneer: from bids and ratings to an award, by the weights of a market."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sale.auction import appraisal
from sale.auction.appraisal import Vector
from sale.auction.weights import Weights
from sale.types import AgentSpec, Appraisal, Award, Bid, Ratings, Term


@dataclass(frozen=True, slots=True)
class Auctioneer:
    """Scores bids and names winners; deterministic, with no I/O and no clock."""

    roster: tuple[AgentSpec, ...]
    weights: Weights

    def appraise(self, bids: Sequence[Bid], ratings: Sequence[Ratings]) -> tuple[Appraisal, ...]:
        """Appraise the usable bids of one round, in roster order.

        Ratings that failed, or that leave out one of the bids, drop out as a whole, and the
        other jurors take over their weight.
        """
        bids = sorted((bid for bid in bids if bid.error is None), key=self._place)
        if not bids:
            return ()
        columns = self._columns(bids, ratings)
        totals = [sum(term.contribution for term in row[1:]) for row in columns]
        return tuple(
            Appraisal(
                agent=bid.agent,
                round=bid.round,
                cost=row[0].contribution,
                value=value,
                score=row[0].contribution - value,
                terms=row,
            )
            for bid, row, value in zip(bids, columns, totals, strict=True)
        )

    def winner(self, appraisals: Sequence[Appraisal]) -> Appraisal:
        """The lowest score; ties go to the lower price, then to the roster's order."""
        ordered = sorted(appraisals, key=self._place)
        scores = np.array([entry.score for entry in ordered])
        prices = np.array([self._price(entry.agent) for entry in ordered])
        return ordered[appraisal.winner(scores, prices)]

    def cheaper(self, agent: str) -> tuple[str, ...]:
        """The agents strictly cheaper than this one, who may refine their plans."""
        limit = self._price(agent)
        return tuple(spec.name for spec in self.roster if self._price(spec.name) < limit)

    def award(self, first: Sequence[Appraisal], refined: Sequence[Appraisal]) -> Award:
        """Award to the provisional winner, unless a refined bid scores strictly below it."""
        provisional = self.winner(first)
        final = provisional
        if refined and (best := self.winner(refined)).score < provisional.score:
            final = best
        return Award(
            agent=final.agent,
            round=final.round,
            score=final.score,
            provisional=provisional.agent,
        )

    def _columns(self, bids: Sequence[Bid], ratings: Sequence[Ratings]) -> list[tuple[Term, ...]]:
        """One row of terms a bid: cost, entropy, then a rating for each juror present."""
        weights, names = self.weights, [bid.agent for bid in bids]
        ballots = {entry.juror: entry for entry in ratings if self._complete(entry, names)}
        jurors = [name for name in weights.jurors if name in ballots]
        marks = np.array([[ballots[j].by_agent[name] for j in jurors] for name in names])
        present = np.array([name in ballots for name in weights.jurors], dtype=bool)
        shares = appraisal.jury_weights(np.array(list(weights.jurors.values())), present)[present]
        cost = appraisal.plan_cost(
            np.array([self._price(name) for name in names]),
            np.array([bid.tokens for bid in bids], dtype=float),
        )
        raw = np.array([np.nan if bid.entropy is None else bid.entropy for bid in bids])
        entropy = appraisal.neutral(raw)
        return [
            (
                _term("cost", cost[row], weights.cost, weights.cost_scale),
                _term("entropy", entropy[row], _drop(weights.entropy, raw), weights.entropy_scale),
                *(
                    _term(f"rating:{juror}", mark, share, weights.rating_scale)
                    for juror, mark, share in zip(jurors, marks[row], shares, strict=True)
                ),
            )
            for row in range(len(bids))
        ]

    @staticmethod
    def _complete(entry: Ratings, names: Sequence[str]) -> bool:
        return entry.error is None and all(name in entry.by_agent for name in names)

    def _price(self, agent: str) -> float:
        price = next(spec.price for spec in self.roster if spec.name == agent)
        return float("nan") if price is None else price.output

    def _place(self, entry: Bid | Appraisal) -> int:
        return next(i for i, spec in enumerate(self.roster) if spec.name == entry.agent)


def _term(name: str, feature: float, weight: float, scale: float) -> Term:
    return Term(name, float(feature), float(weight), float(weight * feature / scale))


def _drop(weight: float, raw: Vector) -> float:
    """An entropy nobody measured has no weight, and is shown so."""
    return 0.0 if np.isnan(raw).all() else weight
