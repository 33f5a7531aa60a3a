"""Awards by what came of earlier work: plans and ratings are bought where they pay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from sale.auction.design import SIGNS
from sale.auction.foresight import Foresight, Plans
from sale.auction.outlook import Foreseen, Outlook
from sale.bidding import Bidding
from sale.draft import Draft
from sale.errors import BudgetError, NoBidsError, StoreError, WorthlessError
from sale.rules import Brief
from sale.seams import Memory
from sale.types import Auction, Award, Bid, Experience, Offer, Signs, Stage, StopReason, Task
from sale.working import Done, Following

Checkable = Callable[[Task], bool]
"""Whether a wrong answer to a task can be seen to be wrong; told before anybody works."""

OF_PLANS, OF_RATINGS = SIGNS[:2], SIGNS[2:]
"""What is seen once plans are there, and once they are rated."""

Look = Callable[..., Outlook]
"""Forms a belief of the task at hand, given what has failed at it and the plans for it."""


@dataclass(frozen=True, slots=True)
class Foreseeing:
    """Decides what is asked for, who works, and who takes over, by what came of earlier work."""

    memory: Memory
    foresight: Foresight
    checkable: Checkable
    bidding: Bidding

    def award(self, draft: Draft, *, explores: bool) -> tuple[Award, Following] | None:
        """Award from memory; None where it has nothing to go by, and bids are to be asked for.

        Raises `WorthlessError` where nobody is worth its price.
        """
        task = draft.auction.task
        try:
            known = self.memory.experience(task)
        except StoreError as error:
            draft.update(f"no experience: {error}")
            return None
        if not self.foresight.can_tell(task.kind, known.works):
            return None
        checkable = self.checkable(task)
        look = partial(self.foresight.look, task.kind, known.works, checkable=checkable)
        outlook = self._informed(draft, look, known)
        rng = np.random.default_rng(draft.auction.seed) if explores else None
        found = outlook.foreseen(rng, self.foresight.explore)
        draft.update("appraised from memory", appraisals=found.appraisals)
        if found.award is None:
            raise WorthlessError(_worthless(found))
        following = partial(self._following, draft, look, known)
        return self._with_plan(draft, found.award), following

    def _informed(self, draft: Draft, look: Look, known: Experience) -> Outlook:
        """Buy plans, then ratings and refined plans, where they are worth more than they cost."""
        outlook = look(plans=_plans(draft.auction, known))
        try:
            if self._buys_plans(draft, outlook, known):
                self.bidding.solicit(draft)
                outlook = look(plans=_plans(draft.auction, known))
                if self._buys_ratings(draft, outlook, known):
                    self.bidding.rate(draft, round=1)
                    outlook = look(plans=_plans(draft.auction, known))
                if briefs := self._buys_refinement(draft, outlook, known):
                    self.bidding.refine(draft, briefs)
                    outlook = look(plans=_plans(draft.auction, known))
        except (BudgetError, NoBidsError) as error:  # what is known will have to do
            draft.update(f"awarded by what is known: {error}")
        return outlook

    def _buys_plans(self, draft: Draft, outlook: Outlook, known: Experience) -> bool:
        """Whether everybody's plan pays, by itself or as something to rate."""
        if np.isnan(outlook.plans_usd):
            return False
        choices = [(outlook.gain(OF_PLANS), outlook.plans_usd)]
        if self._can_rate and known.ratings_usd is not None:
            choices.append((outlook.gain(SIGNS), outlook.plans_usd + known.ratings_usd))
        gain, usd = max(choices, key=lambda one: one[0] - one[1])
        return _offered(draft, Stage.BID, gain, usd)

    def _buys_ratings(self, draft: Draft, outlook: Outlook, known: Experience) -> bool:
        if not self._can_rate or known.ratings_usd is None:
            return False
        return _offered(draft, Stage.RATE, outlook.gain(OF_RATINGS), known.ratings_usd)

    def _buys_refinement(
        self, draft: Draft, outlook: Outlook, known: Experience
    ) -> Mapping[str, Brief]:
        """What those learn from that rewrite their plans; nothing where that does not pay."""
        award = outlook.foreseen().award
        if award is None or known.refine_usd is None:
            return {}
        briefs = self.bidding.briefs(draft, award.agent)
        gain = outlook.gain_of_new_plans(briefs.keys(), OF_PLANS) if briefs else 0.0
        bought = briefs and _offered(draft, Stage.REFINE, gain, known.refine_usd)
        return briefs if bought else {}

    @property
    def _can_rate(self) -> bool:
        return bool(self.bidding.auctioneer.jury)

    def _following(self, draft: Draft, look: Look, known: Experience, done: Done) -> Award | None:
        """Who takes over after some failures, which are evidence, too; a crash is the last word."""
        gone = [
            award.agent
            for award, outcome in done
            if outcome is None or outcome.stop_reason is StopReason.CRASHED
        ]
        plans = _plans(draft.auction, known, seen=[award.planner for award, _ in done])
        outlook = look(failed=[award.agent for award, _ in done], gone=gone, plans=plans)
        award = outlook.foreseen().award
        return award and self._with_plan(draft, award)

    def _with_plan(self, draft: Draft, award: Award) -> Award:
        """The award, once the plan is there that the work sees; without it if there is none."""
        if award.planner is not None and award.planner not in _usable(draft.auction):
            try:
                self.bidding.solicit(draft, only=award.planner)
            except (BudgetError, NoBidsError) as error:
                draft.update(f"{award.agent} works without a plan: {error}")
                award = replace(award, planner=None)
        plan = _usable(draft.auction).get(award.planner or award.agent)
        return replace(award, round=plan.round if plan and award.round else award.round)


def _offered(draft: Draft, stage: Stage, gain: float, usd: float) -> bool:
    """Note an offer, and take it where it pays."""
    offer = Offer(stage, gain, usd, bought=gain > usd)
    doing = f"the {stage} stage {'is worth its price' if offer.bought else 'would not pay'}"
    draft.update(doing, offers=(*draft.auction.offers, offer))
    return offer.bought


def _plans(auction: Auction, known: Experience, seen: Sequence[str | None] = ()) -> Plans:
    """What is known of plans; of those of an auction what they look like, if it has any."""
    rated = [entry for entry in auction.ratings if entry.error is None]
    here = {}
    for agent, bid in _usable(auction).items():
        of_it = [one.by_agent for one in rated if one.round == bid.round]
        given = [by_agent[agent] for by_agent in of_it if agent in by_agent]
        rating = float(np.mean(given)) if given else None
        here[agent] = Signs(bid.tokens, bid.entropy, rating)
    missing = {bid.agent for bid in auction.bids} - here.keys()
    return Plans(known.plan_usd, here, missing, seen)


def _usable(auction: Auction) -> dict[str, Bid]:
    """The last plan of each agent in an auction."""
    in_order = sorted(auction.bids, key=lambda bid: bid.round)
    return {bid.agent: bid for bid in in_order if bid.error is None}


def _worthless(found: Foreseen) -> str:
    best = min(found.appraisals, key=lambda one: one.score)
    return (
        f"no agent is worth its price: {best.agent} comes nearest, at ${best.cost:.3g} for an "
        f"answer that is worth ${best.value:.3g}, as it may be wrong; nobody was sent: raise "
        '`value` under [auction], or set `prefer` there to "quality"'
    )
