"""Whether a fact names what its template knows. Inconvenient facts are never refused, only impossible ones (rule
13)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from schedules.corrections import changed_by, check_correction
from schedules.errors import InvalidInput, UnknownName, shown
from schedules.evaluating import is_timed
from schedules.points import Named, names_in
from schedules.record import LABEL, Fact, Kind, Record
from schedules.spans import parse_span
from schedules.standing import NEVER
from schedules.template import BUILT_IN_MILESTONES, Template
from schedules.typed import parse_day
from schedules.unscheduled import is_name
from schedules.words import day_words

# A half-life, five of which have to pass: the longest of a drug in use is some months.
LONGEST_ANSWER_DAYS = 366
LONGEST_LABEL = 80


def check_fact(template: Template, record: Record, fact: Fact) -> tuple[str, ...]:
    """Raises UnknownName or InvalidInput for a fact that cannot be; returns warnings for one that is merely odd."""
    match fact.kind:
        case Kind.BOOKED | Kind.DONE | Kind.MISSED | Kind.CANCELLED if _is_added(record, fact.name):
            return ()
        case Kind.BOOKED | Kind.DONE | Kind.MISSED | Kind.CANCELLED:
            return _visit(template, record, fact)
        case Kind.ADDED:
            _added(template, record, fact)
        case Kind.WITHHELD | Kind.GIVEN:
            return _activity(template, record, fact)
        case Kind.EVENT:
            _event(template, record, fact)
        case Kind.GROUP:
            _group(template, fact)
        case Kind.HISTORY:
            _history(template, fact)
        case Kind.CORRECTED:
            return _correction(template, record, fact)
        case Kind.ENROLLED | Kind.AMENDED | Kind.SITE_REVISED:
            pass
    return ()


def _is_added(record: Record, name: str) -> bool:
    return any(fact.kind is Kind.ADDED and fact.name == name for fact in record.effective().facts)


def _added(template: Template, record: Record, fact: Fact) -> None:
    """An unscheduled visit has a name of its own, a label and a date."""
    label = fact.values.get(LABEL, "")
    if not label.strip() or len(label) > LONGEST_LABEL or not label.isprintable():
        raise InvalidInput(
            f"{shown(label)} cannot be what an unscheduled visit is called. Write 1 to {LONGEST_LABEL} printable "
            "characters, such as 'Fever'. No name of a person."
        )
    if fact.when is None:
        raise InvalidInput("An unscheduled visit needs the date on which it takes place.")
    if not is_name(fact.name) or _is_added(record, fact.name) or any(rule.id == fact.name for rule in template.visits):
        raise InvalidInput(
            f"{shown(fact.name)} cannot be the id of an unscheduled visit: it is taken, or of no such form."
        )


def _correction(template: Template, record: Record, fact: Fact) -> tuple[str, ...]:
    """What counts anew or on another date after a correction must be as possible as when it is recorded."""
    check_correction(record, fact)
    return tuple(
        warning for changed, others in changed_by(record, [fact]) for warning in check_fact(template, others, changed)
    )


def _visit(template: Template, record: Record, fact: Fact) -> tuple[str, ...]:
    rule = next((rule for rule in template.visits if rule.id == fact.name), None)
    if rule is None:
        raise no_visit(template, fact.name, (one.name for one in record.facts if one.kind is Kind.ADDED))
    if is_timed(rule.at) and fact.kind in (Kind.BOOKED, Kind.DONE) and not isinstance(fact.when, datetime):
        raise InvalidInput(f"'{fact.name}' is counted in hours: give the time too, such as 2026-03-02T10:00.")
    return ()


def no_visit(template: Template, name: str, unscheduled: Iterable[str]) -> InvalidInput:
    """The error for a name that is no visit; one that is something else in the template is told as what it is.

    ``unscheduled`` are the ids of visits that are none of the template's.
    """
    if name in template.series:
        members = ", ".join(template.series[name][:6])
        return InvalidInput(f"'{name}' is a series of visits. Name one of them: {members}.")
    if name in template.activities:
        visits = ", ".join(template.activities[name].visits[:6])
        return InvalidInput(f"'{name}' is an activity, not a visit. Name a visit at which it is done: {visits}.")
    if name in _milestones(template):
        return InvalidInput(f"'{name}' is a milestone, not a visit. Record it as an event.")
    return UnknownName("visit", name, (*(rule.id for rule in template.visits), *unscheduled))


def _milestones(template: Template) -> tuple[str, ...]:
    names = dict.fromkeys((*template.milestones, *BUILT_IN_MILESTONES))
    return tuple(name for name in names if name != "enrolment")


def _activity(template: Template, record: Record, fact: Fact) -> tuple[str, ...]:
    name = fact.values.get("activity", "")
    if _is_added(record, fact.name):
        raise InvalidInput(f"{fact.name} is unscheduled: the protocol gives it no activity that could be {fact.kind}.")
    _visit(template, record, Fact(kind=Kind.MISSED, name=fact.name))
    there = [item.id for item in template.activities.values() if fact.name in item.visits]
    if name not in template.activities:
        raise UnknownName(f"activity {{}} at {fact.name}", name, there)
    if name not in there:
        raise InvalidInput(f"'{name}' is not done at {fact.name}. Done there: {', '.join(there) or 'nothing'}.")
    optional = fact.name in template.activities[name].optional
    if fact.kind is Kind.GIVEN and not optional:
        return (f"'{name}' at {fact.name} is not optional; it counts as given anyway.",)
    return ()


def _event(template: Template, record: Record, fact: Fact) -> None:
    known = _milestones(template)
    if fact.name == "enrolment":
        raise InvalidInput("'enrolment' is recorded when a patient is enrolled. Correct the date of that fact instead.")
    if any(rule.id == fact.name for rule in template.visits):
        raise InvalidInput(f"'{fact.name}' is a visit, not a milestone. Record it as done.")
    if fact.name not in known:
        raise UnknownName("milestone", fact.name, known)
    if fact.when is None:
        raise InvalidInput(f"'{fact.name}' needs the date on which it happened.")
    _cycle_start(template, record, fact)


def _cycle_start(template: Template, record: Record, fact: Fact) -> None:
    """A cycle can be started as often as the protocol allows."""
    for cycle in template.cycles.values():
        if fact.name not in {named.name for named in names_in(cycle.start) if isinstance(named, Named)}:
            continue
        earlier = [other for other in record.effective().facts if other.kind is Kind.EVENT and other.name == fact.name]
        if len(earlier) >= cycle.maximum:
            days = " and ".join(day_words(other.day) for other in earlier if other.day is not None)
            raise InvalidInput(
                f"'{fact.name}' is recorded for {days} already, and the protocol allows {cycle.maximum} "
                f"'{cycle.id}' cycle{'' if cycle.maximum == 1 else 's'}. A further cycle would need an amendment."
            )


def _group(template: Template, fact: Fact) -> None:
    group = template.groups.get(fact.name)
    if group is None:
        raise UnknownName("group", fact.name, template.groups)
    value = fact.values.get("value", "")
    if value not in group.values:
        raise UnknownName(f"value {{}} of group '{fact.name}'", value, group.values)


def _history(template: Template, fact: Fact) -> None:
    item = template.history.get(fact.name)
    if item is None:
        raise UnknownName("history item", fact.name, template.history)
    for name, text in fact.values.items():
        if name == "value":
            if text != NEVER:
                parse_day(text)
        elif name not in item.asks:
            raise UnknownName(f"question {{}} about '{fact.name}'", name, item.asks)
        elif not 0 < parse_span(text).roughly_days <= LONGEST_ANSWER_DAYS:
            raise InvalidInput(
                f"{shown(text)} cannot be the {name} of {fact.name}. Write a length above zero and of at most a year, "
                "such as '3 days'."
            )
