"""What calendars must remember: entries once served, visits that share one, periods that are off; events as bytes.

Revision 0004, after 0003.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# On PostgreSQL sorted by code points, as SQLite does it.
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Adds the columns, in which every visit with a date counts as served, and the table of events."""
    op.add_column("visit", sa.Column("part_of", TEXT, nullable=True))
    _add("visit", "guests", TEXT, "")
    _add("visit", "served", sa.Boolean(), sa.false())
    op.execute(sa.text("UPDATE visit SET served = true WHERE day IS NOT NULL"))
    _add("period", "show_patient", sa.Boolean(), sa.false())
    _add("period", "off", sa.Boolean(), sa.false())
    op.create_table(
        "visit_event",
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("visit", TEXT, nullable=False),
        sa.Column("form", TEXT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("site_revision", sa.Integer(), nullable=False),
        sa.Column("starts", TEXT, nullable=False),
        sa.Column("zone", TEXT, nullable=False),
        sa.Column("first", sa.Date(), nullable=True),
        sa.Column("last", sa.Date(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["subject"], ["subject.id"], name=op.f("fk_visit_event_subject")),
        sa.PrimaryKeyConstraint("subject", "visit", "form", name=op.f("pk_visit_event")),
    )


def _add(table: str, name: str, kind: sa.types.TypeEngine[Any], value: Any) -> None:
    """A column that is filled for the rows there are, and has no default afterwards: the program writes it."""
    op.add_column(table, sa.Column(name, kind, nullable=False, server_default=value))
    with op.batch_alter_table(table) as batch:
        batch.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)
