"""Moving a visit, and with it what is booked later: the use case behind ``move`` (design §5, rules 6 and 13)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from scheduler.changing import of_booking, refuse_done, shut_gates
from scheduler.desk import Desk
from scheduler.moments import AnyWhen, day_of
from scheduler.recording import Recording, Terms, recording
from scheduler.values import Change
from schedules.errors import InvalidInput
from schedules.plan import Status, Visit
from schedules.record import Fact, Kind, When
from schedules.spans import Span, add, add_days_and_months
from schedules.words import when_words


def move(desk: Desk, subject: str, visit: str, when: AnyWhen, *, shift: bool, terms: Terms) -> Change:
    """Books a visit for another day or time. A shut gate, a missing reason or the order of dates never refuse it.

    With ``shift`` every visit that is booked and comes after it in the plan is booked for as many days later (or
    earlier), at the same time of day. Raises InvalidInput for a visit that was done, and for a shift of one that has
    no date.
    """
    with recording(desk, subject, terms) as doing:
        refuse_done(doing, visit, "moved")
        moved = doing.fact(Kind.BOOKED, visit, when)
        later, days = _behind(doing, visit), _distance(doing, moved, shift)
        facts = [moved, *(_shifted(doing, other, days) for other in later if shift and days)]
        change = doing.record(facts)
        told = [*_of_gates(doing, visit), *_of_clocks(doing, facts[1:]), *_of_shift(later, days, shift)]
        told += [warning for fact in facts for warning in of_booking(doing, change.after, fact.name)]
        return replace(change, warnings=(*change.warnings, *told))


def _behind(doing: Recording, name: str) -> Sequence[Visit]:
    """What is booked and comes after a visit in the plan: by date and time, on one day in the order of the file."""
    visits = doing.chart.plan.visits
    start = next((place for place, visit in enumerate(visits) if visit.id == name), len(visits))
    return [visit for visit in visits[start + 1 :] if visit.status is Status.BOOKED]


def _distance(doing: Recording, moved: Fact, shift: bool) -> int:
    """By how many days a visit moves. Raises InvalidInput where that is to be shifted by and it has no date."""
    visit = doing.chart.plan.visit(moved.name)
    assert moved.day is not None
    if visit is not None and visit.date is not None:
        return (moved.day - visit.date).days
    if visit is not None and shift:
        raise InvalidInput(f"{moved.name} has no date yet that others could be shifted with. Move it without --shift.")
    return 0


def _shifted(doing: Recording, visit: Visit, days: int) -> Fact:
    assert visit.planned is not None
    return doing.fact(Kind.BOOKED, visit.id, _days_later(visit.planned, days))


def _days_later(when: When, days: int) -> When:
    """So many days on at the same time of day. A time that the clocks skip is read after the change; of one that comes
    twice the first is meant."""
    span = Span(days=days)
    return add(when, span) if isinstance(when, datetime) else add_days_and_months(when, span)


def _of_gates(doing: Recording, visit: str) -> Iterator[str]:
    shut = shut_gates(doing, visit)
    if shut:
        verb = "is" if len(shut) == 1 else "are"
        yield f"{visit} waits for {', '.join(shut)}, which {verb} not recorded; it is moved all the same."


def _of_clocks(doing: Recording, facts: Sequence[Fact]) -> Iterator[str]:
    for fact in facts:
        visit = doing.chart.plan.visit(fact.name)
        before, after = visit.planned if visit else None, fact.when
        if not isinstance(before, datetime) or not isinstance(after, datetime):
            continue
        if after.time() != before.time():
            yield f"The clocks skip {before:%H:%M} on {day_of(after)}; {fact.name} is booked for {when_words(after)}."
        elif after.replace(fold=0).utcoffset() != after.replace(fold=1).utcoffset():
            yield f"{before:%H:%M} comes twice on {day_of(after)}; {fact.name} is booked for the first, {after:%z}."


def _of_shift(later: Sequence[Visit], days: int, shift: bool) -> Iterator[str]:
    names = ", ".join(visit.id for visit in later)
    if later and days and not shift:
        yield f"Booked later, and not moved: {names}. With --shift they move by as many days."
    if shift and not days:
        yield "It stays on its day, so nothing is shifted."
    elif shift and not later:
        yield "No visit is booked later, so nothing else is shifted."
