"""Where a patient stands: the facts of a record folded into what counts now (design §5 rules 6 and 12–16, §6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from schedules.plan import Status
from schedules.record import OVERRIDE, Fact, Kind, Record, When
from schedules.template import Template
from schedules.typed import parse_day

NEVER = "never"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A visit about which there is a fact: booked, done, missed or cancelled. ``when`` of one that was missed or
    cancelled is its booking, if any."""

    status: Status
    when: When | None
    fact: Fact


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a history item: a date, or None for never; and what else was asked for."""

    day: date | None
    never: bool
    values: dict[str, str]


@dataclass(slots=True)
class Standing:
    """The facts of one record by what they speak of. Built once, then only read.

    ``visits`` are those of the template, ``unscheduled`` those that were added (by the fact that did, in ``added``).
    ``earlier`` are what a repeat replaced: the facts by which a visit was done before. ``overrides`` are the last
    bookings against a shut gate, and ``first_set`` are the first dates that were set, which may have been moved since.
    ``changed`` says that the version of the protocol or the days of the site changed since the enrolment (see
    :mod:`schedules.course`).
    """

    enrolment: date
    changed: bool = False
    visits: dict[str, Fixed] = field(default_factory=dict)
    added: dict[str, Fact] = field(default_factory=dict)
    unscheduled: dict[str, Fixed] = field(default_factory=dict)
    earlier: dict[str, tuple[Fact, ...]] = field(default_factory=dict)
    overrides: dict[str, Fact] = field(default_factory=dict)
    first_set: dict[str, When] = field(default_factory=dict)
    events: dict[str, Fact] = field(default_factory=dict)
    occurrences: dict[str, list[Fact]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    history: dict[str, Answer] = field(default_factory=dict)
    withheld: set[tuple[str, str]] = field(default_factory=set)
    given: set[tuple[str, str]] = field(default_factory=set)
    done: list[Fact] = field(default_factory=list)
    missed: list[Fact] = field(default_factory=list)


def fold(record: Record) -> Standing:
    """The standing after all facts of ``record``; a later fact on the same thing counts instead of the earlier one.

    The record must be an effective one, in which corrections are made.
    """
    enrolment = record.enrolment
    assert enrolment.day is not None
    standing = Standing(enrolment=enrolment.day)
    _fold_into(standing, record.facts[1:])
    return standing


def _fold_into(standing: Standing, facts: Iterable[Fact]) -> None:
    for fact in facts:
        match fact.kind:
            case Kind.BOOKED | Kind.DONE | Kind.MISSED | Kind.CANCELLED:
                _visit(standing, fact)
            case Kind.ADDED:
                standing.added[fact.name] = fact
                standing.unscheduled[fact.name] = Fixed(Status.BOOKED, fact.when, fact)
            case Kind.EVENT:
                standing.events[fact.name] = fact
                standing.occurrences.setdefault(fact.name, []).append(fact)
            case Kind.GROUP:
                standing.groups[fact.name] = fact.values["value"]
            case Kind.HISTORY:
                _answer(standing, fact)
            case Kind.WITHHELD:
                standing.withheld.add((fact.name, fact.values["activity"]))
            case Kind.GIVEN:
                # What was chosen and then withheld was not given, in whatever order the two were recorded.
                standing.given.add((fact.name, fact.values["activity"]))
            case Kind.AMENDED | Kind.SITE_REVISED:
                standing.changed = True
            case Kind.ENROLLED:
                raise ValueError("a record holds one enrolment, as its first fact")
            case Kind.CORRECTED:
                raise ValueError("what counts is folded: a record is made effective first")


def _visit(standing: Standing, fact: Fact) -> None:
    visits = standing.unscheduled if fact.name in standing.added else standing.visits
    earlier = visits.get(fact.name)
    before = earlier.when if earlier else None
    match fact.kind:
        case Kind.BOOKED:
            visits[fact.name] = Fixed(Status.BOOKED, fact.when, fact)
            # What was withheld was so at a time that no longer counts, if the visit is still to come.
            _forget_withheld(standing, fact.name)
            if fact.when is not None:
                standing.first_set.setdefault(fact.name, fact.when)
            if OVERRIDE in fact.values:
                standing.overrides[fact.name] = fact
        case Kind.DONE:
            if fact.is_repeat and earlier is not None:
                _repeat(standing, earlier)
            visits[fact.name] = Fixed(Status.DONE, fact.when, fact)
            standing.done.append(fact)
        case Kind.MISSED:
            visits[fact.name] = Fixed(Status.MISSED, before, fact)
            standing.missed.append(fact)
        case _:
            visits[fact.name] = Fixed(Status.CANCELLED, before, fact)


def _repeat(standing: Standing, earlier: Fixed) -> None:
    """Keeps what a repeat replaces. What was withheld then is given now, unless it is withheld once more."""
    name = earlier.fact.name
    if earlier.status is Status.DONE:
        standing.earlier[name] = (*standing.earlier.get(name, ()), earlier.fact)
    _forget_withheld(standing, name)


def _forget_withheld(standing: Standing, visit: str) -> None:
    standing.withheld = {pair for pair in standing.withheld if pair[0] != visit}


def _answer(standing: Standing, fact: Fact) -> None:
    earlier = standing.history.get(fact.name, Answer(None, False, {}))
    value = fact.values.get("value")
    never = value == NEVER if value is not None else earlier.never
    day = (None if never else parse_day(value)) if value is not None else earlier.day
    extras = {name: text for name, text in fact.values.items() if name != "value"}
    standing.history[fact.name] = Answer(day, never, earlier.values | extras)


def known_groups(template: Template, standing: Standing) -> dict[str, str]:
    """The patient's groups: as recorded, else the template's defaults; open ones are left out.

    A value that the template does not have is none: an amendment may have removed it, and then it is asked for anew.
    """
    recorded = standing.groups
    return {
        name: value
        for name, group in template.groups.items()
        if (value := recorded.get(name, group.default)) is not None and value in group.values
    }


def event_days(template: Template, standing: Standing) -> dict[str, date]:
    """The day of every recorded event. One that repeats also has ``name#1``, ``name#2`` … in the order of their days.

    Of one that does not repeat, the last record counts.
    """
    days = {"enrolment": standing.enrolment}
    for name, facts in standing.occurrences.items():
        found = [fact.day for fact in facts if fact.day is not None]
        milestone = template.milestones.get(name)
        if milestone is not None and milestone.repeats:
            found.sort()
            days |= {f"{name}#{number}": day for number, day in enumerate(found, start=1)}
        days[name] = found[-1]
    return days
