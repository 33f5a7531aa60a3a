"""What came of earlier work: outcomes, what they cost, and how near their tasks are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Row, bindparam, case, func, select
from sqlalchemy.orm import Session

from sale.memory.lessons import SOME
from sale.memory.recall_tables import EmbeddingRow
from sale.memory.tables import AuctionRow, CallRow, OutcomeRow, TaskRow
from sale.memory.vectors import without_vector
from sale.types import Kind, Precedent, Stage, State, Task, Verdict

NEWEST = 256
"""Auctions of the kind that are looked at, the newest ones."""
NEAREST = 128
"""Texts that are looked at besides, wherever in time their auctions are."""

_Outcome = Row[str, str, Verdict, bool, str]
_ENDED = AuctionRow.state == State.FINISHED
ANY_WORK = select(AuctionRow.id).where(AuctionRow.kind == bindparam("kind"), _ENDED).limit(1)
"""Finds an auction of a kind that has ended, if there is any."""
_OUTCOMES = (
    select(
        OutcomeRow.auction_id,
        OutcomeRow.agent,
        OutcomeRow.verified,
        OutcomeRow.answer.is_(None).label("is_empty"),
        TaskRow.text_hash,
    )
    .join(AuctionRow, AuctionRow.id == OutcomeRow.auction_id)
    .join(TaskRow, TaskRow.id == AuctionRow.task_id)
    .where(AuctionRow.id.in_(SOME))
    .order_by(AuctionRow.started, AuctionRow.id, OutcomeRow.position)
)
_DOLLARS = (
    select(
        CallRow.auction_id,
        CallRow.agent,
        case((func.count() == func.count(CallRow.usd), func.sum(CallRow.usd))).label("usd"),
    )
    .where(CallRow.auction_id.in_(SOME), CallRow.stage == Stage.EXECUTE)
    .group_by(CallRow.auction_id, CallRow.agent)
)


def read_precedents(session: Session, task: Task, near: Mapping[str, float]) -> list[Precedent]:
    """Read the work of the newest auctions of a kind, and of those on the texts in `near`.

    `near` has the cosine of some texts, by hash; what isn't there counts as unlike.
    """
    some = {"some": _auctions(session, task.kind, list(near))}
    usd = {(row.auction_id, row.agent): row.usd for row in session.execute(_DOLLARS, some)}
    by_auction: dict[str, list[_Outcome]] = defaultdict(list)
    for row in session.execute(_OUTCOMES, some):
        by_auction[row.auction_id].append(row)
    return [
        Precedent(
            row.agent,
            near.get(row.text_hash, 0.0),
            _solved(row.verified, is_empty=row.is_empty),
            failures,
            usd.get((auction, row.agent)),
        )
        for auction, rows in by_auction.items()
        for failures, row in enumerate(_as_worked(rows))
    ]


def new_texts(session: Session, kind: Kind, *, model: str) -> list[str]:
    """Find the texts of the newest auctions of a kind that have no vector yet, by hash."""
    newest = select(AuctionRow.task_id).where(AuctionRow.id.in_(_auctions(session, kind, [])))
    missing = without_vector(model).where(TaskRow.id.in_(newest))
    return [row.text_hash for row in session.execute(missing)]


def near_texts(
    session: Session, kind: Kind, model: str, numbers: Sequence[int]
) -> tuple[list[str], list[bytes]]:
    """Read the vectors of some numbers, and of the newest auctions' texts, each with its hash."""
    newest = (
        select(TaskRow.text_hash)
        .join(AuctionRow, AuctionRow.task_id == TaskRow.id)
        .where(AuctionRow.id.in_(_auctions(session, kind, [])))
    )
    wanted = EmbeddingRow.number.in_(numbers) | EmbeddingRow.text_hash.in_(newest)
    rows = session.execute(
        select(EmbeddingRow.text_hash, EmbeddingRow.vector).where(
            EmbeddingRow.model == model, wanted
        )
    ).all()
    return [row.text_hash for row in rows], [row.vector for row in rows]


def _auctions(session: Session, kind: Kind, texts: Sequence[str]) -> list[str]:
    newest = (
        select(AuctionRow.id)
        .where(AuctionRow.kind == kind, _ENDED)
        .order_by(AuctionRow.started.desc())
        .limit(NEWEST)
    )
    near = (
        select(AuctionRow.id)
        .join(TaskRow, TaskRow.id == AuctionRow.task_id)
        .where(AuctionRow.kind == kind, _ENDED, TaskRow.text_hash.in_(texts))
        .order_by(AuctionRow.started.desc())
        .limit(NEWEST)
    )
    found = [*session.scalars(newest), *(session.scalars(near) if texts else ())]
    return list(dict.fromkeys(found))


def _solved(verified: Verdict, *, is_empty: bool) -> bool | None:
    """No answer is a failure; an answer that nothing was said of may be anything."""
    if is_empty:
        return False
    return None if verified is Verdict.NONE else verified is Verdict.PASSED


def _as_worked(
    rows: Sequence[_Outcome],
) -> Iterator[_Outcome]:
    """Outcomes in the order of the work; the kept one, which is first on record, ended it if good.

    Of failures alone the first is kept, so they are in order as they are.
    """
    kept, *others = rows
    is_bad = _solved(kept.verified, is_empty=kept.is_empty) is False
    yield from rows if is_bad else (*others, kept)
