"""Backups of a SQLite database: whole copies, of which the newest are kept.

PostgreSQL has its own ways (pg_dump, archived logs), and whoever runs the server has the right to them.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from glob import escape
from pathlib import Path

from schedules.errors import StoreUnavailable

KEPT = 14


def back_up(file: Path, folder: Path, now: datetime, keep: int = KEPT) -> Path:
    """Copies a database that may be in use: ``trial.db.20261125T030000Z.backup``; only its owner can read the copy.

    It gets its name when it is whole and was found sound; then those beyond the newest ``keep`` are removed. Raises
    StoreUnavailable where it cannot be made; then those that are there stay.
    """
    target = folder / f"{file.name}.{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.backup"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _copy(file, target)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StoreUnavailable(
            f"No backup can be made in {folder}: {reason}. Make room there, or give another folder with --backups."
        ) from None
    for old in backups_of(file, folder)[:-keep]:
        old.unlink(missing_ok=True)
    return target


def backups_of(file: Path, folder: Path) -> tuple[Path, ...]:
    """The backups of a database in a folder, the oldest first."""
    return tuple(sorted(folder.glob(f"{escape(file.name)}.[0-9]*T[0-9]*Z.backup")))


def _copy(file: Path, target: Path) -> None:
    unfinished = target.with_name(f"{target.name}.new")
    try:
        # Made first, so that nobody else can read it meanwhile; SQLite writes into a file that is there and empty.
        os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("VACUUM INTO ?", (str(unfinished),))
        with closing(sqlite3.connect(unfinished, isolation_level=None)) as copy:
            (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError("the copy is damaged")
        with unfinished.open("rb+") as written:
            os.fsync(written.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
