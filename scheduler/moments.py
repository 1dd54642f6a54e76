"""Reading the dates and moments that use cases are given, at the zone of a site (interface: dates and ``--now``)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler import clock
from schedules.record import When
from schedules.typed import at_wall_clock, parse_day, parse_moment, parse_when

Moment = datetime | str | None
AnyWhen = date | datetime | str
_OFFSET = re.compile(r"[T ].*(Z|[+-]\d{2}:\d{2})")


def when_at(when: AnyWhen, zone: ZoneInfo) -> When:
    """A date, or a moment in ``zone``: text as people type it, a date, or a datetime (a naive one is at ``zone``).

    Raises InvalidInput for what is no date or time, is not on the clocks of that day, or is outside 1900 to 2199.
    """
    if isinstance(when, str):
        return parse_when(when, zone)
    parse_day(f"{when:%Y-%m-%d}".rjust(10, "0"))
    if not isinstance(when, datetime):
        return when
    return at_wall_clock(when, zone) if when.tzinfo is None else when.astimezone(zone)


def day_at(when: AnyWhen, zone: ZoneInfo) -> date:
    """As :func:`when_at`, without the time."""
    return day_of(when_at(when, zone))


def day_of(when: When) -> date:
    """The date of a date or moment."""
    return when.date() if isinstance(when, datetime) else when


def is_floating(now: Moment) -> bool:
    """Whether ``now`` says nothing of an offset, so that it is another moment at another zone."""
    if isinstance(now, str):
        return not _OFFSET.search(now)
    return now is not None and now.tzinfo is None


def moment_at(now: Moment, zone: ZoneInfo) -> datetime:
    """``now`` as an aware moment; without an offset it is read at ``zone``. None is the machine's clock."""
    if now is None:
        return clock.now()
    if isinstance(now, str):
        return parse_moment(now, zone)
    return at_wall_clock(now, zone) if now.tzinfo is None else now


def moment_here(now: Moment) -> datetime:
    """``now`` where no site is concerned: without an offset it is read at the machine's zone."""
    if not is_floating(now):
        return moment_at(now, ZoneInfo("UTC"))
    return moment_at(now, ZoneInfo("UTC")).replace(tzinfo=None).astimezone()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day."""
    return datetime.combine(day, datetime.min.time(), zone)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment after a day."""
    return start_of(day + timedelta(days=1), zone)
