"""Which pair of plans an auction teaches each of its bidders: one that lost and the one that won.

The won plan is the one that was awarded. What counts against it is what was seen of its execution.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from sale.memory.columns import clean
from sale.memory.privacy import is_redacted
from sale.memory.rows import text_hash
from sale.types import Auction, Award, Bid, Outcome, State, StopReason, Verdict

PASSED, FAILED = 0, 2
_RANKS = {Verdict.PASSED: PASSED, Verdict.NONE: 1, Verdict.FAILED: FAILED}


def lessons_of(auction: Auction) -> Iterator[dict[str, Any]]:
    """Give the rows of what an auction teaches, at most one for each agent that made a plan.

    There are none where it didn't finish, nothing lost, or no text of it is kept; and none for an
    agent whose pair would be twice the same plan.
    """
    award, outcome = auction.award, auction.outcome
    if auction.state is not State.FINISHED or award is None or outcome is None:
        return
    task = auction.task
    if is_redacted(task.text):
        return
    for agent, (lost, won) in _pairs(auction, award).items():
        yield {
            "text_hash": text_hash(task.text),
            "agent": clean(agent),
            "auction_id": auction.id,
            "kind": task.kind,
            "rank": rank_of(outcome),
            "started": auction.started,
            "lost": lost,
            "won": won,
        }


def rank_of(outcome: Outcome) -> int:
    """Give 0 for a plan that passed its checks, 1 for an unchecked one, 2 for one that failed.

    What the user said of the answer counts more than its checks.
    """
    if outcome.feedback is not None:
        return PASSED if outcome.feedback else FAILED
    return FAILED if outcome.stop_reason is StopReason.CRASHED else _RANKS[outcome.verified]


def _pairs(auction: Auction, award: Award) -> dict[str, tuple[int, int]]:
    """Places of the lost and the won plan by agent: its own last one, or the worst of others."""
    plans = {place: bid for place, bid in enumerate(auction.bids) if bid.plan}
    winning = award.agent, award.round
    won = next((place for place, bid in plans.items() if _key(bid) == winning), None)
    rivals = [place for place, bid in plans.items() if bid.agent != award.agent]
    if won is None or not rivals:
        return {}
    scores = {(one.agent, one.round): one.score for one in auction.appraisals}
    lost = {award.agent: max(rivals, key=lambda p: scores.get(_key(plans[p]), -math.inf))}
    for place in rivals:
        agent = plans[place].agent
        if agent not in lost or plans[place].round > plans[lost[agent]].round:
            lost[agent] = place
    return {
        agent: (place, won) for agent, place in lost.items() if plans[place].plan != plans[won].plan
    }


def _key(bid: Bid) -> tuple[str, int]:
    return bid.agent, bid.round
