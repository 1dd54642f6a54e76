"""What Alembic runs to migrate: on the connection that `scheduler.store.schema` hands over, in its transaction."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from scheduler.store import tables

assert tables.TemplateRow.metadata is SQLModel.metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
