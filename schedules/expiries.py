"""What holds for so long after something that happened, and no longer: labs, a screening, lymphodepletion (design §5,
rule 12: "labs expire 3 March; d1 is 4 March")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from operator import itemgetter

from schedules.plan import TO_COME, Plan, Status, Visit
from schedules.points import Extreme, Named, Point, Shifted
from schedules.spans import add_days_and_months
from schedules.template import Template

_OUT = frozenset({Status.MISSED, Status.CANCELLED, Status.CONDITIONAL, Status.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """A visit still to come that is bound by what happened: ``rule`` (such as ``labs + 7 days``) allows it up to
    ``last``, a date at the site. ``planned`` is the day it is planned or booked for."""

    visit: str
    label: str
    status: Status
    rule: str
    last: date
    planned: date

    @property
    def holds(self) -> bool:
        """Whether the visit is in time."""
        return self.planned <= self.last


def expiries(template: Template, plan: Plan) -> tuple[Expiry, ...]:
    """For each visit to come the first of its ``no_later_than`` bounds that counts from what happened, by date.

    What is merely planned or booked expires nothing, since it can still move: a bound that counts from it is left out.
    """
    rules = {rule.id: rule for rule in template.visits}
    found = []
    for visit in plan.visits:
        if visit.status in TO_COME and visit.date is not None and visit.id in rules:
            bounds = rules[visit.id].no_later_than
            ends = [(last, str(point)) for point in bounds for last in _happened(point, plan)]
            found.extend([_expiry(visit, visit.date, *min(ends))] if ends else [])
    return tuple(sorted(found, key=lambda expiry: (expiry.last, expiry.visit)))


def _expiry(visit: Visit, planned: date, last: date, rule: str) -> Expiry:
    return Expiry(visit=visit.id, label=visit.label, status=visit.status, rule=rule, last=last, planned=planned)


def _happened(point: Point, plan: Plan) -> Iterator[date]:
    """The day of a point that counts from nothing but what happened; else nothing."""
    if isinstance(point, Shifted):
        for day in _happened(point.base, plan):
            yield add_days_and_months(day, point.span) + timedelta(days=point.span.minutes // 1440)
    elif isinstance(point, Extreme):
        days = [day for part in point.points for day in _happened(part, plan)]
        if len(days) == len(point.points):
            yield min(days) if point.which == "earliest" else max(days)
    elif isinstance(point, Named):
        yield from _named(point, plan)


def _named(point: Named, plan: Plan) -> Iterator[date]:
    if not point.which and point.name in plan.milestones:
        yield plan.milestones[point.name]
        return
    dated = [(visit.date, visit) for visit in _visits(point, plan) if visit.date is not None]
    dated.sort(key=itemgetter(0))
    if dated:
        day, deciding = dated[0 if point.which == "first" else -1]
        if deciding.status is Status.DONE:
            yield day


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
