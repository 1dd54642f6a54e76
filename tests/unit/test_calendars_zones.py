"""VTIMEZONEs, read back by dateutil, give the offsets of the time zone database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from dateutil.tz import tzical  # type: ignore[import-untyped]  # comes with icalendar, without types

from calendars.zones import timezone_bytes
from schedules.onsets import Onset, onsets_between

FIRST, LAST = 2026, 2041
BY_RULE = ("America/New_York", "Europe/London", "Europe/Dublin", "Australia/Lord_Howe", "Australia/Sydney")
STEADY = ("Asia/Shanghai", "Asia/Kathmandu", "America/Phoenix", "UTC")
# Morocco follows the moon, Israel the Friday before the last Sunday, Egypt the midnight after the last Thursday.
BY_LIST = ("Africa/Casablanca", "Asia/Jerusalem", "Africa/Cairo")


def moments(zone: ZoneInfo, first: int, last: int) -> Iterator[datetime]:
    """Local times of those years: every fifth day at 09:30, and the hours around each change."""
    day, end = datetime(first, 1, 2, 9, 30, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    while day < end - timedelta(days=2):
        yield day.astimezone(zone)
        day += timedelta(days=5)
    for onset in onsets_between(zone, first, last):
        change = (onset.wall - onset.before).replace(tzinfo=UTC)
        yield from ((change + timedelta(minutes=minutes)).astimezone(zone) for minutes in (-1500, -90, -1, 0, 90, 1500))


def misread(key: str, block: bytes, first: int = FIRST, last: int = LAST) -> list[str]:
    """The local times whose offset dateutil reads otherwise; of one that comes twice the first is meant."""
    read = tzical(StringIO(f"BEGIN:VCALENDAR\r\n{block.decode()}END:VCALENDAR\r\n")).get(key)
    assert read is not None
    local = (moment for moment in moments(ZoneInfo(key), first, last) if not moment.fold)
    return [str(moment) for moment in local if moment.replace(tzinfo=read).utcoffset() != moment.utcoffset()]


@pytest.mark.parametrize("key", [*BY_RULE, *STEADY, *BY_LIST])
def test_another_parser_reads_the_offsets_of_the_database(key: str) -> None:
    assert misread(key, timezone_bytes(key, FIRST, LAST)) == []


@pytest.mark.parametrize("key", BY_RULE)
def test_a_zone_that_changes_by_a_rule_has_two_rules_and_no_list(key: str) -> None:
    text = timezone_bytes(key, FIRST, LAST).decode()
    assert text.count("RRULE:FREQ=YEARLY;BYDAY=") == 2
    assert (text.count("BEGIN:STANDARD"), text.count("BEGIN:DAYLIGHT")) == (1, 1)
    assert "RDATE" not in text
    assert "BYMONTHDAY" not in text


@pytest.mark.parametrize("key", BY_RULE)
def test_rules_hold_after_the_last_event(key: str) -> None:
    assert misread(key, timezone_bytes(key, 2026, 2026), 2026, 2060) == []


@pytest.mark.parametrize("key", STEADY)
def test_a_zone_without_summer_time_is_one_block(key: str) -> None:
    text = timezone_bytes(key, FIRST, LAST).decode()
    assert text.count("BEGIN:STANDARD") == 1
    assert "DAYLIGHT" not in text
    assert "RRULE" not in text
    assert "DTSTART:20250101T000000\r\n" in text


@pytest.mark.parametrize("key", BY_LIST)
def test_a_zone_without_a_rule_is_listed_to_the_last_year(key: str) -> None:
    text = timezone_bytes(key, 2026, 2028).decode()
    assert "RRULE" not in text
    assert "RDATE:2026" in text
    assert "2028" in text
    assert "2029" not in text


def test_new_york_word_for_word() -> None:
    assert timezone_bytes("America/New_York", 2026, 2026).decode().split("\r\n") == [
        "BEGIN:VTIMEZONE",
        "TZID:America/New_York",
        "BEGIN:DAYLIGHT",
        "DTSTART:20250309T020000",
        "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3",
        "TZNAME:EDT",
        "TZOFFSETFROM:-0500",
        "TZOFFSETTO:-0400",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20251102T020000",
        "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11",
        "TZNAME:EST",
        "TZOFFSETFROM:-0400",
        "TZOFFSETTO:-0500",
        "END:STANDARD",
        "END:VTIMEZONE",
        "",
    ]


def test_half_an_hour_at_lord_howe() -> None:
    text = timezone_bytes("Australia/Lord_Howe", 2026, 2026).decode()
    assert "TZOFFSETFROM:+1100\r\nTZOFFSETTO:+1030" in text


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("America/New_York", 2005, 2009),  # the rule changed in 2007
        ("Europe/Istanbul", 2014, 2018),  # summer time for good since 2016
        ("Asia/Amman", 2021, 2024),  # the same since 2022
        ("America/Sao_Paulo", 2016, 2021),  # no summer time since 2019
        ("Pacific/Apia", 2010, 2012),  # across the date line in 2011
    ],
)
def test_a_rule_that_changed_is_right_on_both_sides(key: str, first: int, last: int) -> None:
    assert misread(key, timezone_bytes(key, first, last), first, last) == []


def test_a_change_of_offset() -> None:
    found = list(onsets_between(ZoneInfo("Europe/London"), 2026, 2026))
    hour = timedelta(hours=1)
    assert found == [
        Onset(datetime(2026, 3, 29, 1), timedelta(0), hour, "BST"),
        Onset(datetime(2026, 10, 25, 2), hour, timedelta(0), "GMT"),
    ]


def test_the_parser_in_these_tests_can_fail() -> None:
    wrong = timezone_bytes("America/New_York", FIRST, LAST).replace(b"BYDAY=2SU", b"BYDAY=3SU")
    assert len(misread("America/New_York", wrong)) > 10


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError, match="Mars/Olympus"):
        timezone_bytes("Mars/Olympus", 2026, 2026)
