"""The visits of a finished layout as the values of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from schedules.drafts import draft_of
from schedules.evaluating import as_day
from schedules.judge import Seen
from schedules.layout import Layout
from schedules.plan import Status, Visit
from schedules.record import When

# Moments of a day come in their order, behind what has no time.
Key = tuple[date, float, int]

_Draft = draft_of(Visit)


def find_visits(layout: Layout, seen: Mapping[str, Seen]) -> tuple[Visit, ...]:
    """All visits in the order of their dates, those without a date last; but for those that nothing calls for."""
    dated: list[Key] = []
    undated: list[Visit] = []
    dormant, kept = layout.shape.dormant, layout.shape.undated
    for place, when in enumerate(layout.board.when):
        if place in dormant:
            continue
        if when is not None:
            dated.append((when.date(), when.timestamp(), place) if isinstance(when, datetime) else (when, 0, place))
        else:
            undated.append(kept[place] if place in kept else _without_date(layout, seen, place))
    dated.sort()
    return (*_visits(layout, seen, [place for _, _, place in dated]), *undated)


def _without_date(layout: Layout, seen: Mapping[str, Seen], place: int) -> Visit:
    """A visit without a date is the same in every plan of its shape, unless placing it found out that it has none."""
    (visit,) = _visits(layout, seen, (place,))
    if visit.target is None and visit.status is layout.shape.status[place]:
        layout.shape.undated[place] = visit
    return visit


def _visits(layout: Layout, seen: Mapping[str, Seen], places: Iterable[int]) -> Iterator[Visit]:
    shape, when, status = layout.shape, layout.board.when, layout.board.status
    for place in places:
        visit = _Draft()
        (
            visit.id,
            visit.label,
            visit.epoch,
            visit.place,
            visit.series,
            visit.cycle,
            visit.day,
            visit.duration,
            visit.activities,
            visit.assumed,
        ) = shape.unchanging[place]
        visit.status = status[place]
        visit.target = layout.targets[place]
        visit.planned = when[place]
        visit.actual = None
        visit.window_start = layout.starts[place]
        visit.window_end = layout.ends[place]
        visit.not_before = layout.not_before[place]
        visit.not_after = layout.not_after[place]
        visit.waiting_for = shape.gates[place] if visit.status is shape.status[place] else ()
        visit.shares_entry_with = _shared(layout, place) if place in shape.partners else None
        visit.earlier = ()
        if visit.status is Status.DONE:
            _as_done(layout, visit, seen.get(visit.id))
        visit.__class__ = Visit
        yield visit


def _as_done(layout: Layout, visit: Any, look: Seen | None) -> None:
    """What is shown of a visit that was done: its target and window as they were just before."""
    visit.actual = visit.planned
    visit.earlier = _earlier(layout, visit.id)
    if look is not None:
        visit.target, visit.window_start, visit.window_end = look.target, look.start, look.end


def _earlier(layout: Layout, name: str) -> tuple[date | datetime, ...]:
    """When a visit that was done again was done before."""
    facts, site = layout.standing.earlier.get(name, ()), layout.board.site
    return tuple(site.at(fact.when) for fact in facts if fact.when is not None)


def _shared(layout: Layout, place: int) -> str | None:
    """The visit whose calendar entry this one is part of; of several in one entry the one that is part of no other."""
    when = layout.board.when
    for partner in layout.shape.partners[place]:
        if _at_one_time(when[place], when[partner]):
            return _entry_of(layout, partner)
    return None


def _entry_of(layout: Layout, place: int) -> str:
    shared = _shared(layout, place) if place in layout.shape.partners else None
    return shared or layout.compiled.rules[place].id


def _at_one_time(one: When | None, two: When | None) -> bool:
    """Whether two dates are one day; two times of a day are not."""
    if one is None or two is None:
        return False
    if isinstance(one, datetime) and isinstance(two, datetime):
        return one == two
    return as_day(one) == as_day(two)
