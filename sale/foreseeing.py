"""Awards by what came of earlier work: plans and ratings are bought where they pay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from sale.auction.foresight import Foresight
from sale.auction.outcomes import SIGNS
from sale.auction.outlook import Foreseen, Outlook
from sale.bidding import Bidding
from sale.draft import Draft
from sale.errors import BudgetError, NoBidsError, StoreError, WorthlessError
from sale.seams import Memory
from sale.types import Auction, Award, Offer, Signs, Stage, StopReason, Task
from sale.working import Done, Following

Checkable = Callable[[Task], bool]
"""Whether a wrong answer to a task can be seen to be wrong; told before anybody works."""

OF_PLANS, OF_RATINGS = SIGNS[:2], SIGNS[2:]
"""What is seen once plans are there, and once they are rated."""

Asked = Mapping[Stage, float]
"""Dollars that the stages before an award have cost, on the average."""


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
        outlook = self._informed(draft, look(), known.asked)
        rng = np.random.default_rng(draft.auction.seed) if explores else None
        found = outlook.foreseen(rng, self.foresight.explore)
        draft.update("appraised from memory", appraisals=found.appraisals)
        if found.award is None:
            raise WorthlessError(_worthless(found))
        return found.award, partial(_following, draft, look)

    def _informed(self, draft: Draft, outlook: Outlook, asked: Asked) -> Outlook:
        """Buy plans, and then ratings, as long as they are worth more than they cost."""
        try:
            if self._buys_plans(draft, outlook, asked):
                self.bidding.solicit(draft)
                outlook = _with_plans(outlook, draft.auction)
                if self._buys_ratings(draft, outlook, asked):
                    self.bidding.rate(draft, round=1)
                    outlook = _with_plans(outlook, draft.auction)
        except (BudgetError, NoBidsError) as error:  # what is known will have to do
            draft.update(f"awarded by what is known: {error}")
        return outlook

    def _buys_plans(self, draft: Draft, outlook: Outlook, asked: Asked) -> bool:
        """Whether plans pay, by themselves or as something to rate."""
        if Stage.BID not in asked:
            return False
        choices = [(outlook.gain(OF_PLANS), asked[Stage.BID])]
        if self._can_rate(asked):
            choices.append((outlook.gain(SIGNS), asked[Stage.BID] + asked[Stage.RATE]))
        gain, usd = max(choices, key=lambda one: one[0] - one[1])
        return _offered(draft, Stage.BID, gain, usd)

    def _buys_ratings(self, draft: Draft, outlook: Outlook, asked: Asked) -> bool:
        if not self._can_rate(asked):
            return False
        return _offered(draft, Stage.RATE, outlook.gain(OF_RATINGS), asked[Stage.RATE])

    def _can_rate(self, asked: Asked) -> bool:
        return bool(self.bidding.auctioneer.jury) and Stage.RATE in asked


def _offered(draft: Draft, stage: Stage, gain: float, usd: float) -> bool:
    """Note an offer, and take it where it pays."""
    offer = Offer(stage, gain, usd, bought=gain > usd)
    doing = f"the {stage} stage {'is worth its price' if offer.bought else 'would not pay'}"
    draft.update(doing, offers=(*draft.auction.offers, offer))
    return offer.bought


def _following(draft: Draft, look: Callable[..., Outlook], done: Done) -> Award | None:
    """Who takes over after some failures, which are evidence, too; a crash is the last word."""
    failed = [award.agent for award, _ in done]
    gone = [
        award.agent
        for award, outcome in done
        if outcome is None or outcome.stop_reason is StopReason.CRASHED
    ]
    return _with_plans(look(failed=failed, gone=gone), draft.auction).foreseen().award


def _with_plans(outlook: Outlook, auction: Auction) -> Outlook:
    """What is believed in sight of the plans of an auction, if it has any."""
    rated = [entry for entry in auction.ratings if entry.round == 1 and entry.error is None]
    signs = {}
    for bid in (one for one in auction.bids if one.round == 1 and one.error is None):
        given = [one.by_agent[bid.agent] for one in rated if bid.agent in one.by_agent]
        rating = float(np.mean(given)) if given else None
        signs[bid.agent] = Signs(bid.tokens, bid.entropy, rating)
    return outlook.with_plans(signs) if signs else outlook


def _worthless(found: Foreseen) -> str:
    best = min(found.appraisals, key=lambda one: one.score)
    return (
        f"no agent is worth its price: {best.agent} comes nearest, at ${best.cost:.3g} for an "
        f"answer that is worth ${best.value:.3g}, as it may be wrong; nobody was sent: raise "
        '`value` under [auction], or set `prefer` there to "quality"'
    )
