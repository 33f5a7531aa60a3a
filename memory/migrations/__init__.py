"""The steps from each layout of the tables to the next, and back; Alembic runs them."""
