"""The visits of a finished layout as the values of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from schedules.bounding import live_status
from schedules.compiled import as_day
from schedules.judge import Seen
from schedules.layout import Layout
from schedules.plan import Status, Visit

# Moments of a day come in their order, behind what has no time.
Key = tuple[date, float, int]

# A frozen value of twenty fields is made field by field through ``object.__setattr__``, in 4.7 µs: half of a plan.
# One of a class with the same slots that is not frozen is made in 0.6 µs, and frozen by turning into the other.
_Draft: Any = type("_Draft", (), {"__slots__": tuple(field.name for field in fields(Visit))})


def find_visits(layout: Layout, seen: Mapping[str, Seen]) -> tuple[Visit, ...]:
    """All visits in the order of their dates, those without a date last; but for those that nothing calls for."""
    dated: list[tuple[Key, Visit]] = []
    undated: list[Visit] = []
    dormant, kept = layout.shape.dormant, layout.shape.undated
    for place, when in enumerate(layout.board.when):
        if when is not None:
            if place not in dormant:
                dated.append((_key(place, when), _visit(layout, seen, place)))
        elif place not in dormant:
            undated.append(kept[place] if place in kept else _without_date(layout, seen, place))
    dated.sort()
    return (*(visit for _, visit in dated), *undated)


def _key(place: int, when: date | datetime) -> Key:
    return (when.date(), when.timestamp(), place) if isinstance(when, datetime) else (when, 0, place)


def _without_date(layout: Layout, seen: Mapping[str, Seen], place: int) -> Visit:
    """A visit without a date is the same in every plan of its shape, unless placing it found out that it has none."""
    visit = _visit(layout, seen, place)
    if visit.target is None and visit.status is layout.shape.status[place]:
        layout.shape.undated[place] = visit
    return visit


def _earlier(layout: Layout, name: str) -> tuple[date | datetime, ...]:
    """When a visit that was done again was done before."""
    facts, zone = layout.standing.earlier.get(name, ()), layout.board.site.zone
    whens = (fact.when for fact in facts if fact.when is not None)
    return tuple(when.astimezone(zone) if isinstance(when, datetime) else when for when in whens)


def _visit(layout: Layout, seen: Mapping[str, Seen], place: int) -> Visit:
    compiled, shape, when = layout.compiled, layout.shape, layout.board.when[place]
    rule, status = compiled.rules[place], layout.board.status[place]
    done = status is Status.DONE
    look = seen.get(rule.id) if done else None
    visit = _Draft()
    visit.id = rule.id
    visit.label = compiled.labels[place]
    visit.epoch = rule.epoch
    visit.place = rule.place
    visit.status = status
    visit.series = rule.series
    visit.cycle = rule.cycle or None
    visit.day = compiled.days[place]
    visit.target = look.target if look else layout.targets[place]
    visit.planned = when
    visit.actual = when if done else None
    visit.window_start = look.start if look else layout.starts[place]
    visit.window_end = look.end if look else layout.ends[place]
    visit.not_before = layout.not_before[place]
    visit.not_after = layout.not_after[place]
    visit.duration = rule.duration
    visit.activities = shape.activities[place]
    visit.waiting_for = shape.gates[place] if status is shape.status[place] else ()
    visit.assumed = rule.assumed
    visit.earlier = _earlier(layout, rule.id) if done else ()
    visit.shares_entry_with = _shared(layout, place) if rule.together_with else None
    visit.__class__ = Visit
    frozen: Visit = visit
    return frozen


def _shared(layout: Layout, place: int) -> str | None:
    """The visit whose calendar entry this one is part of; of several in one entry the one that is part of no other."""
    compiled = layout.compiled
    for name in compiled.rules[place].together_with:
        partner = compiled.index[name]
        if _at_one_time(layout, place, partner):
            return _shared(layout, partner) or name
    return None


def _at_one_time(layout: Layout, one: int, two: int) -> bool:
    """Whether both visits are to be done, or were, on one day; two times of a day are two entries."""
    first, second = layout.board.when[one], layout.board.when[two]
    if first is None or second is None or not all(live_status(layout.board.status[place]) for place in (one, two)):
        return False
    if isinstance(first, datetime) and isinstance(second, datetime):
        return first == second
    return as_day(first) == as_day(second)
