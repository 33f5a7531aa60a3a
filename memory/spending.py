"""What awards have cost: dollars of the work, and of the plans that won it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from sale.memory.tables import AuctionRow, BidRow, CallRow, OutcomeRow
from sale.types import MILLION, AgentSpec, Kind, Spent, Stage


def read_spending(session: Session, kind: Kind, roster: Sequence[AgentSpec]) -> Mapping[str, Spent]:
    """Sum up the work of each agent on one kind of task; its plans count at its price of today.

    Work whose dollars aren't known is left out, and so is an agent without a price.
    """
    prices = {spec.name: spec.price.output / MILLION for spec in roster if spec.price}
    rows = session.execute(spending_query(kind, list(prices))).all()
    return {row.agent: Spent(row.awards, row.usd, row.tokens * prices[row.agent]) for row in rows}


def spending_query(kind: Kind, agents: Sequence[str]) -> Select[tuple[str, int, float, int]]:
    """Build the query: (agent, awards, dollars, plan tokens)."""
    work = (
        select(
            OutcomeRow.agent,
            BidRow.tokens,
            func.sum(CallRow.usd).label("usd"),
        )
        .join(AuctionRow, AuctionRow.id == OutcomeRow.auction_id)
        .join(
            BidRow,
            and_(
                BidRow.auction_id == OutcomeRow.auction_id,
                BidRow.agent == OutcomeRow.agent,
                BidRow.round == OutcomeRow.round,
            ),
        )
        .join(
            CallRow,
            and_(
                CallRow.auction_id == OutcomeRow.auction_id,
                CallRow.agent == OutcomeRow.agent,
                CallRow.stage == Stage.EXECUTE,
            ),
        )
        .where(AuctionRow.kind == kind, OutcomeRow.agent.in_(agents))
        .group_by(OutcomeRow.id, OutcomeRow.agent, BidRow.tokens)
        .having(func.count() == func.count(CallRow.usd))
        .subquery()
    )
    return select(
        work.c.agent,
        func.count().label("awards"),
        func.sum(work.c.usd).label("usd"),
        func.sum(work.c.tokens).label("tokens"),
    ).group_by(work.c.agent)
