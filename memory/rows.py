"""From an auction to its rows and back; a column has the name of the field that it keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from sale.memory.columns import Row, clean
from sale.memory.tables import (
    AppraisalRow,
    AuctionRow,
    AwardRow,
    BidRow,
    CallRow,
    CheckRow,
    CitationRow,
    JurorRow,
    OutcomeRow,
    RatingRow,
    StepRow,
    TermRow,
    UsageRow,
)
from sale.types import (
    Appraisal,
    Auction,
    Award,
    Bid,
    Call,
    Check,
    Citation,
    Outcome,
    Ratings,
    Step,
    Task,
    Term,
    Usage,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    V = TypeVar("V", bound=DataclassInstance)

R = TypeVar("R", bound=Row)


def text_hash(text: str) -> str:
    """Name a text by its content."""
    return hashlib.sha256(clean(text).encode()).hexdigest()


def cleaned(task: Task) -> Task:
    """Clean a task's text first: an id can't be computed over a lone surrogate."""
    return replace(
        task,
        text=clean(task.text),
        workspace=None if task.workspace is None else clean(task.workspace),
        corpus=None if task.corpus is None else clean(task.corpus),
    )


def task_columns(task: Task) -> dict[str, Any]:
    """Give the columns of a task's row."""
    task = cleaned(task)
    return {
        "id": task.id,
        "kind": task.kind,
        "text": task.text,
        "text_hash": text_hash(task.text),
    }


def announced_row(auction: Auction) -> AuctionRow:
    """Build an auction's own row, without anything below it."""
    task = cleaned(auction.task)
    return _row(
        AuctionRow,
        auction,
        task_id=task.id,
        kind=task.kind,
        suite=task.suite,
        workspace=task.workspace,
        corpus=task.corpus,
        run_id=auction.run,
    )


def auction_row(auction: Auction) -> AuctionRow:
    """Build an auction's row with all rows below it; the task's own row is not among them."""
    row = announced_row(auction)
    row.bids = [
        _row(BidRow, bid, position=place, calls=_calls(auction, bid.calls))
        for place, bid in enumerate(auction.bids)
    ]
    row.jurors = [
        _juror(auction, ratings, position=place) for place, ratings in enumerate(auction.ratings)
    ]
    row.appraisals = [
        _row(AppraisalRow, appraisal, position=place, terms=_rows(TermRow, appraisal.terms))
        for place, appraisal in enumerate(auction.appraisals)
    ]
    row.award = _row(AwardRow, auction.award) if auction.award else None
    row.outcomes = [
        _outcome(outcome, position=place)
        for place, outcome in enumerate((auction.outcome, *auction.discarded))
        if outcome is not None
    ]
    row.steps = [
        _row(StepRow, step, position=place, calls=_calls(auction, step.calls))
        for place, step in enumerate(auction.steps)
    ]
    row.usages = [_row(UsageRow, usage, stage=stage) for stage, usage in auction.usage.items()]
    return row


def auction_of(row: AuctionRow) -> Auction:
    """Rebuild the auction that was recorded."""
    return _value(
        Auction,
        row,
        run=row.run_id,
        task=_value(Task, row.task, suite=row.suite, workspace=row.workspace, corpus=row.corpus),
        bids=tuple(_value(Bid, bid, calls=_values(Call, bid.calls)) for bid in row.bids),
        ratings=tuple(_ratings(juror) for juror in row.jurors),
        appraisals=tuple(
            _value(Appraisal, appraisal, terms=_values(Term, appraisal.terms))
            for appraisal in row.appraisals
        ),
        award=_value(Award, row.award) if row.award else None,
        outcome=next((_outcome_of(one) for one in row.outcomes if one.position == 0), None),
        discarded=tuple(_outcome_of(one) for one in row.outcomes if one.position > 0),
        steps=tuple(_value(Step, step, calls=_values(Call, step.calls)) for step in row.steps),
        usage={usage.stage: _value(Usage, usage) for usage in row.usages},
    )


def _row(table: type[R], value: DataclassInstance, /, **more: Any) -> R:
    columns = table.__mapper__.columns.keys()
    shared = {f.name: getattr(value, f.name) for f in fields(value) if f.name in columns}
    return table(**shared, **more)


def _rows(table: type[R], values: Iterable[DataclassInstance]) -> list[R]:
    return [_row(table, value, position=place) for place, value in enumerate(values)]


def _value(shape: type[V], row: Row, /, **nested: Any) -> V:
    plain = {f.name: getattr(row, f.name) for f in fields(shape) if f.name not in nested}
    return shape(**plain, **nested)


def _values(shape: type[V], rows: Iterable[Row]) -> tuple[V, ...]:
    return tuple(_value(shape, row) for row in rows)


def _calls(auction: Auction, calls: Iterable[Call]) -> list[CallRow]:
    return [
        _row(CallRow, call, position=place, auction_id=auction.id)
        for place, call in enumerate(calls)
    ]


def _juror(auction: Auction, ratings: Ratings, *, position: int) -> JurorRow:
    numbers = enumerate(ratings.by_agent.items())
    return _row(
        JurorRow,
        ratings,
        position=position,
        ratings=[
            RatingRow(position=place, agent=agent, rating=rating)
            for place, (agent, rating) in numbers
        ],
        calls=_calls(auction, ratings.calls),
    )


def _ratings(row: JurorRow) -> Ratings:
    return _value(
        Ratings,
        row,
        by_agent={rating.agent: rating.rating for rating in row.ratings},
        calls=_values(Call, row.calls),
    )


def _outcome(outcome: Outcome, *, position: int) -> OutcomeRow:
    return _row(
        OutcomeRow,
        outcome,
        position=position,
        checks=_rows(CheckRow, outcome.checks),
        citations=_rows(CitationRow, outcome.citations),
    )


def _outcome_of(row: OutcomeRow) -> Outcome:
    return _value(
        Outcome,
        row,
        checks=_values(Check, row.checks),
        citations=_values(Citation, row.citations),
    )
