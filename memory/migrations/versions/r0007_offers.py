"""Which stages awards from memory could have bought, what for, and which they bought."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make room for them; nobody noted those of earlier auctions."""
    op.create_table(
        "offers",
        sa.Column("auction_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("gain", sa.Double, nullable=False),
        sa.Column("usd", sa.Double, nullable=False),
        sa.Column("bought", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("auction_id", "position", name="pk_offers"),
        sa.CheckConstraint(
            "stage IN ('bid', 'rate', 'refine', 'execute', 'verify')", name="ck_offers_stage"
        ),
        sa.ForeignKeyConstraint(
            ["auction_id"], ["auctions.id"], name="fk_offers_auction_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("offers")
