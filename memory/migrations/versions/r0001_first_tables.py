"""The first tables: what an auction was, and the embedding of its task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TABLES = {  # a question mark: may be null
    "tasks": "id text, kind word, text text, text_hash text",
    "auctions": "id text, task_id text, kind word, suite text?, workspace text?, corpus text?, "
    "state word, seed bigint, market text, sandbox text, started number, ended number?, "
    "error text?, host text?, pid integer?, born number?, deadline number?",
    "bids": "id integer, auction_id text, position integer, agent text, round integer, "
    "plan text, tokens integer, entropy number?, error text?",
    "jurors": "id integer, auction_id text, position integer, juror text, round integer, "
    "error text?",
    "ratings": "juror_id integer, position integer, agent text, rating number",
    "appraisals": "id integer, auction_id text, position integer, agent text, round integer, "
    "cost number, value number, score number",
    "terms": "appraisal_id integer, position integer, name text, feature number, weight number, "
    "contribution number, low number, high number",
    "awards": "auction_id text, agent text, round integer, score number, provisional text",
    "outcomes": "id integer, auction_id text, position integer, agent text, round integer, "
    "answer text?, stop_reason word, verified word, error text?",
    "checks": "outcome_id integer, position integer, name text, passed boolean, detail text",
    "citations": "outcome_id integer, position integer, ref text, title text, source text, "
    "text text",
    "steps": "id integer, auction_id text, position integer, index integer, action text, "
    "argument text, reply text, observation text, wall_s number",
    "usages": "auction_id text, stage word, prompt_tokens integer, cached_tokens integer, "
    "completion_tokens integer, calls integer, tool_calls integer, wall_s number, usd number?",
    "calls": "id integer, auction_id text, bid_id integer?, juror_id integer?, step_id integer?, "
    "position integer, agent text, stage word, prompt_tokens integer, cached_tokens integer, "
    "completion_tokens integer, wall_s number, usd number?, error text?",
    "embeddings": "text_hash text, model text, vector bytes",
}
TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "text": sa.Text(),
    "word": sa.String(32),
    "integer": sa.Integer(),
    "bigint": sa.BigInteger(),
    "number": sa.Double(),
    "boolean": sa.Boolean(),
    "bytes": sa.LargeBinary(),
}
PARENTS = {"task_id": "tasks", "auction_id": "auctions", "bid_id": "bids", "juror_id": "jurors"} | {
    "step_id": "steps",
    "appraisal_id": "appraisals",
    "outcome_id": "outcomes",
}
KEYS = {"awards": 1, "ratings": 2, "terms": 2, "checks": 2, "citations": 2, "usages": 2} | {
    "embeddings": 2
}
"""How many columns the primary key has, where it is not `id`."""
CHECKS = {
    "kind": ("kind", "'coding', 'search'"),
    "state": ("state", "'announced', 'finished', 'interrupted', 'failed'"),
    "stage": ("stage", "'bid', 'rate', 'refine', 'execute', 'verify'"),
    "verified": ("verdict", "'passed', 'failed', 'none'"),
    "stop_reason": (
        "stopreason",
        "'answered', 'not_found', 'step_limit', 'token_limit', 'budget', 'wall_limit', "
        "'format_errors', 'stuck', 'crashed', 'interrupted'",
    ),
}
INDEXES = {
    "tasks": ("text_hash",),
    "auctions": ("kind started", "suite started", "state started", "task_id", "started"),
    "bids": ("agent auction_id", "auction_id"),
    "jurors": ("auction_id",),
    "appraisals": ("auction_id",),
    "awards": ("agent",),
    "outcomes": ("agent", "auction_id"),
    "steps": ("auction_id",),
    "calls": ("auction_id", "agent", "bid_id", "juror_id", "step_id"),
}


def upgrade() -> None:
    """Lay out the first tables."""
    for table in TABLES:
        op.create_table(table, *parts_of(table))
        for columns in INDEXES.get(table, ()):
            first, *others = columns.split()
            name = "_".join(["ix", table, first, *(f"{table}_{other}" for other in others)])
            op.create_index(name, table, [first, *others])


def downgrade() -> None:
    """Drop every table."""
    for table in reversed(TABLES):
        op.drop_table(table)


def parts_of(table: str) -> Iterator[sa.schema.SchemaItem]:
    """Build the columns and the constraints of a table."""
    columns = [column.split() for column in TABLES[table].split(", ")]
    for name, kind in columns:
        yield sa.Column(name, TYPES[kind.rstrip("?")], nullable=kind.endswith("?"))
    names = [name for name, _ in columns]
    yield sa.PrimaryKeyConstraint(*names[: KEYS.get(table, 1)], name=f"pk_{table}")
    for name in names:
        if name in PARENTS:
            deletion = None if name == "task_id" else "CASCADE"
            yield sa.ForeignKeyConstraint(
                [name], [f"{PARENTS[name]}.id"], name=f"fk_{table}_{name}", ondelete=deletion
            )
        if name in CHECKS:
            word, allowed = CHECKS[name]
            yield sa.CheckConstraint(f"{name} IN ({allowed})", name=f"ck_{table}_{word}")
