"""Ended auctions in short, with the vectors of their tasks: what can be decided anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from sale.memory.award_tables import AwardRow
from sale.memory.filters import narrowed
from sale.memory.lessons import SOME
from sale.memory.precedents import OUTCOMES, TOKENS, USED, as_worked
from sale.memory.recall_tables import EmbeddingRow
from sale.memory.tables import AuctionRow, TaskRow, UsageRow
from sale.types import Kind, PastAuction, PastWork, Stage, State, Verdict

_AUCTIONS = (
    select(
        AuctionRow.id,
        AuctionRow.kind,
        TaskRow.text_hash,
        AwardRow.propensity,
        select(case((func.count() == func.count(UsageRow.usd), func.sum(UsageRow.usd))))
        .where(UsageRow.auction_id == AuctionRow.id)
        .where(UsageRow.stage.not_in([Stage.EXECUTE, Stage.VERIFY]))
        .scalar_subquery()
        .label("asked_usd"),
        select(func.count())
        .where(UsageRow.auction_id == AuctionRow.id)
        .where(UsageRow.stage.not_in([Stage.EXECUTE, Stage.VERIFY]))
        .scalar_subquery()
        .label("stages"),
    )
    .join(TaskRow, TaskRow.id == AuctionRow.task_id)
    .join(AwardRow, AwardRow.auction_id == AuctionRow.id)
    .where(AuctionRow.id.in_(SOME))
    .order_by(AuctionRow.started, AuctionRow.id)
)


def read_past(
    session: Session, kind: Kind, *, suite: str | None, since: float | None, last: int
) -> tuple[list[PastAuction], list[str]]:
    """Read the last auctions of a kind that were awarded, oldest first, and their texts' hashes.

    What an agent used in an auction is spread over its works there evenly.
    """
    some = {"some": list(session.scalars(_last(kind, suite, since, last)))}
    used = {(row.auction_id, row.agent): row for row in session.execute(USED, some)}
    outcomes: dict[str, list[Any]] = defaultdict(list)
    for row in session.execute(OUTCOMES, some):
        outcomes[row.auction_id].append(row)
    rows = [row for row in session.execute(_AUCTIONS, some) if outcomes[row.id]]
    past = [
        PastAuction(
            row.id,
            row.kind,
            tuple(_works(list(as_worked(outcomes[row.id])), used)),
            row.propensity,
            row.asked_usd if row.stages else 0.0,
        )
        for row in rows
    ]
    return past, [row.text_hash for row in rows]


def read_vectors(session: Session, hashes: Sequence[str], model: str) -> dict[str, bytes]:
    """Read the vectors that a model gave to some texts, by hash."""
    query = select(EmbeddingRow.text_hash, EmbeddingRow.vector).where(
        EmbeddingRow.model == model, EmbeddingRow.text_hash.in_(SOME)
    )
    return dict(session.execute(query, {"some": list(dict.fromkeys(hashes))}).all())


def _last(kind: Kind, suite: str | None, since: float | None, last: int) -> Select[str]:
    ended = select(AuctionRow.id).where(AuctionRow.state == State.FINISHED)
    query = narrowed(ended, kind=kind, suite=suite, since=since)
    return query.order_by(AuctionRow.started.desc()).limit(last)


def _works(rows: Sequence[Any], used: Mapping[tuple[str, str], Any]) -> list[PastWork]:
    names = [row.agent for row in rows]
    works = []
    for row in rows:
        share, bill = names.count(row.agent), used.get((row.auction_id, row.agent))
        tokens = {one: 0 if bill is None else getattr(bill, one) // share for one in TOKENS}
        usd = None if bill is None or bill.usd is None else bill.usd / share
        verified = Verdict.FAILED if row.is_empty else row.verified
        works.append(
            PastWork(
                row.agent,
                verified,
                row.grade,
                **tokens,
                usd=usd,
                planner=row.planner,
                feedback=row.feedback,
            )
        )
    return works
