"""Public holidays, working weekends and provisional years, against the announced calendars."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from schedules.errors import InvalidInput, UnknownName
from schedules.opendays import parse_holidays, with_holidays
from schedules.site import ALL_WEEK, WORKING_WEEK, Site

CLINIC = Site(timezone="Asia/Shanghai", weekdays=WORKING_WEEK)
CHINA = with_holidays(CLINIC, "CN", 2026, 2028)


# China 2026, as announced by the State Council: Spring Festival from 15 to 23 February, 14 and 28 February worked


@pytest.mark.parametrize("day", range(15, 24))
def test_spring_festival_2026_is_closed(day: int) -> None:
    assert not CHINA.is_open(date(2026, 2, day))


@pytest.mark.parametrize(("month", "day"), [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)])
def test_weekends_worked_in_china_in_2026_are_open(month: int, day: int) -> None:
    assert date(2026, month, day).weekday() >= 5
    assert CHINA.is_open(date(2026, month, day))


def test_other_weekends_are_closed_and_other_weekdays_open() -> None:
    worked = {date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20)}
    for number in range(273):
        day = date(2026, 1, 1) + timedelta(days=number)
        if day.weekday() >= 5 and day not in worked:
            assert not CHINA.is_open(day), day
    assert CHINA.is_open(date(2026, 2, 24))
    assert CHINA.is_open(date(2026, 2, 13))


def test_a_closed_day_has_its_reason_and_no_date_that_can_be_misread() -> None:
    assert CHINA.why_closed(date(2026, 2, 17)) == "Chinese New Year (Spring Festival)"
    assert CHINA.why_closed(date(2026, 2, 23)) == "Day off (substituted from 2026-02-28)"
    assert CHINA.why_closed(date(2026, 2, 22)) == "the site is not open on a Sunday"
    assert not any("/" in name for _, name in CHINA.closed)


def test_what_china_has_not_announced_yet_is_provisional() -> None:
    announced = CHINA.announced_to
    assert announced is not None
    assert announced >= 2026
    assert not CHINA.is_provisional(date(2026, 12, 31))
    assert CHINA.is_provisional(date(announced + 1, 1, 1))


def test_holidays_that_follow_from_the_law_are_never_provisional() -> None:
    for country in ("DE", "DE-BY", "US"):
        site = with_holidays(CLINIC, country, 2026, 2045)
        assert site.announced_to is None
        assert not site.is_provisional(date(2045, 12, 31))
        assert not site.working


def test_a_site_open_on_some_days_is_not_opened_by_a_working_weekend() -> None:
    site = with_holidays(Site(weekdays=frozenset({1, 2, 3})), "CN", 2026, 2026)
    assert date(2026, 2, 14) in site.working
    assert not site.is_open(date(2026, 2, 14))
    assert not site.is_open(date(2026, 2, 17))
    assert site.is_open(date(2026, 2, 24))
    assert not site.is_open(date(2026, 2, 27))


def test_a_closure_of_the_site_holds_on_a_working_weekend_too() -> None:
    site = with_holidays(Site(weekdays=WORKING_WEEK, closures=((date(2026, 2, 14), "maintenance"),)), "CN", 2026, 2026)
    assert not site.is_open(date(2026, 2, 14))
    assert site.why_closed(date(2026, 2, 14)) == "maintenance"


# Germany and the United States


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 1, 6), "Epiphany"),
        (date(2026, 6, 4), "Corpus Christi"),
        (date(2027, 11, 1), "All Saints' Day"),
    ],
)
def test_bavaria_has_holidays_that_germany_has_not(day: date, name: str) -> None:
    bavaria, germany = (with_holidays(CLINIC, code, 2026, 2027) for code in ("DE-BY", "DE"))
    assert not bavaria.is_open(day)
    assert bavaria.why_closed(day) == name
    assert germany.is_open(day) == (day.weekday() < 5)


@pytest.mark.parametrize("day", [date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 14), date(2026, 12, 25)])
def test_german_holidays_hold_in_bavaria(day: date) -> None:
    for code in ("DE-BY", "DE"):
        assert not with_holidays(CLINIC, code, 2026, 2026).is_open(day)


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        (date(2026, 7, 3), False),  # Independence Day is a Saturday, observed on the Friday
        (date(2026, 7, 6), True),
        (date(2026, 11, 26), False),
        (date(2026, 11, 27), True),
        (date(2026, 1, 19), False),
    ],
)
def test_federal_holidays_of_the_united_states(day: date, is_open: bool) -> None:
    assert with_holidays(CLINIC, "US", 2026, 2026).is_open(day) is is_open


# What is typed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CN", ("CN", None)),
        ("cn", ("CN", None)),
        (" DE-BY ", ("DE", "BY")),
        ("de-by", ("DE", "BY")),
        ("DE-Augsburg", ("DE", "Augsburg")),
        ("de-augsburg", ("DE", "Augsburg")),
    ],
)
def test_a_country_and_its_subdivision(text: str, found: tuple[str, str | None]) -> None:
    assert parse_holidays(text) == found
    assert with_holidays(CLINIC, text, 2026, 2026).holidays == "-".join(filter(None, found))


@pytest.mark.parametrize("text", ["XX", "China", "-BY", ""])
def test_an_unknown_country(text: str) -> None:
    with pytest.raises(UnknownName) as caught:
        parse_holidays(text)
    assert str(caught.value) == f"There is no country '{text}'. Write its ISO 3166 code, such as CN, US or DE-BY."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("DE-BYY", "There is no subdivision of DE 'BYY'. Did you mean 'BY'?"),
        ("DE-", "There is no subdivision of DE ''. Known: Augsburg, BB, BE, BW, BY, HB, HE, HH, MV, NI, NW, RP, …."),
        ("CN-BJ", "There is no subdivision of CN 'BJ'. Its holidays are the same everywhere: write CN."),
    ],
)
def test_an_unknown_subdivision(text: str, message: str) -> None:
    with pytest.raises(UnknownName) as caught:
        parse_holidays(text)
    assert str(caught.value) == message


def test_years_that_run_backwards() -> None:
    with pytest.raises(InvalidInput) as caught:
        with_holidays(CLINIC, "CN", 2028, 2026)
    assert str(caught.value) == "The years 2028 to 2026 run backwards. Give the earlier year first."


def test_no_holidays_asked_for_leaves_the_site_as_it_is() -> None:
    site = Site(weekdays=ALL_WEEK)
    assert with_holidays(site, "", 2026, 2027) is site


def test_holidays_close_a_site_that_works_all_week() -> None:
    site = with_holidays(Site(weekdays=ALL_WEEK), "CN", 2026, 2026)
    assert not site.is_open(date(2026, 2, 17))
    assert site.is_open(date(2026, 2, 7))


def test_only_the_years_asked_for_are_kept() -> None:
    assert {day.year for day, _ in CHINA.closed} == {2026, 2027, 2028}
    assert {day.year for day in CHINA.working} <= {2026, 2027, 2028}
