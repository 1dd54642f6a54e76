"""Bounds in hours, to the hour: the network knows them rounded to days, and what has its moment by now says the rest
(design §5, rules 9 and 10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

from schedules.compiled import Check
from schedules.evaluating import Board, as_day
from schedules.record import When
from schedules.site import Site


def nearest_allowed(
    checks: Sequence[Check], board: Board, target: When, window: tuple[When | None, When | None]
) -> When:
    """The moment, or for a visit that has none the day, nearest to a target that its own bounds in hours and its window
    allow, given what is on its day by now. The target itself where there is none."""
    lower = [window[0], *(check.evaluate(board) for check in checks if not check.upper)]
    upper = [window[1], *(check.evaluate(board) for check in checks if check.upper)]
    if not isinstance(target, datetime):
        first = max((as_day(edge) for edge in lower if edge is not None), default=None)
        last = min((as_day(edge) for edge in upper if edge is not None), default=None)
        if first is not None and last is not None and first > last:
            return target
        day = target if first is None else max(target, first)
        return day if last is None else min(day, last)
    site = board.site
    # By instant: two moments of one zone compare by wall clock, and in autumn an hour comes twice.
    start = max((_moment(edge, time.min, site) for edge in lower if edge is not None), key=_instant, default=None)
    end = min((_moment(edge, time.max, site) for edge in upper if edge is not None), key=_instant, default=None)
    if start is not None and end is not None and _instant(start) > _instant(end):
        return target
    moment = target if start is None else max(target, start, key=_instant)
    return moment if end is None else min(moment, end, key=_instant)


def _moment(edge: When, at: time, site: Site) -> datetime:
    return edge if isinstance(edge, datetime) else datetime.combine(edge, at, site.zone)


def _instant(moment: datetime) -> float:
    return moment.timestamp()
