"""Alembic environment: the connection comes from the caller; nothing is read from a file."""

from __future__ import annotations

from alembic import context

from warehouse.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
