"""The store: a database opened and up to date, and its transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import Session

from scheduler.store.approvals import Approvals
from scheduler.store.contacts import Contacts
from scheduler.store.engine import ALONE, HURRIED, TOGETHER, WRITING, backend_of, read_url, shown_url
from scheduler.store.facts import Facts
from scheduler.store.guards import Guards
from scheduler.store.looks import Looks
from scheduler.store.outbox import Outbox
from scheduler.store.policies import Policies
from scheduler.store.schema import bring_up_to_date
from scheduler.store.sites import Sites
from scheduler.store.standings import Standings
from scheduler.store.state import ServiceState
from scheduler.store.subjects import Subjects
from scheduler.store.templates import Templates
from scheduler.store.visit_events import VisitEvents
from scheduler.store.visits import Visits
from schedules.errors import StoreUnavailable

# Rows are written by statements, past the objects a session has read; without this it would show those again.
FRESH = {"populate_existing": True}


class Work:
    """One transaction: all that one use case reads and writes."""

    def __init__(self, session: Session) -> None:
        self.templates = Templates(session)
        self.sites = Sites(session)
        self.approvals = Approvals(session)
        self.subjects = Subjects(session)
        self.facts = Facts(session)
        self.looks = Looks(session)
        self.visits = Visits(session)
        self.visit_events = VisitEvents(session)
        self.contacts = Contacts(session)
        self.outbox = Outbox(session)
        self.policies = Policies(session)
        self.standings = Standings(session)
        self.state = ServiceState(session)
        self.guards = Guards(session)


class Store:
    """An open database. Raises InvalidInput for a wrong URL, StoreUnavailable for a database that cannot be used.

    ``migrated`` says in words what was done to an older one, if it was.
    """

    def __init__(self, url: str) -> None:
        self.name = shown_url(url)
        parts = read_url(url)
        self._backend = backend_of(parts)
        self._errors: tuple[type[Exception], ...] = (SQLAlchemyError, *self._backend.ERRORS)
        self._engine = self._backend.make_engine(parts)
        self._reader = self._engine.execution_options(**self._backend.READING)
        try:
            with self._translated():
                self.migrated = bring_up_to_date(self._engine)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()

    @property
    def file(self) -> Path | None:
        """The file that the database is, where it is one."""
        return self._backend.file_of(self._engine)

    def damage(self) -> tuple[str, ...]:
        """What the database finds wrong with its own files, in words."""
        with self._translated():
            return self._backend.damage(self._engine)

    def scrub(self) -> bool:
        """Removes what deleted rows have left in the database's files; False where somebody still reads it.

        It takes as long as writing the database anew.
        """
        with self._translated():
            return self._backend.scrub(self._engine)

    @contextmanager
    def reading(self) -> Iterator[Work]:
        """A transaction that sees one state of the database throughout, and changes nothing."""
        with self._translated(), Session(self._reader, execution_options=FRESH) as session:
            yield Work(session)

    @contextmanager
    def writing(self, *, dry_run: bool = False, together: bool = False) -> Iterator[Work]:
        """A transaction that ends with a commit, on an error or with ``dry_run`` with none.

        It has the right to write from its beginning on, so that what it read stays true: nobody else writes meanwhile.
        With ``together`` others that say so may (PostgreSQL lets them): then what it relies on must be locked, as a
        subject is with ``lock``, or be changed only by those who write alone.
        """
        writer = self._engine.execution_options(**{WRITING: TOGETHER if together else ALONE})
        with self._translated(), Session(writer, execution_options=FRESH) as session:
            yield Work(session)
            if not dry_run:
                self._commit(session)

    def keep(self, action: Callable[[Work], None]) -> bool:
        """Stores what can be made again at any time; not where the database is busy or cannot be written. Whether it
        did."""
        writer = self._engine.execution_options(**{WRITING: HURRIED})
        try:
            with Session(writer, execution_options=FRESH) as session:
                action(Work(session))
                session.commit()
        except self._errors:
            return False
        return True

    def _commit(self, session: Session) -> None:
        session.flush()
        try:
            session.commit()
        except DBAPIError as error:
            if error.connection_invalidated or self._backend.is_uncertain(error):
                what = "was lost" if error.connection_invalidated else "could not be written to the end"
                raise StoreUnavailable(
                    f"The database {self.name} {what} while this was being recorded, so it may be there or not. "
                    "Look before you repeat it."
                ) from error
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise StoreUnavailable(f"The database {self.name} {self._backend.trouble(error)}") from error
