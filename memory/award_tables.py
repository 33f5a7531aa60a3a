"""What was decided in an auction, and by which numbers, as tables."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sale.memory.columns import Id, OfAuction, OneOfAuction, Position, Row
from sale.types import Stage


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
    low: Mapped[float]
    high: Mapped[float]


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
    planner: Mapped[str | None]
    terms: Mapped[list[TermRow]] = relationship(order_by=TermRow.position, lazy="selectin")


class AwardRow(Row):
    """Who won an auction."""

    __tablename__ = "awards"

    auction_id: Mapped[OneOfAuction]
    agent: Mapped[str] = mapped_column(index=True)
    round: Mapped[int]
    score: Mapped[float]
    provisional: Mapped[str]
    propensity: Mapped[float] = mapped_column(server_default="1")
    """The probability with which the rule of award chose it."""
    planner: Mapped[str | None]
    """Whose plan is in sight of the work."""


class OfferRow(Row):
    """A stage that could have been bought before the award."""

    __tablename__ = "offers"

    auction_id: Mapped[OneOfAuction]
    position: Mapped[Position]
    stage: Mapped[Stage]
    gain: Mapped[float]
    usd: Mapped[float]
    bought: Mapped[bool]
