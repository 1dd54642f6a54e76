"""Calendars to be read: patients of the shipped protocols, with what makes calendars hard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from calendars.entries import Entry, PeriodEntry, derived_uid, guests_of
from schedules.catalogue import read, shipped
from schedules.load import load
from schedules.plan import Plan
from schedules.planner import plan
from schedules.record import Fact, Kind, enrolled
from schedules.samples import samples_of
from schedules.site import Site
from schedules.template import Template

CHANGED = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
PROTOCOLS = tuple(item.protocol for item in shipped())
SUBJECT = "QX-7741"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A patient's plan at a site in a zone, and what a calendar is made of."""

    template: Template
    plan: Plan
    entries: tuple[Entry, ...]
    periods: tuple[PeriodEntry, ...]


@cache
def case(protocol: str, zone: str = "America/New_York") -> Case:
    """A patient whose reference visit is booked for 01:30 of the night in which the clocks go back in New York."""
    template = template_of(protocol)
    site = Site(timezone=zone)
    groups = [
        Fact(kind=Kind.GROUP, name=name, values={"value": next(iter(group.values))})
        for name, group in template.groups.items()
    ]
    when = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo(zone))
    record = enrolled(SUBJECT, date(2026, 9, 14)).with_facts(
        *groups, Fact(kind=Kind.BOOKED, name=template.reference_visit, when=when)
    )
    made = plan(template, record, site)
    return Case(template=template, plan=made, entries=tuple(_entries(template, made)), periods=tuple(_periods(made)))


@cache
def template_of(protocol: str) -> Template:
    """A shipped template."""
    return next(load(read(item), item.file) for item in shipped() if item.protocol == protocol)


def _entries(template: Template, made: Plan) -> Iterator[Entry]:
    guests = guests_of(made)
    for number, visit in enumerate(made.visits):
        yield Entry(
            visit=visit,
            uid=derived_uid("salt", visit.id),
            sequence=number % 3,
            revision=number % 3 + 1,
            changed=CHANGED,
            subject=SUBJECT,
            timezone=made.timezone,
            activities=made.activities,
            guests=guests.get(visit.id, ()),
            part_of=visit.shares_entry_with,
            served=number % 2 == 0,
            samples=samples_of(template, made, visit),
        )


def _periods(made: Plan) -> Iterator[PeriodEntry]:
    for period in made.periods:
        uid = derived_uid("salt", f"period:{period.id}")
        yield PeriodEntry(period=period, uid=uid, sequence=1, changed=CHANGED, subject=SUBJECT)
