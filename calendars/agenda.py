"""Who comes when, and what must be ready: the items of an agenda, from one patient's plan at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from operator import attrgetter

from calendars.words import day_of, standing
from schedules.plan import Plan, Status, Visit
from schedules.record import When

_EXPECTED = frozenset({Status.PLANNED, Status.BOOKED, Status.DONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaItem:
    """A visit on an agenda. ``when`` is at the site; ``status`` is for people; ``activities`` are labels."""

    when: When
    subject: str
    site: str
    visit: str
    label: str
    status: str
    activities: tuple[str, ...] = ()
    waiting_for: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[date, time, str, str]:
        """The place in an agenda: by day, visits without a time first, then by time, subject and visit."""
        clock = self.when.time() if isinstance(self.when, datetime) else time.min
        return day_of(self.when), clock, self.subject, self.visit


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
    )
