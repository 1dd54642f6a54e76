"""A patient's plan as one SVG picture, for whoever must see at a glance how it stands (design §7).

Rows are epochs; each visit has a sign by its status, and a label where there is room; every sign has a title with the
rest. No script, nothing loaded; light or dark by the reader's settings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from calendars.timeline_drawing import Drawing
from calendars.timeline_marks import ADDED, Mark, Row
from calendars.timeline_scale import panels
from calendars.words import day_in_words, day_of, standing, when_in_words, window_in_words
from schedules.plan import Expectation, Plan, Status, Visit
from schedules.words import counted

MOST_VISITS = 2000
LONGEST_TITLE = 400
_NEAR = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineOf:
    """Whose timeline it is, and what epochs and events are called, by id; epochs in their order."""

    subject: str
    site: str = ""
    epochs: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, str] = field(default_factory=dict)


def timeline(plan: Plan, *, today: date, of: TimelineOf) -> str:
    """The picture, as SVG. The same plan on the same day gives the same text.

    :param today: the date at the site as of which it is told.
    """
    dated = [visit for visit in plan.visits if visit.date is not None and visit.status is not Status.NOT_APPLICABLE]
    events = list(_events(plan, of))
    rows = _by_epoch(plan, dated[:MOST_VISITS], today, of.epochs)
    name = " · ".join(part for part in (of.subject, f"{plan.protocol} {plan.version}", of.site) if part)
    summary = _summary(plan, dated, today)
    drawing = Drawing()
    drawing.head(name, f"As of {day_in_words(today)}. {summary}")
    for panel in panels(
        [*([mark.day for mark in row] for row in (events, *(row.marks for row in rows))), *_today(dated, today)]
    ):
        drawing.panel(panel, events, rows, plan.periods, today)
    drawing.legend()
    drawing.text_list("Conflicts", [f"{item.visit}: {item.message}" for item in plan.conflicts], warns=True)
    drawing.text_list("Without a date", list(_undated(plan)))
    return drawing.finished(name, f"A timeline as of {day_in_words(today)}. {summary}")


def _summary(plan: Plan, dated: Sequence[Visit], today: date) -> str:
    numbers = Counter(standing(visit, today) for visit in dated)
    told = [f"{number} {status}" for status, number in sorted(numbers.items(), key=lambda item: (-item[1], item[0]))]
    told += [counted(len(plan.conflicts), "conflict")] if plan.conflicts else []
    told += [counted(len(plan.deviations), "deviation")] if plan.deviations else []
    left_out = f" The last {len(dated) - MOST_VISITS} are not drawn." if len(dated) > MOST_VISITS else ""
    stopped = f" Stopped: {plan.stopped}." if plan.stopped else ""
    return f"{counted(len(dated), 'visit')} with a date: {', '.join(told) or 'none'}.{left_out}{stopped}"


def _today(dated: Sequence[Visit], today: date) -> list[list[date]]:
    """Today has a place on the picture unless it is long before or after everything."""
    days = [visit.date for visit in dated if visit.date is not None]
    return [[today]] if days and min(days) - _NEAR <= today <= max(days) + _NEAR else []


# What is shown


def _events(plan: Plan, of: TimelineOf) -> Iterator[Mark]:
    for name, day in sorted(plan.milestones.items(), key=lambda item: (item[1], item[0])):
        label = of.events.get(name, name)
        yield Mark(day=day, label=label, sign="reached", title=f"{label}: {day_in_words(day, short=True)}")
    yield from map(_expected, plan.expected)


def _expected(item: Expectation) -> Mark:
    title = f"{item.label}: expected {day_in_words(item.day, short=True)}"
    return Mark(day=item.day, label=item.label, sign="expected", title=title)


def _by_epoch(plan: Plan, visits: Iterable[Visit], today: date, epochs: Mapping[str, str]) -> list[Row]:
    rows: dict[str, list[Mark]] = {}
    for visit in visits:
        row = rows.setdefault(visit.epoch, [])
        row.extend(_earlier_mark(visit, day_of(when)) for when in visit.earlier)
        row.append(_visit_mark(plan, visit, today))
    order = {name: number for number, name in enumerate(epochs)}
    names = sorted(rows, key=lambda name: order.get(name, len(order)))
    return [Row(name=epochs.get(name, name), marks=sorted(rows[name], key=lambda mark: mark.day)) for name in names]


def _visit_mark(plan: Plan, visit: Visit, today: date) -> Mark:
    assert visit.date is not None
    assert visit.planned is not None
    status = standing(visit, today)
    conflicts = [item.message for item in plan.conflicts if item.visit == visit.id]
    broken = [item for item in plan.deviations if item.visit == visit.id]
    window = _window(visit)
    told = [
        f"{visit.id}, {visit.label}: {status}, {when_in_words(visit.planned, short=True)}",
        f"window {window_in_words(*window)}" if window else "",
        *(f"conflict: {message}" for message in conflicts),
        *(f"deviation: {item.message}" for item in broken),
    ]
    added = [*(["conflict"] if conflicts else []), *(item.kind for item in broken if item.kind in ADDED)]
    return Mark(
        day=visit.date,
        label=visit.id,
        sign=status,
        title="; ".join(text for text in told if text)[:LONGEST_TITLE],
        added=tuple(dict.fromkeys(added)),
        window=window,
    )


def _earlier_mark(visit: Visit, day: date) -> Mark:
    title = f"{visit.id}, {visit.label}: done before, {day_in_words(day, short=True)}"
    return Mark(day=day, label=visit.id, sign="done", title=title[:LONGEST_TITLE])


def _window(visit: Visit) -> tuple[date, date] | None:
    """The days of the template's window, or what the bounds leave over where it has none."""
    if visit.window_start is not None and visit.window_end is not None:
        return day_of(visit.window_start), day_of(visit.window_end)
    return (visit.not_before, visit.not_after) if visit.not_before and visit.not_after else None


def _undated(plan: Plan) -> Iterator[str]:
    """What has no date, with what it waits for; in one line those that wait for the same, one after the other."""
    visits = [visit for visit in plan.visits if visit.date is None and visit.status is Status.CONDITIONAL]
    for waiting, group in groupby(visits, key=lambda visit: visit.waiting_for):
        alike = tuple(group)
        names = dict.fromkeys(visit.series or visit.id for visit in alike)
        first, last = next(iter(names)), next(reversed(names))
        several = f" ({len(alike)} visits)" if len(alike) > 1 else ""
        yield _waiting(f"{first if first == last else f'{first} to {last}'}{several}", waiting)
    for period in plan.periods:
        if period.start is None:
            yield _waiting(period.label, period.waiting_for)


def _waiting(name: str, waiting: Sequence[str]) -> str:
    return f"{name}: waits for {', '.join(waiting)}" if waiting else name
