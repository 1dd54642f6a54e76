"""Reading what people type: dates, times at a site, zones, weekdays. Only unambiguous forms are accepted."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from importlib.util import find_spec
from zoneinfo import ZoneInfo

from schedules.errors import InvalidInput, UnknownName, shown
from schedules.record import When
from schedules.site import WEEKDAYS

FIRST_YEAR, LAST_YEAR = 1900, 2199
# ASCII: \d alone would take the digits of every script.
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?(?:(Z)|([+-])(\d{2}):(\d{2}))?", re.ASCII)
_CLOCK = re.compile(r"(\d{2}):(\d{2})", re.ASCII)
FARTHEST_OFFSET = timedelta(hours=14)
# In the zone database, and no place: what it means differs, or means nothing.
_NO_ZONES = frozenset({"Factory"})


def parse_day(text: str) -> date:
    """A date written ``2026-03-02``, from 1900 to 2199. Raises InvalidInput on every other form."""
    match = _DAY.fullmatch(text)
    if match is None:
        raise InvalidInput(f"{shown(text)} is no date. Write year-month-day, such as 2026-03-02.")
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise InvalidInput(f"{shown(text)} is no date of the calendar. Check the month and the day.") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidInput(f"{shown(text)} is outside {FIRST_YEAR} to {LAST_YEAR}. Check the year.")
    return day


def parse_when(text: str, zone: ZoneInfo) -> When:
    """A date, or a time such as ``2026-03-02T10:00`` at ``zone`` or with an offset; a time comes back in ``zone``.

    A wall-clock time that a clock change skips, or that comes twice and has no offset, raises InvalidInput.
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        if "T" in text or ":" in text:
            raise InvalidInput(f"{shown(text)} is no time. Write a date and a time, such as 2026-03-02T10:00.")
        return parse_day(text)
    day = parse_day(match[1])
    clock = _clock(match[2], match[3], match[4] or "00", text)
    if match[5] is None and match[6] is None:
        return at_wall_clock(datetime.combine(day, clock), zone)
    offset = timedelta() if match[5] else _utc_offset(match[6], match[7], match[8], text)
    return datetime.combine(day, clock, timezone(offset)).astimezone(zone)


def parse_moment(text: str, zone: ZoneInfo) -> datetime:
    """As :func:`parse_when`, with a bare date read as its first moment at ``zone``."""
    when = parse_when(text, zone)
    return when if isinstance(when, datetime) else datetime.combine(when, time(), zone)


def at_wall_clock(wall: datetime, zone: ZoneInfo) -> datetime:
    """The one moment at which the clocks of ``zone`` show ``wall``. Raises InvalidInput where there is none, or two."""
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    shown_wall = f"{wall:%Y-%m-%dT%H:%M}"
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        raise InvalidInput(
            f"{shown_wall} does not exist in {zone.key}: the clocks skip it that day. "
            "Write a time before or after the change."
        )
    offsets = " or ".join(f"{shown_wall}{_offset(moment)}" for moment in (first, second))
    raise InvalidInput(f"{shown_wall} comes twice in {zone.key}: the clocks go back that day. Write {offsets}.")


def _offset(moment: datetime) -> str:
    text = f"{moment:%z}"
    return f"{text[:3]}:{text[3:5]}"


def _clock(hours: str, minutes: str, seconds: str, text: str) -> time:
    try:
        return time(int(hours), int(minutes), int(seconds))
    except ValueError:
        raise InvalidInput(
            f"{shown(text)} has no time of the day. Hours go from 00 to 23, minutes and seconds from 00 to 59."
        ) from None


def _utc_offset(sign: str, hours: str, minutes: str, text: str) -> timedelta:
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if int(minutes) > 59 or offset > FARTHEST_OFFSET:
        raise InvalidInput(f"{shown(text)} has no offset from UTC. Offsets go from -14:00 to +14:00, such as +08:00.")
    return -offset if sign == "-" else offset


def parse_clock(text: str) -> time:
    """A time of day written ``08:00``."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise InvalidInput(f"{shown(text)} is no time of day. Write hours and minutes, such as 08:00.")
    return _clock(match[1], match[2], "00", text)


def parse_zone(name: str) -> str:
    """The name of an IANA time zone. Raises UnknownName with the nearest one."""
    # The list in the package, not the machine's: the same names are accepted everywhere, and it is read at once.
    package = find_spec("tzdata")
    assert package is not None
    assert package.origin is not None
    with open(os.path.join(os.path.dirname(package.origin), "zones"), encoding="ascii") as file:
        zones = set(file.read().split()) - _NO_ZONES
    if name in zones:
        return name
    near = _nearest_zone(name, zones)
    advice = f"Did you mean '{near}'?" if near else "Write a name of the IANA list, such as Asia/Shanghai or UTC."
    raise UnknownName("time zone", name, sorted(zones), advice=advice)


def _nearest_zone(name: str, zones: set[str]) -> str | None:
    """The zone whose city is nearly the one written: by letters alone Beijing would be near Beirut."""
    from difflib import get_close_matches

    cities = {zone.rpartition("/")[2].casefold(): zone for zone in sorted(zones, key=lambda zone: "/" not in zone)}
    city = name[:60].strip().replace(" ", "_").rpartition("/")[2].casefold()
    found = get_close_matches(city, cities, n=1, cutoff=0.85)
    return cities[found[0]] if found else None


def parse_weekdays(text: str) -> frozenset[int]:
    """Days of the week written ``mon,tue,wed``; Monday is 0."""
    found = set()
    for word in text.split(","):
        if word.strip().lower() not in WEEKDAYS:
            raise UnknownName("weekday", word.strip(), WEEKDAYS, advice=f"Write them as in {','.join(WEEKDAYS)}.")
        found.add(WEEKDAYS.index(word.strip().lower()))
    return frozenset(found)


def parse_assignment(text: str, form: str = "NAME=VALUE") -> tuple[str, str]:
    """``NAME=VALUE`` split in two; both must be there."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise InvalidInput(f"{shown(text)} is not of the form {form}.")
    return name.strip(), value.strip()


def parse_days(text: str) -> tuple[date, ...]:
    """One day, or a range ``2026-12-24..2027-01-01`` with both ends, of at most 3,660 days."""
    first_text, dots, last_text = text.partition("..")
    first = parse_day(first_text)
    last = parse_day(last_text) if dots else first
    if not 0 <= (last - first).days < 3660:
        raise InvalidInput(f"{shown(text)} is no range of days. Write the earlier date first, at most ten years apart.")
    return tuple(first + timedelta(days=index) for index in range((last - first).days + 1))
