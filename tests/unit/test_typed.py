"""Dates, times, zones and weekdays as people type them: one form each, and nothing that could be misread."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, available_timezones

import pytest

from schedules.errors import InvalidInput, UnknownName
from schedules.typed import (
    parse_assignment,
    parse_clock,
    parse_day,
    parse_days,
    parse_moment,
    parse_weekdays,
    parse_when,
    parse_zone,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


# Dates


@pytest.mark.parametrize("text", ["2026-03-02", "2024-02-29", "1900-01-01", "2199-12-31"])
def test_a_date_is_year_month_day(text: str) -> None:
    assert parse_day(text) == date.fromisoformat(text)


@pytest.mark.parametrize(
    "text",
    ["03/04/2026", "now", "today", "tomorrow", "10:30", "2026-3-2", "20260302", "2026-W10-1", "26-03-02",
     "2 March 2026", "２０２６-03-02", "٢٠٢٦-٠٣-٠٢", "2026-03-02 ", " 2026-03-02", "2026-03-02T10:00", "2026-061", "",
     "2026-03", "+2026-03-02", "2026–03–02"],
)  # fmt: skip
def test_no_other_form_is_a_date(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_day(text)
    assert str(caught.value) == f"'{text}' is no date. Write year-month-day, such as 2026-03-02."


def test_a_line_end_behind_a_date_is_refused_and_shown_safely() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_day("2026-03-02\n")
    assert str(caught.value) == "'2026-03-02�' is no date. Write year-month-day, such as 2026-03-02."


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13-01", "2026-00-10", "2025-02-29", "2026-04-31", "0000-01-01"])
def test_dates_that_do_not_exist(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_day(text)
    assert str(caught.value) == f"'{text}' is no date of the calendar. Check the month and the day."


@pytest.mark.parametrize("text", ["1899-12-31", "2200-01-01", "0001-01-01", "9999-12-31"])
def test_years_that_are_a_slip_of_the_finger(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_day(text)
    assert str(caught.value) == f"'{text}' is outside 1900 to 2199. Check the year."


def test_a_long_text_is_cut_in_the_message() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_day("x" * 10_000)
    assert len(str(caught.value)) < 150


# Times


@pytest.mark.parametrize(
    ("text", "zone", "found"),
    [
        ("2026-03-02T10:00", SHANGHAI, "2026-03-02T10:00:00+08:00"),
        ("2026-03-02 10:00", SHANGHAI, "2026-03-02T10:00:00+08:00"),
        ("2026-03-02T10:00:30", SHANGHAI, "2026-03-02T10:00:30+08:00"),
        ("2026-03-02T10:00Z", SHANGHAI, "2026-03-02T18:00:00+08:00"),
        ("2026-03-02T10:00+08:00", NEW_YORK, "2026-03-01T21:00:00-05:00"),
        ("2026-03-02T10:00-05:00", SHANGHAI, "2026-03-02T23:00:00+08:00"),
        ("2026-03-02T10:00+05:45", SHANGHAI, "2026-03-02T12:15:00+08:00"),
        ("2026-11-01T01:30-04:00", NEW_YORK, "2026-11-01T01:30:00-04:00"),
        ("2026-11-01T01:30-05:00", NEW_YORK, "2026-11-01T01:30:00-05:00"),
        ("2026-03-08T01:59", NEW_YORK, "2026-03-08T01:59:00-05:00"),
        ("2026-03-08T03:00", NEW_YORK, "2026-03-08T03:00:00-04:00"),
        ("2026-10-04T02:30", LORD_HOWE, "2026-10-04T02:30:00+11:00"),
        ("2026-04-05T01:29", LORD_HOWE, "2026-04-05T01:29:00+11:00"),
        ("2026-04-05T02:00", LORD_HOWE, "2026-04-05T02:00:00+10:30"),
    ],
)
def test_a_time_comes_back_in_the_zone_of_the_site(text: str, zone: ZoneInfo, found: str) -> None:
    moment = parse_when(text, zone)
    assert isinstance(moment, datetime)
    assert moment.isoformat() == found
    assert moment.tzinfo is zone


def test_a_date_stays_a_date_unless_a_moment_is_asked_for() -> None:
    assert parse_when("2026-03-02", SHANGHAI) == date(2026, 3, 2)
    assert not isinstance(parse_when("2026-03-02", SHANGHAI), datetime)
    assert parse_moment("2026-03-02", SHANGHAI) == datetime(2026, 3, 2, tzinfo=SHANGHAI)
    assert parse_moment("2026-03-02T10:00Z", SHANGHAI) == datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "name"),
    [
        ("2026-03-08T02:30", NEW_YORK, "America/New_York"),
        ("2026-03-08T02:00", NEW_YORK, "America/New_York"),
        ("2026-10-04T02:15", LORD_HOWE, "Australia/Lord_Howe"),
        ("2026-10-04T02:00", LORD_HOWE, "Australia/Lord_Howe"),
    ],
)
def test_a_time_that_the_clocks_skip(text: str, zone: ZoneInfo, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_when(text, zone)
    assert str(caught.value) == (
        f"{text} does not exist in {name}: the clocks skip it that day. Write a time before or after the change."
    )


@pytest.mark.parametrize(
    ("text", "zone", "name", "offsets"),
    [
        ("2026-11-01T01:30", NEW_YORK, "America/New_York", ("-04:00", "-05:00")),
        ("2026-04-05T01:45", LORD_HOWE, "Australia/Lord_Howe", ("+11:00", "+10:30")),
    ],
)
def test_a_time_that_comes_twice(text: str, zone: ZoneInfo, name: str, offsets: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_when(text, zone)
    first, second = (text + offset for offset in offsets)
    assert str(caught.value) == (
        f"{text} comes twice in {name}: the clocks go back that day. Write {first} or {second}."
    )
    for written in (first, second):
        moment = parse_when(written, zone)
        assert isinstance(moment, datetime)
        # In UTC: Python holds a time that comes twice to equal none of another zone.
        assert moment.astimezone(UTC) == datetime.fromisoformat(written).astimezone(UTC)


@pytest.mark.parametrize(
    "text",
    ["10:30", "T10:00", "2026-03-02T10", "2026-03-02T10:00 +08:00", "2026-03-02T10:00+0800", "2026-03-02T1０:00",
     "2026-03-02t10:00:00", "2026-03-02T10:00z", "2026-03-02T10:00:00.5", "03/04/2026 10:30", "2026-03-02T10:00 ",
     "2026-03-02T10:00+０8:00"],
)  # fmt: skip
def test_no_other_form_is_a_time(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_when(text, SHANGHAI)
    assert str(caught.value) == f"'{text}' is no time. Write a date and a time, such as 2026-03-02T10:00."


@pytest.mark.parametrize("text", ["2026-03-02T24:00", "2026-03-02T10:60", "2026-03-02T10:00:60"])
def test_times_that_no_day_has(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_when(text, SHANGHAI)
    assert str(caught.value) == (
        f"'{text}' has no time of the day. Hours go from 00 to 23, minutes and seconds from 00 to 59."
    )


@pytest.mark.parametrize("offset", ["+99:99", "+24:00", "+23:60", "+14:01", "-15:00", "+08:60"])
def test_offsets_that_no_place_has(offset: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_when(f"2026-03-02T10:00{offset}", SHANGHAI)
    assert str(caught.value) == (
        f"'2026-03-02T10:00{offset}' has no offset from UTC. Offsets go from -14:00 to +14:00, such as +08:00."
    )


def test_the_date_of_a_time_is_judged_like_a_date() -> None:
    with pytest.raises(InvalidInput, match="'2026-02-30' is no date of the calendar"):
        parse_when("2026-02-30T10:00", SHANGHAI)
    with pytest.raises(InvalidInput, match="'now' is no date"):
        parse_when("now", SHANGHAI)


@pytest.mark.parametrize(("text", "found"), [("08:00", time(8)), ("00:00", time(0)), ("23:59", time(23, 59))])
def test_a_time_of_day(text: str, found: time) -> None:
    assert parse_clock(text) == found


@pytest.mark.parametrize("text", ["8:00", "0800", "08:00:00", "08.00", "8am", "０8:00", "08:00\n", "", "08:00 "])
def test_no_other_form_is_a_time_of_day(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"is no time of day\. Write hours and minutes, such as 08:00\.$"):
        parse_clock(text)


# Zones, weekdays, assignments, ranges


@pytest.mark.parametrize("name", ["Asia/Shanghai", "UTC", "America/New_York", "Australia/Lord_Howe", "Europe/Berlin"])
def test_names_of_zones(name: str) -> None:
    assert parse_zone(name) == name


def test_every_accepted_zone_can_be_used() -> None:
    for name in available_timezones() - {"localtime", "Factory"}:
        assert ZoneInfo(parse_zone(name)).key == name


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("asia/shanghai", "Asia/Shanghai"),
        ("Asia/Shangai", "Asia/Shanghai"),
        ("Shanghai", "Asia/Shanghai"),
        ("Asia/Shanghai ", "Asia/Shanghai"),
        ("New York", "America/New_York"),
        ("Europe/Berln", "Europe/Berlin"),
        ("Asia/Berlin", "Europe/Berlin"),
        ("Lord Howe", "Australia/Lord_Howe"),
        ("utc", "UTC"),
    ],
)
def test_an_unknown_zone_names_the_nearest(name: str, near: str) -> None:
    with pytest.raises(UnknownName) as caught:
        parse_zone(name)
    assert str(caught.value) == f"There is no time zone '{name}'. Did you mean '{near}'?"


@pytest.mark.parametrize(
    "name",
    ["Asia/Beijing", "Europe/Munich", "China", "CST", "UTC+8", "+08:00", "", "localtime", "Factory", "/etc/passwd"],
)
def test_no_far_away_zone_is_suggested(name: str) -> None:
    with pytest.raises(UnknownName) as caught:
        parse_zone(name)
    assert str(caught.value) == (
        f"There is no time zone '{name}'. Write a name of the IANA list, such as Asia/Shanghai or UTC."
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [("tue,wed,thu", {1, 2, 3}), ("mon", {0}), ("Sat, SUN", {5, 6}), ("mon,mon", {0})],
)
def test_weekdays(text: str, found: set[int]) -> None:
    assert parse_weekdays(text) == found


@pytest.mark.parametrize(
    ("text", "name"),
    [("monday", "monday"), ("mon-fri", "mon-fri"), ("mon,,tue", ""), ("mon,x", "x"), ("ｍｏｎ", "ｍｏｎ")],
)
def test_unknown_weekdays(text: str, name: str) -> None:
    with pytest.raises(UnknownName) as caught:
        parse_weekdays(text)
    assert str(caught.value) == f"There is no weekday '{name}'. Write them as in mon,tue,wed,thu,fri,sat,sun."


def test_an_assignment_is_split_at_its_first_equals_sign() -> None:
    assert parse_assignment("d1=2026-03-02") == ("d1", "2026-03-02")
    assert parse_assignment("a = b=c") == ("a", "b=c")


@pytest.mark.parametrize("text", ["a", "a=", "=b", "", " = "])
def test_an_assignment_needs_both_sides(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_assignment(text, "VISIT=WHEN")
    assert str(caught.value) == f"'{text}' is not of the form VISIT=WHEN."


def test_a_range_of_days_has_both_ends() -> None:
    found = parse_days("2026-12-30..2027-01-02")
    assert [day.isoformat() for day in found] == ["2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02"]
    assert parse_days("2026-12-24") == (date(2026, 12, 24),)


@pytest.mark.parametrize("text", ["2027-01-01..2026-12-24", "2026-01-01..2037-01-01"])
def test_a_range_that_runs_backwards_or_too_far(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_days(text)
    assert str(caught.value) == (
        f"'{text}' is no range of days. Write the earlier date first, at most ten years apart."
    )
