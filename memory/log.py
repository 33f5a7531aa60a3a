"""What has been auctioned, newest first: the rows of `sale log`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from sale.memory.award_tables import AwardRow
from sale.memory.filters import narrowed
from sale.memory.tables import (
    KEPT_OUTCOME,
    AuctionRow,
    BidRow,
    OutcomeRow,
    TaskRow,
    UsageRow,
)
from sale.types import Kind, State, StopReason, Verdict


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One auction in one line; what it has not come to is None."""

    id: str
    kind: Kind
    suite: str | None
    text: str
    state: State
    started: float
    """Seconds since the epoch."""
    wall_s: float | None
    winner: str | None
    verified: Verdict | None
    stop_reason: StopReason | None
    usd: float | None
    """None: a price is unknown, or nothing is recorded yet."""
    feedback: bool | None = None
    """Whether the user said that the answer is right."""


def log_entries(
    session: Session,
    *,
    agent: str | None,
    kind: Kind | None,
    suite: str | None,
    since: float | None,
    run: str | None,
    limit: int,
) -> list[LogEntry]:
    """List auctions, newest first; `agent` keeps those in which it made a bid."""
    query = log_query(agent=agent, kind=kind, suite=suite, since=since, run=run).limit(limit)
    return [LogEntry(*row) for row in session.execute(query).all()]


def log_query(
    *,
    agent: str | None,
    kind: Kind | None,
    suite: str | None,
    since: float | None,
    run: str | None,
) -> Select[*tuple[Any, ...]]:
    """Build the one query behind the log; each filter has an index."""
    # sum() passes over unknown prices, and an unknown amount must not look like a small one.
    # What has ended without a use on record has used nothing.
    nothing = case((AuctionRow.state.in_((State.FINISHED, State.FAILED)), 0.0))
    total = func.coalesce(func.sum(UsageRow.usd), nothing)
    dollars = (
        select(case((func.count() == func.count(UsageRow.usd), total)))
        .where(UsageRow.auction_id == AuctionRow.id)
        .correlate(AuctionRow)
        .scalar_subquery()
    )
    query = (
        select(
            AuctionRow.id,
            AuctionRow.kind,
            AuctionRow.suite,
            TaskRow.text,
            AuctionRow.state,
            AuctionRow.started,
            AuctionRow.ended - AuctionRow.started,
            AwardRow.agent,
            OutcomeRow.verified,
            OutcomeRow.stop_reason,
            dollars,
            OutcomeRow.feedback,
        )
        .join(TaskRow, TaskRow.id == AuctionRow.task_id)
        .outerjoin(AwardRow, AwardRow.auction_id == AuctionRow.id)
        .outerjoin(OutcomeRow, KEPT_OUTCOME)
    )
    query = narrowed(query, kind=kind, suite=suite, since=since, run=run)
    if agent is not None:
        return _of_agent(query, agent)
    return query.order_by(AuctionRow.started.desc(), AuctionRow.id.desc())


def _of_agent(query: Select[*tuple[Any, ...]], agent: str) -> Select[*tuple[Any, ...]]:
    """Go along the agent's own bids, newest first: neither a busy nor a rare one is slow."""
    other = aliased(BidRow)
    earlier = exists().where(
        other.auction_id == BidRow.auction_id,
        other.agent == agent,
        other.position < BidRow.position,
    )
    return (
        query.join(BidRow, BidRow.auction_id == AuctionRow.id)
        .where(BidRow.agent == agent, ~earlier)
        .order_by(BidRow.started.desc(), BidRow.auction_id.desc())
    )
