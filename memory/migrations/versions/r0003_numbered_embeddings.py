"""Embeddings get numbers, so that a vector index can ask for those it does not hold yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEPT = ("text_hash", "model", "vector")


def upgrade() -> None:
    """Number what is there; a number is given once and never again."""
    _lay_out_anew(
        sa.Column("number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_embeddings"),
        sa.UniqueConstraint("text_hash", "model", name="uq_embeddings_text_hash_model"),
    )
    op.create_index("ix_embeddings_model_embeddings_number", "embeddings", ["model", "number"])


def downgrade() -> None:
    """Take the numbers away again."""
    _lay_out_anew(sa.PrimaryKeyConstraint("text_hash", "model", name="pk_embeddings"))


def _lay_out_anew(*of_key: sa.schema.SchemaItem) -> None:
    """Make the table again around another key; neither database can move a key in place."""
    old, new = (sa.table(name, *map(sa.column, KEPT)) for name in ("embeddings_old", "embeddings"))
    op.execute("CREATE TABLE embeddings_old AS SELECT text_hash, model, vector FROM embeddings")
    op.drop_table("embeddings")
    op.create_table(
        "embeddings",
        sa.Column("text_hash", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        *of_key,
        sqlite_autoincrement=True,
    )
    rows = sa.select(*old.c).order_by(old.c.model, old.c.text_hash)
    op.execute(sa.insert(new).from_select(KEPT, rows))
    op.drop_table("embeddings_old")
