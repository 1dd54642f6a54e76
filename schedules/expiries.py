"""What holds for so long after something that happened, and no longer: labs, a screening, lymphodepletion (design §5,
rule 12: "labs expire 3 March; d1 is 4 March")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter, itemgetter

from schedules.evaluating import as_day
from schedules.plan import TO_COME, Plan, Status, Visit
from schedules.points import Around, Day, Extreme, Named, Point, Shifted, names_in
from schedules.protocol_days import day_offset
from schedules.spans import Span, add_days_and_months
from schedules.template import Template, VisitRule

_OUT = frozenset({Status.MISSED, Status.CANCELLED, Status.CONDITIONAL, Status.NOT_APPLICABLE})
# How far a month's end can be from where counting days back from it leads.
MONTH_SLACK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """A visit still to come that is bound by what happened: ``rule`` (such as ``labs + 7 days``) allows it up to
    ``last``, a date at the site. ``planned`` is the day it is planned or booked for.

    ``kind`` is the rule's: ``bound`` (``no_later_than``), ``latest`` (``at_the_latest``), or ``window``, that of a
    visit which was done and counts from this one, so that it is too old if this one comes later.
    """

    visit: str
    label: str
    status: Status
    kind: str = "bound"
    rule: str
    last: date
    planned: date

    @property
    def holds(self) -> bool:
        """Whether the visit is in time."""
        return self.planned <= self.last


def expiries(template: Template, plan: Plan) -> tuple[Expiry, ...]:
    """For each visit to come the first day of those after which something that happened no longer serves, by date.

    What is merely planned or booked expires nothing, since it can still move: a rule that counts from it is left out.
    """
    first: dict[str, Expiry] = {}
    for expiry in sorted(_all(template, plan), key=attrgetter("last", "kind", "rule")):
        first.setdefault(expiry.visit, expiry)
    return tuple(sorted(first.values(), key=attrgetter("last", "visit")))


def _all(template: Template, plan: Plan) -> Iterator[Expiry]:
    rules = {rule.id: rule for rule in template.visits}
    for visit in plan.visits:
        rule = rules.get(visit.id)
        if rule is None or visit.date is None:
            continue
        if visit.status in TO_COME:
            yield from _bounds(template, rule, visit, plan)
        elif visit.status is Status.DONE and rule.window is not None and not _was_early(visit):
            yield from _window(template, rules, rule, visit.date, plan)


def _was_early(visit: Visit) -> bool:
    """Whether a visit was done before its window as it was then: a deviation, and no news of an expiry."""
    return visit.window_start is not None and visit.date is not None and visit.date < as_day(visit.window_start)


def _bounds(template: Template, rule: VisitRule, visit: Visit, plan: Plan) -> Iterator[Expiry]:
    for point in rule.no_later_than:
        for last in _happened(template, point, plan):
            yield from _expiry(visit, "bound", str(point), last)
    for last in _happened(template, rule.at_the_latest, plan) if rule.at_the_latest is not None else ():
        yield from _expiry(visit, "latest", f"at_the_latest ({rule.at_the_latest})", last)


def _expiry(visit: Visit, kind: str, rule: str, last: date) -> Iterator[Expiry]:
    if visit.date is not None:
        yield Expiry(
            visit=visit.id,
            label=visit.label,
            status=visit.status,
            kind=kind,
            rule=rule,
            last=last,
            planned=visit.date,
        )


def _window(
    template: Template, rules: Mapping[str, VisitRule], rule: VisitRule, done: date, plan: Plan
) -> Iterator[Expiry]:
    """Up to when the visit that a window counts from keeps in that window what was done before it.

    Where that visit has a bound of its own that counts from what was done, the protocol says so there how long it
    holds.
    """
    assert rule.window is not None
    relative = isinstance(rule.window, Around)
    opens = Shifted(rule.at, rule.window.start) if isinstance(rule.window, Around) else rule.window.start
    anchor = _anchor(template, opens, plan)
    if anchor is None or anchor.date is None or anchor.date < done or _is_bound(rules.get(anchor.id), rule.id):
        return
    guess = anchor.date + (done - _counted(template, opens, anchor.date))
    days = (guess + timedelta(days=days) for days in range(MONTH_SLACK, -MONTH_SLACK - 1, -1))
    last = next((day for day in days if _counted(template, opens, day) <= done), None)
    words = f"{rule.window} around {rule.at}" if relative else f"{rule.window}"
    if last is not None:
        yield from _expiry(anchor, "window", f"window of {rule.id} ({words})", last)


def _is_bound(rule: VisitRule | None, by: str) -> bool:
    points = rule.no_later_than if rule is not None else ()
    return any(isinstance(named, Named) and named.name == by for point in points for named in names_in(point))


def _anchor(template: Template, point: Point, plan: Plan) -> Visit | None:
    """The visit to come that a point counts from, if it counts from one alone."""
    while isinstance(point, Shifted):
        point = point.base
    if isinstance(point, Day):
        visit = plan.visit(point.reference or template.reference_visit)
    elif isinstance(point, Named):
        visit = _deciding(point, plan)
    else:
        return None
    return visit if visit is not None and visit.status in TO_COME else None


def _counted(template: Template, point: Point, day: date) -> date:
    """Where a point is if what it counts from is on ``day``; hours count as the days they reach into."""
    if isinstance(point, Shifted):
        return _later(_counted(template, point.base, day), point.span)
    return day + timedelta(days=day_offset(point.number, template.reference_day)) if isinstance(point, Day) else day


def _later(day: date, span: Span) -> date:
    return add_days_and_months(day, span) + timedelta(days=span.minutes // 1440)


def _happened(template: Template, point: Point, plan: Plan) -> Iterator[date]:
    """The day of a point that counts from nothing but what happened; else nothing."""
    if isinstance(point, Shifted):
        for day in _happened(template, point.base, plan):
            yield _later(day, point.span)
    elif isinstance(point, Extreme):
        days = [day for part in point.points for day in _happened(template, part, plan)]
        if len(days) == len(point.points):
            yield min(days) if point.which == "earliest" else max(days)
    elif isinstance(point, Day):
        for day in _named(Named(point.reference or template.reference_visit), plan):
            yield _counted(template, point, day)
    else:
        yield from _named(point, plan)


def _named(point: Named, plan: Plan) -> Iterator[date]:
    if not point.which and point.name in plan.milestones:
        yield plan.milestones[point.name]
        return
    deciding = _deciding(point, plan)
    if deciding is not None and deciding.date is not None and deciding.status is Status.DONE:
        yield deciding.date


def _deciding(point: Named, plan: Plan) -> Visit | None:
    """The visit whose date a name stands for: of several the first or last."""
    dated = [(visit.date, visit) for visit in _visits(point, plan) if visit.date is not None]
    dated.sort(key=itemgetter(0))
    return dated[0 if point.which == "first" else -1][1] if dated else None


def _visits(point: Named, plan: Plan) -> list[Visit]:
    """What a name ranges over; a scope in front of it names a cycle, ``*`` all of them."""
    if not point.which:
        return [visit for visit in plan.visits if visit.id == point.name]
    scope, _, name = point.name.rpartition("/")
    return [
        visit
        for visit in plan.visits
        if (name == visit.series.rpartition("/")[2] or name in visit.activities)
        and scope in ("*", visit.cycle or "")
        and visit.status not in _OUT
    ]
