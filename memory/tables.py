"""The auction memory as tables: numbers in columns, prose in text, one row a thing that happened.

`position` keeps the order that tuples had; everything below an auction goes when it goes.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from sqlalchemy import (
    BigInteger,
    Dialect,
    Double,
    Enum,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from sale.types import Kind, Stage, State, StopReason, Verdict

SCHEMA_VERSION = 1

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Replace what no database can keep, NUL and lone surrogates, by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


class CleanText(TypeDecorator[str]):
    """Text of a model, a task or a file: cleaned on its way in, in filters too."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Clean a value that is about to be written or compared."""
        return None if value is None else clean(value)


class Row(DeclarativeBase):
    """What all tables share: types by annotation, names by convention."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute
        str: CleanText,
        float: Double,
        bytes: LargeBinary,
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            create_constraint=True,
            length=32,
            values_callable=lambda members: [member.value for member in members],
        ),
    }


Id = Annotated[int, mapped_column(primary_key=True)]
Position = Annotated[int, mapped_column(primary_key=True)]
OfAuction = Annotated[str, mapped_column(ForeignKey("auctions.id", ondelete="CASCADE"), index=True)]
OneOfAuction = Annotated[
    str, mapped_column(ForeignKey("auctions.id", ondelete="CASCADE"), primary_key=True)
]
OfOutcome = Annotated[
    str, mapped_column(ForeignKey("outcomes.auction_id", ondelete="CASCADE"), primary_key=True)
]


class SchemaRow(Row):
    """The one row that says which version of these tables a database holds."""

    __tablename__ = "sale_schema"

    version: Mapped[int] = mapped_column(primary_key=True)


class TaskRow(Row):
    """A task by its content: put up twice, it is still one row."""

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[Kind]
    text: Mapped[str]
    text_hash: Mapped[str] = mapped_column(index=True)
    """The key of its embedding: two tasks may share a text and differ in their folders."""
    workspace: Mapped[str | None]
    corpus: Mapped[str | None]


class CallRow(Row):
    """One model call, charged to a bid, to a juror or to a step."""

    __tablename__ = "calls"

    id: Mapped[Id]
    auction_id: Mapped[OfAuction]
    bid_id: Mapped[int | None] = mapped_column(
        ForeignKey("bids.id", ondelete="CASCADE"), index=True
    )
    juror_id: Mapped[int | None] = mapped_column(
        ForeignKey("jurors.id", ondelete="CASCADE"), index=True
    )
    step_id: Mapped[int | None] = mapped_column(
        ForeignKey("steps.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    agent: Mapped[str] = mapped_column(index=True)
    stage: Mapped[Stage]
    prompt_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    wall_s: Mapped[float]
    usd: Mapped[float | None]
    error: Mapped[str | None]


class BidRow(Row):
    """One agent's plan in one round."""

    __tablename__ = "bids"
    __table_args__ = (Index(None, "agent", "auction_id"),)

    id: Mapped[Id]
    auction_id: Mapped[OfAuction]
    position: Mapped[int]
    agent: Mapped[str]
    round: Mapped[int]
    plan: Mapped[str]
    tokens: Mapped[int]
    entropy: Mapped[float | None]
    error: Mapped[str | None]
    calls: Mapped[list[CallRow]] = relationship(order_by=CallRow.position, lazy="selectin")


class RatingRow(Row):
    """One number that a juror gave to one bidder."""

    __tablename__ = "ratings"

    juror_id: Mapped[int] = mapped_column(
        ForeignKey("jurors.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[Position]
    agent: Mapped[str]
    rating: Mapped[float]


class JurorRow(Row):
    """One juror at work on the plans of one round."""

    __tablename__ = "jurors"

    id: Mapped[Id]
    auction_id: Mapped[OfAuction]
    position: Mapped[int]
    juror: Mapped[str]
    round: Mapped[int]
    error: Mapped[str | None]
    ratings: Mapped[list[RatingRow]] = relationship(order_by=RatingRow.position, lazy="selectin")
    calls: Mapped[list[CallRow]] = relationship(order_by=CallRow.position, lazy="selectin")


class TermRow(Row):
    """One summand of an appraisal's score."""

    __tablename__ = "terms"

    appraisal_id: Mapped[int] = mapped_column(
        ForeignKey("appraisals.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[Position]
    name: Mapped[str]
    feature: Mapped[float]
    weight: Mapped[float]
    contribution: Mapped[float]


class AppraisalRow(Row):
    """The auctioneer's numbers for one bid."""

    __tablename__ = "appraisals"

    id: Mapped[Id]
    auction_id: Mapped[OfAuction]
    position: Mapped[int]
    agent: Mapped[str]
    round: Mapped[int]
    cost: Mapped[float]
    value: Mapped[float]
    score: Mapped[float]
    terms: Mapped[list[TermRow]] = relationship(order_by=TermRow.position, lazy="selectin")


class AwardRow(Row):
    """Who won an auction."""

    __tablename__ = "awards"

    auction_id: Mapped[OneOfAuction]
    agent: Mapped[str] = mapped_column(index=True)
    round: Mapped[int]
    score: Mapped[float]
    provisional: Mapped[str]


class CheckRow(Row):
    """One visible check of the answer."""

    __tablename__ = "checks"

    auction_id: Mapped[OfOutcome]
    position: Mapped[Position]
    name: Mapped[str]
    passed: Mapped[bool]
    detail: Mapped[str]


class CitationRow(Row):
    """One passage that supports the answer."""

    __tablename__ = "citations"

    auction_id: Mapped[OfOutcome]
    position: Mapped[Position]
    ref: Mapped[str]
    title: Mapped[str]
    source: Mapped[str]
    text: Mapped[str]


class OutcomeRow(Row):
    """How the winner's execution ended."""

    __tablename__ = "outcomes"

    auction_id: Mapped[OneOfAuction]
    agent: Mapped[str] = mapped_column(index=True)
    answer: Mapped[str | None]
    stop_reason: Mapped[StopReason]
    verified: Mapped[Verdict]
    error: Mapped[str | None]
    checks: Mapped[list[CheckRow]] = relationship(order_by=CheckRow.position, lazy="selectin")
    citations: Mapped[list[CitationRow]] = relationship(
        order_by=CitationRow.position, lazy="selectin"
    )


class StepRow(Row):
    """One turn of the executing agent."""

    __tablename__ = "steps"

    id: Mapped[Id]
    auction_id: Mapped[OfAuction]
    position: Mapped[int]
    index: Mapped[int]
    action: Mapped[str]
    argument: Mapped[str]
    reply: Mapped[str]
    observation: Mapped[str]
    wall_s: Mapped[float]
    calls: Mapped[list[CallRow]] = relationship(order_by=CallRow.position, lazy="selectin")


class UsageRow(Row):
    """What one stage of an auction used, with the elapsed time that single calls can't tell."""

    __tablename__ = "usages"

    auction_id: Mapped[OneOfAuction]
    stage: Mapped[Stage] = mapped_column(primary_key=True)
    prompt_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    calls: Mapped[int]
    tool_calls: Mapped[int]
    wall_s: Mapped[float]
    usd: Mapped[float | None]


class AuctionRow(Row):
    """One auction; while it is announced, also who drives it and until when."""

    __tablename__ = "auctions"
    __table_args__ = (
        Index(None, "kind", "started"),
        Index(None, "suite", "started"),
        Index(None, "state", "started"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), index=True)
    kind: Mapped[Kind]
    """The task's kind again, so that one index serves kind and time."""
    suite: Mapped[str | None]
    state: Mapped[State]
    seed: Mapped[int] = mapped_column(BigInteger)
    market: Mapped[str]
    sandbox: Mapped[str]
    started: Mapped[float] = mapped_column(index=True)
    ended: Mapped[float | None]
    error: Mapped[str | None]
    host: Mapped[str | None]
    pid: Mapped[int | None]
    born: Mapped[float | None]
    deadline: Mapped[float | None]
    task: Mapped[TaskRow] = relationship(lazy="joined", innerjoin=True)
    bids: Mapped[list[BidRow]] = relationship(order_by=BidRow.position, lazy="selectin")
    jurors: Mapped[list[JurorRow]] = relationship(order_by=JurorRow.position, lazy="selectin")
    appraisals: Mapped[list[AppraisalRow]] = relationship(
        order_by=AppraisalRow.position, lazy="selectin"
    )
    award: Mapped[AwardRow | None] = relationship(lazy="selectin")
    outcome: Mapped[OutcomeRow | None] = relationship(lazy="selectin")
    steps: Mapped[list[StepRow]] = relationship(order_by=StepRow.position, lazy="selectin")
    usages: Mapped[list[UsageRow]] = relationship(lazy="selectin")


class EmbeddingRow(Row):
    """The vector that one model gave to one text: little-endian float32, unit length."""

    __tablename__ = "embeddings"

    text_hash: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    vector: Mapped[bytes]
