"""The engine behind a database URL: SQLite with its settings, transactions that begin when we say so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from schedules.errors import InvalidInput, StoreUnavailable, shown

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

# How long a write waits for another's to end. A use case takes milliseconds; a contact of a large site takes longest.
BUSY_MILLISECONDS = 30_000
SETTINGS = (f"busy_timeout={BUSY_MILLISECONDS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
IMMEDIATE = "dayzero_immediate"


def default_url() -> str:
    """The SQLite file in the platform's folder for the user's data."""
    from platformdirs import user_data_path

    return f"sqlite:///{user_data_path('dayzero', appauthor=False).as_posix()}/dayzero.db"


def shown_url(url: str) -> str:
    """The URL as it may be printed: its password hidden."""
    return read_url(url).render_as_string(hide_password=True)


def read_url(text: str) -> URL:
    """The URL in parts. Raises InvalidInput for what is none, and for a database that is not supported."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text if text.isprintable() else "")
    except (ArgumentError, ValueError):
        # The text may hold a password, so it is not repeated.
        raise InvalidInput("The database is no URL. Write it as in sqlite:///trial.db.") from None
    if url.get_backend_name() != "sqlite":
        raise InvalidInput(
            f"The database {shown(url.drivername)} is not supported. Write a SQLite URL, as in sqlite:///trial.db."
        )
    return url


def make_engine(text: str) -> Engine:
    """An engine for the database; nothing is opened yet, but the folder of a SQLite file is made.

    Raises InvalidInput for a wrong URL and StoreUnavailable for a folder that cannot be made.
    """
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import StaticPool

    url = read_url(text)
    in_memory = url.database in (None, "", ":memory:")
    if not in_memory and "uri" not in url.query:
        _make_folder(Path(str(url.database)))
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
    immediate = connection.get_execution_options().get(IMMEDIATE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
