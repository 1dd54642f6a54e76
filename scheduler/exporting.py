"""Calendar files: what a subject's or a site's calendar is made of, and its bytes.

The bytes of a visit's event are made at their first use and stored; from then on an export is a join. They are stored
in a short write of its own after the export has read: a database that is read-only, or busy, is exported all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

from calendars.alarms import Alarm, parse_alarms
from calendars.entries import Entry, Level, PeriodEntry, guests_of, parse_extras, parse_level
from scheduler.desk import Chart, Desk
from scheduler.values import Calendar
from schedules.errors import InvalidInput, StoreUnavailable, UnknownName, shown
from schedules.plan import Period, Status, Visit
from schedules.samples import samples_of
from schedules.site import Site
from schedules.template import DEPARTMENTS, ROLES, SUBJECT_ROLES

if TYPE_CHECKING:
    from scheduler.store.visit_events import Need, Row, StoredEvent
    from scheduler.store.visits import StoredPeriod, StoredVisit
    from scheduler.store.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What is asked for, as it is typed: whose calendar (a subject's or a site's), for which department or role, how
    much it tells, which days, what besides visits, and which alarms."""

    subject: str | None = None
    site: str | None = None
    department: str | None = None
    role: str | None = None
    level: str | None = None
    language: str = "en"
    start: date | None = None
    end: date | None = None
    extras: tuple[str, ...] = ()
    alarms: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """An export that was checked."""

    subject: str | None
    site: str | None
    department: str | None
    level: Level
    language: str
    start: date | None
    end: date | None
    extras: frozenset[str]
    alarms: tuple[Alarm, ...]
    patient: bool

    @property
    def name(self) -> str:
        """Whose calendar it is."""
        return self.subject or self.site or ""


def export(desk: Desk, what: Export) -> bytes:
    """The calendar file. Raises InvalidInput and UnknownName."""
    choice = _checked(what)
    if choice.extras or choice.department is not None:
        return _made(desk, choice)
    return _joined(desk, choice)


def _checked(what: Export) -> _Choice:
    from calendars.words import words

    if (what.subject is None) == (what.site is None):
        raise InvalidInput("A calendar is of one subject or of one site. Name the one or the other.")
    if what.start is not None and what.end is not None and what.end < what.start:
        raise InvalidInput(
            f"The last day, {what.end}, is before the first, {what.start}. Give them the other way round."
        )
    _check_role(what)
    words(what.language)
    return _Choice(
        subject=what.subject,
        site=what.site,
        department=what.role if what.role in DEPARTMENTS else what.department,
        level=level_of(what.level, what.role),
        language=what.language,
        start=what.start,
        end=what.end,
        extras=parse_extras(",".join(what.extras)),
        alarms=parse_alarms(what.alarms),
        patient=what.role in SUBJECT_ROLES,
    )


def level_of(level: str | None, role: str | None) -> Level:
    """How much a calendar tells: as it is asked for, else coded to a role of staff, and private to all others.

    Raises UnknownName.
    """
    staff = role is not None and role not in SUBJECT_ROLES
    return parse_level(level or (Level.CODED if staff else Level.PRIVATE))


def _check_role(what: Export) -> None:
    if what.role is None:
        return
    if what.role not in ROLES:
        raise UnknownName("role", what.role, ROLES)
    if what.role in SUBJECT_ROLES and what.site is not None:
        raise InvalidInput(f"The calendar of a {what.role} is of one subject. Name the subject instead of a site.")
    if what.department is not None and what.role in DEPARTMENTS and what.department != what.role:
        raise InvalidInput(
            f"The {what.role} and department {shown(what.department)} are not the same. Name the one or the other."
        )


# From the bytes that are stored


def _joined(desk: Desk, choice: _Choice) -> bytes:
    from calendars.ics import file_of, form_of, zones_of
    from scheduler.store.visit_events import Asked

    form = form_of(choice.level, choice.language, choice.alarms)
    asked = Asked(subject=choice.subject, site=choice.site, first=choice.start, last=choice.end)
    with desk.store.reading() as work:
        site = _whose(desk, work, choice.subject, choice.site)
        lacking = work.visit_events.without(form, asked)
        rows, needs = work.visit_events.rows(form, asked), work.visit_events.zones(form, asked)
        fresh = [event for name in lacking for event in _stored(work, desk.chart(work, name), form, choice)]
    if lacking:
        desk.store.keep(lambda work: work.visit_events.put(fresh))
        rows, needs = _merged(rows, needs, [event for event in fresh if _touches(event, choice)], frozenset(lacking))
    zones = zones_of((zone, first.year, last.year) for _, zone, first, last in needs)
    clocks = {site.timezone: site.clocks}
    data = (each for _, each in rows)
    return file_of(data, zones, level=choice.level, language=choice.language, name=choice.name, clocks=clocks)


def _stored(work: Work, chart: Chart, form: str, choice: _Choice) -> Iterator[StoredEvent]:
    from calendars.ics import visit_written
    from scheduler.store.visit_events import StoredEvent

    for entry in sorted(_entries(work, chart), key=lambda entry: entry.order):
        written = visit_written(entry, choice.level, choice.language, choice.alarms)
        if written is None:
            continue
        yield StoredEvent(
            subject=entry.subject,
            visit=entry.visit.id,
            form=form,
            revision=entry.revision,
            site_revision=chart.subject.site_revision,
            starts=entry.order[1],
            zone=written.zone,
            first=written.first,
            last=written.last,
            data=written.data,
        )


def _merged(
    rows: Sequence[Row], needs: Sequence[Need], fresh: Sequence[StoredEvent], lacking: frozenset[str]
) -> tuple[list[Row], list[Need]]:
    """What is stored of those who lack nothing, and what was made anew, subject by subject."""
    kept = [row for row in rows if row[0] not in lacking]
    made = [(event.subject, event.data) for event in fresh]
    needed = [(event.subject, event.zone, event.first, event.last) for event in fresh if event.zone]
    return sorted([*kept, *made], key=itemgetter(0)), [*(need for need in needs if need[0] not in lacking), *needed]


def _touches(event: StoredEvent, choice: _Choice) -> bool:
    return (choice.end is None or event.first <= choice.end) and (choice.start is None or event.last >= choice.start)


# From charts


def _made(desk: Desk, choice: _Choice) -> bytes:
    from calendars.ics import calendar_file

    with desk.store.reading() as work:
        site = _whose(desk, work, choice.subject, choice.site)
        charts = _charts(desk, work, choice.subject, choice.site)
        entries = sorted((entry for chart in charts for entry in _of_department(work, chart, choice)), key=_order)
        periods = [entry for chart in charts for entry in _period_entries(work, chart)]
        if choice.department is not None:
            check_department(desk, work, choice.department)
    return calendar_file(
        entries,
        level=choice.level,
        language=choice.language,
        name=choice.name,
        start=choice.start,
        end=choice.end,
        extras=choice.extras,
        periods=[entry for entry in periods if entry.period.show_patient or not choice.patient],
        alarms=choice.alarms,
        clocks={site.timezone: site.clocks},
    )


def _order(entry: Entry) -> tuple[str, str, str]:
    return entry.order


def _of_department(work: Work, chart: Chart, choice: _Choice) -> Iterator[Entry]:
    """The entries that a department has something to do at, and only that."""
    for entry in _entries(work, chart):
        if choice.department is None:
            yield entry
            continue
        own, *guests = (narrowed(visit, chart, choice.department) for visit in (entry.visit, *entry.guests))
        if own.activities or any(guest.activities for guest in guests):
            samples = tuple(sample for sample in entry.samples if sample.activity in own.activities)
            yield replace(entry, visit=own, guests=tuple(guests), samples=samples)


def narrowed(visit: Visit, chart: Chart, department: str) -> Visit:
    """A visit with what a department does at it, and nothing else."""
    names = (name for name in visit.activities if chart.plan.departments.get(name) == department)
    return replace(visit, activities=tuple(names))


def check_department(desk: Desk, work: Work, name: str) -> None:
    """Raises UnknownName for a department that no template knows."""
    templates = [desk.registered(stored).template for stored in work.templates.all()]
    known = {item.department for template in templates for item in template.activities.values() if item.department}
    if name not in known | set(DEPARTMENTS):
        raise UnknownName("department", name, sorted(known | set(DEPARTMENTS)))


# What a calendar is made of


def calendar(desk: Desk, subject: str | None, site: str | None) -> Calendar:
    """What the calendar of a subject, or of all subjects of a site, is made of. Raises InvalidInput, UnknownName."""
    with desk.store.reading() as work:
        charts = _charts(desk, work, subject, site)
        return Calendar(
            name=subject or site or "",
            entries=tuple(entry for chart in charts for entry in _entries(work, chart)),
            periods=tuple(entry for chart in charts for entry in _period_entries(work, chart)),
        )


def entry_of(work: Work, chart: Chart, visit: str) -> Entry | None:
    """The calendar entry that a visit is in, its own or another's, or None for a visit that is not there."""
    entries = {entry.visit.id: entry for entry in _entries(work, chart)}
    found = entries.get(visit)
    return found if found is None or found.part_of is None else entries.get(found.part_of, found)


def _whose(desk: Desk, work: Work, subject: str | None, site: str | None) -> Site:
    """The site that a calendar is of, or its subject's. Of a site whose clocks go otherwise now, and subjects whose
    record was stopped before, those of now: a file has one VTIMEZONE a zone."""
    if (subject is None) == (site is None):
        raise InvalidInput("A calendar is of one subject or of one site. Name the one or the other.")
    if subject is None:
        return desk.find_site(work, site or "")
    found = desk.find_subject(work, subject)
    place = work.sites.find(found.site, found.site_revision)
    if place is None:
        raise StoreUnavailable(f"A revision of site {found.site} is gone. Restore it from a backup.")
    return place


def _charts(desk: Desk, work: Work, subject: str | None, site: str | None) -> list[Chart]:
    _whose(desk, work, subject, site)
    names = (subject,) if subject is not None else work.subjects.names(site=site)
    return [desk.chart(work, name) for name in names]


def _entries(work: Work, chart: Chart) -> Iterator[Entry]:
    """An entry for every visit that there is or was, in the order of the plan; not all of them have an event."""
    rows = work.visits.visits(chart.subject.id)
    guests = guests_of(chart.plan)
    for visit in chart.plan.visits:
        row = rows.pop(visit.id)
        entry = _entry(chart, _dated(visit, row), row)
        yield replace(entry, guests=guests.get(visit.id, ()), samples=samples_of(chart.template, chart.plan, visit))
    for row in rows.values():
        yield _entry(chart, _gone(row), row)


def _entry(chart: Chart, visit: Visit, row: StoredVisit) -> Entry:
    return Entry(
        visit=visit,
        uid=row.uid,
        sequence=row.sequence,
        changed=row.changed,
        subject=chart.subject.id,
        timezone=chart.site.timezone,
        clocks=chart.site.clocks,
        activities=chart.plan.labels_at(visit.id),
        part_of=visit.shares_entry_with,
        served=row.served,
        revision=row.revision,
    )


def _dated(visit: Visit, row: StoredVisit) -> Visit:
    """A visit that has no date any more is cancelled on its last one, in the calendars that had it."""
    if visit.planned is not None:
        return visit
    if not row.served:
        return replace(visit, target=None)
    return replace(
        visit,
        status=Status.CANCELLED,
        planned=row.when,
        window_start=row.window_start,
        window_end=row.window_end,
    )


def _gone(row: StoredVisit) -> Visit:
    """A visit that is no longer in the plan at all."""
    return Visit(
        id=row.visit,
        label=row.label,
        epoch="",
        place=row.place,
        status=Status.CANCELLED if row.served else Status.NOT_APPLICABLE,
        planned=row.when,
        window_start=row.window_start,
        window_end=row.window_end,
        duration=None if row.minutes is None else timedelta(minutes=row.minutes),
    )


def _period_entries(work: Work, chart: Chart) -> Iterator[PeriodEntry]:
    """The periods of the plan in its order, then those that it has no longer."""
    rows = work.visits.periods(chart.subject.id)
    for name in [*(period.id for period in chart.plan.periods), *rows]:
        row = rows.pop(name, None)
        if row is not None:
            yield _period_entry(chart, row)


def _period_entry(chart: Chart, row: StoredPeriod) -> PeriodEntry:
    return PeriodEntry(
        period=Period(id=row.period, label=row.label, start=row.first, end=row.last, show_patient=row.show_patient),
        uid=row.uid,
        sequence=row.sequence,
        changed=row.changed,
        subject=chart.subject.id,
        off=row.off,
    )
