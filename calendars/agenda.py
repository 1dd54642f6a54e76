"""Who comes when, and what must be ready: the items of an agenda, from one patient's plan at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import groupby
from operator import attrgetter

from calendars.words import day_of, standing
from schedules.plan import Plan, Status, Visit
from schedules.record import When

_EXPECTED = frozenset({Status.PLANNED, Status.BOOKED, Status.DONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaItem:
    """A visit on an agenda. ``when`` is at the site; ``status`` is for people (due, overdue), ``stage`` is the plan's
    own; ``activities`` are labels, ``departments`` whose each of them is (empty for nobody's in particular)."""

    when: When
    subject: str
    site: str
    visit: str
    label: str
    status: str
    activities: tuple[str, ...] = ()
    waiting_for: tuple[str, ...] = ()
    stage: Status = Status.PLANNED
    departments: tuple[str, ...] = ()

    def of(self, department: str) -> AgendaItem:
        """The same with that department's activities alone."""
        pairs = zip(self.activities, self.departments, strict=True)
        return replace(self, activities=tuple(label for label, whose in pairs if whose == department), departments=())

    @property
    def order(self) -> tuple[date, time, str, str]:
        """The place in an agenda: by day, visits without a time first, then by time, subject and visit."""
        clock = self.when.time() if isinstance(self.when, datetime) else time.min
        return day_of(self.when), clock, self.subject, self.visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """How many visits there are for one thing: by whether they are booked, planned but not booked, or done."""

    booked: int = 0
    planned: int = 0
    done: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.booked + self.planned + self.done


def quantity(items: Iterable[AgendaItem]) -> Quantity:
    """The number of visits, by stage."""
    stages = Counter(item.stage for item in items)
    return Quantity(booked=stages[Status.BOOKED], planned=stages[Status.PLANNED], done=stages[Status.DONE])


def quantities(items: Sequence[AgendaItem]) -> dict[str, Quantity]:
    """The number of visits for each activity, by its label in alphabetical order."""
    labels = sorted({label for item in items for label in item.activities})
    return {label: quantity(item for item in items if label in item.activities) for label in labels}


def by_day(items: Iterable[AgendaItem]) -> dict[date, tuple[AgendaItem, ...]]:
    """The items of each day that has any, in order."""
    ordered = sorted(items, key=attrgetter("order"))
    return {day: tuple(group) for day, group in groupby(ordered, key=lambda item: day_of(item.when))}


BY = ("day", "site", "department")


def grouped(items: Sequence[AgendaItem], by: str) -> dict[str, tuple[AgendaItem, ...]]:
    """The items of each day (as ISO text), site or department that has any, in order.

    A visit at which two departments have something to do is among the items of each, with that one's activities.
    """
    if by == "day":
        return {day.isoformat(): group for day, group in by_day(items).items()}
    if by == "site":
        sites = sorted({item.site for item in items})
        return {site: tuple(item for item in items if item.site == site) for site in sites}
    names = sorted({name for item in items for name in item.departments if name})
    return {name: tuple(item.of(name) for item in items if name in item.departments) for name in names}


def agenda_items(
    plan: Plan, *, subject: str, site: str, start: date, end: date, today: date, department: str | None = None
) -> tuple[AgendaItem, ...]:
    """The visits planned, booked or done from ``start`` to ``end``, both included, dates at the site.

    With a ``department``, only visits that have something for it to do, and only that.
    """
    found = []
    for visit in plan.visits:
        activities = _activities(plan, visit, department)
        if _is_expected(visit, start, end) and (activities or department is None):
            found.append(_item(plan, visit, activities, subject=subject, site=site, today=today))
    return tuple(sorted(found, key=attrgetter("order")))


def _is_expected(visit: Visit, start: date, end: date) -> bool:
    return visit.status in _EXPECTED and visit.date is not None and start <= visit.date <= end


def _activities(plan: Plan, visit: Visit, department: str | None) -> tuple[str, ...]:
    if department is None:
        return visit.activities
    return tuple(name for name in visit.activities if plan.departments.get(name) == department)


def _item(plan: Plan, visit: Visit, activities: tuple[str, ...], *, subject: str, site: str, today: date) -> AgendaItem:
    assert visit.planned is not None
    return AgendaItem(
        when=visit.planned,
        subject=subject,
        site=site,
        visit=visit.id,
        label=visit.label,
        status=standing(visit, today),
        activities=tuple(plan.activities.get(name, name) for name in activities),
        waiting_for=visit.waiting_for,
        stage=visit.status,
        departments=tuple(plan.departments.get(name, "") for name in activities),
    )
