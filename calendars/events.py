"""What goes into calendar events: visits, windows and periods as people see them, at each level of disclosure.

Redaction happens here and nowhere else (design §7): what is not in an :class:`Event` cannot get into a calendar.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from calendars.entries import Entry, Level, PeriodEntry, derived_uid
from calendars.words import Words, day_of
from schedules.plan import TO_COME, Status
from schedules.record import When

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What goes into one VEVENT.

    ``start`` and ``end`` are dates, the end exclusive, or aware moments: in the site's zone, or in UTC.
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

    def touches(self, first: date | None, last: date | None) -> bool:
        """Whether any of it is between two days, both included; an open side is None."""
        start, end = self.days
        return (last is None or start <= last) and (first is None or end >= first)


def visit_event(entry: Entry, level: Level, texts: Words) -> Event | None:
    """The event of a visit; None for one without a date, or that does not apply."""
    visit = entry.visit
    when = visit.planned or visit.target
    if visit.status not in _STATUS or when is None:
        return None
    start, end = _span(when, visit.duration, entry.timezone)
    status = _STATUS[visit.status]
    return Event(
        uid=entry.uid,
        sequence=entry.sequence,
        changed=entry.changed,
        title=_title(level, texts.visit, entry.subject, visit.label),
        start=start,
        end=end,
        status=status,
        busy=status == "CONFIRMED" and isinstance(start, datetime),
        place="" if level is Level.PRIVATE else line(texts.place.get(visit.place, visit.place)),
        description=_activities(entry, texts) if level is Level.FULL else "",
    )


def _title(level: Level, neutral: str, subject: str, label: str) -> str:
    return neutral if level is Level.PRIVATE else line(f"{subject} · {label}")


def _activities(entry: Entry, texts: Words) -> str:
    if not entry.visit.activities:
        return ""
    labels = [line(entry.activities.get(name, name)) for name in entry.visit.activities]
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


def window_events(entry: Entry, level: Level, texts: Words) -> Iterator[Event]:
    """The window of a dated visit, if it has one; once that is done, missed or cancelled, the window is off as well."""
    visit = entry.visit
    if visit.date is None or visit.window_start is None or visit.window_end is None:
        return
    yield Event(
        uid=derived_uid(entry.uid, "window"),
        sequence=entry.sequence,
        changed=entry.changed,
        title=_title(level, texts.window, entry.subject, f"{texts.window}: {visit.label}"),
        start=day_of(visit.window_start),
        end=day_of(visit.window_end) + DAY,
        status="CONFIRMED" if visit.status in TO_COME else "CANCELLED",
    )


def period_events(entry: PeriodEntry, level: Level, texts: Words) -> Iterator[Event]:
    """A period that has both its days; at level ``private`` only one that is meant for the patient."""
    period = entry.period
    hidden = level is Level.PRIVATE and not period.show_patient
    if hidden or period.start is None or period.end is None:
        return
    yield Event(
        uid=entry.uid,
        sequence=entry.sequence,
        changed=entry.changed,
        title=_title(level, texts.period, entry.subject, period.label),
        start=period.start,
        end=period.end + DAY,
        status="CONFIRMED",
    )


def line(text: str) -> str:
    """One line without control characters and line separators, at which some clients' parsers break."""
    plain = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    return " ".join(plain.encode("utf-8", "replace").decode("utf-8").split())
