"""Runs, the states on an auction's way, what it was weighed with, odds of an award, grades."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ON_THE_WAY = ("bidding", "awarded", "executing")
OLD_STATES = "state IN ('announced', 'finished', 'interrupted', 'failed')"
STATES = (
    "state IN ('announced', 'bidding', 'awarded', 'executing', 'finished', 'interrupted', 'failed')"
)
AUCTIONS = sa.table("auctions", sa.column("state"))


def upgrade() -> None:
    """Add what is new; an award of old was certain, and nobody noted its weights."""
    op.create_table(
        "runs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_started", "runs", ["started"])
    with op.batch_alter_table("awards") as awards:
        awards.add_column(sa.Column("propensity", sa.Double, nullable=False, server_default="1"))
    with op.batch_alter_table("outcomes") as outcomes:
        outcomes.add_column(sa.Column("grade", sa.Double))
    with op.batch_alter_table("auctions") as auctions:
        auctions.drop_constraint("ck_auctions_state", type_="check")
        auctions.create_check_constraint("ck_auctions_state", sa.text(STATES))
        auctions.add_column(sa.Column("run_id", sa.Text))
        auctions.add_column(sa.Column("weights", sa.Text, nullable=False, server_default=""))
        auctions.create_foreign_key(
            "fk_auctions_run_id", "runs", ["run_id"], ["id"], ondelete="SET NULL"
        )
        auctions.create_index("ix_auctions_run_id_auctions_started", ["run_id", "started"])


def downgrade() -> None:
    """Take it away again; an auction on its way is announced, as it was before."""
    op.execute(AUCTIONS.update().where(AUCTIONS.c.state.in_(ON_THE_WAY)).values(state="announced"))
    with op.batch_alter_table("auctions") as auctions:
        auctions.drop_index("ix_auctions_run_id_auctions_started")
        auctions.drop_constraint("fk_auctions_run_id", type_="foreignkey")
        auctions.drop_constraint("ck_auctions_state", type_="check")
        auctions.create_check_constraint("ck_auctions_state", sa.text(OLD_STATES))
        auctions.drop_column("weights")
        auctions.drop_column("run_id")
    with op.batch_alter_table("outcomes") as outcomes:
        outcomes.drop_column("grade")
    with op.batch_alter_table("awards") as awards:
        awards.drop_column("propensity")
    op.drop_table("runs")
