"""Which past auctions teach an agent something: pairs of a lost and a won plan, most similar first.

The won plan is the one that was awarded. What counts against it is what was seen of its execution:
a plan that failed its checks or crashed is shown only where nothing better is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Text,
    bindparam,
    case,
    cast,
    exists,
    func,
    select,
    union,
)
from sqlalchemy.orm import Session, aliased

from sale.memory.index import whole
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

NEAR = 0.95
"""Two tasks whose cosine is above this teach the same lesson."""

FEW = 512
"""Auctions of an agent or of a kind that are looked at where the nearest texts don't do."""

TEXT_CHARACTERS = 2_000
"""What a lesson keeps of a task and of each plan."""

LESSONS_CHARACTERS = 24_000
"""All lessons of a draw together."""

SOME: BindParameter[Any] = bindparam("some", expanding=True)

_FAILED = 2
_RANK = case(
    (OutcomeRow.stop_reason == StopReason.CRASHED, _FAILED),
    (OutcomeRow.verified == Verdict.PASSED, 0),
    (OutcomeRow.verified == Verdict.NONE, 1),
    else_=_FAILED,
)


@dataclass(frozen=True, slots=True)
class Past:
    """A finished auction that a lesson can be drawn from, the best of its task."""

    auction: str
    text: str
    verified: Verdict
    rank: int
    """0 for a plan that passed its checks, 1 for an unchecked one, 2 for one that failed."""
    vector: bytes

    @property
    def is_good(self) -> bool:
        """Whether nothing that was seen of its execution counts against the won plan."""
        return self.rank < _FAILED


@cache
def past_of(kind: Kind, agent: str) -> Select[*tuple[Any, ...]]:
    """Build the query for the auctions on embedded texts, `:some`, that could teach `agent`.

    It takes longer to build a query than to run it, so these are built once.
    """
    return _best_of_each_task(kind, agent, EmbeddingRow.number.in_(SOME))


@cache
def past_of_few(kind: Kind, agent: str, *, model: str) -> Select[*tuple[Any, ...]]:
    """Build the query that looks at some auctions of `agent` and the newest of `kind`.

    It finds them all where the agent has made few bids, or the kind is rare.
    """
    own = select(BidRow.auction_id).where(BidRow.agent == agent, BidRow.plan != "").limit(FEW)
    newest = (
        select(AuctionRow.id)
        .where(AuctionRow.kind == kind, AuctionRow.state == State.FINISHED)
        .order_by(AuctionRow.started.desc())
        .limit(FEW)
    )
    few = union(select(own.subquery().c[0]), select(newest.subquery().c[0]))
    return _best_of_each_task(
        kind,
        agent,
        cast(EmbeddingRow.model, Text) == model,
        AuctionRow.id.in_(select(few.subquery().c[0])),
    )


def _best_of_each_task(
    kind: Kind, agent: str, *which: ColumnElement[bool]
) -> Select[*tuple[Any, ...]]:
    best_first = (_RANK, AuctionRow.started.desc(), AuctionRow.id)
    place = func.row_number().over(partition_by=AuctionRow.task_id, order_by=best_first)
    ranked = (
        _teaching(agent)
        .with_only_columns(
            AuctionRow.id,
            TaskRow.text,
            OutcomeRow.verified,
            _RANK.label("rank"),
            EmbeddingRow.number,
            place.label("place"),
            maintain_column_froms=True,
        )
        .join(TaskRow, TaskRow.id == AuctionRow.task_id)
        .join(EmbeddingRow, EmbeddingRow.text_hash == TaskRow.text_hash)
        # No index serves these two, so that SQLite begins with the few that are asked for.
        .where(TaskRow.kind == kind, cast(AuctionRow.state, Text) == State.FINISHED, *which)
        .subquery("ranked")
    )
    best = ranked.c
    return (
        select(best.id, best.text, best.verified, best.rank, EmbeddingRow.vector)
        .join(EmbeddingRow, EmbeddingRow.number == best.number)
        .where(best.place == 1)
    )


@cache
def any_query(kind: Kind, agent: str) -> Select[str]:
    """Build the query that finds one such auction, if there is one."""
    bids_at_all = exists().where(BidRow.agent == agent)
    finished = AuctionRow.kind == kind, AuctionRow.state == State.FINISHED
    return _teaching(agent).where(bids_at_all, *finished).limit(1)


def _teaching(agent: str) -> Select[str]:
    own, won, rival = aliased(BidRow), aliased(BidRow), aliased(BidRow)
    return (
        select(AuctionRow.id)
        .join(AwardRow, AwardRow.auction_id == AuctionRow.id)
        .join(OutcomeRow, KEPT_OUTCOME)
        .where(
            exists().where(own.auction_id == AuctionRow.id, own.agent == agent, own.plan != ""),
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


def nearest(
    query: NDArray[np.float32], tasks: NDArray[np.float32], *, ranks: Sequence[int]
) -> list[tuple[int, float]]:
    """Sort the rows of `tasks` by nearness to `query`, near-duplicates dropped.

    All rows have unit length. Of near-duplicates the one with the lowest rank stays, then the
    most similar one; each row that stays comes with its cosine.
    """
    cosines = np.clip(tasks @ query, -1.0, 1.0)
    alike = tasks @ tasks.T > NEAR
    is_dropped = np.zeros(len(tasks), bool)
    kept: list[int] = []
    for row in np.lexsort((-cosines, np.asarray(ranks))).tolist():
        if not is_dropped[row]:
            kept.append(row)
            is_dropped |= alike[row]
    kept.sort(key=lambda row: -cosines[row])
    return [(row, float(cosines[row])) for row in kept]


def most_similar(query: NDArray[np.float32], past: Sequence[Past]) -> list[tuple[Past, float]]:
    """Sort auctions by the nearness of their tasks; those that failed count only if all did."""
    good = [one for one in past if one.is_good] or past
    places, rows = whole([one.vector for one in good], width=len(query))
    sound = [good[place] for place in places]
    found = nearest(query, rows, ranks=[one.rank for one in sound])
    return [(sound[row], cosine) for row, cosine in found]


_AWARDS = select(AwardRow.auction_id, AwardRow.agent, AwardRow.round).where(
    AwardRow.auction_id.in_(SOME)
)
_PLANS = (
    select(BidRow.auction_id, BidRow.agent, BidRow.round, BidRow.plan)
    .where(BidRow.auction_id.in_(SOME), BidRow.plan != "")
    .order_by(BidRow.position)
)
_SCORES = select(
    AppraisalRow.auction_id, AppraisalRow.agent, AppraisalRow.round, AppraisalRow.score
).where(AppraisalRow.auction_id.in_(SOME))


def plan_pairs(
    session: Session, auctions: Sequence[str], *, agent: str
) -> dict[str, tuple[str, str]]:
    """Read the (lost, won) plans of some auctions, from the view of `agent`."""
    some = {"some": auctions}
    awards = {award.auction_id: award for award in session.execute(_AWARDS, some)}
    bids: dict[str, list[Any]] = {auction: [] for auction in auctions}
    for bid in session.execute(_PLANS, some):
        bids[bid.auction_id].append(bid)
    scores: dict[str, dict[tuple[str, int], float]] = {auction: {} for auction in auctions}
    for auction, name, number, score in session.execute(_SCORES, some):
        scores[auction][name, number] = score
    return {
        auction: _pair(award, bids[auction], scores[auction], agent=agent)
        for auction, award in awards.items()
    }


def _pair(
    award: Any,
    bids: Sequence[Any],
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
    """Put up to `k` lessons together, as long as there is room for their texts.

    Where lost and won are the same words there is nothing to learn.
    """
    lessons: list[Lesson] = []
    seen: set[tuple[str, str]] = set()
    room = LESSONS_CHARACTERS
    for past, similarity in chosen:
        if len(lessons) == k or past.auction not in pairs or is_redacted(past.text):
            continue
        lost, won = pairs[past.auction]
        task, loser, winner = (text[:TEXT_CHARACTERS] for text in (past.text, lost, won))
        size = len(task) + len(loser) + len(winner)
        if lost == won or (lost, won) in seen or size > room:
            continue
        room -= size
        seen.add((lost, won))
        lessons.append(Lesson(task, loser, winner, similarity, past.verified))
    return lessons
