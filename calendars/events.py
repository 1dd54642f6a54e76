"""What goes into calendar events: visits, windows, periods and samples, at each level of disclosure.

Redaction happens here and nowhere else (design §7): what is not in an :class:`Event` cannot get into a calendar.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from calendars.entries import Entry, Level, PeriodEntry, derived_uid
from calendars.words import Words, day_of, time_in_words
from schedules.plan import TO_COME, Status, Visit
from schedules.record import When
from schedules.samples import Sample

DAY = timedelta(days=1)
# Of a visit with a time and no duration; an event that ends as it starts is drawn as a line, or not at all.
USUAL_LENGTH = timedelta(hours=1)
_BREAKING = frozenset({"Cc", "Zl", "Zp"})
SAMPLE_LENGTH = timedelta(minutes=15)
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

    ``start`` and ``end`` are dates, the end exclusive, or aware moments: in the site's zone, or in UTC. What is
    ``coming`` may ring alarms.
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
    coming: bool = False

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day it is on, at the site."""
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
    visit, when, status = entry.visit, entry.when, _status(entry)
    if status is None or when is None:
        return None
    start, end = _span(when, _longest((visit, *entry.guests)), entry.zone)
    return Event(
        uid=entry.uid,
        sequence=entry.sequence,
        changed=entry.changed,
        title=_title(level, texts.visit, entry.subject, entry.label),
        start=start,
        end=end,
        status=status,
        busy=status == "CONFIRMED" and isinstance(start, datetime),
        place="" if level is Level.PRIVATE else line(texts.place.get(visit.place, visit.place)),
        description=_activities(entry, texts) if level is Level.FULL else "",
        coming=status != "CANCELLED" and any(each.status in TO_COME for each in (visit, *entry.guests)),
    )


def _status(entry: Entry) -> str | None:
    """Of several visits in one entry what is settled most; None where the visit has no event."""
    if entry.part_of is not None:
        return "CANCELLED" if entry.served else None
    found = {_STATUS.get(visit.status) for visit in (entry.visit, *entry.guests)}
    return "CONFIRMED" if "CONFIRMED" in found else _STATUS.get(entry.visit.status)


def _longest(visits: tuple[Visit, ...]) -> timedelta | None:
    return max((visit.duration for visit in visits if visit.duration is not None), default=None)


def _title(level: Level, neutral: str, subject: str, label: str) -> str:
    return neutral if level is Level.PRIVATE else line(f"{subject} · {label}")


def _activities(entry: Entry, texts: Words) -> str:
    names = dict.fromkeys(name for visit in (entry.visit, *entry.guests) for name in visit.activities)
    if not names:
        return ""
    labels = [line(entry.activities.get(name, name)) for name in names]
    return "\n".join([f"{texts.activities}:", *(f"- {label}" for label in labels)])


def _span(when: When, duration: timedelta | None, zone: ZoneInfo) -> tuple[When, When]:
    """Start and end of a visit: dates with an exclusive end, or moments in the site's zone."""
    if not isinstance(when, datetime):
        return when, when + max(DAY, -(-(duration or DAY) // DAY) * DAY)
    return _moments(when, duration or USUAL_LENGTH, zone)


def _moments(start: datetime, length: timedelta, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Start and end at the site; in UTC where one of them is a local time that comes twice.

    Such a time means the first (RFC 5545, 3.3.5), and ical.js takes it for the second.
    """
    start = start.astimezone(UTC)
    end = start + length
    local = start.astimezone(zone), end.astimezone(zone)
    return (start, end) if any(map(_comes_twice, local)) or zone.key == "UTC" else local


def _comes_twice(moment: datetime) -> bool:
    return moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()


def window_events(entry: Entry, level: Level, texts: Words) -> Iterator[Event]:
    """The window of a dated visit, if it has one; once that is done, missed or cancelled, the window is off as well."""
    visit = entry.visit
    if visit.date is None or visit.window_start is None or visit.window_end is None:
        return
    yield Event(
        uid=derived_uid(entry.uid, "window"),
        sequence=entry.revision,
        changed=entry.changed,
        title=_title(level, texts.window, entry.subject, f"{texts.window}: {visit.label}"),
        start=day_of(visit.window_start),
        end=day_of(visit.window_end) + DAY,
        status="CONFIRMED" if visit.status in TO_COME else "CANCELLED",
    )


def period_events(entry: PeriodEntry, level: Level, texts: Words) -> Iterator[Event]:
    """A period that has, or had, both its days; at level ``private`` only one that is meant for the patient."""
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
        status="CANCELLED" if entry.off else "CONFIRMED",
    )


def sample_events(entry: Entry, level: Level, texts: Words) -> Iterator[Event]:
    """The samples of a dated visit: each at its own time where the visit has one.

    Of a visit without a time each is on the visit's day, for all of it: the times are still open, and the same UIDs get
    them later. What is sampled, and how much sooner or later it may be, is told at level ``full``.
    """
    visit = entry.visit
    if visit.planned is None or visit.status not in _STATUS:
        return
    for sample in entry.samples:
        moment = sample.moment(visit.planned) if isinstance(visit.planned, datetime) else visit.planned
        start, end = (
            _moments(moment, SAMPLE_LENGTH, entry.zone) if isinstance(moment, datetime) else (moment, moment + DAY)
        )
        label = sample.label if level is Level.FULL else f"{texts.sample}: {visit.label}"
        yield Event(
            uid=derived_uid(entry.uid, f"sample:{sample.activity}:{sample.number}"),
            sequence=entry.revision,
            changed=entry.changed,
            title=_title(level, texts.sample, entry.subject, label),
            start=start,
            end=end,
            status=_STATUS[visit.status],
            place="" if level is Level.PRIVATE else line(texts.place.get(visit.place, visit.place)),
            description=_timing(sample, visit, texts) if level is Level.FULL else "",
        )


def _timing(sample: Sample, visit: Visit, texts: Words) -> str:
    """``Day 1: 2 hours after the visit begins``, and on a line of its own ``Between 11:45 and 12:15``."""
    lines = [f"{line(visit.label)}: {texts.counted(sample.offset)}"]
    if isinstance(visit.planned, datetime):
        bounds = sample.bounds(visit.planned)
        if bounds is not None:
            lines.append(texts.between.format(*map(time_in_words, bounds)))
    elif sample.tolerance is not None:
        lines.append(texts.around(sample.tolerance))
    return "\n".join(lines)


def line(text: str) -> str:
    """One line without control characters and line separators, at which some clients' parsers break, and without byte
    order marks, which JavaScript trims as if they were blanks."""
    plain = "".join(" " if char == "\ufeff" or unicodedata.category(char) in _BREAKING else char for char in text)
    return " ".join(plain.encode("utf-8", "replace").decode("utf-8").split())
