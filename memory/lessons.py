"""Which past auctions teach an agent something: pairs of a lost and a won plan, most similar first.

The won plan is the one that was awarded. What counts against it is what was seen of its execution:
a plan that failed its checks or crashed is shown only where nothing better is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, and_, exists, select
from sqlalchemy.orm import Session, aliased

from sale.memory.privacy import is_redacted
from sale.memory.tables import (
    KEPT_OUTCOME,
    AppraisalRow,
    AuctionRow,
    AwardRow,
    BidRow,
    EmbeddingRow,
    OutcomeRow,
    TaskRow,
)
from sale.types import Kind, Lesson, State, StopReason, Verdict

POOL = 8
"""Candidates looked at for each lesson asked for, so that dropped duplicates are replaced."""

NEAR = 0.95
"""Two tasks whose cosine is above this teach the same lesson."""

_RANKS = {Verdict.PASSED: 0, Verdict.NONE: 1, Verdict.FAILED: 2}


@dataclass(frozen=True, slots=True)
class Past:
    """A finished auction that a lesson can be drawn from."""

    auction: str
    task: str
    text: str
    text_hash: str
    verified: Verdict
    stop_reason: StopReason
    started: float
    vector: bytes | None
    """None: not embedded yet."""

    @property
    def rank(self) -> int:
        """0 for a plan that passed its checks, 1 for an unchecked one, 2 for one that failed."""
        if self.stop_reason is StopReason.CRASHED:
            return _RANKS[Verdict.FAILED]
        return _RANKS[self.verified]


def past_query(kind: Kind, agent: str, *, model: str) -> Select[*tuple[Any, ...]]:
    """Build the query for all auctions that could teach `agent`, with what is embedded of them."""
    return (
        _teaching(kind, agent)
        .with_only_columns(
            AuctionRow.id,
            AuctionRow.task_id,
            TaskRow.text,
            TaskRow.text_hash,
            OutcomeRow.verified,
            OutcomeRow.stop_reason,
            AuctionRow.started,
            EmbeddingRow.vector,
            maintain_column_froms=True,
        )
        .join(TaskRow, TaskRow.id == AuctionRow.task_id)
        .outerjoin(
            EmbeddingRow,
            and_(EmbeddingRow.text_hash == TaskRow.text_hash, EmbeddingRow.model == model),
        )
    )


def any_query(kind: Kind, agent: str) -> Select[str]:
    """Build the query that finds one such auction, if there is one."""
    return _teaching(kind, agent).limit(1)


def _teaching(kind: Kind, agent: str) -> Select[str]:
    won, rival = aliased(BidRow), aliased(BidRow)
    return (
        select(AuctionRow.id)
        .join(AwardRow, AwardRow.auction_id == AuctionRow.id)
        .join(OutcomeRow, KEPT_OUTCOME)
        .where(
            AuctionRow.kind == kind,
            AuctionRow.state == State.FINISHED,
            AuctionRow.id.in_(
                select(BidRow.auction_id).where(BidRow.agent == agent, BidRow.plan != "")
            ),
            exists().where(
                won.auction_id == AuctionRow.id,
                won.agent == AwardRow.agent,
                won.round == AwardRow.round,
                won.plan != "",
            ),
            exists().where(
                rival.auction_id == AuctionRow.id,
                rival.agent != AwardRow.agent,
                rival.plan != "",
            ),
        )
    )


def best_of_each_task(found: Iterable[Past]) -> list[Past]:
    """Keep one auction a task, the best executed and then the newest; failures only if all are."""
    best: dict[str, Past] = {}
    for past in sorted(found, key=lambda past: (past.rank, -past.started, past.auction)):
        best.setdefault(past.task, past)
    kept = list(best.values())
    return [past for past in kept if past.rank < _RANKS[Verdict.FAILED]] or kept


def nearest(
    query: NDArray[np.float32], tasks: NDArray[np.float32], *, ranks: Sequence[int], k: int
) -> list[tuple[int, float]]:
    """Find the rows of `tasks` nearest to `query`, most similar first, near-duplicates dropped.

    All rows have unit length. Of near-duplicates the one with the lowest rank stays, then the
    most similar one. At most `POOL * k` come back, each with its cosine.
    """
    cosines = np.clip(tasks @ query, -1.0, 1.0)
    pool = np.argsort(-cosines, kind="stable")[: POOL * k]
    kept: list[int] = []
    for row in sorted(pool.tolist(), key=lambda row: (ranks[row], -cosines[row])):
        if not kept or float((tasks[kept] @ tasks[row]).max()) <= NEAR:
            kept.append(row)
    kept.sort(key=lambda row: -cosines[row])
    return [(row, float(cosines[row])) for row in kept]


def plan_pairs(
    session: Session, auctions: Sequence[str], *, agent: str
) -> dict[str, tuple[str, str]]:
    """Read the (lost, won) plans of some auctions, from the view of `agent`."""
    awards = {
        award.auction_id: award
        for award in session.scalars(select(AwardRow).where(AwardRow.auction_id.in_(auctions)))
    }
    bids: dict[str, list[BidRow]] = {auction: [] for auction in auctions}
    plans = select(BidRow).where(BidRow.auction_id.in_(auctions), BidRow.plan != "")
    for bid in session.scalars(plans.order_by(BidRow.position)):
        bids[bid.auction_id].append(bid)
    scores: dict[str, dict[tuple[str, int], float]] = {auction: {} for auction in auctions}
    appraised = select(
        AppraisalRow.auction_id, AppraisalRow.agent, AppraisalRow.round, AppraisalRow.score
    )
    for auction, name, number, score in session.execute(
        appraised.where(AppraisalRow.auction_id.in_(auctions))
    ):
        scores[auction][name, number] = score
    return {
        auction: _pair(award, bids[auction], scores[auction], agent=agent)
        for auction, award in awards.items()
    }


def _pair(
    award: AwardRow,
    bids: Sequence[BidRow],
    scores: Mapping[tuple[str, int], float],
    *,
    agent: str,
) -> tuple[str, str]:
    won = next(bid for bid in bids if (bid.agent, bid.round) == (award.agent, award.round))
    if agent != award.agent:
        own = [bid for bid in bids if bid.agent == agent]
        return max(own, key=lambda bid: bid.round).plan, won.plan
    others = [bid for bid in bids if bid.agent != agent]
    worst = max(others, key=lambda bid: scores.get((bid.agent, bid.round), -np.inf))
    return worst.plan, won.plan


def draw_lessons(
    chosen: Iterable[tuple[Past, float]], pairs: Mapping[str, tuple[str, str]], *, k: int
) -> list[Lesson]:
    """Put lessons together; where lost and won are the same words there is nothing to learn."""
    lessons = []
    seen: set[tuple[str, str]] = set()
    for past, similarity in chosen:
        lost, won = pairs[past.auction]
        if lost == won or (lost, won) in seen or is_redacted(past.text):
            continue
        seen.add((lost, won))
        lessons.append(
            Lesson(
                task=past.text,
                lost=lost,
                won=won,
                similarity=similarity,
                verified=past.verified,
            )
        )
    return lessons[:k]
