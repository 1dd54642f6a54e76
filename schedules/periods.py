"""Periods: spans of days with a last day that somebody waits for (design §4; §5, rule 3)."""

from __future__ import annotations

from datetime import date

from schedules.compiled import CompiledPeriod
from schedules.drafts import draft_of
from schedules.evaluating import as_day
from schedules.layout import Layout
from schedules.plan import Period, Status
from schedules.spans import Span, add_days_and_months

WAITED_FOR = (Status.PLANNED, Status.BOOKED, Status.CONDITIONAL)
_Draft = draft_of(Period)


def find_periods(layout: Layout) -> tuple[Period, ...]:
    """All periods that apply to the patient's groups, in the order of the file."""
    found: list[Period] = []
    days: dict[str, list[date]] = {}
    for item in layout.compiled.periods:
        each = item.rule.after_each
        if not each or item.open:
            found.append(_single(layout, item))
            continue
        if each not in days:
            days[each] = _days_of(layout, each)
        found += [_repeated(item, number, day) for number, day in enumerate(days[each], start=1)]
    return tuple(found)


def _single(layout: Layout, item: CompiledPeriod) -> Period:
    if item.open:
        return _period(item, item.rule.id, None, None, (item.open,))
    status = layout.board.status
    start = _end(layout, item.start)
    if item.length is None:
        end = _end(layout, item.end)
    else:
        end = None if start is None else add_days_and_months(start, item.length)
    waiting = tuple(visit for place, visit in item.until_done if status[place] in WAITED_FOR) if item.until_done else ()
    return _period(item, item.rule.id, start, end, waiting or (() if start is not None else item.names))


def _end(layout: Layout, counted: tuple[int, Span] | None) -> date | None:
    base = None if counted is None else layout.base(counted[0])
    return None if counted is None or base is None else add_days_and_months(base, counted[1])


def _days_of(layout: Layout, activity: str) -> list[date]:
    """The days on which an activity is to be done, or was."""
    edge, when = layout.compiled.edges[activity], layout.board.when
    counted = (place for place in edge.members if when[place] is not None)
    return sorted(
        as_day(day) for place in counted if layout.board.counts(place, edge.activity) and (day := when[place])
    )


def _repeated(item: CompiledPeriod, number: int, day: date) -> Period:
    assert item.length is not None
    return _period(item, f"{item.rule.id}-{number}", day, add_days_and_months(day, item.length), ())


def _period(item: CompiledPeriod, name: str, start: date | None, end: date | None, waiting: tuple[str, ...]) -> Period:
    period = _Draft()
    period.id = name
    period.label = item.label
    period.start = start
    period.end = end
    period.show_patient = item.rule.show_patient
    period.waiting_for = waiting
    period.__class__ = Period
    frozen: Period = period
    return frozen
