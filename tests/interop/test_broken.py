"""Calendars that somebody broke: the linter or a parser finds each of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calendars.alarms import parse_alarms
from calendars.entries import Entry, Level, derived_uid
from calendars.ics import calendar_file
from calendars.itip import itip_message
from schedules.plan import Status, Visit
from tests.interop.lint import problems
from tests.interop.readers import Reader, Refused

NEW_YORK = ZoneInfo("America/New_York")
DAY = Visit(
    id="d10",
    label="Grüße aus 北京, nach sehr vielen Wörtern; \\ damit die Zeile lang genug wird – 就诊就诊就诊就诊",
    epoch="e",
    place="clinic",
    status=Status.PLANNED,
    planned=date(2026, 3, 11),
)
TIMED = Visit(
    id="d1",
    label="Day 1",
    epoch="e",
    place="ward",
    status=Status.BOOKED,
    planned=datetime(2026, 3, 8, 10, tzinfo=NEW_YORK),
    duration=timedelta(hours=4),
)


def entry(visit: Visit) -> Entry:
    return Entry(
        visit=visit,
        uid=derived_uid("salt", visit.id),
        sequence=3,
        changed=datetime(2026, 2, 1, 12, 30, tzinfo=UTC),
        subject="P-001",
        timezone="America/New_York",
    )


ALARMS = parse_alarms("1 day before at 17:00, 2 hours before")
GOOD = calendar_file(map(entry, (DAY, TIMED)), level=Level.CODED, name="P-001", alarms=ALARMS)
ZONE = GOOD[GOOD.index(b"BEGIN:VTIMEZONE") : GOOD.index(b"BEGIN:VEVENT")]
EVENT = GOOD[GOOD.index(b"BEGIN:VEVENT") : GOOD.index(b"END:VEVENT\r\n") + len(b"END:VEVENT\r\n")]
ALARM = GOOD[GOOD.index(b"BEGIN:VALARM") : GOOD.index(b"END:VALARM\r\n") + len(b"END:VALARM\r\n")]
LISTED = (
    b"BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\nBEGIN:DAYLIGHT\r\nDTSTART:20260308T020000\r\nTZOFFSETFROM:-0500\r\n"
    b"TZOFFSETTO:-0400\r\nRDATE:20270314T020000\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\nDTSTART:20261101T020000\r\n"
    b"TZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nRDATE:20271107T020000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)
UID = b"UID:" + derived_uid("salt", "d1").encode()
FOLD = GOOD.index(b"\r\n ")

# What is broken: what is put for what, and what is said of it.
BROKEN: dict[str, tuple[bytes, bytes, str]] = {
    "an RDATE-only zone": (ZONE, LISTED, "a VTIMEZONE of dates where there is a rule"),
    "a calendar with a random UID": (b"CALSCALE", b"UID:7c1b\r\nCALSCALE", "the calendar has UID"),
    "a refresh interval without VALUE": (
        b"CALSCALE",
        b"REFRESH-INTERVAL:PT1H\r\nCALSCALE",
        "REFRESH-INTERVAL without VALUE=DURATION",
    ),
    "an absolute trigger without VALUE": (
        b"TRIGGER:-PT7H",
        b"TRIGGER:20260310T170000Z",
        "an absolute trigger without VALUE=DATE-TIME",
    ),
    "a whole day before an all-day event": (b"TRIGGER:-PT7H", b"TRIGGER:-P1D", "an alarm that rings at midnight"),
    "at the start of an all-day event": (b"TRIGGER:-PT7H", b"TRIGGER:-PT0S", "an alarm that rings at midnight"),
    "an alarm after the start": (b"TRIGGER:-PT2H", b"TRIGGER:PT2H", "an alarm after the start"),
    "an alarm counted from the end": (b"TRIGGER:-PT2H", b"TRIGGER;RELATED=END:-PT2H", "an alarm counted from the end"),
    "a trigger that is none": (b"TRIGGER:-PT2H", b"TRIGGER:-2H", "'-2H' is no trigger"),
    "three alarms": (b"END:VEVENT\r\nEND:VCALENDAR", ALARM + b"END:VEVENT\r\nEND:VCALENDAR", "3 alarms"),
    "an alarm without an action": (b"ACTION:DISPLAY\r\n", b"", "an alarm whose ACTION comes 0 times"),
    "a fixed offset for a zone": (b"America/New_York", b"UTC-05:00", "UTC-05:00 is no IANA zone"),
    "a zone by its Windows name": (b"America/New_York", b"Eastern Standard Time", "Eastern Standard Time is no IANA"),
    "a zone that is not there": (ZONE, b"", "there is no VTIMEZONE America/New_York"),
    "a zone twice": (ZONE, ZONE + ZONE, "VTIMEZONE America/New_York comes 2 times"),
    "a zone without a part": (
        ZONE,
        b"BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\nEND:VTIMEZONE\r\n",
        "a VTIMEZONE without a part",
    ),
    "an all-day event that ends as it starts": (
        b"DTEND;VALUE=DATE:20260312",
        b"DTEND;VALUE=DATE:20260311",
        "DTEND is not after DTSTART",
    ),
    "an event that ends before it starts": (b"20260308T140000", b"20260308T090000", "DTEND is not after DTSTART"),
    "a date without VALUE": (b"DTSTART;VALUE=DATE:", b"DTSTART:", "a date without VALUE=DATE"),
    "a day that ends at a time": (
        b"DTEND;VALUE=DATE:20260312",
        b"DTEND:20260312T000000Z",
        "DTSTART and DTEND are not of one kind",
    ),
    "a time in the gap": (b"York:20260308T100000", b"York:20260308T023000", "a time that the clocks skip"),
    "a time without a zone": (b"DTSTART;TZID=America/New_York:", b"DTSTART:", "a time without a zone"),
    "a time in UTC with a zone": (b"York:20260308T100000", b"York:20260308T100000Z", "a time without a zone, or with"),
    "a day that is none": (b"VALUE=DATE:20260311", b"VALUE=DATE:20260231", "DTSTART: day is out of range"),
    "a line cut inside a character": ("北京".encode(), "北".encode() + b"\xe4\r\n \xba\xac", "cut inside a character"),
    "a line cut inside an escape": (b"\\;", b"\\\r\n ;", "cut inside an escape"),
    "a line too long": (b"\r\n ", b"", "octets"),
    "a bare line feed": (b"STATUS:CONFIRMED\r\n", b"STATUS:CONFIRMED\n", "a bare line feed"),
    "line feeds alone": (b"\r\n", b"\n", "a bare line feed"),
    "an empty line": (b"BEGIN:VEVENT\r\n", b"\r\nBEGIN:VEVENT\r\n", "is empty"),
    "a literal backslash N": (b" Day 1\r", b" Day\\N1\r", "an escape that clients do not read alike"),
    "a comma that is not escaped": (b"\\,", b",", "a comma or semicolon that is not escaped"),
    "a control character": (b"Day 1", b"Day\x07 1", "has a control character"),
    "a line separator": (b"Day 1", "Day\u2028 1".encode(), "has a control character"),
    "a byte order mark": (b"BEGIN:VCALENDAR", b"\xef\xbb\xbfBEGIN:VCALENDAR", "a byte order mark"),
    "a file with a METHOD": (b"CALSCALE", b"METHOD:PUBLISH\r\nCALSCALE", "METHOD in a file"),
    "a file with an attendee": (b"STATUS:C", b"ATTENDEE:mailto:a@example.org\r\nSTATUS:C", "ATTENDEE comes 1 times"),
    "no version": (b"VERSION:2.0\r\n", b"", "VERSION is not 2.0"),
    "no product": (b"PRODID:-//dayzero//visits//EN\r\n", b"", "no PRODID"),
    "an event without a UID": (UID + b"\r\n", b"", "UID comes 0 times"),
    "a UID that tells": (UID, b"UID:P-001-d1", "UID is no UUID"),
    "an event twice": (EVENT, EVENT + EVENT, "comes 2 times"),
    "an event without a stamp": (b"DTSTAMP:20260201T123000Z\r\n", b"", "DTSTAMP comes 0 times"),
    "a stamp without a zone": (b"DTSTAMP:20260201T123000Z", b"DTSTAMP:20260201T123000", "DTSTAMP is not in UTC"),
    "a number that is none": (b"SEQUENCE:3", b"SEQUENCE:-1", "SEQUENCE is no number"),
    "a status of a task": (b"STATUS:CONFIRMED", b"STATUS:COMPLETED", "STATUS is none of an event"),
    "what is cancelled takes time": (b"STATUS:CONFIRMED", b"STATUS:CANCELLED", "what is cancelled takes time"),
    "an event that does not end": (b"END:VEVENT\r\n", b"", "ends nothing"),
    "half a file": (b"END:VCALENDAR\r\n", b"", "not one whole VCALENDAR"),
    "a line without a value": (b"STATUS:CONFIRMED", b"STATUS", "no content line"),
}


def test_the_calendar_is_good_before_it_is_broken(reader: Reader) -> None:
    assert problems(GOOD) == []
    assert len(reader.read(GOOD)) == 2
    assert len(BROKEN) >= 30


@pytest.mark.parametrize(("old", "new", "said"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_found(old: bytes, new: bytes, said: str) -> None:
    assert old in GOOD
    broken = GOOD.replace(old, new)
    assert any(said in problem for problem in problems(broken)), problems(broken)


# What a parser finds by itself: without any of these a parser would be of no use here.
REFUSED = {
    "vobject": ("an event that does not end", "half a file", "a line without a value", "a day that is none"),
    "ical": ("an event that does not end", "a day that is none", "a day that ends at a time"),
    "ical.js": ("a line without a value", "half a file"),
    "libical": ("a line without a value", "a day that is none"),
}


def test_a_parser_finds_some_of_it(reader: Reader) -> None:
    for name in REFUSED[reader.name]:
        old, new, _ = BROKEN[name]
        with pytest.raises(Refused):
            reader.read(GOOD.replace(old, new))


def test_a_calendar_without_a_component_is_found() -> None:
    empty = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nCALSCALE:GREGORIAN\r\nEND:VCALENDAR\r\n"
    assert problems(empty) == ["a calendar without a component"]


MESSAGE = itip_message(
    entry(TIMED),
    method="CANCEL",
    organizer="visits@example.org",
    attendee="nurse@example.org",
    level=Level.CODED,
    language="en",
)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"METHOD:CANCEL", b"METHOD:REQUEST", "another one than its message has"),
        (b"METHOD:CANCEL\r\n", b"", "another one than its message has"),
        (b"STATUS:CANCELLED", b"STATUS:CONFIRMED", "a CANCEL of what takes place"),
        (b"ORGANIZER:mailto:visits@example.org\r\n", b"", "ORGANIZER comes 0 times"),
        (b"ATTENDEE:mailto:", b"ATTENDEE:", "ATTENDEE is no mailto:"),
    ],
)
def test_a_broken_message_is_found(old: bytes, new: bytes, said: str) -> None:
    assert problems(MESSAGE, method="CANCEL") == []
    broken = MESSAGE.replace(old, new)
    assert any(said in problem for problem in problems(broken, method="CANCEL")), problems(broken, method="CANCEL")
