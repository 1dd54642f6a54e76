"""Every export is read by every parser, and all of them read the same; the linter finds nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calendars.alarms import parse_alarms
from calendars.entries import EXTRAS, Entry, Level, derived_uid
from calendars.events import USUAL_LENGTH
from calendars.ics import calendar_file
from calendars.itip import METHODS, Method, itip_message
from calendars.words import LANGUAGES
from schedules.plan import Status, Visit
from tests.interop.lint import problems
from tests.interop.plans import CHANGED, PROTOCOLS, SUBJECT, case
from tests.interop.readers import Read, Reader

ALARMS = parse_alarms("1 day before at 17:00, 2 hours before")
ZONES = ("America/New_York", "Asia/Shanghai", "Europe/Berlin", "Africa/Casablanca", "Australia/Lord_Howe", "UTC")
SITES = [(protocol, "America/New_York") for protocol in PROTOCOLS] + [("NEUK203-13", zone) for zone in ZONES[1:]]


def exported(protocol: str, zone: str = "America/New_York", **asked: Any) -> bytes:
    found = case(protocol, zone)
    return calendar_file(found.entries, name=SUBJECT, periods=found.periods, alarms=ALARMS, **asked)


def events(entries: tuple[Entry, ...]) -> dict[str, Entry]:
    """The entries that a calendar must have an event of, by UID."""
    dated = (Status.PLANNED, Status.BOOKED, Status.DONE, Status.MISSED, Status.CANCELLED)
    return {
        entry.uid: entry
        for entry in entries
        if entry.when is not None and entry.visit.status in dated and (entry.part_of is None or entry.served)
    }


@pytest.mark.parametrize(("protocol", "zone"), SITES)
def test_a_calendar_is_read_as_it_was_meant(protocol: str, zone: str, reader: Reader) -> None:
    expected = events(case(protocol, zone).entries)
    found = reader.read(exported(protocol, zone, level=Level.FULL))
    assert [event.uid for event in found] == [*expected]
    for event in found:
        entry = expected[event.uid]
        assert event.sequence == entry.sequence
        assert event.summary == f"{SUBJECT} · {entry.label}"
        assert event.start == moment(entry.when)
        assert event.end - event.start == length(entry)
        cancelled = entry.part_of is not None or entry.visit.status is Status.CANCELLED
        assert (event.status == "CANCELLED") == cancelled
        labels = [entry.activities[name] for visit in (entry.visit, *entry.guests) for name in visit.activities]
        assert all(f"- {label}" in event.description.splitlines() for label in labels)


def moment(when: Any) -> date:
    return when.astimezone(UTC) if isinstance(when, datetime) else when


def length(entry: Entry) -> timedelta:
    lengths = [visit.duration for visit in (entry.visit, *entry.guests) if visit.duration is not None]
    if isinstance(entry.when, datetime):
        return max(lengths, default=USUAL_LENGTH)
    return timedelta(days=1)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize(("protocol", "zone"), SITES)
def test_nothing_is_wrong_with_a_calendar(protocol: str, zone: str, level: Level) -> None:
    for language in LANGUAGES:
        assert problems(exported(protocol, zone, level=level, language=language, extras=EXTRAS)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_can_be_in_a_calendar_is_read(language: str, reader: Reader) -> None:
    protocol = "CARNK-SCLC"
    data = exported(protocol, level=Level.FULL, language=language, extras=EXTRAS)
    found = reader.read(data)
    assert len(found) == data.count(b"BEGIN:VEVENT") == len({event.uid for event in found})


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_only_visits_are_in_a_calendar_unless_more_is_asked_for(protocol: str, reader: Reader) -> None:
    found = case(protocol)
    visits = {event.uid for event in reader.read(exported(protocol))}
    assert len(visits) == len(events(found.entries))
    windows = [entry for entry in found.entries if entry.visit.date and entry.visit.window_start]
    samples = [sample for entry in found.entries if entry.visit.date for sample in entry.samples]
    periods = [entry for entry in found.periods if entry.period.start and entry.period.end]
    for extra, listed in (("windows", windows), ("samples", samples), ("periods", periods)):
        more = {event.uid for event in reader.read(exported(protocol, level=Level.CODED, extras=[extra]))}
        assert visits < more or not listed
        assert len(more - visits) == len(listed)
    assert windows


def test_timed_samples_are_somewhere_in_the_shipped_protocols(reader: Reader) -> None:
    found = exported("CARNK-SCLC", level=Level.FULL, extras=["samples"])
    start = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    (label,) = {sample.label for entry in case("CARNK-SCLC").entries for sample in entry.samples}
    samples = [event for event in reader.read(found) if event.summary == f"{SUBJECT} · {label}"]
    (before, after) = (event for event in samples if isinstance(event.start, datetime))
    assert (before.start, after.start) == (start - timedelta(minutes=30), start + timedelta(hours=2))
    assert before.end - before.start == timedelta(minutes=15)
    assert "2 hours after the visit begins" in after.description
    # 02:15 and 02:45 after the clocks went back: two and a quarter hours after 01:30 it is 02:45.
    assert after.description.endswith("Between 02:15 and 02:45")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("level", Level)
def test_a_message_is_read_as_it_was_meant(method: Method, level: Level, reader: Reader) -> None:
    for entry in events(case("CARNK-SCLC").entries).values():
        if entry.part_of is not None or entry.visit.status is Status.CANCELLED:
            continue
        data = itip_message(
            entry,
            method=method,
            organizer="visits@example.org",
            attendee="nurse@example.org",
            level=level,
            language="zh",
        )
        (read,) = reader.read(data)
        filed = {event.uid: event for event in reader.read(calendar_file([entry], level=level, language="zh"))}
        assert read == replace(filed[entry.uid], status="CANCELLED" if method == "CANCEL" else read.status)
        assert problems(data, method=method) == []


def visit(**fields: Any) -> Visit:
    given = {"id": "v", "label": "V", "epoch": "e", "place": "clinic", "status": Status.BOOKED}
    return Visit(**{**given, "planned": date(2026, 3, 2), **fields})


def entry_of(found: Visit, **fields: Any) -> Entry:
    given = {"uid": derived_uid("salt", found.id), "sequence": 0, "changed": CHANGED, "subject": SUBJECT}
    return Entry(visit=found, timezone="Europe/Berlin", **{**given, **fields})


def read_one(reader: Reader, entry: Entry) -> Read:
    data = calendar_file([entry], level=Level.CODED)
    assert problems(data) == []
    (event,) = reader.read(data)
    return event


def test_visits_done_together_are_one_event(reader: Reader) -> None:
    timed = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    guest = visit(id="w", label="Year 1", planned=timed, duration=timedelta(hours=3), shares_entry_with="v")
    host = entry_of(visit(label="Month 12", status=Status.PLANNED), guests=(guest,))
    event = read_one(reader, host)
    assert event.summary == f"{SUBJECT} · Month 12 + Year 1"
    assert (event.start, event.end - event.start) == (timed.astimezone(UTC), timedelta(hours=3))
    assert event.status == "CONFIRMED"
    was = entry_of(guest, part_of="v", served=True)
    assert read_one(reader, was).status == "CANCELLED"
    never = entry_of(guest, part_of="v", served=False)
    assert calendar_file([host, never], level=Level.CODED) == calendar_file([host], level=Level.CODED)
    assert calendar_file([never, host], level=Level.CODED) == calendar_file([host], level=Level.CODED)


def test_the_doses_of_a_series_are_events_of_their_own(reader: Reader) -> None:
    first = datetime(2026, 3, 28, 20, tzinfo=ZoneInfo("Europe/Berlin"))
    doses = [
        visit(id=f"dose-{number}", series="dose", planned=first + timedelta(days=1) * number / 2) for number in range(6)
    ]
    found = reader.read(calendar_file(map(entry_of, doses), level=Level.FULL))
    assert len({event.uid for event in found}) == 6
    assert Counter(type(event.start) for event in found) == {datetime: 6}
