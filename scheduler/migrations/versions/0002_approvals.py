"""Which version of a protocol a site has approved.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# On PostgreSQL sorted by code points, as SQLite does it.
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Makes the table of approvals."""
    op.create_table(
        "approval",
        sa.Column("site", TEXT, nullable=False),
        sa.Column("protocol", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mandatory", sa.Boolean(), nullable=False),
        sa.Column("registered", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["protocol", "version"],
            ["template.protocol", "template.version"],
            name=op.f("fk_approval_protocol_version"),
        ),
        sa.PrimaryKeyConstraint("site", "protocol", "version", "number", name=op.f("pk_approval")),
    )
