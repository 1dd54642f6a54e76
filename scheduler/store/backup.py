"""A copy of a SQLite database beside it, made before its schema is changed.

PostgreSQL has its own ways (pg_dump), and whoever runs the server has the right to them.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler import clock
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
        _copy(Path(file), target)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StoreUnavailable(
            f"The database must be brought up to date, and a copy of it cannot be made before: {reason}. "
            f"Nothing was changed. Make room in {target.parent}, or see to your rights there, and try again."
        ) from None
    _remove_older(Path(file))
    return target


def _copy(file: Path, target: Path) -> None:
    """A file that is there is a whole copy: it gets its name when it is finished, and the rights of the original."""
    unfinished = target.with_name(f"{target.name}.new")
    try:
        # Made first, so that nobody else can read it meanwhile; SQLite writes into a file that is there and empty.
        os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        # Another connection, since nothing is copied from within a transaction.
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("VACUUM INTO ?", (str(unfinished),))
        unfinished.chmod(file.stat().st_mode & 0o777)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _remove_older(file: Path) -> None:
    copies = sorted(file.parent.glob(f"{escape(file.name)}.schema-*.backup"), key=lambda path: path.stat().st_mtime_ns)
    for copy in copies[:-KEPT]:
        copy.unlink(missing_ok=True)
