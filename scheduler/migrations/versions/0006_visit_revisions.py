"""An index that tells which visits have changed since their events were stored.

Revision 0006, after 0005.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the index."""
    op.create_index("ix_visit_revision", "visit", ["subject", "visit", "revision", "served"])
