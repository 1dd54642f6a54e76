"""The use cases behind ``subjects`` and ``changes``: who is there, and what was recorded lately, of all patients."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from calendars.subjects import RecordedItem, SubjectItem, recorded_items, subject_item
from scheduler.desk import Desk
from scheduler.moments import Moment, moment_at, start_of
from schedules.errors import UnknownName

if TYPE_CHECKING:
    from scheduler.store.subjects import Subject
    from scheduler.store.work import Work

_YESTERDAY = timedelta(days=1)


def subjects(desk: Desk, site: str | None, protocol: str | None, now: Moment) -> tuple[SubjectItem, ...]:
    """How it stands with each subject, of a site, a protocol or all, by id. Raises UnknownName."""
    with desk.store.reading() as work:
        check_scope(desk, work, site, protocol)
        names = work.subjects.names(site=site, protocol=protocol)
        return tuple(_subject(desk, work, name, now) for name in names)


def check_scope(desk: Desk, work: Work, site: str | None, protocol: str | None) -> None:
    """Raises UnknownName for a site or a protocol that is not there."""
    if site is not None:
        desk.find_site(work, site)
    if protocol is not None and protocol not in (known := dict(desk.versions(work))):
        raise UnknownName("protocol", protocol, known)


def _subject(desk: Desk, work: Work, name: str, now: Moment) -> SubjectItem:
    chart = desk.chart(work, name)
    enrolled = chart.record.effective().enrolment.day
    assert enrolled is not None
    return subject_item(
        chart.plan,
        subject=name,
        site=chart.subject.site,
        enrolled=enrolled,
        revision=chart.subject.revision,
        today=moment_at(now, chart.site.zone).astimezone(chart.site.zone).date(),
    )


def recorded(
    desk: Desk, site: str | None, protocol: str | None, since: Moment, now: Moment
) -> tuple[RecordedItem, ...]:
    """What was recorded from ``since`` on, by when; without one from the beginning of yesterday at each site.

    Of a site, a protocol or all. Raises UnknownName.
    """
    with desk.store.reading() as work:
        check_scope(desk, work, site, protocol)
        found = []
        for name in work.sites.names() if site is None else (site,):
            first = _first(desk.find_site(work, name).zone, since, now)
            for subject in work.subjects.with_facts(first, site=name, protocol=protocol):
                found += _recorded(work, subject, first)
        return tuple(sorted(found, key=lambda item: (item.recorded, item.subject, item.number)))


def _first(zone: ZoneInfo, since: Moment, now: Moment) -> datetime:
    if since is not None:
        return moment_at(since, zone)
    return start_of(moment_at(now, zone).astimezone(zone).date() - _YESTERDAY, zone)


def _recorded(work: Work, subject: Subject, first: datetime) -> list[RecordedItem]:
    record = work.facts.record(subject.id)
    facts = [fact for fact in record.facts if fact.recorded is not None and fact.recorded >= first]
    return recorded_items(record, facts, site=subject.site, protocol=subject.protocol)
