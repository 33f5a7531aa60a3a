"""The auctioneer: from bids and ratings to an award, by the weights of a market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from sale.auction import appraisal
from sale.auction.appraisal import Mask, Matrix, Vector
from sale.auction.terms import CostModel, Part
from sale.auction.weights import Scale, Weights, cost_scale
from sale.types import MILLION, AgentSpec, Appraisal, Award, Bid, Kind, Ratings, Spent, Term

NOTHING_SPENT: Mapping[str, Spent] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Auctioneer:
    """Scores bids and names winners; deterministic, with no I/O and no clock."""

    roster: tuple[AgentSpec, ...]
    weights: Weights
    without: frozenset[Part] = frozenset()
    """Parts of the published score that are left out."""
    cost_model: CostModel = CostModel.PLAN

    def bidders(self, kind: Kind) -> list[AgentSpec]:
        """Who may bid on tasks of a kind."""
        return [spec for spec in self.roster if kind in spec.kinds]

    @property
    def jury(self) -> list[AgentSpec]:
        """Who rates."""
        return [spec for spec in self.roster if spec.name in self.weights.jurors]

    def appraise(
        self,
        bids: Sequence[Bid],
        ratings: Sequence[Ratings],
        *,
        spent: Mapping[str, Spent] = NOTHING_SPENT,
    ) -> tuple[Appraisal, ...]:
        """Appraise the usable bids of one round, in roster order.

        Ratings that failed, or that leave out one of the bids, drop out as a whole, and the
        other jurors take over their weight. `spent` is what past awards cost, for the cost
        model `award`.
        """
        place = self._places()
        bids = sorted((bid for bid in bids if bid.error is None), key=lambda b: place[b.agent])
        if not bids:
            return ()
        names = [bid.agent for bid in bids]
        ballots = {entry.juror: entry for entry in ratings if _is_whole(entry, names)}
        jurors = [name for name in self.weights.jurors if name in ballots]
        costs, scale = self._cost(bids, spent)
        entropy = np.array([np.nan if bid.entropy is None else bid.entropy for bid in bids])
        marks = np.array([[ballots[j].by_agent[name] for j in jurors] for name in names])
        marks, counts = appraisal.heard(marks, self._allowed(names, jurors))
        features = np.column_stack([costs, appraisal.neutral(entropy), marks])
        weights = self._weights(jurors, counts, entropy)
        scales = [scale, self.weights.entropy_scale, *map(self.weights.rating_scale, jurors)]
        low, high = np.array([(one.low, one.high) for one in scales]).T
        scores = appraisal.appraise(features, weights, low, high)
        terms = _terms(
            jurors, counts, np.stack([features, weights, scores.contributions], 2), scales
        )
        numbers = zip(
            scores.cost.tolist(), scores.value.tolist(), scores.score.tolist(), strict=True
        )
        return tuple(
            Appraisal(bid.agent, bid.round, cost, value, score, row)
            for bid, row, (cost, value, score) in zip(bids, terms, numbers, strict=True)
        )

    def winner(self, appraisals: Sequence[Appraisal]) -> Appraisal:
        """The lowest score; ties go to the lower price, then to the roster's order."""
        place = self._places()
        ordered = sorted(appraisals, key=lambda entry: place[entry.agent])
        scores = np.array([entry.score for entry in ordered])
        return ordered[appraisal.winner(scores, self._prices([e.agent for e in ordered]))]

    def cheaper(self, agent: str) -> tuple[str, ...]:
        """The agents strictly cheaper than this one, who may refine their plans."""
        names = [spec.name for spec in self.roster]
        prices = self._prices(names)
        limit = prices[names.index(agent)]
        return tuple(name for name, price in zip(names, prices, strict=True) if price < limit)

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

    def following(
        self, appraisals: Sequence[Appraisal], done: Sequence[tuple[Award, object]]
    ) -> Award | None:
        """The next best bid of an agent that has not worked yet."""
        tried = {award.agent for award, _ in done}
        others = [entry for entry in appraisals if entry.agent not in tried]
        if not others:
            return None
        best = self.winner(others)
        return Award(best.agent, best.round, best.score, done[-1][0].provisional)

    def _cost(self, bids: Sequence[Bid], spent: Mapping[str, Spent]) -> tuple[Vector, Scale]:
        """The cost of each bid, and the span that counts as 0..1."""
        names, scale = [bid.agent for bid in bids], self.weights.cost_scale
        prices, tokens = self._prices(names), np.array([bid.tokens for bid in bids], dtype=float)
        if self.without & {Part.PRICE, Part.LENGTH}:
            scale = cost_scale(self.roster, without=self.without)
            prices = np.ones_like(prices) if Part.PRICE in self.without else prices
            tokens = np.ones_like(tokens) if Part.LENGTH in self.without else tokens
        cost = appraisal.plan_cost(prices, tokens)
        if self.cost_model is CostModel.PLAN:
            return cost, scale
        dollars, plans = (
            np.array([(one.usd * MILLION, one.plan_usd * MILLION) for one in spent.values()])
            .reshape(-1, 2)
            .T
        )
        ratio = appraisal.award_ratio(dollars, plans)
        own = [spent.get(name, Spent(0, 0.0, 0.0)) for name in names]
        awards, past = np.array([(one.awards, one.usd * MILLION) for one in own]).T
        cost = appraisal.award_cost(cost, awards, past, ratio=ratio)
        return cost, Scale(scale.low * ratio, scale.high * ratio)

    def _allowed(self, names: Sequence[str], jurors: Sequence[str]) -> Mask:
        """Which juror may rate which bid; shape (bids, jurors)."""
        own = np.array([[juror == name for juror in jurors] for name in names], dtype=bool)
        own = own.reshape(len(names), len(jurors))
        if Part.PEERS in self.without:
            return own
        return ~own if Part.SELF in self.without else np.ones_like(own)

    def _weights(self, jurors: Sequence[str], counts: Mask, entropy: Vector) -> Matrix:
        """The weight of each term on each bid; shape (bids, 2 + jurors)."""
        weights = self.weights
        left_out = {Part.PRICE, Part.LENGTH} <= self.without
        unmeasured = Part.ENTROPY in self.without or np.isnan(entropy).all()
        shares = np.array([weights.jurors[name] for name in jurors], dtype=float)
        total = sum(map(abs, weights.jurors.values()))
        return np.column_stack(
            [
                np.full(len(entropy), 0.0 if left_out else weights.cost),
                np.full(len(entropy), 0.0 if unmeasured else weights.entropy),
                appraisal.jury_weights(shares, counts, total=total),
            ]
        )

    def _prices(self, names: Sequence[str]) -> Vector:
        known = {spec.name: spec.price.output for spec in self.roster if spec.price}
        return np.array([known.get(name, np.nan) for name in names])

    def _places(self) -> dict[str, int]:
        return {spec.name: place for place, spec in enumerate(self.roster)}


def _is_whole(entry: Ratings, names: Sequence[str]) -> bool:
    return entry.error is None and all(name in entry.by_agent for name in names)


def _terms(
    jurors: Sequence[str], counts: Mask, numbers: NDArray[np.float64], scales: Sequence[Scale]
) -> list[tuple[Term, ...]]:
    """One row of terms a bid: cost, entropy, then a rating for each juror that counts there.

    `numbers` are features, weights and contributions, shape (n, 2 + m, 3).
    """
    names = ["cost", "entropy", *(f"rating:{juror}" for juror in jurors)]
    shown = np.hstack([np.ones((len(counts), 2), dtype=bool), counts]).tolist()
    return [
        tuple(
            Term(name, feature, weight, contribution, scale.low, scale.high)
            for name, (feature, weight, contribution), scale, counted in zip(
                names, rows, scales, mask, strict=True
            )
            if counted
        )
        for rows, mask in zip(numbers.tolist(), shown, strict=True)
    ]
