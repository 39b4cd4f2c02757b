"""Alembic runs this file to migrate. The connection comes from migrate.py, inside a transaction it has opened."""

from __future__ import annotations

from alembic import context

from forum.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
