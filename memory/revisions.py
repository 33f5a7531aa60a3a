"""Which layout of its tables a database has."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from sale.memory.columns import Row

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
"""The layouts there have been, oldest first; each has a module in `migrations/versions`."""

REVISION = REVISIONS[-1]


class RevisionRow(Row):
    """The one row that says which layout of these tables a database has; Alembic keeps it."""

    __tablename__ = "sale_revision"

    version_num: Mapped[str] = mapped_column(String(32), primary_key=True)
