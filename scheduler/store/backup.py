"""A copy of a SQLite database beside it, made before its schema is changed.

PostgreSQL has its own ways (pg_dump), and whoever runs the server has the right to them.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler import clock
from scheduler.store.copying import copy_database
from schedules.errors import StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Of the copies of one database the newest are kept.
KEPT = 3


def back_up(connection: Connection, revision: str) -> Path | None:
    """Copies the database of the connection, which may hold the right to write; ``revision`` is of its schema.

    The copy is whole and a database of its own: ``trial.db.schema-0001.20261125T093000Z.backup``. None where there is
    no file. Raises StoreUnavailable where it cannot be made.
    """
    if connection.dialect.name != "sqlite":
        return None
    file = str(connection.exec_driver_sql("SELECT file FROM pragma_database_list WHERE name = 'main'").scalar() or "")
    if not file:
        return None
    moment = clock.now().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = Path(f"{file}.schema-{revision}.{moment}.backup")
    try:
        copy_database(Path(file), target, mode=Path(file).stat().st_mode & 0o777)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StoreUnavailable(
            f"The database must be brought up to date, and a copy of it cannot be made before: {reason}. "
            f"Nothing was changed. Make room in {target.parent}, or see to your rights there, and try again."
        ) from None
    _remove_older(Path(file))
    return target


def _remove_older(file: Path) -> None:
    copies = sorted(file.parent.glob(f"{escape(file.name)}.schema-*.backup"), key=lambda path: path.stat().st_mtime_ns)
    for copy in copies[:-KEPT]:
        copy.unlink(missing_ok=True)
