"""Calendar files: what goes in at which level, read back by another parser, the same bytes each time."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event

from calendars.entries import (
    EXTRAS,
    Entry,
    Level,
    PeriodEntry,
    derived_uid,
)
from calendars.ics import FORM, calendar_file, visit_written
from calendars.words import LANGUAGES, words
from schedules.errors import UnknownName
from schedules.plan import Period, Status, Visit
from schedules.record import When
from tests.calendar_entries import ACTIVITIES, CHANGED, D1, D10, NEW_YORK, entry, events, lines

GOLDEN = Path(__file__).parent / "golden"
CALL = Visit(
    id="call", label="Survival call", epoch="survival", place="phone", status=Status.CANCELLED, planned=date(2026, 6, 2)
)
LATER = Visit(id="eot", label="End of treatment", epoch="follow-up", place="clinic", status=Status.CONDITIONAL)
NEAR = Period(
    id="near-site-1",
    label="Stay near the hospital",
    start=date(2026, 3, 2),
    end=date(2026, 3, 16),
    show_patient=True,
)
DLT = Period(id="dlt", label="DLT observation", start=date(2026, 3, 2), end=date(2026, 3, 29))


def period(found: Period) -> PeriodEntry:
    uid = derived_uid("salt", f"period:{found.id}")
    return PeriodEntry(period=found, uid=uid, sequence=7, changed=CHANGED, subject="P-001")


def only(data: bytes) -> Event:
    (event,) = events(data)
    return event


def dated(when: When, status: Status = Status.PLANNED, **fields: object) -> Entry:
    return entry(replace(D10, planned=when, status=status, **fields))  # type: ignore[arg-type]


# The whole file


def test_the_golden_file() -> None:
    found = calendar_file(
        map(entry, (D1, D10, CALL, LATER)),
        level=Level.FULL,
        name="P-001",
        extras=EXTRAS,
        periods=map(period, (NEAR, DLT)),
    )
    assert found.decode() == (GOLDEN / "visits.ics").read_bytes().decode()


# Of all the bytes of the golden file, by FORM: bytes that differ want another FORM, else stored events are stale.
DIGESTS = {1: "246bff2445f728114e15c820d92ea6e59a25b6a6be279f1d1e900b0a5d0b3dee"}


def test_the_form_is_raised_with_every_change_of_the_bytes() -> None:
    golden = (GOLDEN / "visits.ics").read_bytes()
    assert hashlib.sha256(golden).hexdigest() == DIGESTS[FORM]


def test_the_same_entries_give_the_same_bytes() -> None:
    first, second = (calendar_file(map(entry, (D1, D10)), level=Level.CODED, name="P-001") for _ in range(2))
    assert first == second


def test_what_a_calendar_says_of_itself() -> None:
    calendar = Calendar.from_ical(calendar_file([entry(D1)]))
    assert (calendar["VERSION"], calendar["CALSCALE"]) == ("2.0", "GREGORIAN")
    assert calendar["PRODID"] == "-//dayzero//visits//EN"
    assert set(calendar) == {"VERSION", "PRODID", "CALSCALE", "NAME", "X-WR-CALNAME"}


@pytest.mark.parametrize(
    ("level", "language", "name", "title"),
    [
        (Level.PRIVATE, "en", "P-001", "Visits"),
        (Level.PRIVATE, "zh", "P-001", "就诊安排"),
        (Level.CODED, "en", "P-001", "Visits P-001"),
        (Level.CODED, "de", "BJ01", "Termine BJ01"),
        (Level.FULL, "es", "", "Visitas"),
    ],
)
def test_the_calendars_name(level: Level, language: str, name: str, title: str) -> None:
    calendar = Calendar.from_ical(calendar_file([entry(D1)], level=level, language=language, name=name))
    assert calendar["NAME"] == calendar["X-WR-CALNAME"] == title


@pytest.mark.parametrize("listed", [(), (LATER,)])
def test_a_calendar_without_events_still_has_a_component(listed: tuple[Visit, ...]) -> None:
    calendar = Calendar.from_ical(calendar_file(map(entry, listed)))
    assert [part.name for part in calendar.subcomponents] == ["VTIMEZONE"]
    assert str(calendar.timezones[0]["TZID"]) == "UTC"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UnknownName, match=r"There is no language 'fr'. Choose one of en, zh, de, es."):
        calendar_file([entry(D1)], language="fr")


# One event


@pytest.mark.parametrize(
    ("status", "said", "timed", "dated_only"),
    [
        (Status.PLANNED, "TENTATIVE", "TRANSPARENT", "TRANSPARENT"),
        (Status.BOOKED, "CONFIRMED", "OPAQUE", "TRANSPARENT"),
        (Status.DONE, "CONFIRMED", "OPAQUE", "TRANSPARENT"),
        (Status.MISSED, "CANCELLED", "TRANSPARENT", "TRANSPARENT"),
        (Status.CANCELLED, "CANCELLED", "TRANSPARENT", "TRANSPARENT"),
    ],
)
def test_the_status_of_an_event(status: Status, said: str, timed: str, dated_only: str) -> None:
    with_time = only(calendar_file([entry(replace(D1, status=status))]))
    without = only(calendar_file([dated(date(2026, 3, 11), status)]))
    assert (with_time["STATUS"], with_time["TRANSP"]) == (said, timed)
    assert (without["STATUS"], without["TRANSP"]) == (said, dated_only)


@pytest.mark.parametrize("status", [Status.CONDITIONAL, Status.NOT_APPLICABLE])
def test_what_has_no_date_has_no_event(status: Status) -> None:
    without = entry(replace(D10, status=status, planned=None))
    assert events(calendar_file([without, entry(D1)], extras=["windows"])) == events(calendar_file([entry(D1)]))
    assert visit_written(without, Level.CODED, "en") is None


def test_a_cancelled_visit_that_lost_its_date_stays_at_its_target() -> None:
    lost = replace(D10, status=Status.CANCELLED, planned=None, target=date(2026, 3, 11))
    event = only(calendar_file([entry(lost)], extras=["windows"]))
    assert event.start == date(2026, 3, 11)
    assert event["STATUS"] == "CANCELLED"


def test_the_stamps_are_the_last_change() -> None:
    shanghai = datetime(2026, 2, 1, 20, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    event = only(calendar_file([entry(D1, changed=shanghai)]))
    assert event["DTSTAMP"].to_ical() == event["LAST-MODIFIED"].to_ical() == b"20260201T123000Z"
    assert event["SEQUENCE"] == 2
    assert event["UID"] == derived_uid("salt", "d1")


def test_a_moment_of_change_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="changed must have an offset, and 2026-02-01T00:00:00 has none"):
        entry(D1, changed=datetime(2026, 2, 1))


@pytest.mark.parametrize(
    ("duration", "end"),
    [
        (None, date(2026, 3, 12)),
        (timedelta(hours=4), date(2026, 3, 12)),
        (timedelta(days=1), date(2026, 3, 12)),
        (timedelta(hours=36), date(2026, 3, 13)),
        (timedelta(days=3), date(2026, 3, 14)),
    ],
)
def test_a_day_ends_before_the_next(duration: timedelta | None, end: date) -> None:
    data = calendar_file([dated(date(2026, 3, 11), duration=duration)])
    assert (only(data).start, only(data).end) == (date(2026, 3, 11), end)
    assert b"\r\nDTSTART;VALUE=DATE:20260311\r\n" in data
    assert b"VTIMEZONE" not in data


@pytest.mark.parametrize(
    ("duration", "end"), [(timedelta(hours=4), "140000"), (timedelta(), "110000"), (None, "110000")]
)
def test_a_time_is_written_in_the_zone_of_the_site(duration: timedelta | None, end: str) -> None:
    for moment in (D1.planned, datetime(2026, 3, 2, 15, tzinfo=UTC)):
        data = calendar_file([entry(replace(D1, planned=moment, duration=duration))])
        assert b"\r\nDTSTART;TZID=America/New_York:20260302T100000\r\n" in data
        assert f"\r\nDTEND;TZID=America/New_York:20260302T{end}\r\n".encode() in data
        assert [str(zone["TZID"]) for zone in Calendar.from_ical(data).timezones] == ["America/New_York"]


def test_a_fixed_offset_never_becomes_a_zone() -> None:
    fixed = datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=-5)))
    assert b"UTC-05" not in calendar_file([entry(replace(D1, planned=fixed))])


def test_elapsed_hours_across_a_change_of_clocks() -> None:
    before = replace(D1, planned=datetime(2026, 3, 7, 22, tzinfo=NEW_YORK), duration=timedelta(hours=8))
    assert b"DTEND;TZID=America/New_York:20260308T070000" in lines(calendar_file([entry(before)]))


@pytest.mark.parametrize(
    ("moment", "start"),
    [
        (datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK), b"DTSTART:20261101T053000Z"),
        (datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK, fold=1), b"DTSTART:20261101T063000Z"),
        (datetime(2026, 3, 8, 2, 30, tzinfo=NEW_YORK), b"DTSTART;TZID=America/New_York:20260308T033000"),
    ],
)
def test_a_time_that_comes_twice_or_never(moment: datetime, start: bytes) -> None:
    data = calendar_file([entry(replace(D1, planned=moment))])
    assert start in lines(data)
    read = only(data).start
    assert isinstance(read, datetime)
    assert read.astimezone(UTC) == moment.astimezone(UTC)


def test_a_site_in_utc_needs_no_zone() -> None:
    data = calendar_file([entry(replace(D1, planned=datetime(2026, 3, 2, 10, tzinfo=UTC)), zone="UTC")])
    assert b"\r\nDTSTART:20260302T100000Z\r\n" in data
    assert b"VTIMEZONE" not in data


def test_the_zone_covers_every_year_of_the_events() -> None:
    planned = [datetime(year, 4, 15, 10, tzinfo=ZoneInfo("Africa/Casablanca")) for year in (2039, 2026)]
    data = calendar_file([entry(replace(D1, planned=moment), zone="Africa/Casablanca") for moment in planned])
    assert data.count(b"BEGIN:VTIMEZONE") == 1
    assert b"2025" in data
    assert b"20391023T020000" in data.replace(b"\r\n ", b"")


def test_several_zones() -> None:
    london = replace(D1, planned=datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Europe/London")))
    data = calendar_file([entry(D1), entry(london, zone="Europe/London"), entry(D1)])
    assert [str(zone["TZID"]) for zone in Calendar.from_ical(data).timezones] == [
        "America/New_York",
        "Europe/London",
    ]


def test_a_stored_event_is_the_one_in_the_file() -> None:
    stored = visit_written(entry(D1), Level.FULL, "de")
    assert stored is not None
    assert stored.data in calendar_file([entry(D1)], level=Level.FULL, language="de")


# Levels


@pytest.mark.parametrize(("language", "title"), [("en", "Visit"), ("zh", "就诊"), ("de", "Termin"), ("es", "Visita")])
def test_private_says_nothing(language: str, title: str) -> None:
    data = calendar_file(
        map(entry, (D1, D10, CALL)),
        language=language,
        name="P-001",
        extras=EXTRAS,
        periods=map(period, (NEAR, DLT)),
    )
    shown = [str(event["SUMMARY"]) for event in events(data)]
    own = words(language)
    assert shown == [title, title, title, own.window, own.period]
    text = data.decode().casefold()
    told = [D1.label, D10.label, CALL.label, NEAR.label, DLT.label, *ACTIVITIES.values(), "P-001", "NEUK", "Ward"]
    assert [word for phrase in told for word in phrase.casefold().split() if word in text.split()] == []
    assert [phrase for phrase in told if phrase.casefold() in text] == []
    assert {name for event in events(data) for name in event} == {
        *("UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "SUMMARY", "DTSTART", "DTEND", "STATUS", "TRANSP"),
    }


def test_coded_says_who_which_visit_and_where() -> None:
    event = only(calendar_file([entry(D1)], level=Level.CODED))
    assert event["SUMMARY"] == "P-001 · Day 1"
    assert event["LOCATION"] == "Ward"
    assert "DESCRIPTION" not in event


@pytest.mark.parametrize("language", LANGUAGES)
def test_full_says_what_is_done(language: str) -> None:
    event = only(calendar_file([entry(D1)], level=Level.FULL, language=language))
    assert event["SUMMARY"] == "P-001 · Day 1"
    assert event["LOCATION"] == words(language).place["ward"]
    assert event["DESCRIPTION"] == (
        f"{words(language).activities}:\n- NEUK203-13 IV infusion, dose level 1\n- Interleukin-2; 6 mIU"
    )
    assert "DESCRIPTION" not in only(calendar_file([entry(D10)], level=Level.FULL))


def test_an_activity_without_a_label_is_shown_by_its_id() -> None:
    event = only(calendar_file([entry(D1, activities={})], level=Level.FULL))
    assert event["DESCRIPTION"] == "Activities:\n- infusion\n- il2"


# Windows and periods


def test_a_window_is_an_event_of_its_own() -> None:
    visit, window = events(calendar_file([entry(D10)], level=Level.CODED, extras=["windows"]))
    assert (window.start, window.end) == (date(2026, 3, 10), date(2026, 3, 13))
    assert window["SUMMARY"] == "P-001 · Visit window: Day 10"
    assert (window["STATUS"], window["TRANSP"]) == ("CONFIRMED", "TRANSPARENT")
    assert window["UID"] == derived_uid(str(visit["UID"]), "window") != visit["UID"]
    assert (window["SEQUENCE"], window["DTSTAMP"]) == (5, visit["DTSTAMP"])


@pytest.mark.parametrize("status", [Status.DONE, Status.MISSED, Status.CANCELLED])
def test_the_window_of_a_visit_that_is_over_is_off(status: Status) -> None:
    _, window = events(calendar_file([entry(replace(D10, status=status))], extras=["windows"]))
    assert window["STATUS"] == "CANCELLED"


def test_no_window_no_event() -> None:
    assert len(events(calendar_file([entry(D1)], extras=["windows"]))) == 1
    assert len(events(calendar_file([entry(D10)]))) == 1


def test_a_period_ends_with_its_last_day() -> None:
    event = only(calendar_file([], level=Level.CODED, extras=["periods"], periods=[period(NEAR)]))
    assert (event.start, event.end) == (date(2026, 3, 2), date(2026, 3, 17))
    assert event["SUMMARY"] == "P-001 · Stay near the hospital"
    assert (event["SEQUENCE"], event["TRANSP"]) == (7, "TRANSPARENT")


@pytest.mark.parametrize("gap", ["start", "end"])
def test_a_period_without_a_date_has_no_event(gap: str) -> None:
    found = period(replace(NEAR, **{gap: None}))  # type: ignore[arg-type]
    assert events(calendar_file([], extras=["periods"], periods=[found])) == []


@pytest.mark.parametrize(
    ("start", "end", "titles"),
    [
        (None, None, ["Day 1", "Day 10", "Survival call", "Visit window: Day 10", "Stay near the hospital"]),
        (date(2026, 3, 2), date(2026, 3, 2), ["Day 1", "Stay near the hospital"]),
        (date(2026, 3, 3), date(2026, 3, 10), ["Visit window: Day 10", "Stay near the hospital"]),
        (date(2026, 3, 11), date(2026, 3, 11), ["Day 10", "Visit window: Day 10", "Stay near the hospital"]),
        (date(2026, 3, 12), None, ["Survival call", "Visit window: Day 10", "Stay near the hospital"]),
        (date(2026, 3, 17), None, ["Survival call"]),
        (None, date(2026, 3, 1), []),
    ],
)
def test_from_and_to_are_both_included(start: date | None, end: date | None, titles: list[str]) -> None:
    data = calendar_file(
        map(entry, (D1, D10, CALL)),
        level=Level.CODED,
        start=start,
        end=end,
        extras=EXTRAS,
        periods=[period(NEAR)],
    )
    assert [str(event["SUMMARY"]) for event in events(data)] == [f"P-001 · {title}" for title in titles]


def test_a_visit_to_midnight_is_not_on_the_next_day() -> None:
    late = entry(replace(D1, planned=datetime(2026, 3, 2, 22, tzinfo=NEW_YORK), duration=timedelta(hours=2)))
    assert events(calendar_file([late], start=date(2026, 3, 3))) == []
    assert len(events(calendar_file([late], start=date(2026, 3, 2), end=date(2026, 3, 2)))) == 1
