"""Events as iCalendar components, and calendars around them (RFC 5545). icalendar writes every line.

The same events give the same bytes: a calendar has no UID of its own (vdirsyncer would take a new one for a new
calendar, and icalendar's ``new`` makes a random one).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from icalendar import Alarm as AlarmComponent
from icalendar import Calendar
from icalendar import Event as Component
from icalendar.prop import vDuration, vText

from calendars.alarms import Alarm
from calendars.events import Event
from calendars.zones import timezone_bytes
from schedules.record import When

PRODUCT = "-//dayzero//visits//EN"
# The first and the last year in which a zone is needed.
Years = tuple[int, int]
_CLOSING = b"END:VCALENDAR\r\n"
_EVENT_CLOSING = b"END:VEVENT\r\n"


class Text(vText):
    """A text that keeps a backslash before an N, which icalendar's own escaping turns into a line break."""

    def to_ical(self) -> bytes:
        """The text escaped as RFC 5545, 3.3.11 says."""
        escaped = self.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
        return escaped.encode("utf-8")


def new_calendar() -> Calendar:
    """A calendar that says nothing but what it is."""
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODUCT)
    calendar.add("CALSCALE", "GREGORIAN")
    return calendar


def joined(calendar: Calendar, zones: Mapping[str, Years], events: Iterable[bytes]) -> bytes:
    """The calendar's own lines, a VTIMEZONE for each zone with its first and last year, and the events."""
    head = bytes(calendar.to_ical()).removesuffix(_CLOSING)
    blocks = (timezone_bytes(key, *years) for key, years in sorted(zones.items()))
    return b"".join([head, *blocks, *events, _CLOSING])


def component(event: Event) -> Component:
    """The VEVENT of an event."""
    made = Component()
    made.add("UID", event.uid)
    made.add("DTSTAMP", event.changed)
    made.add("LAST-MODIFIED", event.changed)
    made.add("SEQUENCE", event.sequence)
    made.add("SUMMARY", Text(event.title))
    made.add("DTSTART", *_placed(event.start, event.zone))
    made.add("DTEND", *_placed(event.end, event.zone))
    made.add("STATUS", event.status)
    made.add("TRANSP", "OPAQUE" if event.busy else "TRANSPARENT")
    if event.place:
        made.add("LOCATION", Text(event.place))
    if event.description:
        made.add("DESCRIPTION", Text(event.description))
    return made


def serialised(event: Event, alarms: tuple[Alarm, ...] = (), text: str = "") -> bytes:
    """The bytes of an event's VEVENT, with its alarms if it is still to come.

    ``text`` is what an alarm shows: the same for all, since a telephone shows it to whoever is near.
    """
    data = bytes(component(event).to_ical())
    if not (alarms and event.coming):
        return data
    times = [alarm.ahead(event.start) for alarm in alarms]
    ringing = b"".join(_alarm(ahead, text) for ahead in dict.fromkeys(times) if ahead is not None)
    return data.removesuffix(_EVENT_CLOSING) + ringing + _EVENT_CLOSING


class _Ahead(vDuration):
    """A time before the start, in hours and minutes: what a day is, is not the same for all clients."""

    def to_ical(self) -> bytes:
        hours, minutes = divmod(round(self.td.total_seconds() / 60), 60)
        return f"-PT{hours}H{minutes}M".encode() if minutes else f"-PT{hours}H".encode()


@lru_cache(maxsize=1024)
def _alarm(ahead: timedelta, text: str) -> bytes:
    made = AlarmComponent()
    made.add("ACTION", "DISPLAY")
    made["TRIGGER"] = _Ahead(ahead)
    made.add("DESCRIPTION", Text(text))
    return bytes(made.to_ical())


def _placed(when: When, zone: str | None) -> tuple[When, dict[str, str]]:
    """The zone is named by us, since what icalendar makes of a tzinfo depends on its time zone provider."""
    if isinstance(when, datetime) and zone is not None:
        return when.replace(tzinfo=None), {"TZID": zone}
    return when, {}
