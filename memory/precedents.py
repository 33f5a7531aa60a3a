"""What came of earlier work: outcomes, what they cost, and how near their tasks are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.orm import Session

from sale.memory.lessons import SOME
from sale.memory.recall_tables import EmbeddingRow
from sale.memory.tables import (
    AuctionRow,
    BidRow,
    CallRow,
    JurorRow,
    OutcomeRow,
    RatingRow,
    TaskRow,
    UsageRow,
)
from sale.memory.vectors import without_vector
from sale.types import Experience, Kind, Precedent, Signs, Stage, State, Verdict

NEWEST = 256
"""Auctions of the kind that are looked at, the newest ones."""
NEAREST = 128
"""Texts that are looked at besides, wherever in time their auctions are."""

_Outcome = Row[str, str, Verdict, bool, str, float | None, str | None]
_ENDED = AuctionRow.state == State.FINISHED
OUTCOMES = (
    select(
        OutcomeRow.auction_id,
        OutcomeRow.agent,
        OutcomeRow.verified,
        OutcomeRow.answer.is_(None).label("is_empty"),
        TaskRow.text_hash,
        OutcomeRow.grade,
        OutcomeRow.planner,
    )
    .join(AuctionRow, AuctionRow.id == OutcomeRow.auction_id)
    .join(TaskRow, TaskRow.id == AuctionRow.task_id)
    .where(AuctionRow.id.in_(SOME))
    .order_by(AuctionRow.started, AuctionRow.id, OutcomeRow.position)
)
TOKENS = ("prompt_tokens", "cached_tokens", "completion_tokens")
USED = (
    select(
        CallRow.auction_id,
        CallRow.agent,
        *(func.sum(getattr(CallRow, name)).label(name) for name in TOKENS),
        case((func.count() == func.count(CallRow.usd), func.sum(CallRow.usd))).label("usd"),
    )
    .where(CallRow.auction_id.in_(SOME), CallRow.stage == Stage.EXECUTE)
    .group_by(CallRow.auction_id, CallRow.agent)
)
"""What each agent's work in some auctions used; no dollars where those of a call are unknown."""
_SIGNS = select(
    BidRow.auction_id,
    BidRow.agent,
    BidRow.tokens,
    BidRow.entropy,
    select(func.avg(RatingRow.rating))
    .join(JurorRow, JurorRow.id == RatingRow.juror_id)
    .where(
        JurorRow.auction_id == BidRow.auction_id,
        JurorRow.round == BidRow.round,
        RatingRow.agent == BidRow.agent,
    )
    .scalar_subquery()
    .label("rating"),
).where(BidRow.auction_id.in_(SOME), BidRow.round == 1, BidRow.error.is_(None))
_PLANS = (
    select(BidRow.agent, (func.sum(CallRow.usd) / func.count(BidRow.id.distinct())).label("usd"))
    .join(CallRow, CallRow.bid_id == BidRow.id)
    .where(BidRow.auction_id.in_(SOME), BidRow.round == 1, BidRow.error.is_(None))
    .group_by(BidRow.agent)
    .having(func.count() == func.count(CallRow.usd))
)
"""What a first plan of each agent has cost; none of whom the dollars of a call are unknown."""
_RATINGS = select(func.avg(UsageRow.usd)).where(
    UsageRow.auction_id.in_(SOME), UsageRow.stage == Stage.RATE, UsageRow.usd.is_not(None)
)


def read_experience(
    session: Session, newest: Sequence[str], kind: Kind, near: Mapping[str, float]
) -> Experience:
    """Read the work of the `newest` auctions of a kind, and of those on the texts in `near`.

    `near` has the cosine of some texts, by hash; what isn't there counts as unlike.
    """
    ids = dict.fromkeys([*newest, *_on_texts(session, kind, list(near))])
    some = {"some": list(ids)}
    usd = {(row.auction_id, row.agent): row.usd for row in session.execute(USED, some)}
    signs = {
        (row.auction_id, row.agent): Signs(row.tokens, row.entropy, row.rating)
        for row in session.execute(_SIGNS, some)
    }
    by_auction: dict[str, list[_Outcome]] = defaultdict(list)
    for row in session.execute(OUTCOMES, some):
        by_auction[row.auction_id].append(row)
    works = [
        precedent
        for auction, rows in by_auction.items()
        for precedent in _works_of(auction, list(as_worked(rows)), near, usd, signs)
    ]
    plan_usd = {row.agent: row.usd for row in session.execute(_PLANS, some)}
    return Experience(tuple(works), plan_usd, session.scalar(_RATINGS, some))


def _works_of(
    auction: str,
    rows: Sequence[_Outcome],
    near: Mapping[str, float],
    usd: Mapping[tuple[str, str], float | None],
    signs: Mapping[tuple[str, str], Signs],
) -> Iterator[Precedent]:
    """The works of one auction, in order; what an agent used is spread over its works evenly."""
    names = [row.agent for row in rows]
    for at, row in enumerate(rows):
        spent, before = usd.get((auction, row.agent)), names[:at]
        yield Precedent(
            row.agent,
            near.get(row.text_hash, 0.0),
            _solved(row.verified, is_empty=row.is_empty),
            len(set(before) - {row.agent}),
            None if spent is None else spent / names.count(row.agent),
            before.count(row.agent),
            signs.get((auction, row.agent), Signs()),
            row.planner,
        )


def new_texts(session: Session, newest: Sequence[str], *, model: str) -> list[str]:
    """Find the texts of some auctions that have no vector yet, by hash."""
    tasks = select(AuctionRow.task_id).where(AuctionRow.id.in_(newest))
    missing = without_vector(model).where(TaskRow.id.in_(tasks))
    return [row.text_hash for row in session.execute(missing)]


def near_texts(
    session: Session, newest: Sequence[str], model: str, numbers: Sequence[int]
) -> tuple[list[str], list[bytes]]:
    """Read the vectors of some numbers, and of some auctions' texts, each with its hash."""
    texts = (
        select(TaskRow.text_hash)
        .join(AuctionRow, AuctionRow.task_id == TaskRow.id)
        .where(AuctionRow.id.in_(newest))
    )
    wanted = EmbeddingRow.number.in_(numbers) | EmbeddingRow.text_hash.in_(texts)
    rows = session.execute(
        select(EmbeddingRow.text_hash, EmbeddingRow.vector).where(
            EmbeddingRow.model == model, wanted
        )
    ).all()
    return [row.text_hash for row in rows], [row.vector for row in rows]


def newest_auctions(session: Session, kind: Kind) -> list[str]:
    """Name the newest auctions of a kind that have ended."""
    return list(session.scalars(_ended(kind)))


def _on_texts(session: Session, kind: Kind, texts: Sequence[str]) -> list[str]:
    if not texts:
        return []
    of_tasks = _ended(kind).join(TaskRow, TaskRow.id == AuctionRow.task_id)
    return list(session.scalars(of_tasks.where(TaskRow.text_hash.in_(texts))))


def _ended(kind: Kind) -> Select[str]:
    return (
        select(AuctionRow.id)
        .where(AuctionRow.kind == kind, _ENDED)
        .order_by(AuctionRow.started.desc())
        .limit(NEWEST)
    )


def _solved(verified: Verdict, *, is_empty: bool) -> bool | None:
    """No answer is a failure; an answer that nothing was said of may be anything."""
    if is_empty:
        return False
    return None if verified is Verdict.NONE else verified is Verdict.PASSED


def as_worked(rows: Sequence[Any]) -> Iterator[Any]:
    """Give outcomes in the order of the work; the kept one, first on record, ended it if good.

    Of failures alone the first is kept, so they are in order as they are.
    """
    kept, *others = rows
    is_bad = _solved(kept.verified, is_empty=kept.is_empty) is False
    yield from rows if is_bad else (*others, kept)
