"""Runs the steps on the connection that it is given, inside its transaction."""

from alembic import context

from sale.memory.revisions import RevisionRow

context.configure(
    connection=context.config.attributes["connection"],
    render_as_batch=True,
    version_table=RevisionRow.__tablename__,
)
context.run_migrations()
