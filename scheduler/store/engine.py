"""The engine behind a database URL. What is particular to a database is in a module of its own, loaded when used."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Protocol, cast

from schedules.errors import InvalidInput, StoreUnavailable, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy import URL, Engine

# How long a write waits for another's to end. A use case takes milliseconds; a contact of a large site takes longest.
BUSY_MILLISECONDS = 30_000
# What can as well be left out does not keep anybody waiting.
HURRY_MILLISECONDS = 200
# The execution option of a connection whose transactions write, and its values. One in a hurry, or that may end before
# it is on the disk, writes together.
WRITING, ALONE, TOGETHER, HURRIED, UNSYNCED = "dayzero_writing", "alone", "together", "hurried", "unsynced"
DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg"}
# What a URL may say of a connection to PostgreSQL that nobody else should read.
SECRET = frozenset({"password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"})


class Backend(Protocol):
    """What a module of a database offers.

    ``READING`` are the execution options of a transaction that sees one state throughout; ``ERRORS`` is what its driver
    raises outside of SQLAlchemy; ``trouble`` says what is wrong and what to do, without a value of any row;
    ``is_uncertain`` tells of an error of a commit whether what was to be committed may be there all the same. ``scrub``
    removes what deleted rows have left in the files, and is False where it could not remove all; ``file_of`` is the
    file that the database is, if it is one, and ``damage`` what it finds wrong with its own files.
    """

    READING: Mapping[str, object]
    ERRORS: tuple[type[Exception], ...]

    def make_engine(self, url: URL) -> Engine: ...

    def trouble(self, error: BaseException) -> str: ...

    def scrub(self, engine: Engine) -> bool: ...

    def file_of(self, engine: Engine) -> Path | None: ...

    def damage(self, engine: Engine) -> tuple[str, ...]: ...

    def is_uncertain(self, error: BaseException) -> bool: ...


def default_url() -> str:
    """The SQLite file in the platform's folder for the user's data."""
    from platformdirs import user_data_path

    return f"sqlite:///{user_data_path('dayzero', appauthor=False).as_posix()}/dayzero.db"


def shown_url(url: str) -> str:
    """The URL as it may be printed: its password hidden, wherever it stands."""
    parts = read_url(url)
    hidden = {name: "***" for name in parts.query if name in SECRET}
    return parts.update_query_dict(hidden).render_as_string(hide_password=True)


def read_url(text: str) -> URL:
    """The URL in parts. Raises InvalidInput for what is none, and for a database that is not supported."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text if text.isprintable() else "")
    except (ArgumentError, ValueError):
        # The text may hold a password, so it is not repeated.
        raise InvalidInput("The database is no URL. Write it as in sqlite:///trial.db.") from None
    backend, _, driver = url.drivername.partition("+")
    if backend not in DRIVERS or driver not in ("", DRIVERS[backend]):
        raise InvalidInput(
            f"The database {shown(url.drivername)} is not supported. Write a SQLite URL, as in sqlite:///trial.db, "
            "or a PostgreSQL one, as in postgresql://user@host/trial."
        )
    return url


def backend_of(url: URL) -> Backend:
    """What is particular to the URL's database. Raises StoreUnavailable where its driver is not installed."""
    return cast("Backend", _module_of(url))


def _module_of(url: URL) -> ModuleType:
    if url.get_backend_name() == "sqlite":
        from scheduler.store import sqlite

        return sqlite
    try:
        from scheduler.store import postgresql
    except ImportError:
        raise StoreUnavailable(
            "PostgreSQL needs a driver that is not installed. Install it with: pip install 'dayzero[postgresql]'."
        ) from None
    return postgresql


def make_engine(text: str) -> Engine:
    """An engine for the database; nothing is opened yet, but the folder of a SQLite file is made.

    Raises InvalidInput for a wrong URL, and StoreUnavailable for a folder that cannot be made or a missing driver.
    """
    url = read_url(text)
    return backend_of(url).make_engine(url)
