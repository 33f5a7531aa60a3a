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
from sale.memory.trials import read_tried
from sale.memory.vectors import without_vector
from sale.types import Experience, Kind, Precedent, Signs, Stage, State, Tokens, Verdict

NEWEST = 256
"""Auctions of the kind that are looked at, the newest ones."""
NEAREST = 128
"""Texts that are looked at besides, wherever in time their auctions are."""

_Outcome = Row[str, str, Verdict, bool, str, float | None, int, str | None, str | None, bool | None]
_ENDED = AuctionRow.state == State.FINISHED
OUTCOMES = (
    select(
        OutcomeRow.auction_id,
        OutcomeRow.agent,
        OutcomeRow.verified,
        OutcomeRow.answer.is_(None).label("is_empty"),
        TaskRow.text_hash,
        OutcomeRow.grade,
        OutcomeRow.round,
        OutcomeRow.planner,
        OutcomeRow.version,
        OutcomeRow.feedback,
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
    BidRow.round,
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
).where(BidRow.auction_id.in_(SOME), BidRow.error.is_(None))
_PLANS = (
    select(BidRow.agent, (func.sum(CallRow.usd) / func.count(BidRow.id.distinct())).label("usd"))
    .join(CallRow, CallRow.bid_id == BidRow.id)
    .where(BidRow.auction_id.in_(SOME), BidRow.round == 1, BidRow.error.is_(None))
    .group_by(BidRow.agent)
    .having(func.count() == func.count(CallRow.usd))
)
"""What a first plan of each agent has cost; none of whom the dollars of a call are unknown."""
_STAGES = (
    select(UsageRow.stage, func.avg(UsageRow.usd).label("usd"))
    .where(UsageRow.auction_id.in_(SOME), UsageRow.usd.is_not(None))
    .group_by(UsageRow.stage)
)
"""What a stage has cost, in those auctions that had it."""


def read_experience(
    session: Session,
    newest: Sequence[str],
    tried: Sequence[str],
    kind: Kind,
    near: Mapping[str, float],
) -> Experience:
    """Read the work of the `newest` auctions of a kind, and of those on the texts in `near`.

    Also the trials on those tasks that were `tried`, and on these texts.

    `near` has the cosine of some texts, by hash; what isn't there counts as unlike.
    """
    ids = dict.fromkeys([*newest, *_on_texts(session, kind, list(near))])
    some = {"some": list(ids)}
    used = {(row.auction_id, row.agent): row for row in session.execute(USED, some)}
    signs = {
        (row.auction_id, row.agent, row.round): Signs(row.tokens, row.entropy, row.rating)
        for row in session.execute(_SIGNS, some)
    }
    by_auction: dict[str, list[_Outcome]] = defaultdict(list)
    for row in session.execute(OUTCOMES, some):
        by_auction[row.auction_id].append(row)
    works = [
        precedent
        for auction, rows in by_auction.items()
        for precedent in _works_of(auction, list(as_worked(rows)), near, used, signs)
    ]
    works += read_tried(session, tried, kind, near)
    plan_usd = {row.agent: row.usd for row in session.execute(_PLANS, some)}
    stages = {row.stage: row.usd for row in session.execute(_STAGES, some)}
    return Experience(tuple(works), plan_usd, stages.get(Stage.RATE), stages.get(Stage.REFINE))


def _works_of(
    auction: str,
    rows: Sequence[_Outcome],
    near: Mapping[str, float],
    used: Mapping[tuple[str, str], Any],
    signs: Mapping[tuple[str, str, int], Signs],
) -> Iterator[Precedent]:
    """The works of one auction, in order; what an agent used is spread over its works evenly."""
    names = tuple(row.agent for row in rows)
    for at, row in enumerate(rows):
        bill, works = used.get((auction, row.agent)), names.count(row.agent)
        tokens = bill and Tokens(*(getattr(bill, name) / works for name in TOKENS))
        yield Precedent(
            row.agent,
            near.get(row.text_hash, 0.0),
            _solved(row),
            names[:at],
            None if bill is None or bill.usd is None else bill.usd / works,
            signs.get((auction, row.agent, row.round or 1), Signs()),
            row.planner,
            row.version,
            tokens,
            certain=row.feedback is not None,
        )


def tasks_of(session: Session, auctions: Sequence[str]) -> list[str]:
    """Name the tasks of some auctions, by id."""
    query = select(AuctionRow.task_id).where(AuctionRow.id.in_(auctions)).distinct()
    return list(session.scalars(query))


def new_texts(session: Session, tasks: Sequence[str], *, model: str) -> list[str]:
    """Find the texts of some tasks that have no vector yet, by hash."""
    missing = without_vector(model).where(TaskRow.id.in_(tasks))
    return [row.text_hash for row in session.execute(missing)]


def near_texts(
    session: Session, tasks: Sequence[str], model: str, numbers: Sequence[int]
) -> tuple[list[str], list[bytes]]:
    """Read the vectors of some numbers, and of some tasks' texts, each with its hash."""
    texts = select(TaskRow.text_hash).where(TaskRow.id.in_(tasks))
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


def _solved(row: _Outcome) -> bool | None:
    """As `Outcome.right`: by the user's word, else by what was seen of the answer."""
    if row.feedback is not None:
        return bool(row.feedback)
    return _passed(row)


def _passed(row: _Outcome) -> bool | None:
    """No answer is a failure; an answer that nothing was said of may be anything."""
    if row.is_empty:
        return False
    return None if row.verified is Verdict.NONE else row.verified is Verdict.PASSED


def as_worked(rows: Sequence[Any]) -> Iterator[Any]:
    """Give outcomes in the order of the work; the kept one, first on record, ended it if good.

    Of failures alone the first is kept, so they are in order as they are.
    """
    kept, *others = rows
    is_bad = _passed(kept) is False
    yield from rows if is_bad else (*others, kept)
