"""The rows below auctions, inserted many at a time.

One statement a table, however many auctions: that is twice as fast as through objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Insert, insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from sale.memory.award_tables import AppraisalRow, AwardRow, OfferRow, TermRow
from sale.memory.columns import Row
from sale.memory.recall_tables import LessonRow
from sale.memory.rows import columns_of
from sale.memory.tables import (
    BidRow,
    CallRow,
    CheckRow,
    CitationRow,
    JurorRow,
    OutcomeRow,
    RatingRow,
    StepRow,
    UsageRow,
)
from sale.memory.tallies import count, outcomes_of
from sale.memory.teaching import lessons_of
from sale.types import Auction, Outcome

Parts = tuple[Auction, int, Sequence[Any]]
"""Values below an auction, and the place of the first one."""

Kept = Mapping[type[Row], Mapping[str, int]]
"""How many bids, jurors and steps are on record already, by the auction's id."""
NOTHING: Kept = {BidRow: {}, JurorRow: {}, StepRow: {}}


def insert_parts(session: Session, auctions: Sequence[Auction], kept: Kept = NOTHING) -> None:
    """Insert all below auctions that is not on record yet, and count them in the tallies."""
    insert_way(session, auctions, kept)
    _insert_appraisals(session, auctions)
    _insert_work(session, auctions)
    insert_rows(session, LessonRow, [row for auction in auctions for row in lessons_of(auction)])
    count(session, auctions)


def insert_way(session: Session, auctions: Sequence[Auction], kept: Kept) -> None:
    """Insert what is on record of auctions before they end: bids, ratings, steps and usages."""
    _insert_bids(session, [_behind(a, a.bids, kept[BidRow]) for a in auctions])
    _insert_ratings(session, [_behind(a, a.ratings, kept[JurorRow]) for a in auctions])
    _insert_steps(session, [_behind(a, a.steps, kept[StepRow]) for a in auctions])
    usages = [
        columns_of(UsageRow, usage, stage=stage, auction_id=auction.id)
        for auction in auctions
        for stage, usage in auction.usage.items()
    ]
    insert_rows(session, UsageRow, usages)


def _behind(auction: Auction, values: Sequence[Any], kept: Mapping[str, int]) -> Parts:
    first = kept.get(auction.id, 0)
    return auction, first, values[first:]


def insert_rows(session: Session, table: type[Row], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of one table."""
    if rows:
        session.execute(_insert(table), rows)


def _insert_bids(session: Session, parts: Sequence[Parts]) -> None:
    rows = [
        row | {"started": part[0].started} for part in parts for row in _in_order(BidRow, [part])
    ]
    _insert_with_calls(session, BidRow, "bid_id", rows, parts)


def _insert_ratings(session: Session, parts: Sequence[Parts]) -> None:
    rows = _in_order(JurorRow, parts)
    ids = _insert_with_calls(session, JurorRow, "juror_id", rows, parts)
    jurors = [ratings for _, _, values in parts for ratings in values]
    given = [
        {"juror_id": juror, "position": place, "agent": agent, "rating": rating}
        for juror, ratings in zip(ids, jurors, strict=True)
        for place, (agent, rating) in enumerate(ratings.by_agent.items())
    ]
    insert_rows(session, RatingRow, given)


def _insert_steps(session: Session, parts: Sequence[Parts]) -> None:
    _insert_with_calls(session, StepRow, "step_id", _in_order(StepRow, parts), parts)


def _insert_appraisals(session: Session, auctions: Sequence[Auction]) -> None:
    rows = _in_order(AppraisalRow, [(a, 0, a.appraisals) for a in auctions])
    ids = _insert_for_ids(session, AppraisalRow, rows)
    terms = [appraisal.terms for auction in auctions for appraisal in auction.appraisals]
    insert_rows(session, TermRow, _below(TermRow, "appraisal_id", ids, terms))
    awards = [
        columns_of(AwardRow, auction.award, auction_id=auction.id)
        for auction in auctions
        if auction.award
    ]
    insert_rows(session, AwardRow, awards)
    insert_rows(session, OfferRow, _in_order(OfferRow, [(a, 0, a.offers) for a in auctions]))


def _insert_work(session: Session, auctions: Sequence[Auction]) -> None:
    parts = [(a, 0 if a.outcome else 1, outcomes_of(a)) for a in auctions]
    ids = _insert_for_ids(session, OutcomeRow, _in_order(OutcomeRow, parts))
    outcomes: list[Outcome] = [outcome for _, _, ended in parts for outcome in ended]
    checks = [outcome.checks for outcome in outcomes]
    citations = [outcome.citations for outcome in outcomes]
    insert_rows(session, CheckRow, _below(CheckRow, "outcome_id", ids, checks))
    insert_rows(session, CitationRow, _below(CitationRow, "outcome_id", ids, citations))


def _insert_with_calls(
    session: Session,
    table: type[Row],
    parent: str,
    rows: Sequence[Mapping[str, Any]],
    parts: Sequence[Parts],
) -> list[int]:
    """Insert rows and the calls that each of them took; returns the rows' ids."""
    ids = _insert_for_ids(session, table, rows)
    nobody = {"bid_id": None, "juror_id": None, "step_id": None}
    groups = [(auction.id, value.calls) for auction, _, values in parts for value in values]
    calls = [
        nobody | columns_of(CallRow, call, auction_id=auction, position=place) | {parent: of}
        for of, (auction, made) in zip(ids, groups, strict=True)
        for place, call in enumerate(made)
    ]
    insert_rows(session, CallRow, calls)
    return ids


def _insert_for_ids(
    session: Session, table: type[Row], rows: Sequence[Mapping[str, Any]]
) -> list[int]:
    """Insert rows and give their new ids in the same order."""
    if not rows:
        return []
    return list(session.scalars(_insert_returning(table), rows))


def _in_order(table: type[Row], parts: Sequence[Parts]) -> list[dict[str, Any]]:
    """The rows of what auctions have several of, each with its place."""
    return [
        columns_of(table, value, auction_id=auction.id, position=place)
        for auction, first, values in parts
        for place, value in enumerate(values, start=first)
    ]


def _below(
    table: type[Row], parent: str, ids: Sequence[int], groups: Sequence[Iterable[Any]]
) -> list[dict[str, Any]]:
    return [
        columns_of(table, value, **{parent: of}, position=place)
        for of, group in zip(ids, groups, strict=True)
        for place, value in enumerate(group)
    ]


@cache
def _insert(table: type[Row]) -> Insert:
    return insert(table.metadata.tables[table.__tablename__])


@cache
def _insert_returning(table: type[Row]) -> ReturningInsert[tuple[int]]:
    ids = table.metadata.tables[table.__tablename__].c.id
    return _insert(table).returning(ids, sort_by_parameter_order=True)
