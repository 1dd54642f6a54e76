"""The visits of a finished layout as the values of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from schedules.drafts import draft_of
from schedules.evaluating import as_day
from schedules.layout import Layout
from schedules.plan import Status, Visit
from schedules.record import When

if TYPE_CHECKING:
    from schedules.judge import Seen

_Draft = draft_of(Visit)


def find_visits(layout: Layout, seen: Mapping[str, Seen]) -> tuple[Visit, ...]:
    """All visits in the order of their dates, those without a date last; but for those that nothing calls for."""
    when, shown = layout.board.when, layout.shape.shown
    dated = [place for place in shown if when[place] is not None]
    undated = [place for place in shown if when[place] is None]
    return (*_visits(layout, seen, _in_order(dated, when)), *_without_dates(layout, seen, undated))


def _in_order(places: list[int], when: Sequence[Any]) -> list[int]:
    """By date; moments of a day come in their order, behind what has no time; else in the order of the file."""
    if datetime in map(type, map(when.__getitem__, places)):
        return sorted(places, key=lambda place: _moment(when[place]))
    return sorted(places, key=when.__getitem__)


def _moment(when: When) -> tuple[date, float]:
    return (when.date(), when.timestamp()) if isinstance(when, datetime) else (when, 0)


def _visits(layout: Layout, seen: Mapping[str, Seen], places: Iterable[int]) -> Iterator[Visit]:
    shape, when, status, targets = layout.shape, layout.board.when, layout.board.status, layout.targets
    unchanging, expected, gates, together = shape.unchanging, shape.status, shape.gates, layout.together
    starts, ends, not_before, not_after = layout.starts, layout.ends, layout.not_before, layout.not_after
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
        ) = unchanging[place]
        visit.status = stands = status[place]
        visit.target = targets[place]
        visit.planned = when[place]
        visit.actual = None
        visit.window_start = starts[place]
        visit.window_end = ends[place]
        visit.not_before = not_before[place]
        visit.not_after = not_after[place]
        visit.waiting_for = gates[place] if stands is expected[place] else ()
        visit.shares_entry_with = _shared(layout, place) if place in together else None
        visit.earlier = ()
        if stands is Status.DONE:
            _as_done(layout, visit, seen.get(visit.id))
        visit.__class__ = Visit
        yield visit


def _without_dates(layout: Layout, seen: Mapping[str, Seen], places: list[int]) -> list[Visit]:
    """Visits without a date are the same in every plan of their shape, unless placing them found out that they have
    none."""
    kept, expected = layout.shape.undated, layout.shape.status
    unknown = [place for place in places if place not in kept]
    if not unknown:
        return [kept[place] for place in places]
    made = dict(zip(unknown, _visits(layout, seen, unknown), strict=True))
    kept |= {p: visit for p, visit in made.items() if visit.target is None and visit.status is expected[p]}
    return [kept[place] if place in kept else made[place] for place in places]


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
