"""Which reminders a plan calls for: pure; queueing and sending live in ``scheduler`` (design §8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schedules.plan import TO_COME, Plan, Visit
from schedules.record import When
from schedules.site import Site
from schedules.spans import Span, add, add_days_and_months
from schedules.template import ReminderRule, Template

DEPARTMENTS = ("pharmacy", "apheresis", "cell lab", "infusion unit", "imaging")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One reminder: to which role, of which visit, by which rule, and when.

    ``day`` and ``at`` are wall-clock time in the recipient's zone; ``exact`` is set instead where the rule counts
    hours from a
    visit that has a time.
    """

    role: str
    visit: str
    rule: str
    day: date
    at: time
    exact: datetime | None = None

    def moment(self, zone: ZoneInfo) -> datetime:
        """The moment it is due, for a recipient in ``zone``; a time that a clock change skips is due just after it."""
        if self.exact is not None:
            return self.exact.astimezone(zone)
        wall = datetime.combine(self.day, self.at, zone)
        return wall.astimezone(UTC).astimezone(zone)


def reminders(template: Template, plan: Plan, site: Site) -> tuple[Reminder, ...]:
    """All reminders of the visits still to come, in order of date; a department is reminded of its own activities
    only."""
    found = [
        reminder
        for visit in plan.visits
        if visit.status in TO_COME and visit.planned is not None
        for role, rules in template.reminders.items()
        if concerns(role, visit, plan)
        for reminder in _of_visit(role, rules, visit, site)
    ]
    return tuple(sorted(found, key=lambda item: (item.day, item.at, item.role, item.visit)))


def concerns(role: str, visit: Visit, plan: Plan) -> bool:
    """Whether a visit is a role's business: everybody's, but a department's only where it has something to do."""
    return role not in DEPARTMENTS or any(plan.departments.get(activity) == role for activity in visit.activities)


def _of_visit(role: str, rules: tuple[ReminderRule, ...], visit: Visit, site: Site) -> Iterator[Reminder]:
    for rule in rules:
        anchor = _anchor(rule, visit)
        if anchor is None:
            continue
        span = -rule.lead if rule.event in ("before", "closes") else rule.lead
        at = rule.at or site.opens
        if span.timed and isinstance(anchor, datetime):
            exact = add(anchor, span)
            yield Reminder(role=role, visit=visit.id, rule=rule.text, day=exact.date(), at=exact.time(), exact=exact)
            continue
        day = anchor.date() if isinstance(anchor, datetime) else anchor
        yield Reminder(role=role, visit=visit.id, rule=rule.text, day=_days_away(day, span), at=at)


def _days_away(day: date, span: Span) -> date:
    """Hours before a visit that has no time count as the days they reach into, so that nobody is reminded too late."""
    return add_days_and_months(day, Span(span.months, span.days)) + timedelta(days=span.minutes // 1440)


def _anchor(rule: ReminderRule, visit: Visit) -> When | None:
    if rule.event == "before":
        return visit.planned
    if visit.window_start is None or visit.window_end is None:
        # A visit without a window has its target day only: it is overdue when that day is over.
        return visit.planned if rule.event == "overdue" else None
    return visit.window_start if rule.event == "opens" else visit.window_end
