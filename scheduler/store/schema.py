"""The schema's revision: an up-to-date database is recognised without Alembic, a new or older one is migrated by it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from schedules.errors import StoreUnavailable, shown

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

# The newest of scheduler/migrations/versions; a test holds the two in step.
HEAD = "0008"
MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


def bring_up_to_date(engine: Engine) -> str | None:
    """Makes the tables of a new database, and migrates an older one, in one transaction, a SQLite file after a backup.

    Gives what was done to an older one, in words, else None. Raises StoreUnavailable for a database of a newer dayzero,
    for one that holds other tables, and where no backup can be made.
    """
    with engine.connect() as connection:
        if stored_revision(connection) == HEAD:
            return None
    return _migrate(engine)


def stored_revision(connection: Connection) -> str | None:
    """The revision written in the database; None where it is new and empty."""
    from sqlalchemy import inspect, text

    names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if names:
        raise StoreUnavailable(
            f"The database holds other tables ({', '.join(names[:3])}) and none of dayzero's. "
            "Give another one with --database."
        )
    return None


def _migrate(engine: Engine) -> str | None:
    from scheduler.store.engine import ALONE, WRITING

    with engine.connect().execution_options(**{WRITING: ALONE}) as connection:
        _foreign_keys(connection, "OFF")
        try:
            with connection.begin():
                return _upgrade(connection)
        finally:
            _foreign_keys(connection, "ON")


def _foreign_keys(connection: Connection, setting: str) -> None:
    # With foreign keys on, SQLite deletes a table's children when a migration makes the table anew. They can only be
    # turned off outside a transaction, so not through SQLAlchemy, which would begin one.
    raw = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" and raw is not None:
        raw.execute(f"PRAGMA foreign_keys={setting}")


def _upgrade(connection: Connection) -> str | None:
    from alembic import command
    from alembic.script import ScriptDirectory

    from scheduler.store.backup import back_up

    config = alembic_config(connection)
    found = stored_revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreUnavailable(
            f"The database has the schema {shown(found)}, which this dayzero does not know (its own is {HEAD}). "
            "Use the newer dayzero that wrote it."
        )
    # Somebody else may have been faster: then there is nothing to do, and nothing to keep.
    is_older = found not in (None, HEAD)
    copy = back_up(connection, found) if found is not None and is_older else None
    command.upgrade(config, HEAD)
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise StoreUnavailable(
            "The database cannot be migrated: some of its rows belong to nothing. Nothing was changed."
        )
    kept = f" As it was before it is kept in {copy}." if copy is not None else ""
    return f"The database was brought up to date, from schema {found} to {HEAD}.{kept}" if is_older else None


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings for this database; the migrations run in the connection's transaction."""
    from alembic.config import Config

    config = Config()
    # Alembic reads its settings with interpolation, in which a percent sign in a path has to be doubled.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
