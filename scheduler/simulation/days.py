"""One evening of an invented patient: what happened that day, or is arranged for the next ones. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from scheduler.simulation.chance import Chance
from scheduler.simulation.fates import Fate
from schedules.plan import TO_COME, Plan, Status, Visit
from schedules.record import When
from schedules.template import Template

BOOKED_AHEAD = timedelta(days=7)
GATES_AHEAD = timedelta(days=2)
GIVEN_UP = timedelta(days=3)
LATER_KNOWN = timedelta(days=21)
BOOKED, GATE_LATE, MISSED, LATE, WITHHELD = 0.6, 0.04, 0.02, 0.06, 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One use case: ``what`` is the name of a method of Scheduler, ``name`` the visit, milestone or group."""

    what: str
    name: str
    when: When | None = None
    value: str = ""
    withheld: tuple[str, ...] = ()
    why: str = ""


@dataclass(slots=True, kw_only=True)
class Course:
    """A patient on the way: the plan as it is now, and what was arranged. Only the one who runs it changes it."""

    subject: str
    template: Template
    fate: Fate
    chance: Chance
    enrolled: date
    plan: Plan
    arranged: set[str] = field(default_factory=set)

    @property
    def over(self) -> bool:
        """Whether the patient is followed no longer."""
        return self.plan.stopped is not None

    @property
    def infused(self) -> date | None:
        """The day of the reference visit, once it was done."""
        visit = self.plan.visit(self.template.reference_visit)
        return visit.date if visit is not None and visit.actual is not None else None


def evening(course: Course, today: date) -> Iterator[Action]:
    """What is to be recorded of a day, one use case after the other; the plan may change between them."""
    yield from _events(course, today)
    if course.over:
        return
    yield from _groups(course, today)
    yield from _gates(course, today)
    yield from _delay(course, today)
    yield from _visits(course, today)
    yield from _bookings(course, today)


def _events(course: Course, today: date) -> Iterator[Action]:
    infused = course.infused
    counted = [(course.enrolled, course.fate.early)] + ([(infused, course.fate.late)] if infused else [])
    due = sorted(
        (start + timedelta(days=days), name)
        for start, events in counted
        for name, days in events.items()
        if start + timedelta(days=days) <= today and name not in course.plan.milestones
    )
    for _, name in due:
        if course.over or (name == "screen-failure" and infused is not None):
            continue
        yield Action(what="event", name=name, when=today)


def _groups(course: Course, today: date) -> Iterator[Action]:
    if today >= course.enrolled + LATER_KNOWN:
        for name, value in course.fate.later.items():
            if _first(course, f"group {name}"):
                yield Action(what="group", name=name, value=value)


def _gates(course: Course, today: date) -> Iterator[Action]:
    """Gates are opened two days before their visit; a few only once it should have been."""
    gates = {rule.id: rule.requires for rule in course.template.visits if rule.requires}
    for visit in _to_come(course.plan, today + GATES_AHEAD):
        for gate in gates.get(visit.id, ()):
            late = course.chance.happens(GATE_LATE, "gate", gate) and visit.date is not None and visit.date >= today
            if gate not in course.plan.milestones and not late:
                yield Action(what="event", name=gate, when=today)


def _delay(course: Course, today: date) -> Iterator[Action]:
    """The first infusion is put off on its day, once: most by infection."""
    visit = course.plan.visit(course.template.reference_visit)
    if visit is None or visit.date != today or visit.status not in TO_COME:
        return
    if course.fate.delay and _first(course, "delay"):
        yield Action(what="move", name=visit.id, when=today + timedelta(days=course.fate.delay), why="infection")


def _visits(course: Course, today: date) -> Iterator[Action]:
    for visit in _to_come(course.plan, today):
        # What was recorded just before may have moved, cancelled or put off this one.
        now = course.plan.visit(visit.id)
        if now is None or now.status not in TO_COME or now.date is None or now.date > today:
            continue
        yield from _visit(course, now, today)


def _visit(course: Course, visit: Visit, today: date) -> Iterator[Action]:
    assert visit.date is not None
    chance = course.chance.of(visit.id)
    reference = visit.id == course.template.reference_visit
    if not reference and chance.happens(MISSED, "missed"):
        if today > visit.date:
            yield Action(what="missed", name=visit.id, why="did not come")
        return
    waits = timedelta(days=chance.between(1, GIVEN_UP.days, "how late"))
    if not reference and chance.happens(LATE, "late") and today < visit.date + waits:
        return
    withheld = tuple(_withheld(course, visit, chance))
    why = "fever" if withheld else "came late" if today > visit.date else ""
    yield Action(what="done", name=visit.id, when=_at(visit, today), withheld=withheld, why=why)


def _withheld(course: Course, visit: Visit, chance: Chance) -> Iterator[str]:
    """Now and then a dose: what is also given at the reference visit, and not there itself."""
    reference = course.plan.visit(course.template.reference_visit)
    if reference is None or visit.id == reference.id or not chance.happens(WITHHELD, "withheld"):
        return
    doses = [name for name in visit.activities if name in reference.activities and name in course.plan.departments]
    if len(visit.activities) > 1 and doses:
        yield chance.pick(doses, "which dose")


def _at(visit: Visit, today: date) -> When:
    """A day, or for a visit with a time that time on the day."""
    return datetime.combine(today, visit.planned.timetz()) if isinstance(visit.planned, datetime) else today


def _bookings(course: Course, today: date) -> Iterator[Action]:
    gates = {rule.id: rule.requires for rule in course.template.visits}
    for visit in _to_come(course.plan, today + BOOKED_AHEAD):
        shut = [gate for gate in gates.get(visit.id, ()) if gate not in course.plan.milestones]
        plain = visit.status is Status.PLANNED and not isinstance(visit.planned, datetime)
        if shut or not plain or visit.date is None or visit.date <= today or not _first(course, f"book {visit.id}"):
            continue
        chance = course.chance.of(visit.id)
        if chance.happens(BOOKED, "booked"):
            clock = time(chance.between(8, 15, "hour"), chance.pick((0, 15, 30, 45), "minute"))
            yield Action(what="book", name=visit.id, when=datetime.combine(visit.date, clock))


def _to_come(plan: Plan, until: date) -> Iterable[Visit]:
    return [
        visit for visit in plan.visits if visit.status in TO_COME and visit.date is not None and visit.date <= until
    ]


def _first(course: Course, name: str) -> bool:
    """Whether this is asked for the first time."""
    if name in course.arranged:
        return False
    course.arranged.add(name)
    return True
