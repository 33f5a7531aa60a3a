"""From an auction to its rows and back; a column has the name of the field that it keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from sale.memory.columns import Row, clean
from sale.memory.tables import AuctionRow, JurorRow, OutcomeRow
from sale.types import (
    Appraisal,
    Auction,
    Award,
    Bid,
    Call,
    Check,
    Citation,
    Offer,
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


def task_columns(task: Task) -> dict[str, Any]:
    """Give the columns of the row of a task, which is as `Privacy.keep` gives it."""
    return {
        "id": task.id,
        "kind": task.kind,
        "text": task.text,
        "text_hash": text_hash(task.text),
    }


def own_columns(auction: Auction) -> dict[str, Any]:
    """Give the columns of an auction's own row, without anything below it."""
    task = auction.task
    return columns_of(
        AuctionRow,
        auction,
        task_id=task.id,
        kind=task.kind,
        suite=task.suite,
        workspace=task.workspace,
        corpus=task.corpus,
        task_name=task.name,
        run_id=auction.run,
    )


def columns_of(table: type[Row], value: DataclassInstance, /, **more: Any) -> dict[str, Any]:
    """Give the fields of a value that its table has a column for, and `more` columns."""
    return {name: getattr(value, name) for name in _shared(table, type(value))} | more


@cache
def _shared(table: type[Row], shape: type[DataclassInstance]) -> tuple[str, ...]:
    columns = table.__mapper__.columns.keys()
    return tuple(field.name for field in fields(shape) if field.name in columns)


def auction_of(row: AuctionRow) -> Auction:
    """Rebuild the auction that was recorded."""
    outcomes = tuple(_whole(row.outcomes))
    return _value(
        Auction,
        row,
        run=row.run_id,
        task=_value(
            Task,
            *_whole([row.task]),
            workspace=row.workspace,
            corpus=row.corpus,
            suite=row.suite,
            name=row.task_name,
        ),
        bids=tuple(_value(Bid, bid, calls=_values(Call, bid.calls)) for bid in _whole(row.bids)),
        ratings=tuple(_ratings(juror) for juror in _whole(row.jurors)),
        offers=_values(Offer, row.offers),
        appraisals=tuple(
            _value(Appraisal, appraisal, terms=_values(Term, appraisal.terms))
            for appraisal in _whole(row.appraisals)
        ),
        award=_value(Award, row.award) if row.award else None,
        outcome=next((_outcome_of(one) for one in outcomes if one.position == 0), None),
        discarded=tuple(_outcome_of(one) for one in outcomes if one.position > 0),
        steps=tuple(
            _value(Step, step, calls=_values(Call, step.calls)) for step in _whole(row.steps)
        ),
        usage={usage.stage: _value(Usage, usage) for usage in _whole(row.usages)},
    )


def _whole(rows: Iterable[R | None]) -> Iterator[R]:
    """The rows; one that has lost its key, which only a damaged database has, is no row at all."""
    for row in rows:
        if row is None:
            raise LookupError("a row without a key")
        yield row


def _value(shape: type[V], row: Row, /, **nested: Any) -> V:
    plain = {f.name: getattr(row, f.name) for f in fields(shape) if f.name not in nested}
    return shape(**plain, **nested)


def _values(shape: type[V], rows: Iterable[Row]) -> tuple[V, ...]:
    return tuple(_value(shape, row) for row in _whole(rows))


def _ratings(row: JurorRow) -> Ratings:
    return _value(
        Ratings,
        row,
        by_agent={rating.agent: rating.rating for rating in _whole(row.ratings)},
        calls=_values(Call, row.calls),
    )


def _outcome_of(row: OutcomeRow) -> Outcome:
    return _value(
        Outcome,
        row,
        checks=_values(Check, row.checks),
        citations=_values(Citation, row.citations),
    )
