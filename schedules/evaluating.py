"""Points as functions: what a date counts from, evaluated against what planning knows so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from schedules.plan import Status
from schedules.points import Extreme, Point, Shifted
from schedules.record import When
from schedules.site import Site
from schedules.spans import Span, add, add_days_and_months

GONE = frozenset({Status.CANCELLED, Status.CONDITIONAL, Status.NOT_APPLICABLE})
NOT_COUNTED = GONE | {Status.MISSED}


@dataclass(slots=True)
class Board:
    """What planning knows so far: the date and status of every visit by index, and the milestones' dates."""

    site: Site
    when: list[When | None]
    status: list[Status]
    events: Mapping[str, date]
    absent: frozenset[tuple[int, str]]

    def counts(self, index: int, activity: str | None) -> bool:
        """Whether a visit counts for ``first`` and ``last`` (rule 7)."""
        return self.status[index] not in NOT_COUNTED and (activity is None or (index, activity) not in self.absent)

    def dates_of(self, edge: Edge) -> list[When]:
        """The dates of the visits that an edge ranges over: of those that have one and count."""
        dates, status, absent, activity = self.when, self.status, self.absent, edge.activity
        return [
            when
            for index in edge.members
            if (when := dates[index]) is not None
            and status[index] not in NOT_COUNTED
            and (activity is None or (index, activity) not in absent)
        ]


Evaluate = Callable[[Board], "When | None"]
EvaluateDay = Callable[[Board], "date | None"]


@dataclass(frozen=True, slots=True)
class Edge:
    """The visits that ``name.first`` or ``name.last`` ranges over; of an activity, only where it is given."""

    members: tuple[int, ...]
    activity: str | None


def is_timed(point: Point) -> bool:
    """Whether a point has a time: only offsets in hours or minutes give one (rule 1)."""
    if isinstance(point, Extreme):
        return any(is_timed(operand) for operand in point.points)
    return isinstance(point, Shifted) and point.span.timed


def whole_days(span: Span) -> Span:
    """A span in whole days: elapsed time is rounded up to the days it reaches into."""
    return Span(span.months, span.days - (-span.minutes // 1440))


def as_day(when: When) -> date:
    """The calendar day of a date or moment."""
    return when.date() if isinstance(when, datetime) else when


def as_moment(when: When, opens: time, site: Site) -> datetime:
    """A moment as it is; a date at the site's opening time (rule 1)."""
    return when if isinstance(when, datetime) else datetime.combine(when, opens, site.zone)


def day_of(evaluate: Evaluate) -> EvaluateDay:
    """A point as the day that it is on."""

    def day(board: Board) -> date | None:
        when = evaluate(board)
        return when.date() if isinstance(when, datetime) else when

    return day


def counted_from(base: Evaluate, span: Span) -> Evaluate:
    """A point counted from another; with hours or minutes it has a time (rule 1)."""
    if span.timed:
        return _timed(base, span)
    if span.months:
        return lambda board: None if (when := base(board)) is None else add_days_and_months(as_day(when), span)
    shift = timedelta(days=span.days)

    def counted(board: Board) -> When | None:
        when = base(board)
        if when is None:
            return None
        return (when.date() if isinstance(when, datetime) else when) + shift

    return counted


def _timed(base: Evaluate, span: Span) -> Evaluate:
    def counted(board: Board) -> When | None:
        when = base(board)
        return None if when is None else add(as_moment(when, board.site.opens, board.site), span)

    return counted


def event_day(name: str) -> Evaluate:
    """The day of a milestone, once it is recorded."""
    return lambda board: board.events.get(name)


def extreme_of(operands: list[Evaluate], *, last: bool) -> Evaluate:
    """The latest or earliest of several points, of those that are known."""

    def evaluate(board: Board) -> When | None:
        return extreme([when for operand in operands if (when := operand(board)) is not None], board.site, last=last)

    return evaluate


def edge_of(edge: Edge, *, last: bool) -> Evaluate:
    """The latest or earliest of visits that count (rule 7)."""
    return lambda board: extreme(board.dates_of(edge), board.site, last=last)


def extreme(found: list[When], site: Site, *, last: bool) -> When | None:
    """The latest or earliest; a bare date counts from the site's opening time where it meets a moment."""
    if not found:
        return None
    pick = max if last else min
    if datetime in map(type, found):
        # By instant: two moments of one zone compare by wall clock, and in autumn an hour comes twice.
        return pick(found, key=lambda when: as_moment(when, site.opens, site).timestamp())
    return pick(found)
