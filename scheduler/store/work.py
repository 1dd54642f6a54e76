"""The store: a database opened and up to date, and its transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import Session

from scheduler.store.contacts import Contacts
from scheduler.store.engine import IMMEDIATE, make_engine, shown_url
from scheduler.store.facts import Facts
from scheduler.store.outbox import Outbox
from scheduler.store.schema import bring_up_to_date
from scheduler.store.sites import Sites
from scheduler.store.state import ServiceState
from scheduler.store.subjects import Subjects
from scheduler.store.templates import Templates
from scheduler.store.visits import Visits
from schedules.errors import StoreUnavailable

# Rows are written by statements, past the objects a session has read; without this it would show those again.
FRESH = {"populate_existing": True}


class Work:
    """One transaction: all that one use case reads and writes."""

    def __init__(self, session: Session) -> None:
        self.templates = Templates(session)
        self.sites = Sites(session)
        self.subjects = Subjects(session)
        self.facts = Facts(session)
        self.visits = Visits(session)
        self.contacts = Contacts(session)
        self.outbox = Outbox(session)
        self.state = ServiceState(session)


class Store:
    """An open database. Raises InvalidInput for a wrong URL, StoreUnavailable for a database that cannot be used."""

    def __init__(self, url: str) -> None:
        self.name = shown_url(url)
        self._engine = make_engine(url)
        self._writer = self._engine.execution_options(**{IMMEDIATE: True})
        try:
            with self._translated():
                bring_up_to_date(self._engine)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Work]:
        """A transaction that sees one state of the database throughout, and changes nothing."""
        with self._translated(), Session(self._engine, execution_options=FRESH) as session:
            yield Work(session)

    @contextmanager
    def writing(self, *, dry_run: bool = False) -> Iterator[Work]:
        """A transaction that ends with a commit, on an error or with ``dry_run`` with none.

        It has the right to write from its beginning on, so that what it read stays true.
        """
        with self._translated(), Session(self._writer, execution_options=FRESH) as session:
            yield Work(session)
            if not dry_run:
                session.commit()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise StoreUnavailable(f"The database {self.name} {_trouble(error)}") from error


def _trouble(error: Exception) -> str:
    """What is wrong and what to do. Of the error only the driver's own text is used, which holds no values."""
    original = error.orig if isinstance(error, DBAPIError) else error
    text = str(original)
    if "not a database" in text:
        return "is not a SQLite database. Give another file with --database."
    if "locked" in text:
        return "is being written to by another program, which did not finish in time. Try again."
    if "unable to open" in text or "readonly" in text:
        return "cannot be opened for writing. Check its folder and your rights, or give another one with --database."
    if "full" in text:
        return "cannot grow: the disk is full. Nothing of this was recorded. Make room and try again."
    return f"could not be used: {text}. Nothing of this was recorded."
