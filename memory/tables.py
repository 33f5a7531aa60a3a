"""The auction memory as tables: numbers in columns, prose in text, one row a thing that happened.

`position` keeps the order that tuples had; everything below an auction goes when it goes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, and_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sale.memory.award_tables import AppraisalRow, AwardRow, OfferRow
from sale.memory.columns import Id, OfAuction, OfJuror, OfOutcome, OneOfAuction, Position, Row
from sale.types import Kind, Stage, State, StopReason, Verdict


class RunRow(Row):
    """A series of auctions that belong together, e.g. one `sale bench`."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    started: Mapped[float] = mapped_column(index=True)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What it was begun with; only ever read as a whole."""


class TaskRow(Row):
    """A task by its content: put up twice, it is still one row."""

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[Kind]
    text: Mapped[str]
    text_hash: Mapped[str] = mapped_column(index=True)
    """The key of its embedding: two tasks may share a text and differ in their folders."""


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
    __table_args__ = (
        Index(None, "auction_id", "agent"),
        Index(None, "agent", "started", "auction_id"),
    )

    id: Mapped[Id]
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id", ondelete="CASCADE"))
    started: Mapped[float]
    """The auction's start again, so that one index serves agent and time."""
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

    juror_id: Mapped[OfJuror]
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


class CheckRow(Row):
    """One visible check of the answer."""

    __tablename__ = "checks"

    outcome_id: Mapped[OfOutcome]
    position: Mapped[Position]
    name: Mapped[str]
    passed: Mapped[bool]
    detail: Mapped[str]


class CitationRow(Row):
    """One passage that supports the answer."""

    __tablename__ = "citations"

    outcome_id: Mapped[OfOutcome]
    position: Mapped[Position]
    ref: Mapped[str]
    title: Mapped[str]
    source: Mapped[str]
    text: Mapped[str]


class OutcomeRow(Row):
    """How one agent's execution ended; position 0 has the outcome that is kept."""

    __tablename__ = "outcomes"

    id: Mapped[Id]
    auction_id: Mapped[OfAuction]
    position: Mapped[int]
    agent: Mapped[str] = mapped_column(index=True)
    round: Mapped[int]
    answer: Mapped[str | None]
    stop_reason: Mapped[StopReason]
    verified: Mapped[Verdict]
    grade: Mapped[float | None]
    error: Mapped[str | None]
    planner: Mapped[str | None]
    """Whose plan was in sight of the work."""
    version: Mapped[str | None]
    """Of the agent."""
    feedback: Mapped[bool | None]
    """Whether the user said that the answer is right."""
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
    """One auction; until it has ended, also who drives it and until when."""

    __tablename__ = "auctions"
    __table_args__ = (
        Index(None, "kind", "started"),
        Index(None, "suite", "started"),
        Index(None, "state", "started"),
        Index(None, "run_id", "started"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), index=True)
    kind: Mapped[Kind]
    """The task's kind again, so that one index serves kind and time."""
    suite: Mapped[str | None]
    workspace: Mapped[str | None]
    corpus: Mapped[str | None]
    """Folders are kept as they were given; a task's id doesn't tell an empty name from none."""
    task_name: Mapped[str | None]
    """What its suite calls the task."""
    run_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    state: Mapped[State]
    seed: Mapped[int] = mapped_column(BigInteger)
    market: Mapped[str]
    sandbox: Mapped[str]
    weights: Mapped[str] = mapped_column(server_default="")
    """Names the weights that its bids were appraised with by their content."""
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
    offers: Mapped[list[OfferRow]] = relationship(order_by=OfferRow.position, lazy="selectin")
    appraisals: Mapped[list[AppraisalRow]] = relationship(
        order_by=AppraisalRow.position, lazy="selectin"
    )
    award: Mapped[AwardRow | None] = relationship(lazy="selectin")
    outcomes: Mapped[list[OutcomeRow]] = relationship(order_by=OutcomeRow.position, lazy="selectin")
    steps: Mapped[list[StepRow]] = relationship(order_by=StepRow.position, lazy="selectin")
    usages: Mapped[list[UsageRow]] = relationship(lazy="selectin")


KEPT_OUTCOME = and_(OutcomeRow.auction_id == AuctionRow.id, OutcomeRow.position == 0)
"""Joins an auction with the outcome that is kept, not with those it was preferred to."""
