"""Which version of an agent worked, what the user said of its answer, and work outside auctions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make room for it; of earlier work nobody noted any of it."""
    op.add_column("outcomes", sa.Column("version", sa.Text))
    op.add_column("outcomes", sa.Column("feedback", sa.Boolean))
    op.create_table(
        "trials",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("task_id", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("version", sa.Text),
        sa.Column("solved", sa.Boolean),
        sa.Column("certain", sa.Boolean, nullable=False),
        sa.Column("failed", sa.Boolean, nullable=False),
        sa.Column("prompt_tokens", sa.Integer, nullable=False),
        sa.Column("cached_tokens", sa.Integer, nullable=False),
        sa.Column("completion_tokens", sa.Integer, nullable=False),
        sa.Column("usd", sa.Double),
        sa.PrimaryKeyConstraint(
            "run_id", "task_id", "agent", "attempt", "position", name="pk_trials"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name="fk_trials_run_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_trials_task_id"),
    )
    op.create_index("ix_trials_task_id", "trials", ["task_id"])


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("trials")
    op.drop_column("outcomes", "feedback")
    op.drop_column("outcomes", "version")
