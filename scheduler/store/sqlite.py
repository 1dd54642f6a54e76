"""SQLite: its settings, transactions that begin when we say so, and its errors in words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from scheduler.store.engine import BUSY_MILLISECONDS, HURRIED, HURRY_MILLISECONDS, UNSYNCED, WRITING
from scheduler.store.guards import REFUSAL, WORDS
from schedules.errors import StoreUnavailable

SETTINGS = (
    f"busy_timeout={BUSY_MILLISECONDS}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    # What is deleted is overwritten with zeros: a contact that is erased is gone from the file.
    "secure_delete=ON",
)
# Any transaction sees one state throughout.
READING: Mapping[str, object] = MappingProxyType({})
ERRORS: tuple[type[Exception], ...] = (sqlite3.Error,)


def make_engine(url: URL) -> Engine:
    """An engine for the file; its folder is made, and a new file is its owner's alone. Raises StoreUnavailable where
    the folder cannot be made."""
    in_memory = url.database in (None, "", ":memory:")
    if not in_memory and "uri" not in url.query:
        _make_folder(Path(str(url.database)))
        _make_private(Path(str(url.database)))
    engine = create_engine(url, poolclass=StaticPool) if in_memory else create_engine(url)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _make_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"The folder {file.parent} of the database cannot be made: {error.strerror}. "
            "Give another place with --database or DAYZERO_DATABASE."
        ) from None


def _make_private(file: Path) -> None:
    # It holds the addresses of patients. SQLite writes into an empty file that is there, and gives its rights to the
    # write-ahead log beside it; a file of before keeps the rights that somebody chose for it.
    with suppress(OSError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _configure(connection: Any, _record: object) -> None:
    # Without this, sqlite3 begins a transaction only at the first change, and what was read before it may be stale.
    connection.isolation_level = None
    try:
        for setting in SETTINGS:
            connection.execute(f"PRAGMA {setting}")
    except BaseException:
        connection.close()
        raise


def _begin(connection: Connection) -> None:
    # A write that begins as a read cannot wait for another's write: it would fail at once (SQLITE_BUSY).
    writes = connection.get_execution_options().get(WRITING)
    # The driver's own connection: it is run before anything else, and is most of what an empty transaction takes.
    run = connection.connection.driver_connection.execute  # type: ignore[union-attr]
    # An unsynced commit is in the file that all read, and outlives this process, but not the machine. The next that is
    # synced takes it along.
    run(f"PRAGMA synchronous={'NORMAL' if writes == UNSYNCED else 'FULL'}")
    if writes != HURRIED:
        run("BEGIN IMMEDIATE" if writes else "BEGIN")
        return
    run(f"PRAGMA busy_timeout={HURRY_MILLISECONDS}")
    try:
        run("BEGIN IMMEDIATE")
    finally:
        run(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")


def scrub(engine: Engine) -> bool:
    """Writes the file anew and empties its write-ahead log: pages are rebalanced, and copies of rows stay in both."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("VACUUM")
        busy, *_ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    return not busy


def file_of(engine: Engine) -> Path | None:
    """The database's file; None in memory."""
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT file FROM pragma_database_list WHERE name = 'main'").scalar()
    return Path(str(found)) if found else None


def damage(engine: Engine) -> tuple[str, ...]:
    """What is wrong with the file, in SQLite's words, and rows that belong to nothing."""
    with engine.connect() as connection:
        found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(10)")]
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    wrong = [f"the database's file is damaged: {text}" for text in found if text != "ok"]
    return (*wrong, *(["rows of the database belong to nothing"] if orphans else []))


def trouble(error: BaseException) -> str:
    """What is wrong and what to do. Of the error only the driver's own text is used, which holds no values."""
    original = error.orig if isinstance(error, DBAPIError) else error
    text = str(original)
    found = next((words for known, words in _TROUBLES if known in text), None)
    return found or f"could not be used: {text}. Nothing of this was recorded."


_UNOPENED = "cannot be opened for writing. Check its folder and your rights, or give another one with --database."
# By a part of SQLite's own message.
_TROUBLES = (
    ("not a database", "is not a SQLite database. Give another file with --database."),
    (
        "malformed",
        "is damaged: its file cannot be read to the end. Stop all that uses it, keep the file, and put a backup in its "
        "place (docs/operating.md).",
    ),
    ("locked", "is being written to by another program, which did not finish in time. Try again."),
    ("unable to open", _UNOPENED),
    ("readonly", _UNOPENED),
    (
        "disk I/O error",
        "cannot be read or written: its disk reports an error. Nothing of this was recorded. See to it.",
    ),
    (REFUSAL, WORDS),
    ("full", "cannot grow: the disk is full. Nothing of this was recorded. Make room and try again."),
)


def is_uncertain(error: BaseException) -> bool:
    """When the disk fails at the end of a commit, all of it may be in the log already, and be found there later."""
    original = error.orig if isinstance(error, DBAPIError) else error
    # Its extended codes, such as SQLITE_IOERR_FSYNC, have the plain one in their lowest byte.
    return getattr(original, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_IOERR
