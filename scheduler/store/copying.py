"""Copying a SQLite database that may be in use, into a file that is only there once it is whole and sound."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path


def copy_database(file: Path, target: Path, *, mode: int = 0o600) -> None:
    """Copies the database in ``file`` to ``target``, which gets its name when it is finished, and its rights then.

    Raises OSError and sqlite3.Error where that cannot be; then nothing new is there.
    """
    unfinished = target.with_name(f"{target.name}.new")
    try:
        # Made first, so that nobody else can read it meanwhile; SQLite writes into a file that is there and empty.
        os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        # A connection of its own, since nothing is copied from within a transaction.
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("VACUUM INTO ?", (str(unfinished),))
        with closing(sqlite3.connect(unfinished, isolation_level=None)) as copy:
            (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError("the copy is damaged")
        with unfinished.open("rb+") as written:
            os.fsync(written.fileno())
        unfinished.chmod(mode)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
