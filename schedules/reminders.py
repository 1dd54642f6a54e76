"""Which reminders a plan calls for: pure; queueing and sending live in ``scheduler`` (design §8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schedules.expiries import Expiry, expiries
from schedules.plan import TO_COME, Plan, Visit
from schedules.record import When
from schedules.reminder_rules import NEWS_EVENTS, Rules, rules_for
from schedules.site import Site
from schedules.spans import Span, add, add_days_and_months, is_same_time
from schedules.template import DEPARTMENTS, SUBJECT_ROLES, ReminderRule, Template

_OF_A_VISIT = frozenset({"before", "opens", "closes", "overdue", "gate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One reminder: to which role, of what, by which rule, and when.

    ``visit`` is the visit, or the period or milestone that it is of. ``day`` and ``at`` are wall-clock time in the
    recipient's zone; ``exact`` is set instead where the rule counts hours from a visit that has a time. After ``last``,
    a day at the site, it is of no more use. ``detail`` is what else it must tell: the gates that are shut, the rule
    that runs out. ``on`` is the day of what runs out, ends or is expected; None where all that counts is the visit.
    """

    role: str
    visit: str
    rule: str
    day: date
    at: time
    exact: datetime | None = None
    event: str = ""
    last: date | None = None
    detail: str = ""
    on: date | None = None

    def moment(self, zone: ZoneInfo) -> datetime:
        """The moment it is due, for a recipient in ``zone``; a time that a clock change skips is due just after it."""
        if self.exact is not None:
            return self.exact.astimezone(zone)
        wall = datetime.combine(self.day, self.at, zone)
        return wall.astimezone(UTC).astimezone(zone)


def reminders(
    template: Template, plan: Plan, site: Site, rules: Mapping[str, Rules] | None = None
) -> tuple[Reminder, ...]:
    """All reminders that a plan calls for, in order of date; ``rules`` by role, by default the template's.

    They are of visits to come, of periods that end, and of milestones expected. A department is reminded of its own
    activities only. What is told as it happens (a visit that moves) is not among them: a plan alone cannot tell.
    """
    if plan.stopped is not None:
        return ()
    known = {role: rules_for(template, role) for role in template.reminders} if rules is None else rules
    running_out = {expiry.visit: expiry for expiry in expiries(template, plan)}
    found = [
        reminder
        for role, those in known.items()
        for rule in those
        if rule.event not in NEWS_EVENTS
        for reminder in _by_rule(role, rule, _Frame(template, plan, site, running_out))
    ]
    return tuple(sorted(found, key=lambda item: (item.day, item.at, item.role, item.visit)))


def concerns(role: str, visit: Visit, plan: Plan) -> bool:
    """Whether a visit is a role's business: everybody's, but a department's only where it has something to do."""
    return role not in DEPARTMENTS or any(plan.departments.get(activity) == role for activity in visit.activities)


@dataclass(frozen=True, slots=True)
class _Frame:
    template: Template
    plan: Plan
    site: Site
    running_out: Mapping[str, Expiry]


def _by_rule(role: str, rule: ReminderRule, frame: _Frame) -> Iterator[Reminder]:
    plan = frame.plan
    if rule.event == "period":
        yield from _of_periods(role, rule, plan, frame.site)
    elif rule.event == "expected":
        for expected in plan.expected:
            yield _on(role, rule, expected.milestone, expected.day, frame.site)
    else:
        for visit in plan.visits:
            if visit.status in TO_COME and visit.planned is not None and concerns(role, visit, plan):
                yield from _of_visit(role, rule, visit, frame)


def _of_periods(role: str, rule: ReminderRule, plan: Plan, site: Site) -> Iterator[Reminder]:
    """Patients, and who stands beside them, are told of the periods that are shown to them; staff of all."""
    for period in plan.periods:
        named = rule.of in ("", period.id, period.id.rpartition("-")[0])
        shown = period.show_patient or role not in SUBJECT_ROLES
        if named and shown and period.end is not None:
            yield _on(role, rule, period.id, period.end, site, last=period.end)


def _of_visit(role: str, rule: ReminderRule, visit: Visit, frame: _Frame) -> Iterator[Reminder]:
    if rule.event in _OF_A_VISIT:
        anchor = _anchor(rule, visit)
        if anchor is not None:
            detail = _shut(visit, frame.template) if rule.event == "gate" else ""
            yield _on(role, rule, visit.id, anchor, frame.site, last=_last(rule, visit), detail=detail)
    elif rule.event == "expires" and visit.id in frame.running_out:
        expiry = frame.running_out[visit.id]
        yield _on(role, rule, visit.id, expiry.last, frame.site, last=expiry.last, detail=expiry.rule)


def _on(
    role: str,
    rule: ReminderRule,
    of: str,
    anchor: When,
    site: Site,
    *,
    last: date | None = None,
    detail: str = "",
) -> Reminder:
    span = rule.lead if rule.event == "overdue" else -rule.lead
    exact = add(anchor, span) if span.timed and isinstance(anchor, datetime) else None
    day = anchor.date() if isinstance(anchor, datetime) else anchor
    return Reminder(
        role=role,
        visit=of,
        rule=rule.text,
        day=_days_away(day, span) if exact is None else exact.date(),
        at=(rule.at or site.opens) if exact is None else exact.time(),
        exact=exact,
        event=rule.event,
        last=last,
        detail=detail,
        on=None if rule.event in _OF_A_VISIT else day,
    )


def _days_away(day: date, span: Span) -> date:
    """Hours before a visit that has no time count as the days they reach into, so that nobody is reminded too late."""
    return add_days_and_months(day, Span(span.months, span.days)) + timedelta(days=span.minutes // 1440)


def _anchor(rule: ReminderRule, visit: Visit) -> When | None:
    if rule.event == "gate":
        return visit.planned if visit.waiting_for else None
    if rule.event == "before":
        return visit.planned
    if visit.window_start is None or visit.window_end is None:
        # A visit without a window has its target day only: it is overdue when that day is over.
        return visit.planned if rule.event == "overdue" else None
    return visit.window_start if rule.event == "opens" else visit.window_end


def _last(rule: ReminderRule, visit: Visit) -> date | None:
    """Until the visit's day is over at the site; for rules on the window, until that is; for overdue ones, for good."""
    if rule.event == "overdue":
        return None
    return _day(visit.window_end if rule.event in ("opens", "closes") else visit.planned)


def _shut(visit: Visit, template: Template) -> str:
    return ", ".join(template.event_label(name.rpartition("/")[2]) for name in visit.waiting_for)


def is_soon(days: tuple[When | None, ...], today: date, rule: ReminderRule) -> bool:
    """Whether something that moved or was cancelled is told by a rule: one of its days is still to come, and as near
    as the rule asks for."""
    to_come = [day for day in map(_day, days) if day is not None and day >= today]
    if not to_come or rule.lead == Span():
        return bool(to_come)
    # Hours count as the days that they reach into.
    return min(to_come) <= _days_away(today, rule.lead) + timedelta(days=rule.lead.minutes % 1440 > 0)


def is_moved(before: When | None, after: When | None) -> bool:
    """Whether a visit is at another time. One that gets a time on its day, or loses it, is where it was."""
    if isinstance(before, datetime) and isinstance(after, datetime):
        return not is_same_time(before, after)
    return _day(before) != _day(after)


def _day(when: When | None) -> date | None:
    return when.date() if isinstance(when, datetime) else when
