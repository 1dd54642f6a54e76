"""The calendar events of visits as bytes, made at their first use, so that an export is a join (design §7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any

from sqlmodel import Session, String, and_, col, insert, or_, select, type_coerce, update

from scheduler.store.codec import columns_of
from scheduler.store.tables import SubjectRow, VisitEventRow, VisitRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """The bytes of one visit's event, for a revision of the visit and one of the site.

    Events of a subject are in the order of ``starts`` and visits; ``first`` and ``last`` are its days at the site, and
    ``zone`` is the one its times need, if any.
    """

    subject: str
    visit: str
    form: str
    revision: int
    site_revision: int
    starts: str
    zone: str
    first: date | None
    last: date | None
    data: bytes

    @property
    def order(self) -> tuple[str, str, str]:
        """The place in a calendar: by subject, then by date and time."""
        return self.subject, self.starts, self.visit


# A row of the table: subject, bytes, zone, first and last day.
Row = tuple[str, bytes, str, date, date]


# Zones, each with a first and a last year in which it is needed.
Zones = set[tuple[str, int, int]]


class VisitEvents:
    """The stored events, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def current(
        self, form: str, *, subject: str | None, site: str | None, first: date | None, last: date | None
    ) -> tuple[list[bytes], Zones] | None:
        """The bytes of all events in this form that touch the days from ``first`` to ``last``, in order, and the zones
        they need; None where any is not stored as it is now."""
        event, visit = VisitEventRow, VisitRow
        # Of days only the years count, which need no dates to be made of them.
        days = (type_coerce(col(event.first), String), type_coerce(col(event.last), String))
        columns: tuple[Any, ...] = (visit.subject, event.starts, visit.visit, event.data, event.zone, *days)
        statement = _joined(select(*columns), form).where(_of(subject, site))
        missing = col(event.subject).is_(None)
        statement = statement.where(or_(missing, and_(col(event.first).is_not(None), *_touching(first, last))))
        # Past the session, which would look at each row; and sorted here, where no bytes are moved.
        found = self._session.connection().execute(statement).all()
        if any(row[3] is None for row in found):
            return None
        spans = {(row[4], _year(row[5]), _year(row[6])) for row in found if row[4]}
        return [row[3] for row in sorted(found, key=itemgetter(0, 1, 2))], spans

    def without(self, form: str, *, subject: str | None, site: str | None) -> tuple[str, ...]:
        """The subjects that have a visit whose event is not stored in this form as it is now, in order."""
        lacking = col(VisitEventRow.subject).is_(None)
        statement: Any = _joined(select(VisitRow.subject).distinct(), form).where(lacking, _of(subject, site))
        statement = statement.order_by(VisitRow.subject)
        return tuple(self._session.exec(statement))

    def rows(
        self, form: str, *, subject: str | None, site: str | None, first: date | None, last: date | None
    ) -> Sequence[Row]:
        """The events in this form that touch the days from ``first`` to ``last``, in order; also of those
        ``without`` something, of which they are not to be used."""
        event = VisitEventRow
        columns: tuple[Any, ...] = (event.subject, event.data, event.zone, event.first, event.last)
        statement: Any = (
            select(*columns)
            .join(SubjectRow, col(SubjectRow.id) == event.subject)
            .where(col(event.form) == form, col(event.first).is_not(None), _of(subject, site))
            .where(*_touching(first, last))
            .order_by(event.subject, event.starts, event.visit)
        )
        found: Sequence[Row] = self._session.exec(statement).all()
        return found

    def put(self, events: Iterable[StoredEvent]) -> None:
        """Stores the events; of a visit and form that is there the newer revision is kept."""
        listed = list(events)
        subjects = {event.subject for event in listed}
        known = self._known(subjects)
        old = [event for event in listed if known.get(_key(event), event.revision + 1) <= event.revision]
        new = [event for event in listed if _key(event) not in known]
        if old:
            self._session.exec(update(VisitEventRow), params=[columns_of(event) for event in old])
        if new:
            self._session.exec(insert(VisitEventRow), params=[columns_of(event) for event in new])

    def _known(self, subjects: Collection[str]) -> dict[tuple[str, str, str], int]:
        found: dict[tuple[str, str, str], int] = {}
        event = VisitEventRow
        for subject in sorted(subjects):
            statement = select(event.visit, event.form, event.revision).where(event.subject == subject)
            found.update({(subject, visit, form): number for visit, form, number in self._session.exec(statement)})
        return found


def _key(event: StoredEvent) -> tuple[str, str, str]:
    return event.subject, event.visit, event.form


def _joined(statement: Any, form: str) -> Any:
    """Every visit that has an event, with its subject and, if it is stored as it is now, that event."""
    event, visit = VisitEventRow, VisitRow
    is_current = and_(
        col(event.subject) == visit.subject,
        col(event.visit) == visit.visit,
        col(event.form) == form,
        col(event.revision) == visit.revision,
        col(event.site_revision) == SubjectRow.site_revision,
    )
    return (
        statement.select_from(visit)
        .join(SubjectRow, col(SubjectRow.id) == visit.subject)
        .outerjoin(event, is_current)
        .where(col(visit.served).is_(True))
    )


def _year(day: object) -> int:
    return int(str(day)[:4])


def _touching(first: date | None, last: date | None) -> tuple[Any, ...]:
    event = VisitEventRow
    return (
        *(() if first is None else (col(event.last) >= first,)),
        *(() if last is None else (col(event.first) <= last,)),
    )


def _of(subject: str | None, site: str | None) -> Any:
    return SubjectRow.id == subject if subject is not None else SubjectRow.site == site
