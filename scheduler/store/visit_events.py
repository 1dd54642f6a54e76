"""The calendar events of visits as bytes, made at their first use, so that an export is a join (design §7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session, and_, col, func, insert, select, update

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
    first: date
    last: date
    data: bytes


# A subject and the bytes of one of its events.
Row = tuple[str, bytes]
# A subject, a zone that its events need, and the first and the last day on which they do.
Need = tuple[str, str, date, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose events are asked for, a subject's or a site's, and of which days, both included."""

    subject: str | None = None
    site: str | None = None
    first: date | None = None
    last: date | None = None


class VisitEvents:
    """The stored events, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def without(self, form: str, asked: Asked) -> tuple[str, ...]:
        """The subjects that have a visit whose event is not stored in this form as it is now, in order."""
        event, visit = VisitEventRow, VisitRow
        is_current = and_(
            col(event.subject) == visit.subject,
            col(event.visit) == visit.visit,
            col(event.form) == form,
            col(event.revision) == visit.revision,
            col(event.site_revision) == SubjectRow.site_revision,
        )
        lacking: Any = select(visit.subject).distinct().join(SubjectRow, col(SubjectRow.id) == visit.subject)
        lacking = lacking.outerjoin(event, is_current).where(col(visit.served).is_(True), _is_asked(asked))
        return tuple(self._session.exec(lacking.where(col(event.subject).is_(None)).order_by(visit.subject)))

    def rows(self, form: str, asked: Asked) -> Sequence[Row]:
        """The events in this form that touch the days asked for, in order; also of those ``without`` something, of
        which they are not to be used."""
        event = VisitEventRow
        statement = select(event.subject, event.data).where(*_asked(form, asked))
        found: Sequence[Row] = self._rows(statement.order_by(event.subject, event.starts, event.visit))
        return found

    def zones(self, form: str, asked: Asked) -> Sequence[Need]:
        """The zones that each subject's ``rows`` need."""
        event = VisitEventRow
        columns = (event.subject, event.zone, func.min(event.first), func.max(event.last))
        statement = select(*columns).where(*_asked(form, asked), col(event.zone) != "")
        found: Sequence[Need] = self._rows(statement.group_by(event.subject, event.zone))
        return found

    def _rows(self, statement: Any) -> Any:
        # Past the session, which would look at each row.
        return self._session.connection().execute(statement).all()

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


def _asked(form: str, asked: Asked) -> Iterator[Any]:
    event = VisitEventRow
    yield col(event.form) == form
    # A join would have the bytes sorted, where SQLite walks along the key for this.
    yield col(event.subject).in_(select(SubjectRow.id).where(_is_asked(asked)))
    if asked.first is not None:
        yield col(event.last) >= asked.first
    if asked.last is not None:
        yield col(event.first) <= asked.last


def _is_asked(asked: Asked) -> Any:
    return SubjectRow.id == asked.subject if asked.subject is not None else SubjectRow.site == asked.site
