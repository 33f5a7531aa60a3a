"""Whose plan was in sight of the work: of an outcome, an award and an appraisal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = ("outcomes", "awards", "appraisals")


def upgrade() -> None:
    """Make room for it; nobody noted it in earlier auctions, so theirs count as without a plan."""
    for table in TABLES:
        op.add_column(table, sa.Column("planner", sa.Text))


def downgrade() -> None:
    """Take it away again."""
    for table in TABLES:
        op.drop_column(table, "planner")
