"""The projection: one row a planned visit and one a period, so that calendars and worklists need no planning."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, Update, bindparam
from sqlmodel import Session, col, func, select

from scheduler.store.codec import columns_of, from_columns, to_columns
from scheduler.store.tables import VisitRow
from schedules.plan import TO_COME
from schedules.record import When


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVisit:
    """A visit as it was last planned. The window is in days at the site; ``changed`` is in UTC.

    One that has no date any more keeps its last, and its window. ``part_of`` is the visit whose calendar entry it is
    part of, ``guests`` stands for those that are part of its own, and ``served`` says that it once had a dated entry
    of its own.
    ``revision`` is the record's when anything of the visit last changed, ``fingerprint`` stands for all of it;
    ``sequence`` only rises: when time, place or status change (design §7).
    """

    visit: str
    uid: str
    label: str
    place: str
    status: str
    when: When | None
    minutes: int | None
    window_start: date | None
    window_end: date | None
    part_of: str | None
    guests: str
    served: bool
    fingerprint: str
    revision: int
    sequence: int
    changed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPeriod:
    """A period as it was last planned, in days at the site; one that is ``off`` has no dates any more but these."""

    period: str
    uid: str
    label: str
    first: date | None
    last: date | None
    show_patient: bool
    off: bool
    revision: int
    sequence: int
    changed: datetime


class Visits:
    """The projected visits and periods, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def visits(self, subject: str) -> dict[str, StoredVisit]:
        """A subject's visits by id."""
        found = self._session.connection().execute(_VISITS_OF, {"of_subject": subject})
        return {row.visit: visit_value(row) for row in found}

    def revisions(self, subject: str) -> dict[str, int]:
        """The revision of each of a subject's visits, by id."""
        statement = select(VisitRow.visit, VisitRow.revision).where(VisitRow.subject == subject)
        return dict(self._session.exec(statement).all())

    def visit(self, subject: str, visit: str) -> StoredVisit | None:
        """One visit, or None."""
        row = self._session.get(VisitRow, (subject, visit))
        return None if row is None else visit_value(row)

    def periods(self, subject: str) -> dict[str, StoredPeriod]:
        """A subject's periods by id."""
        found = self._session.connection().execute(_PERIODS_OF, {"of_subject": subject})
        return {row.period: _period(row) for row in found}

    def count_to_come(self) -> int:
        """How many visits of all subjects are planned or booked."""
        statuses = [status.value for status in TO_COME]
        statement = select(func.count()).select_from(VisitRow).where(col(VisitRow.status).in_(statuses))
        return self._session.exec(statement).one()

    def put_visits(self, subject: str, visits: Iterable[StoredVisit], known: Collection[str]) -> None:
        """Stores the visits: those whose ids are ``known`` are written over, the others are new."""
        rows = [_visit_columns(subject, visit) for visit in visits]
        self._put(_VISITS, _A_VISIT, rows, [row["visit"] in known for row in rows])

    def put_periods(self, subject: str, periods: Iterable[StoredPeriod], known: Collection[str]) -> None:
        """Stores the periods: those whose ids are ``known`` are written over, the others are new."""
        rows = [{"subject": subject, **columns_of(period)} for period in periods]
        self._put(_PERIODS, _A_PERIOD, rows, [row["period"] in known for row in rows])

    def _put(self, table: Table, update: Update, rows: list[dict[str, Any]], known: list[bool]) -> None:
        name = table.name
        old = [
            {"of_subject": row["subject"], "of_name": row[name], **row}
            for row, is_known in zip(rows, known, strict=True)
            if is_known
        ]
        new = [row for row, is_known in zip(rows, known, strict=True) if not is_known]
        if old:
            self._session.connection().execute(update, old)
        if new:
            self._session.connection().execute(table.insert(), new)


# What every change of a record runs is built once, and gives rows instead of objects of the session (see ``Facts``).
_VISITS, _PERIODS = (VisitRow.metadata.tables[name] for name in ("visit", "period"))
_VISITS_OF, _PERIODS_OF = (
    table.select().where(table.c.subject == bindparam("of_subject")) for table in (_VISITS, _PERIODS)
)
_A_VISIT, _A_PERIOD = (
    table.update().where(table.c.subject == bindparam("of_subject"), table.c[table.name] == bindparam("of_name"))
    for table in (_VISITS, _PERIODS)
)


def visit_value(row: Any) -> StoredVisit:
    """A visit of its row, or of an object of the session."""
    return StoredVisit(
        visit=row.visit,
        uid=row.uid,
        label=row.label,
        place=row.place,
        status=row.status,
        when=from_columns(row.day, row.clock, row.zone, row.moment),
        minutes=row.minutes,
        window_start=row.window_start,
        window_end=row.window_end,
        part_of=row.part_of,
        guests=row.guests,
        served=row.served,
        fingerprint=row.fingerprint,
        revision=row.revision,
        sequence=row.sequence,
        changed=row.changed,
    )


def _visit_columns(subject: str, visit: StoredVisit) -> dict[str, Any]:
    columns = {name: value for name, value in columns_of(visit).items() if name != "when"}
    return {"subject": subject, **columns, **columns_of(to_columns(visit.when))}


def _period(row: Any) -> StoredPeriod:
    return StoredPeriod(
        period=row.period,
        uid=row.uid,
        label=row.label,
        first=row.first,
        last=row.last,
        show_patient=row.show_patient,
        off=row.off,
        revision=row.revision,
        sequence=row.sequence,
        changed=row.changed,
    )
