"""Time on a timeline: panels one below the other, each with a scale of its own, and the lines that tell which.

A plan has daily visits for two weeks and yearly ones for fifteen years. On one scale the first are a blot; a scale that
bends is read wrongly. So the time is cut where that leaves the fewest visits touching, each panel is even in itself,
and its caption says how much time it shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from operator import itemgetter

from calendars.words import day_in_words

DAY = timedelta(days=1)
LEFT, RIGHT = 210.0, 1150.0
INNER = 16.0  # between the edge of a panel and its first and last mark
TOUCHING = 13.0  # marks nearer than this touch
SHORTEST = 13  # the days a panel shows at least, in addition to its first
MOST_PANELS = 3
MOST_CUTS = 24  # only the widest gaps are tried
WORTH = 5  # how many touching marks a further panel must save
SHORT_LABEL, MONTH_LABEL, YEAR_LABEL = 52.0, 62.0, 40.0  # the room that labels of ticks take
FINEST = 20.0  # fine lines nearer than this would be a grey ground


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line at the beginning of a day. ``label`` is empty for the finer ones."""

    x: float
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The days from ``first`` to ``last`` on an even scale between LEFT and RIGHT."""

    first: date
    last: date

    @property
    def per_day(self) -> float:
        """The width of a day."""
        return (RIGHT - LEFT - 2 * INNER) / max(1, (self.last - self.first).days)

    def x(self, day: date) -> float:
        """Where a day is; of days before or after the panel, its edge."""
        return min(RIGHT, max(LEFT, LEFT + INNER + (day - self.first).days * self.per_day))

    def shows(self, day: date) -> bool:
        """Whether the day is one of the panel's."""
        return self.first <= day <= self.last

    def caption(self) -> str:
        """What the panel shows, and what its lines are."""
        span = f"{day_in_words(self.first, short=True)} to {day_in_words(self.last, short=True)}"
        return f"{span} · a line every {self._step().name}"

    def ticks(self) -> Iterator[Tick]:
        """The lines of the scale, fine ones without and coarse ones with a label."""
        step = self._step()
        coarse = tuple(self._starts(step.months))
        if step.finer is not None:
            yield from (Tick(x=self.x(day)) for day in self._starts(step.finer) if day not in coarse)
        yield from (Tick(x=self.x(day), label=step.label(day)) for day in coarse)

    def _step(self) -> _Step:
        week = self.per_day * 7
        month = week * 4
        if week >= SHORT_LABEL:
            return _Step("Monday", 0, None)
        if month >= MONTH_LABEL:
            return _Step("month", 1, 0 if week > FINEST else None)
        if month * 3 >= MONTH_LABEL:
            return _Step("three months", 3, 1)
        if month * 13 >= YEAR_LABEL:
            return _Step("year", 12, 3 if month * 3 > FINEST else None)
        return _Step("ten years", 120, 12)

    def _starts(self, months: int) -> Iterator[date]:
        """The panel's Mondays, or the first days of its months, quarters, years."""
        if not months:
            monday = self.first + DAY * (-self.first.weekday() % 7)
            yield from (monday + DAY * 7 * number for number in range(((self.last - monday).days) // 7 + 1))
            return
        index = -(-(self.first.year * 12 + self.first.month - 1 + (self.first.day > 1)) // months) * months
        while index < self.last.year * 12 + self.last.month:
            yield date(index // 12, index % 12 + 1, 1)
            index += months


@dataclass(frozen=True, slots=True)
class _Step:
    """Between labelled lines, in words and in months (0 is a week), and between the finer ones."""

    name: str
    months: int
    finer: int | None

    def label(self, day: date) -> str:
        _, number, month, year = day_in_words(day, short=True).split()
        if not self.months:
            return f"{number} {month}"
        return year if self.months >= 12 else f"{month} {year}"


_Cut = tuple[int, tuple[Panel, ...]]


def panels(rows: Iterable[Iterable[date]]) -> tuple[Panel, ...]:
    """The panels for rows of marks, each given as its days in any order; none for no days."""
    sorted_rows = [sorted(set(row)) for row in rows]
    marks = sorted({day for row in sorted_rows for day in row})
    if not marks:
        return ()
    cuts = [found for number in range(1, MOST_PANELS + 1) if (found := _cut(marks, sorted_rows, number)) is not None]
    return min(cuts, key=lambda found: (found[0] + WORTH * len(found[1]), len(found[1])))[1]


def _cut(marks: Sequence[date], rows: Sequence[Sequence[date]], number: int) -> _Cut | None:
    """The best way to cut into that many panels; None where there are not as many marks."""
    ends = _possible_ends(marks)
    reached: dict[int, _Cut] = {0: (0, ())}
    for _ in range(number):
        reached = {
            end: min((_with(cut, marks, rows, start, end) for start, cut in before), key=itemgetter(0))
            for end in ends
            if (before := [(start, cut) for start, cut in reached.items() if start < end])
        }
    return reached.get(len(marks))


def _with(cut: _Cut, marks: Sequence[date], rows: Sequence[Sequence[date]], start: int, end: int) -> _Cut:
    panel = _panel(marks, start, end)
    return cut[0] + _touching(panel, rows), (*cut[1], panel)


def _possible_ends(marks: Sequence[date]) -> list[int]:
    """How many marks may come before a cut: behind the widest gaps, and behind the last."""
    gaps = sorted(range(1, len(marks)), key=lambda index: marks[index - 1] - marks[index])
    return sorted([*gaps[:MOST_CUTS], len(marks)])


def _panel(marks: Sequence[date], start: int, end: int) -> Panel:
    """Panels leave no day out: one begins on the day after the last mark of the one before."""
    first = marks[0] if start == 0 else marks[start - 1] + DAY
    return Panel(first=first, last=max(marks[end - 1], first + DAY * SHORTEST) if end == len(marks) else marks[end - 1])


def _touching(panel: Panel, rows: Sequence[Sequence[date]]) -> int:
    near = TOUCHING / panel.per_day
    return sum(
        panel.shows(before) and panel.shows(after) and (after - before).days < near
        for row in rows
        for before, after in pairwise(row)
    )
