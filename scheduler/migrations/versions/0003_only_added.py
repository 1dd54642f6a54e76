"""Facts, templates and sites are only ever added: the database itself refuses to change or remove them.

Revision 0003, after 0002.

A batch change of one of these tables on SQLite makes it anew, without its triggers: a migration that does so must make
them again. `scheduler.store.guards` knows their names, and a test looks for all of them after the newest migration.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEYS = {"fact": ("subject", "number"), "template": ("protocol", "version"), "site": ("id", "revision")}
REFUSAL = "what is recorded is only ever added to"
# A class of SQLSTATEs that begins with I to Z is nobody's but the program's own (PostgreSQL, appendix A; SQL).
FUNCTION = f"""
CREATE FUNCTION dayzero_only_added() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'ZDAY0';
END
$body$
"""


def upgrade() -> None:
    """Makes the triggers."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FUNCTION)
    for table, key in KEYS.items():
        if op.get_bind().dialect.name == "postgresql":
            _on_postgresql(table)
        else:
            _on_sqlite(table, key)


def _on_postgresql(table: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION dayzero_only_added()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION dayzero_only_added()"
    )


def _on_sqlite(table: str, key: tuple[str, str]) -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    same = " AND ".join(f"{name} = NEW.{name}" for name in key)
    op.execute(f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_never_removed BEFORE DELETE ON {table} {refuse}")
    # INSERT OR REPLACE removes a row without any trigger of its removal.
    there = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"
    op.execute(f"CREATE TRIGGER {table}_never_replaced BEFORE INSERT ON {table} WHEN {there} {refuse}")
