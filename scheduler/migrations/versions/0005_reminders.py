"""What reminders tell besides, digests, who wants which, and pauses with an end.

Revision 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds the columns, their indexes, and the table of a site's rules."""
    op.create_table(
        "site_rules",
        sa.Column("site", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("rules", TEXT, nullable=False),
        sa.Column("changed", MOMENT, nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("site", "role", name=op.f("pk_site_rules")),
    )
    op.add_column("contact", sa.Column("paused_until", MOMENT, nullable=True))
    op.add_column("contact", sa.Column("rules", TEXT, nullable=True))
    op.add_column("service", sa.Column("detail", TEXT, nullable=True))
    with op.batch_alter_table("reminder") as reminder:
        # What is there already needs a value; what comes brings its own.
        reminder.add_column(sa.Column("detail", TEXT, nullable=False, server_default=""))
        reminder.add_column(sa.Column("was", TEXT, nullable=True))
        reminder.add_column(sa.Column("claimed", MOMENT, nullable=True))
        reminder.add_column(sa.Column("digest", sa.Integer(), nullable=True))
    with op.batch_alter_table("reminder") as reminder:
        reminder.alter_column("detail", server_default=None)
    op.create_index("ix_reminder_recipient_claimed", "reminder", ["recipient", "claimed"], unique=False)
    op.create_index("ix_reminder_digest", "reminder", ["digest"], unique=False)
