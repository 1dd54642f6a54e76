"""Calendar files that Outlook, Google, Apple and Thunderbird read the same way (design §7, RFC 5545).

The same entries give the same bytes: DTSTAMP and LAST-MODIFIED are the moment of the last change, UIDs are
derived, and the calendar itself has none (vdirsyncer would take a new one for a new calendar, icalendar's
``new`` makes a random one). A file has no METHOD: with one, Outlook takes it for an invitation.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event
from icalendar.prop import vText

from calendars.entries import Entry, Level, PeriodEntry, derived_uid
from calendars.words import Words, day_of, words
from calendars.zones import timezone_bytes
from schedules.plan import TO_COME, Status
from schedules.record import When

PRODUCT = "-//dayzero//visits//EN"
DAY = timedelta(days=1)
# Of a visit with a time and no duration; an event that ends as it starts is drawn as a line, or not at all.
USUAL_LENGTH = timedelta(hours=1)
# A missed visit leaves the calendar as a cancelled one does: a calendar tells what takes place.
_STATUS = {
    Status.PLANNED: "TENTATIVE",
    Status.BOOKED: "CONFIRMED",
    Status.DONE: "CONFIRMED",
    Status.MISSED: "CANCELLED",
    Status.CANCELLED: "CANCELLED",
}
# A calendar without any component is not valid (RFC 5545, 3.6); a VTIMEZONE is one, and says nothing.
_NO_EVENT = {"UTC": (2000, 2000)}
_CLOSING = b"END:VCALENDAR\r\n"


class _Text(vText):
    """A text that keeps a backslash before an N, which icalendar's own escaping turns into a line break."""

    def to_ical(self) -> bytes:
        escaped = self.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
        return escaped.encode("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """What goes into one VEVENT.

    ``start`` and ``end`` are dates, the end exclusive, or aware moments in the site's zone.
    """

    uid: str
    sequence: int
    changed: datetime
    title: str
    start: When
    end: When
    status: str
    busy: bool = False
    place: str = ""
    description: str = ""

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day it is on."""
        if isinstance(self.end, datetime):
            return day_of(self.start), (self.end - timedelta(seconds=1)).date()
        return day_of(self.start), self.end - DAY

    @property
    def zone(self) -> str | None:
        """The IANA zone its times need, or None: dates and times in UTC need none."""
        zone = self.start.tzinfo if isinstance(self.start, datetime) else None
        return zone.key if isinstance(zone, ZoneInfo) else None


def calendar_file(
    entries: Iterable[Entry],
    *,
    level: Level = Level.PRIVATE,
    language: str = "en",
    name: str = "",
    start: date | None = None,
    end: date | None = None,
    windows: bool = False,
    periods: Iterable[PeriodEntry] = (),
) -> bytes:
    """An iCalendar file of the visits that have a date, in the order given.

    :param name: whose calendar it is (subject or site); left out at level ``private``.
    :param start: with ``end`` the first and last day, both included, at the site; what touches them is in the
        file.
    :param windows: adds the window of each dated visit as an all-day event.
    :param periods: are added as all-day events, at level ``private`` only those meant for the patient.
    :raises UnknownName: for a language that has no words here.
    """
    listed = tuple(entries)
    texts = words(language)
    events = [
        *_visit_events(listed, level, texts),
        *(_window_events(listed, level, texts) if windows else ()),
    ]
    events += _period_events(periods, level, texts)
    shown = [event for event in events if _touches(event, start, end)]
    title = texts.visits if level is Level.PRIVATE or not name else f"{texts.visits} {_line(name)}"
    return _joined(title, _zones(shown) if shown else _NO_EVENT, map(_serialised, shown))


def event_bytes(entry: Entry, level: Level, language: str) -> bytes | None:
    """One visit's VEVENT, for storing by (revision, level, language); None for a visit without a date."""
    event = _visit_event(entry, level, words(language))
    return None if event is None else _serialised(event)


def _joined(title: str, zones: Mapping[str, tuple[int, int]], events: Iterable[bytes]) -> bytes:
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODUCT)
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("NAME", _Text(title))
    calendar.add("X-WR-CALNAME", _Text(title))
    head = bytes(calendar.to_ical()).removesuffix(_CLOSING)
    blocks = (timezone_bytes(key, *years) for key, years in sorted(zones.items()))
    return b"".join([head, *blocks, *events, _CLOSING])


def _zones(events: Iterable[_Event]) -> dict[str, tuple[int, int]]:
    """The zones that events need, each with the first and the last year in which it does."""
    years: dict[str, tuple[int, int]] = {}
    for event in events:
        if event.zone is not None:
            first, last = event.days
            before = years.get(event.zone, (first.year, last.year))
            years[event.zone] = (min(before[0], first.year), max(before[1], last.year))
    return years


def _touches(event: _Event, start: date | None, end: date | None) -> bool:
    first, last = event.days
    return (end is None or first <= end) and (start is None or last >= start)


def _visit_events(entries: Iterable[Entry], level: Level, texts: Words) -> Iterator[_Event]:
    for entry in entries:
        event = _visit_event(entry, level, texts)
        if event is not None:
            yield event


def _visit_event(entry: Entry, level: Level, texts: Words) -> _Event | None:
    visit = entry.visit
    when = visit.planned or visit.target
    if visit.status not in _STATUS or when is None:
        return None
    start, end = _span(when, visit.duration, entry.timezone)
    status = _STATUS[visit.status]
    return _Event(
        uid=entry.uid,
        sequence=entry.sequence,
        changed=entry.changed,
        title=_title(level, texts.visit, entry.subject, visit.label),
        start=start,
        end=end,
        status=status,
        busy=status == "CONFIRMED" and isinstance(start, datetime),
        place="" if level is Level.PRIVATE else texts.place.get(visit.place, visit.place),
        description=_activities(entry, texts) if level is Level.FULL else "",
    )


def _title(level: Level, neutral: str, subject: str, label: str) -> str:
    return neutral if level is Level.PRIVATE else _line(f"{subject} · {label}")


def _activities(entry: Entry, texts: Words) -> str:
    if not entry.visit.activities:
        return ""
    labels = [_line(entry.activities.get(name, name)) for name in entry.visit.activities]
    return "\n".join([f"{texts.activities}:", *(f"- {label}" for label in labels)])


def _span(when: When, duration: timedelta | None, timezone: str) -> tuple[When, When]:
    """Start and end of a visit: dates with an exclusive end, or moments in the site's zone.

    A local time that comes twice means the first (RFC 5545, 3.3.5); one that means the second is written in
    UTC.
    """
    if not isinstance(when, datetime):
        return when, when + max(DAY, -(-(duration or DAY) // DAY) * DAY)
    zone = ZoneInfo(timezone)
    start, end = when.astimezone(UTC), when.astimezone(UTC) + (duration or USUAL_LENGTH)
    local = start.astimezone(zone), end.astimezone(zone)
    return (start, end) if any(moment.fold for moment in local) or timezone == "UTC" else local


def _window_events(entries: Iterable[Entry], level: Level, texts: Words) -> Iterator[_Event]:
    """The window of each dated visit; once that is done, missed or cancelled, the window is off as well."""
    for entry in entries:
        visit = entry.visit
        if visit.date is None or visit.window_start is None or visit.window_end is None:
            continue
        yield _Event(
            uid=derived_uid(entry.uid, "window"),
            sequence=entry.sequence,
            changed=entry.changed,
            title=_title(level, texts.window, entry.subject, f"{texts.window}: {visit.label}"),
            start=day_of(visit.window_start),
            end=day_of(visit.window_end) + DAY,
            status="CONFIRMED" if visit.status in TO_COME else "CANCELLED",
        )


def _period_events(entries: Iterable[PeriodEntry], level: Level, texts: Words) -> Iterator[_Event]:
    for entry in entries:
        period = entry.period
        hidden = level is Level.PRIVATE and not period.show_patient
        if hidden or period.start is None or period.end is None:
            continue
        yield _Event(
            uid=entry.uid,
            sequence=entry.sequence,
            changed=entry.changed,
            title=_title(level, texts.period, entry.subject, period.label),
            start=period.start,
            end=period.end + DAY,
            status="CONFIRMED",
        )


def _serialised(event: _Event) -> bytes:
    component = Event()
    component.add("UID", event.uid)
    component.add("DTSTAMP", event.changed)
    component.add("LAST-MODIFIED", event.changed)
    component.add("SEQUENCE", event.sequence)
    component.add("SUMMARY", _Text(event.title))
    component.add("DTSTART", *_placed(event.start, event.zone))
    component.add("DTEND", *_placed(event.end, event.zone))
    component.add("STATUS", event.status)
    component.add("TRANSP", "OPAQUE" if event.busy else "TRANSPARENT")
    if event.place:
        component.add("LOCATION", _Text(_line(event.place)))
    if event.description:
        component.add("DESCRIPTION", _Text(event.description))
    return bytes(component.to_ical())


def _placed(when: When, zone: str | None) -> tuple[When, dict[str, str]]:
    """The zone is named by us, since what icalendar makes of a tzinfo depends on its time zone provider."""
    if isinstance(when, datetime) and zone is not None:
        return when.replace(tzinfo=None), {"TZID": zone}
    return when, {}


def _line(text: str) -> str:
    """One line without control characters and line separators, at which some clients' parsers break."""
    plain = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    return " ".join(plain.encode("utf-8", "replace").decode("utf-8").split())
