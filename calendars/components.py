"""Events and calendars as bytes (RFC 5545): icalendar writes values and content lines, which are folded here.

Lines that many events share (a status, a place, what is done) and whole alarms are made once. icalendar's own folding
also cuts between a backslash and the character it escapes, which who unfolds last cannot read; ours does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from icalendar import Parameters
from icalendar.parser.content_line import Contentline
from icalendar.prop import vDDDTypes, vDuration, vText

from calendars.alarms import Alarm
from calendars.events import Event
from calendars.zones import timezone_bytes
from schedules.clocks import Clocks
from schedules.record import When

PRODUCT = "-//dayzero//visits//EN"
# Octets of a line, without its end; a line that continues another begins with a space.
LONGEST_LINE = 75
# The first and the last year in which a zone is needed.
Years = tuple[int, int]


class Text(vText):
    """A text that keeps a backslash before an N, which icalendar's own escaping turns into a line break."""

    def to_ical(self) -> bytes:
        """The text escaped as RFC 5545, 3.3.11 says."""
        escaped = self.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
        return escaped.encode("utf-8")


class Ahead(vDuration):
    """A time before the start, in hours and minutes: what a day is, is not the same for all clients."""

    def to_ical(self) -> bytes:
        """The duration as RFC 5545, 3.3.6 writes it, without days."""
        hours, minutes = divmod(round(self.td.total_seconds() / 60), 60)
        return f"-PT{hours}H{minutes}M".encode() if minutes else f"-PT{hours}H".encode()


def folded(line: str) -> bytes:
    """A content line in octets, cut where it is longer than 75 (RFC 5545, 3.1): between characters, and never between
    a backslash and what it escapes."""
    data = line.encode("utf-8")
    if len(data) <= LONGEST_LINE:
        return data + b"\r\n"
    parts, start, room = [], 0, LONGEST_LINE
    while len(data) - start > room:
        end = _cut(data, start, start + room)
        parts.append(data[start:end])
        start, room = end, LONGEST_LINE - 1
    parts.append(data[start:])
    return b"\r\n ".join(parts) + b"\r\n"


def _cut(data: bytes, start: int, end: int) -> int:
    """The last place up to ``end``, on a line from ``start`` on, that is inside no character and no escape."""
    while data[end] & 0xC0 == 0x80:
        end -= 1
    line = data[start:end]
    return end - (len(line) - len(line.rstrip(b"\\"))) % 2


def property_line(name: str, value: Any, parameters: Parameters | None = None) -> bytes:
    """A property of one of icalendar's types, as it stands in a file."""
    return folded(Contentline.from_parts(name, parameters if parameters is not None else value.params, value))


@lru_cache(maxsize=4096)
def _text_line(name: str, text: str) -> bytes:
    return property_line(name, Text(text))


@lru_cache(maxsize=4096)
def _when_line(name: str, when: date | datetime, zone: str | None) -> bytes:
    """The zone is named by us, since what icalendar makes of a tzinfo depends on its time zone provider."""
    if isinstance(when, datetime) and zone is not None:
        return property_line(name, vDDDTypes(when.replace(tzinfo=None)), Parameters({"TZID": zone}))
    return property_line(name, vDDDTypes(when))


@lru_cache(maxsize=1024)
def _alarm_lines(ahead: timedelta, text: str) -> bytes:
    trigger = property_line("TRIGGER", Ahead(ahead))
    return _component("VALARM", [_text_line("ACTION", "DISPLAY"), _text_line("DESCRIPTION", text), trigger])


def _component(name: str, lines: Iterable[bytes]) -> bytes:
    return b"".join([f"BEGIN:{name}\r\n".encode(), *lines, f"END:{name}\r\n".encode()])


def event_component(event: Event, alarms: tuple[Alarm, ...] = (), text: str = "", more: Iterable[bytes] = ()) -> bytes:
    """The VEVENT of an event, with ``more`` properties, and with its alarms if it is still to come.

    ``text`` is what an alarm shows: the same for all, since a telephone shows it to whoever is near.
    """
    lines = [*_event_lines(event), *more]
    if alarms and event.coming:
        times = dict.fromkeys(alarm.ahead(event.start) for alarm in alarms)
        lines += [_alarm_lines(ahead, text) for ahead in times if ahead is not None]
    return _component("VEVENT", lines)


def _event_lines(event: Event) -> Iterator[bytes]:
    yield property_line("SUMMARY", Text(event.title))
    yield _placed("DTSTART", event.start, event.zone)
    yield _placed("DTEND", event.end, event.zone)
    yield _when_line("DTSTAMP", event.changed, None)
    yield property_line("UID", Text(event.uid))
    yield _text_line("SEQUENCE", str(event.sequence))
    if event.description:
        yield _text_line("DESCRIPTION", event.description)
    yield _when_line("LAST-MODIFIED", event.changed, None)
    if event.place:
        yield _text_line("LOCATION", event.place)
    yield _text_line("STATUS", event.status)
    yield _text_line("TRANSP", "OPAQUE" if event.busy else "TRANSPARENT")


def _placed(name: str, when: When, zone: str | None) -> bytes:
    # Two moments that are equal, and differ in their zone, would be one to a cache.
    if isinstance(when, datetime) and zone is not None:
        return _when_line(name, when.replace(tzinfo=None), zone)
    return _when_line(name, when, None)


def calendar_component(
    more: Iterable[tuple[str, str]],
    zones: Mapping[str, Years],
    events: Iterable[bytes],
    clocks: Mapping[str, Clocks | None] = MappingProxyType({}),
) -> bytes:
    """A calendar with ``more`` texts of its own, a VTIMEZONE for each zone with its first and last year, and events.

    ``clocks`` are how those of the zones go, by default as the installed zone data has it.
    """
    own = [("VERSION", "2.0"), ("PRODID", PRODUCT), ("CALSCALE", "GREGORIAN"), *more]
    blocks = (timezone_bytes(key, *years, clocks.get(key)) for key, years in sorted(zones.items()))
    return _component("VCALENDAR", [*(_text_line(name, text) for name, text in own), *blocks, *events])
