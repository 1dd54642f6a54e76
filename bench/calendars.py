"""Events of a calendar per CPU second, each with two alarms: peers, ours on first use, ours from stored bytes.

Each writer starts from the same values and ends with the bytes of a whole calendar. icalendar is measured twice: as its
documentation shows it, and with all that events share (properties and alarms) built once. From stored bytes is an
``export`` of a site through the database; its floor is a SELECT of the same bytes with sqlite3, joined. First use is
measured with all caches empty, and once more as that ``export``, which also plans, and stores the bytes.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import ics
import vobject
from dateutil.tz import gettz  # type: ignore[import-untyped]
from icalendar import Alarm, Calendar, Event
from icalendar.prop import vDDDTypes, vInt, vText

from bench.measure import Row
from calendars import components
from calendars.alarms import parse_alarms
from calendars.entries import Entry, Level, derived_uid
from calendars.ics import calendar_file
from scheduler import Scheduler
from schedules.plan import Status, Visit
from schedules.record import When

SIZES = (1_000, 10_000)
ALARMS = "1 day before at 17:00, 2 hours before"
ZONE = ZoneInfo("Asia/Shanghai")
_ZONE_OF_DATEUTIL = gettz(ZONE.key)
CHANGED = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
ACTIVITIES = {"infusion": "NEUK203-13 IV infusion, dose level 1", "il2": "Interleukin-2; 6 mIU"}
TEXT = "Activities:\n- NEUK203-13 IV infusion, dose level 1\n- Interleukin-2; 6 mIU"
AHEAD = (timedelta(hours=17), timedelta(hours=2))
AIMS = {"first use": 1.0, "stored": 3.0}


def rows() -> list[Row]:
    """For each size: peers and ours on first use against icalendar's best, the stored ones against the floor."""
    return [row for size in SIZES for row in (*_written(size), *_exported(size))]


def _written(size: int) -> Iterator[Row]:
    entries = [_entry(number) for number in range(size)]
    works: dict[str, Callable[[], object]] = {
        "icalendar, shared parts built once": lambda: _icalendar_shared(entries),
        "icalendar": lambda: _icalendar(entries),
        "vobject": lambda: _vobject(entries),
        "ics": lambda: _ics(entries),
        "ours, on first use": lambda: _ours(entries),
    }
    times = {name: _seconds(work) for name, work in works.items()}
    best = times["icalendar, shared parts built once"]
    for name, seconds in times.items():
        aim = AIMS["first use"] if name.startswith("ours") else None
        yield _row(size, name, seconds, best, aim)


def _row(size: int, name: str, seconds: float, base: float, aim: float | None = None) -> Row:
    return Row(name=f"{size:>6,}: {name}, {size / seconds:,.0f}/s", seconds=seconds, ratio=seconds / base, aim=aim)


def _seconds(work: Callable[[], object], rounds: int = 3) -> float:
    times = []
    for _ in range(rounds):
        start = process_time()
        work()
        times.append(process_time() - start)
    return median(times)


def _entry(number: int) -> Entry:
    day = date(2026, 1, 5) + timedelta(days=number % 700)
    when = datetime.combine(day, datetime.min.time().replace(hour=8 + number % 9), ZONE) if number % 2 else day
    visit = Visit(
        id=f"v-{number}",
        label=f"Day {number}",
        epoch="treatment",
        place="ward",
        status=Status.BOOKED,
        planned=when,
        activities=tuple(ACTIVITIES),
    )
    return Entry(
        visit=visit,
        uid=derived_uid("salt", visit.id),
        sequence=1,
        changed=CHANGED,
        subject="P-001",
        timezone=ZONE.key,
        activities=ACTIVITIES,
    )


def _span(when: When) -> tuple[When, When]:
    return when, when + (timedelta(hours=1) if isinstance(when, datetime) else timedelta(days=1))


def _times(entry: Entry) -> tuple[When, When]:
    assert entry.visit.planned is not None
    return _span(entry.visit.planned)


def _title(entry: Entry) -> str:
    return f"{entry.subject} · {entry.visit.label}"


def _ours(entries: list[Entry]) -> bytes:
    for cached in (components._text_line, components._when_line, components._alarm_lines):
        cached.cache_clear()
    return calendar_file(entries, level=Level.FULL, name="P-001", alarms=parse_alarms(ALARMS))


def _icalendar(entries: list[Entry]) -> bytes:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//bench//EN")
    for entry in entries:
        event = Event()
        start, end = _times(entry)
        for name, value in (
            ("uid", entry.uid),
            ("dtstamp", CHANGED),
            ("last-modified", CHANGED),
            ("sequence", 1),
            ("summary", _title(entry)),
            ("dtstart", start),
            ("dtend", end),
            ("status", "CONFIRMED"),
            ("transp", "OPAQUE"),
            ("location", "Ward"),
            ("description", TEXT),
        ):
            event.add(name, value)
        for alarm in _alarms():
            event.add_component(alarm)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _alarms() -> list[Alarm]:
    made = []
    for ahead in AHEAD:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("trigger", -ahead)
        alarm.add("description", "Visit")
        made.append(alarm)
    return made


def _icalendar_shared(entries: list[Entry]) -> bytes:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//bench//EN")
    shared = {
        "DTSTAMP": vDDDTypes(CHANGED),
        "LAST-MODIFIED": vDDDTypes(CHANGED),
        "SEQUENCE": vInt(1),
        "STATUS": vText("CONFIRMED"),
        "TRANSP": vText("OPAQUE"),
        "LOCATION": vText("Ward"),
        "DESCRIPTION": vText(TEXT),
    }
    alarms = _alarms()
    for entry in entries:
        event = Event()
        for name, value in shared.items():
            event[name] = value
        start, end = _times(entry)
        event["UID"], event["SUMMARY"] = vText(entry.uid), vText(_title(entry))
        event["DTSTART"], event["DTEND"] = vDDDTypes(start), vDDDTypes(end)
        event.subcomponents.extend(alarms)
        calendar.subcomponents.append(event)
    return bytes(calendar.to_ical())


def _vobject(entries: list[Entry]) -> str:
    calendar: Any = vobject.iCalendar()
    changed = CHANGED.replace(tzinfo=vobject.icalendar.utc)
    for entry in entries:
        start, end = map(_known_to_vobject, _times(entry))
        event = calendar.add("vevent")
        for name, value in (
            ("uid", entry.uid),
            ("dtstamp", changed),
            ("last-modified", changed),
            ("sequence", "1"),
            ("summary", _title(entry)),
            ("dtstart", start),
            ("dtend", end),
            ("status", "CONFIRMED"),
            ("transp", "OPAQUE"),
            ("location", "Ward"),
            ("description", TEXT),
        ):
            event.add(name).value = value
        for ahead in AHEAD:
            alarm = event.add("valarm")
            alarm.add("action").value = "DISPLAY"
            alarm.add("trigger").value = -ahead
            alarm.add("description").value = "Visit"
    return str(calendar.serialize())


def _known_to_vobject(when: When) -> When:
    """vobject knows the zones of dateutil only."""
    return when.replace(tzinfo=_ZONE_OF_DATEUTIL) if isinstance(when, datetime) else when


def _ics(entries: list[Entry]) -> str:
    calendar: Any = ics.Calendar()
    for entry in entries:
        start, end = _times(entry)
        event: Any = ics.Event(
            name=_title(entry), begin=start, end=end, uid=entry.uid, created=CHANGED, location="Ward", description=TEXT
        )
        event.last_modified = CHANGED
        event.status = "CONFIRMED"
        event.transparent = False
        event.alarms = [ics.DisplayAlarm(trigger=-ahead, display_text="Visit") for ahead in AHEAD]
        calendar.events.add(event)
    return str(calendar.serialize())


def _exported(size: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.db"
        with Scheduler(f"sqlite:///{file}") as trial:
            _fill(trial, size)
            asked: dict[str, Any] = {"site": "BJ01", "level": "full", "alarms": ALARMS}
            start = process_time()
            data = trial.export(**asked)
            first = process_time() - start
            number = data.count(b"BEGIN:VEVENT")
            floor = _seconds(lambda: _selected(file), rounds=7)
            stored = _seconds(lambda: trial.export(**asked), rounds=7)
            assert trial.export(**asked) == data
    yield _row(number, "the floor, SELECT and join", floor, floor)
    yield _row(number, "ours, from stored bytes", stored, floor, AIMS["stored"])
    yield _row(number, "ours, planned, written and stored", first, floor)


def _fill(trial: Scheduler, size: int) -> None:
    """Enrols subjects until their calendars hold at least so many events."""
    trial.add_site("BJ01", timezone=ZONE.key, now="2026-01-05T09:00")
    made = number = 0
    while made < size:
        number += 1
        subject = f"P-{number:04}"
        how: Any = {"site": "BJ01", "enrolled": "2026-02-02", "dates": {"d1": "2026-03-02T10:00"}}
        change = trial.enrol("NEUK203-13", subject, now="2026-02-02T09:00", groups={"dose_level": "DL1"}, **how)
        made += sum(visit.planned is not None and not visit.shares_entry_with for visit in change.after.visits)


def _selected(file: Path) -> bytes:
    connection = sqlite3.connect(file)
    try:
        return b"".join(row[0] for row in connection.execute("SELECT data FROM visit_event ORDER BY subject, starts"))
    finally:
        connection.close()
