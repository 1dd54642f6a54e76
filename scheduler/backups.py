"""Backups of a SQLite database: whole copies, of which the newest are kept.

PostgreSQL has its own ways (pg_dump, archived logs), and whoever runs the server has the right to them.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from glob import escape
from pathlib import Path

from scheduler.store.copying import copy_database
from schedules.errors import StoreUnavailable

KEPT = 14


def back_up(file: Path, folder: Path, now: datetime, keep: int | None = KEPT) -> Path:
    """Copies a database that may be in use: ``trial.db.20261125T030000Z.backup``; only its owner can read the copy.

    It gets its name when it is whole and was found sound; then those beyond the newest ``keep`` are removed; with None
    all stay. Raises
    StoreUnavailable where it cannot be made; then those that are there stay.
    """
    target = folder / f"{file.name}.{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.backup"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        copy_database(file, target)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StoreUnavailable(
            f"No backup can be made in {folder}: {reason}. Make room there, or give another folder with --backups."
        ) from None
    for old in backups_of(file, folder)[:-keep] if keep is not None else ():
        old.unlink(missing_ok=True)
    return target


def backups_of(file: Path, folder: Path) -> tuple[Path, ...]:
    """The backups of a database in a folder, the oldest first."""
    return tuple(sorted(folder.glob(f"{escape(file.name)}.[0-9]*T[0-9]*Z.backup")))
