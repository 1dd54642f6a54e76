"""Visits and periods as entries of a calendar, and the events of a file read back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from calendars.entries import (
    Entry,
    derived_uid,
)
from schedules.plan import Status, Visit

NEW_YORK = ZoneInfo("America/New_York")
CHANGED = datetime(2026, 2, 1, 12, 30, tzinfo=UTC)
ACTIVITIES = {"infusion": "NEUK203-13 IV infusion, dose level 1", "il2": "Interleukin-2; 6 mIU"}
D1 = Visit(
    id="d1",
    label="Day 1",
    epoch="treatment",
    place="ward",
    status=Status.BOOKED,
    planned=datetime(2026, 3, 2, 10, tzinfo=NEW_YORK),
    duration=timedelta(hours=4),
    activities=("infusion", "il2"),
)
D10 = Visit(
    id="d10",
    label="Day 10",
    epoch="follow-up",
    place="clinic",
    status=Status.PLANNED,
    planned=date(2026, 3, 11),
    window_start=date(2026, 3, 10),
    window_end=date(2026, 3, 12),
)


def entry(visit: Visit, zone: str = "America/New_York", **fields: object) -> Entry:
    given = {
        "uid": derived_uid("salt", visit.id),
        "sequence": 2,
        "revision": 5,
        "changed": CHANGED,
        "subject": "P-001",
        "activities": ACTIVITIES,
    }
    return Entry(visit=visit, timezone=zone, **(given | fields))  # type: ignore[arg-type]


def events(data: bytes) -> list[Event]:
    return Calendar.from_ical(data).events


def lines(data: bytes) -> list[bytes]:
    return data.removesuffix(b"\r\n").split(b"\r\n")
