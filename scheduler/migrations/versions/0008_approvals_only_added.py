"""Approvals are only ever added, as facts, templates and sites are: the database itself refuses to change them.

Revision 0008, after 0007.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = ("site", "protocol", "version", "number")
REFUSAL = "what is recorded is only ever added to"


def upgrade() -> None:
    """Makes the triggers; the function that those of PostgreSQL run is there since 0003."""
    if op.get_bind().dialect.name == "postgresql":
        _on_postgresql()
    else:
        _on_sqlite()


def _on_postgresql() -> None:
    op.execute(
        "CREATE TRIGGER approval_never_changed BEFORE UPDATE OR DELETE ON approval "
        "FOR EACH ROW EXECUTE FUNCTION dayzero_only_added()"
    )
    op.execute(
        "CREATE TRIGGER approval_never_emptied BEFORE TRUNCATE ON approval "
        "FOR EACH STATEMENT EXECUTE FUNCTION dayzero_only_added()"
    )


def _on_sqlite() -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    op.execute(f"CREATE TRIGGER approval_never_changed BEFORE UPDATE ON approval {refuse}")
    op.execute(f"CREATE TRIGGER approval_never_removed BEFORE DELETE ON approval {refuse}")
    # INSERT OR REPLACE removes a row without any trigger of its removal.
    same = " AND ".join(f"{name} = NEW.{name}" for name in KEY)
    there = f"EXISTS (SELECT 1 FROM approval WHERE {same})"
    op.execute(f"CREATE TRIGGER approval_never_replaced BEFORE INSERT ON approval WHEN {there} {refuse}")
