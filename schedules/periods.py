"""Periods: spans of days with a last day that somebody waits for (design §4; §5, rule 3)."""

from __future__ import annotations

from collections.abc import Iterator

from schedules.compiled import Evaluate, as_day
from schedules.layout import Layout
from schedules.plan import Period, Status
from schedules.points import names_in
from schedules.spans import Span, add_days_and_months
from schedules.template import PeriodRule

WAITED_FOR = (Status.PLANNED, Status.BOOKED, Status.CONDITIONAL)


def find_periods(layout: Layout) -> tuple[Period, ...]:
    """All periods that apply to the patient's groups, in the order of the file."""
    found: list[Period] = []
    for number, (rule, start, end) in enumerate(layout.compiled.periods):
        label = layout.compiled.period_labels[number]
        found.extend(_repeated(layout, rule, label) if rule.after_each else [_single(layout, rule, label, start, end)])
    return tuple(found)


def _single(layout: Layout, rule: PeriodRule, label: str, start: Evaluate | None, end: Evaluate | None) -> Period:
    begin = start(layout.board) if start is not None else None
    first = None if begin is None else as_day(begin)
    if rule.length is not None:
        last = None if first is None else add_days_and_months(first, calendar_part(rule.length))
    else:
        final = end(layout.board) if end is not None else None
        last = None if final is None else as_day(final)
    waiting = (tuple(_unfinished(layout, rule)) if rule.until_done else ()) or (
        () if first is not None else tuple(_names(rule))
    )
    return Period(
        id=rule.id,
        label=label,
        start=first,
        end=last,
        show_patient=rule.show_patient,
        waiting_for=waiting,
    )


def _repeated(layout: Layout, rule: PeriodRule, label: str) -> Iterator[Period]:
    edge = layout.compiled.edges[rule.after_each]
    days = sorted(
        as_day(when)
        for place in edge.members
        if layout.board.counts(place, edge.activity) and (when := layout.board.when[place]) is not None
    )
    for number, day in enumerate(days, start=1):
        assert rule.length is not None
        last = add_days_and_months(day, calendar_part(rule.length))
        yield Period(id=f"{rule.id}-{number}", label=label, start=day, end=last, show_patient=rule.show_patient)


def calendar_part(span: Span) -> Span:
    """A span in whole days: elapsed time is rounded up to the days it reaches into."""
    return Span(span.months, span.days - (-span.minutes // 1440))


def _unfinished(layout: Layout, rule: PeriodRule) -> Iterator[str]:
    for name in rule.until_done:
        for visit in layout.compiled.template.members(name):
            if layout.board.status[layout.compiled.index[visit]] in WAITED_FOR:
                yield visit


def _names(rule: PeriodRule) -> Iterator[str]:
    for named in names_in(rule.start) if rule.start is not None else ():
        yield str(named)
