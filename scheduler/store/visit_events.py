"""The calendar events of visits as bytes, made at their first use, so that an export is a join (design §7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session, and_, col, insert, or_, select, update

from scheduler.store.codec import columns_of
from scheduler.store.tables import SubjectRow, VisitEventRow, VisitRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """The bytes of one visit's event, empty where it has none, for a revision of the visit and one of the site.

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


class VisitEvents:
    """The stored events, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def without(self, form: str, *, subject: str | None, site: str | None) -> tuple[str, ...]:
        """The subjects that have a visit whose event is not stored in this form as it is now, in order."""
        event, visit = VisitEventRow, VisitRow
        statement = (
            select(visit.subject)
            .distinct()
            .join(SubjectRow, col(SubjectRow.id) == visit.subject)
            .outerjoin(
                event,
                and_(
                    col(event.subject) == visit.subject,
                    col(event.visit) == visit.visit,
                    col(event.form) == form,
                    col(event.revision) == visit.revision,
                    col(event.site_revision) == SubjectRow.site_revision,
                ),
            )
            .where(col(event.subject).is_(None), _of(subject, site))
            .order_by(visit.subject)
        )
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
            .order_by(event.subject, event.starts, event.visit)
        )
        if first is not None:
            statement = statement.where(col(event.last) >= first)
        if last is not None:
            statement = statement.where(col(event.first) <= last)
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


def _of(subject: str | None, site: str | None) -> Any:
    return or_(SubjectRow.id == subject, SubjectRow.site == site)
