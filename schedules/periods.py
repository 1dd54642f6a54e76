"""Periods: spans of days with a last day that somebody waits for (design §4; §5, rule 3)."""

from __future__ import annotations

from datetime import date

from schedules.compiled import CompiledPeriod
from schedules.drafts import draft_of
from schedules.evaluating import as_day
from schedules.layout import Layout
from schedules.plan import TO_COME, Period, Status
from schedules.spans import add_days_and_months

WAITED_FOR = TO_COME | {Status.CONDITIONAL}
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
    start = None if item.start is None else layout.at(item.start)
    if item.length is None:
        end = None if item.end is None else layout.at(item.end)
    else:
        end = None if start is None else add_days_and_months(start, item.length)
    if start is not None and end is not None and end < start:
        # Dates that are in conflict can turn it round; no calendar can show a span that ends before it starts.
        start = end = None
    waiting: tuple[str, ...] = () if start is not None else item.names
    if item.until_done:
        status = layout.board.status
        waiting = tuple([visit for place, visit in item.until_done if status[place] in WAITED_FOR]) or waiting
    return _period(item, item.rule.id, start, end, waiting)


def _days_of(layout: Layout, activity: str) -> list[date]:
    """The days on which an activity is to be done, or was."""
    return sorted(map(as_day, layout.board.dates_of(layout.compiled.edges[activity])))


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
