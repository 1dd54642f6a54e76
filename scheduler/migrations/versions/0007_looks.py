"""What was seen before each fact about a visit, so that a record need not be replayed to be planned.

Revision 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# On PostgreSQL sorted by code points, as SQLite does it.
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "look",
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("fact", sa.Integer(), nullable=False),
        sa.Column("basis", TEXT, nullable=False),
        sa.Column("data", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["subject"], ["subject.id"], name=op.f("fk_look_subject")),
        sa.PrimaryKeyConstraint("subject", "fact", name=op.f("pk_look")),
    )
