"""Subjects: where each record stands, what it is planned by, and up to when its reminders are queued."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, insert, select

from scheduler.store.codec import columns_of
from scheduler.store.tables import FactRow, SubjectRow, VisitRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A subject. ``revision`` counts the use cases that changed its record; ``queued_to`` is in UTC."""

    id: str
    protocol: str
    version: str
    site: str
    site_revision: int
    revision: int
    salt: str
    stopped: str | None
    queued_to: datetime


_NAMES = tuple(Subject.__dataclass_fields__)


class Subjects:
    """The subjects, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, name: str, *, lock: bool = False) -> Subject | None:
        """A subject, or None. With ``lock`` no other transaction can change it before this one ends."""
        row = self._session.connection().execute(_LOCKED if lock else _ONE, {"name": name}).first()
        return None if row is None else _value(row)

    def hold(self, names: Collection[str]) -> None:
        """No record of these subjects changes before this transaction ends; several may hold them at once.

        Taken before rows of their reminders, so that nobody waits for one while holding the other. On SQLite whoever
        writes is alone.
        """
        if names and self._session.get_bind().dialect.name != "sqlite":
            held = select(SubjectRow.id).where(col(SubjectRow.id).in_(names)).order_by(SubjectRow.id)
            self._session.exec(held.with_for_update(read=True)).all()

    def names(self, *, site: str | None = None, protocol: str | None = None) -> tuple[str, ...]:
        """The ids of all subjects, or of a site's or a protocol's, in order."""
        statement = select(SubjectRow.id).order_by(SubjectRow.id)
        if site is not None:
            statement = statement.where(SubjectRow.site == site)
        if protocol is not None:
            statement = statement.where(SubjectRow.protocol == protocol)
        return tuple(self._session.exec(statement))

    def alike(self, name: str) -> str | None:
        """The id of a subject that differs at most in upper and lower case."""
        if not name.isascii():
            # Databases fold the case of ASCII alone.
            return next((known for known in self.names() if known.casefold() == name.casefold()), None)
        statement = select(SubjectRow.id).where(func.lower(col(SubjectRow.id)) == name.lower())
        return self._session.exec(statement).first()

    def with_salt(self, salt: str) -> str | None:
        """The id of the subject whose calendar UIDs are made from this."""
        return self._session.exec(select(SubjectRow.id).where(SubjectRow.salt == salt)).first()

    def with_visits(self, first: date, last: date, *, site: str | None = None) -> tuple[str, ...]:
        """The ids of those who have a visit on one of these days at their site, both included, in order."""
        days = col(VisitRow.day).between(first, last)
        statement = select(VisitRow.subject).distinct().where(days).order_by(VisitRow.subject)
        if site is not None:
            statement = statement.join(SubjectRow, col(SubjectRow.id) == VisitRow.subject).where(
                SubjectRow.site == site
            )
        return tuple(self._session.exec(statement))

    def with_facts(self, since: datetime, *, site: str, protocol: str | None = None) -> tuple[Subject, ...]:
        """A site's subjects of whom something was recorded at that moment or later, in order; of a protocol or all."""
        recent = select(FactRow.subject).where(FactRow.recorded >= since)
        statement = _TABLE.select().where(_TABLE.c.id.in_(recent), _TABLE.c.site == site).order_by(_TABLE.c.id)
        if protocol is not None:
            statement = statement.where(_TABLE.c.protocol == protocol)
        return tuple(_value(row) for row in self._session.connection().execute(statement))

    def to_queue(self, horizon: datetime, *, limit: int, sites: Collection[str] | None = None) -> tuple[str, ...]:
        """The ids of those who go on and whose reminders are not queued up to the horizon, at most ``limit``.

        With ``sites`` only those of subjects there.
        """
        statement = select(SubjectRow.id).where(SubjectRow.queued_to < horizon, col(SubjectRow.stopped).is_(None))
        if sites is not None:
            statement = statement.where(col(SubjectRow.site).in_(sites))
        return tuple(self._session.exec(statement.order_by(col(SubjectRow.queued_to)).limit(limit)))

    def add(self, subject: Subject) -> None:
        """Stores a new subject."""
        self._session.exec(insert(SubjectRow), params=[columns_of(subject)])

    def stand(self, subject: Subject) -> None:
        """Stores where a subject's record stands, and under which version and days of its site."""
        self.advance(
            subject.id,
            revision=subject.revision,
            stopped=subject.stopped,
            version=subject.version,
            site_revision=subject.site_revision,
        )

    def advance(self, name: str, **changes: object) -> None:
        """Changes the columns named."""
        self._session.connection().execute(_WRITE_OVER, {"name": name, **changes})


# What every change of a record runs is built once, and gives rows instead of objects of the session (see ``Facts``).
_TABLE = SubjectRow.metadata.tables["subject"]
_ONE = _TABLE.select().where(_TABLE.c.id == bindparam("name"))
_LOCKED = _ONE.with_for_update()
_WRITE_OVER = _TABLE.update().where(_TABLE.c.id == bindparam("name"))


def _value(row: Any) -> Subject:
    return Subject(**{name: getattr(row, name) for name in _NAMES})
