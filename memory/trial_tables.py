"""Work that no auction awarded, as a table."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from sale.memory.columns import Position, Row


class TrialRow(Row):
    """One work of one agent in a run of trials; the works of a try are in order."""

    __tablename__ = "trials"
    __table_args__ = (Index(None, "task_id"),)

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    agent: Mapped[str] = mapped_column(primary_key=True)
    attempt: Mapped[Position]
    """Which one of several independent tries."""
    position: Mapped[Position]
    """Works of the agent in this try before, all in vain."""
    version: Mapped[str | None]
    solved: Mapped[bool | None]
    certain: Mapped[bool]
    """Whether `solved` is the truth, by hidden tests or a key."""
    failed: Mapped[bool]
    """Whether it was seen to be wrong."""
    prompt_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    usd: Mapped[float | None]
