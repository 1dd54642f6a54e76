"""Which reminders a plan calls for: pure; queueing and sending live in ``scheduler`` (design §8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schedules.expiries import Expiry, expiries
from schedules.plan import TO_COME, Plan, Visit
from schedules.record import When
from schedules.reminder_rules import NEWS_EVENTS, Rules, rules_for
from schedules.site import Site
from schedules.spans import Span, add, add_days_and_months, is_same_time
from schedules.template import DEPARTMENTS, SUBJECT_ROLES, ReminderRule, Template

_OF_A_WINDOW = frozenset({"opens", "closes", "overdue", "gate"})
_OF_A_VISIT = _OF_A_WINDOW | {"before"}


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
    activities only. What is to be told alike of visits that share a calendar entry is one reminder, of the first of
    them (see :func:`told_together`). What is told as it happens (a visit that moves) is not among them: a plan alone
    cannot tell.
    """
    if plan.stopped is not None:
        return ()
    known = {role: rules_for(template, role) for role in template.reminders} if rules is None else rules
    running_out = {expiry.visit: expiry for expiry in expiries(template, plan)}
    frame = _Frame(template, plan, site, running_out, _shared(plan))
    found = [
        reminder
        for role, those in known.items()
        for rule in those
        if rule.event not in NEWS_EVENTS
        for reminder in _by_rule(role, rule, frame)
    ]
    return tuple(sorted(found, key=lambda item: (item.day, item.at, item.role, item.visit)))


def concerns(role: str, visit: Visit, plan: Plan) -> bool:
    """Whether a visit is a role's business: everybody's, but a department's only where it has something to do."""
    return role not in DEPARTMENTS or any(plan.departments.get(activity) == role for activity in visit.activities)


def told_together(
    template: Template, plan: Plan, role: str, rule: ReminderRule | None, visit: Visit
) -> tuple[Visit, ...]:
    """The visits of which a role is told in one message by a rule (news have none): those to come that share the
    calendar entry of ``visit`` and are the role's business, in the order of the plan, the entry's own visit first.

    What is before a visit is told of all of them; what counts from a window or a gate, of those of which it is alike.
    """
    host = visit.shares_entry_with or visit.id
    found = [each for each in plan.visits if host in (each.id, each.shares_entry_with)]
    if len(found) == 1:
        return (visit,)
    found.sort(key=lambda each: each.id != host)
    return tuple(
        each
        for each in found
        if _is_coming(each)
        and concerns(role, each, plan)
        and (
            rule is None
            or rule.event not in _OF_A_WINDOW
            or _told_of(rule, each, template) == _told_of(rule, visit, template)
        )
    )


def when_together(visits: Iterable[Visit]) -> When | None:
    """When visits are that share a calendar entry: at a time, if one of them has one."""
    found = [visit.planned for visit in visits if visit.planned is not None]
    return next((when for when in found if isinstance(when, datetime)), found[0] if found else None)


def _is_coming(visit: Visit) -> bool:
    return visit.status in TO_COME and visit.planned is not None


def _told_of(rule: ReminderRule, visit: Visit, template: Template) -> tuple[object, ...]:
    return _anchor(rule, visit), _last(rule, visit), _detail(rule, visit, template)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What reminders are found in; ``shared`` are the visits that share an entry with another."""

    template: Template
    plan: Plan
    site: Site
    running_out: Mapping[str, Expiry]
    shared: frozenset[str] = field(default_factory=frozenset)


def _by_rule(role: str, rule: ReminderRule, frame: _Frame) -> Iterator[Reminder]:
    plan = frame.plan
    if rule.event == "period":
        yield from _of_periods(role, rule, plan, frame.site)
    elif rule.event == "expected":
        for expected in plan.expected:
            yield _on(role, rule, expected.milestone, expected.day, frame.site)
    else:
        for visit in plan.visits:
            if _is_coming(visit) and concerns(role, visit, plan):
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
        if anchor is not None and visit.id in frame.shared:
            together = told_together(frame.template, frame.plan, role, rule, visit)
            first = together[0].id == visit.id
            anchor = None if not first else when_together(together) if rule.event == "before" else anchor
        if anchor is not None:
            detail = _detail(rule, visit, frame.template)
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


def _shared(plan: Plan) -> frozenset[str]:
    hosts = {visit.id: visit.shares_entry_with for visit in plan.visits if visit.shares_entry_with is not None}
    return frozenset((*hosts, *hosts.values()))


def _detail(rule: ReminderRule, visit: Visit, template: Template) -> str:
    """Of a gate, what it waits for."""
    if rule.event != "gate":
        return ""
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
