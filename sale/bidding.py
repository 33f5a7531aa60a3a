"""The rounds of an auction: agents bid, the jury rates, cheaper ones refine; then the award."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sale.auction.auctioneer import Auctioneer
from sale.auction.terms import Ballot, CostModel
from sale.budget import PlannedCall
from sale.draft import Draft
from sale.errors import BudgetError, ModelError, NoBidsError, StoreError
from sale.rules import Brief, Rules
from sale.seams import Memory, Pool
from sale.types import Appraisal, Award, Bid, Lesson, Spent, Stage, State, Task


@dataclass(frozen=True, slots=True)
class Bidding:
    """Solicits, rates, appraises and refines, with everything billed to a draft."""

    pool: Pool
    memory: Memory
    auctioneer: Auctioneer
    rules: Rules

    def hold(self, draft: Draft) -> tuple[Award, tuple[Appraisal, ...]]:
        """Hold both rounds; returns the award and the appraisals of all usable bids.

        Raises `NoBidsError` and `BudgetError`.
        """
        self.solicit(draft)
        first = self._appraise(draft, round=1)
        refined = self._second_round(draft, first)
        return self.auctioneer.award(first, refined), (*first, *refined)

    def solicit(self, draft: Draft, *, only: str | None = None) -> None:
        """Ask everybody, or one agent `only`, for a first plan.

        Raises `NoBidsError` and `BudgetError`.
        """
        auction, before = draft.auction, len(draft.auction.bids)
        if auction.state is State.ANNOUNCED:
            draft.advance(State.BIDDING)
        task, bidders = auction.task, self.auctioneer.bidders(auction.task.kind)
        asked = [spec for spec in bidders if only in {None, spec.name}]
        draft.afford([PlannedCall(s, [task.text], s.plan_tokens) for s in asked])
        with draft.stage(Stage.BID, f"asking {only} for a plan" if only else "soliciting bids"):
            for bid in self.pool.solicit(task, seed=auction.seed, usd=draft.left(), only=only):
                draft.add_bid(bid)
        made = draft.auction.bids[before:]
        if all(bid.error is not None for bid in made):
            reasons = [f"{bid.agent}: {bid.error}" for bid in made]
            raise NoBidsError(
                f"{only or 'no agent'} could {'not ' if only else ''}bid on this {task.kind} task: "
                f"{'; '.join(reasons) or 'none takes this kind'}; "
                f"look at [[agent]] in the market {self.rules.name}"
            )
        if only is None:  # what is on record of the way so far stays where it is
            self._settle(draft)

    def rate(self, draft: Draft, *, round: int) -> None:
        """Have the jury rate the plans of a round; raises `BudgetError`."""
        plans = {bid.agent: bid.plan for bid in _usable(draft, round)}
        jury = self.auctioneer.jury
        if plans and jury:
            draft.advance(State.BIDDING)
            task, seed = draft.auction.task, draft.auction.seed
            draft.afford(self._planned_ratings(task, plans))
            rated = self.pool.rate(
                task,
                plans,
                round=round,
                seed=seed,
                ballot=self.rules.ballot,
                usd=draft.left(),
            )
            with draft.stage(Stage.RATE, "the jury is rating"):
                for entry in rated:
                    draft.add_ratings(entry)
        self._settle(draft)

    def _settle(self, draft: Draft) -> None:
        """Put in order what came as it was ready."""
        draft.settle([spec.name for spec in self.auctioneer.roster])

    def _appraise(self, draft: Draft, *, round: int) -> tuple[Appraisal, ...]:
        """Have the jury rate the bids of a round, then score them."""
        self.rate(draft, round=round)
        ratings = [entry for entry in draft.auction.ratings if entry.round == round]
        bids = _usable(draft, round)
        appraisals = self.auctioneer.appraise(bids, ratings, spent=self._spent(draft))
        draft.update("appraised", appraisals=(*draft.auction.appraisals, *appraisals))
        return appraisals

    def _planned_ratings(self, task: Task, plans: Mapping[str, str]) -> list[PlannedCall]:
        """The calls of a round's jury; an independent juror makes one for each plan."""
        joint = self.rules.ballot is Ballot.JOINT
        ballots = [list(plans.values())] if joint else [[plan] for plan in plans.values()]
        return [
            PlannedCall(spec, [task.text, *ballot], 16 + 8 * len(ballot))
            for spec in self.auctioneer.jury
            for ballot in ballots
        ]

    def _spent(self, draft: Draft) -> Mapping[str, Spent]:
        """What past awards on this kind of task cost, when the cost model asks."""
        if not self.rules.recall or self.auctioneer.cost_model is CostModel.PLAN:
            return {}
        return self.memory.spent(draft.auction.task.kind, self.auctioneer.roster)

    def _second_round(self, draft: Draft, first: Sequence[Appraisal]) -> tuple[Appraisal, ...]:
        """Agents strictly cheaper than the provisional winner rewrite their plans."""
        briefs = self.briefs(draft, self.auctioneer.winner(first).agent)
        if not briefs:
            return ()
        try:
            self.refine(draft, briefs)
            return self._appraise(draft, round=2)
        except BudgetError as error:
            draft.update(f"no refinement: {error}")
            return ()

    def refine(self, draft: Draft, briefs: Mapping[str, Brief]) -> None:
        """Have some agents rewrite their plans; raises `BudgetError`."""
        task, seed = draft.auction.task, draft.auction.seed
        refining = [spec for spec in self.auctioneer.roster if spec.name in briefs]
        texts = {spec.name: [task.text, *briefs[spec.name].texts] for spec in refining}
        draft.afford([PlannedCall(s, texts[s.name], s.plan_tokens) for s in refining])
        draft.advance(State.BIDDING)
        with draft.stage(Stage.REFINE, "cheaper agents are refining"):
            for bid in self.pool.refine(task, briefs, seed=seed, usd=draft.left()):
                draft.add_bid(bid)
        self._settle(draft)

    def briefs(self, draft: Draft, provisional: str) -> dict[str, Brief]:
        """What those learn from that may refine: who is cheaper than the provisional winner."""
        if not (self.rules.refine and self.rules.recall and self.rules.lessons):
            return {}
        cheaper = self.auctioneer.cheaper(provisional)
        bids = {bid.agent: bid for bid in draft.auction.bids if bid.error is None}
        briefs = {}
        for agent in (name for name in cheaper if name in bids):
            lessons = self._lessons(draft, agent)
            if lessons:
                briefs[agent] = Brief(bids[agent].plan, tuple(lessons))
        return briefs

    def _lessons(self, draft: Draft, agent: str) -> Sequence[Lesson]:
        try:
            return self.memory.lessons(draft.auction.task, agent=agent, k=self.rules.lessons)
        except (ModelError, StoreError) as error:
            draft.update(f"no lessons: {error}")
            return ()


def _usable(draft: Draft, round: int) -> list[Bid]:
    return [bid for bid in draft.auction.bids if bid.round == round and bid.error is None]
