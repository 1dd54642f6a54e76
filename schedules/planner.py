"""The planner: a template, a record and a site in, a plan out. Pure and deterministic (design §2)."""

from __future__ import annotations

from datetime import date, datetime
from operator import itemgetter

from schedules.compiled import Compiled, as_day, compiled
from schedules.conflicts import find_conflicts
from schedules.judge import Seen, replay
from schedules.layout import Layout, lay_out
from schedules.periods import find_periods
from schedules.plan import Deviation, Plan, Status, Visit
from schedules.record import Record
from schedules.site import Site
from schedules.standing import Standing, fold
from schedules.template import STOP_EVERYTHING, Template


def plan(template: Template, record: Record, site: Site) -> Plan:
    """The plan that follows from the facts of ``record`` under ``template`` at ``site``.

    Dates are at the site's zone. What cannot be placed is a conflict, and what happened against the rules a
    deviation; neither
    raises. The facts must name what the template knows (see :func:`schedules.facts.check_fact`).
    """
    return plan_of(prepare(template, record, site))


class Prepared:
    """A record laid out, with what was seen before each of its facts; :func:`plan` and ``why`` are made from it."""

    __slots__ = ("compiled", "layout", "record", "seen", "site", "standing", "template")

    def __init__(self, template: Template, record: Record, site: Site) -> None:
        self.template, self.record, self.site = template, record, site
        self.standing: Standing = fold(record)
        self.compiled: Compiled = compiled(template, tuple(sorted(known_groups(template, self.standing).items())))
        told = bool(self.standing.done or self.standing.missed)
        self.seen: dict[str, Seen] = replay(self.compiled, record, self.standing, site) if told else {}
        planned_for = {name: seen.planned for name, seen in self.seen.items()}
        self.layout: Layout = lay_out(self.compiled, self.standing, site, planned_for)


def prepare(template: Template, record: Record, site: Site) -> Prepared:
    """The layout behind a plan."""
    return Prepared(template, record, site)


def known_groups(template: Template, standing: Standing) -> dict[str, str]:
    """The patient's groups: as recorded, else the template's defaults; open ones are left out."""
    defaults = {name: group.default for name, group in template.groups.items() if group.default is not None}
    return {**defaults, **standing.groups}


def plan_of(prepared: Prepared) -> Plan:
    """The plan as a value, from its layout."""
    layout, template, standing = prepared.layout, prepared.template, prepared.standing
    shown = [place for place in range(len(template.visits)) if place not in layout.dormant]
    visits = [(_order(layout, place), _visit(prepared, place)) for place in shown]
    visits.sort(key=itemgetter(0))
    seen = prepared.seen.values()
    deviations: tuple[Deviation, ...] = tuple(deviation for look in seen for deviation in look.deviations)
    return Plan(
        protocol=template.protocol,
        version=template.version,
        timezone=prepared.site.timezone,
        visits=tuple(visit for _, visit in visits),
        periods=find_periods(layout),
        conflicts=find_conflicts(layout),
        deviations=deviations,
        questions=tuple(questions(template, standing)),
        activities={activity.id: prepared.compiled.label(activity.label) for activity in template.activities.values()},
        departments={
            activity.id: activity.department for activity in template.activities.values() if activity.department
        },
        milestones={name: fact.day for name, fact in standing.events.items() if fact.day is not None},
        stopped=next((name for name in STOP_EVERYTHING if name in standing.events), None),
    )


def _order(layout: Layout, place: int) -> tuple[bool, date, float, int]:
    when = layout.board.when[place]
    if when is None:
        return True, date.max, 0, place
    return False, as_day(when), when.timestamp() if isinstance(when, datetime) else 0, place


def _visit(prepared: Prepared, place: int) -> Visit:
    compiled, layout, board = prepared.compiled, prepared.layout, prepared.layout.board
    rule, status, when = compiled.rules[place], board.status[place], board.when[place]
    seen = prepared.seen.get(rule.id) if status is Status.DONE else None
    absent = board.absent
    return Visit(
        id=rule.id,
        label=compiled.labels[place],
        epoch=rule.epoch,
        place=rule.place,
        status=status,
        series=rule.series,
        cycle=rule.cycle or None,
        day=compiled.days[place],
        target=seen.target if seen else layout.targets[place],
        planned=when,
        actual=when if status is Status.DONE else None,
        window_start=seen.start if seen else layout.starts[place],
        window_end=seen.end if seen else layout.ends[place],
        not_before=layout.not_before[place],
        not_after=layout.not_after[place],
        duration=rule.duration,
        activities=tuple(name for name in compiled.activities[place] if (place, name) not in absent),
        waiting_for=_waiting_for(prepared, place),
        assumed=rule.assumed,
    )


def _waiting_for(prepared: Prepared, place: int) -> tuple[str, ...]:
    status = prepared.layout.board.status[place]
    if status not in (Status.PLANNED, Status.BOOKED, Status.CONDITIONAL):
        return ()
    gates = prepared.compiled.rules[place].requires
    shut = tuple(gate for gate in gates if gate not in prepared.standing.events) if gates else ()
    return tuple(dict.fromkeys(prepared.layout.waiting.get(place, ()) + shut))


def questions(template: Template, standing: Standing) -> list[str]:
    """What is still open: history not answered (or not whole), and groups not known."""
    found = []
    for item in template.history.values():
        answer = standing.history.get(item.id)
        if answer is None or (answer.day is None and not answer.never):
            found.append(f"{item.id}: {item.label}: when, or never?")
        elif not answer.never:
            found.extend(
                f"{item.id}.{asked}: {item.label}: what is the {asked}?"
                for asked in item.asks
                if asked not in answer.values
            )
    known = known_groups(template, standing)
    found.extend(
        f"{name}: {group.label}: {', '.join(group.values)}?"
        for name, group in template.groups.items()
        if name not in known
    )
    return found
