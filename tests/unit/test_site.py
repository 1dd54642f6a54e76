"""Which days of a site are open, and why one is not."""

from __future__ import annotations

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from schedules.site import ALL_WEEK, OPENING, WORKING_WEEK, Site

MONDAY = date(2026, 3, 2)
SATURDAY = date(2026, 3, 7)


def test_without_a_site_every_day_is_open() -> None:
    site = Site()
    assert site.always_open
    assert all(site.is_open(date(2026, 3, day)) for day in range(1, 32))
    assert site.zone == ZoneInfo("UTC")
    assert site.opens == OPENING == time(8)


def test_a_working_week() -> None:
    site = Site(weekdays=WORKING_WEEK)
    assert not site.always_open
    assert [site.is_open(date(2026, 3, day)) for day in range(2, 9)] == [True] * 5 + [False] * 2
    assert site.why_closed(SATURDAY) == "the site is not open on a Saturday"


def test_closures_and_holidays_close_a_day_and_give_their_reason() -> None:
    site = Site(
        weekdays=WORKING_WEEK,
        closed=((MONDAY, "Foundation Day"), (date(2026, 3, 3), "Public holiday")),
        closures=((date(2026, 3, 3), "Moving house"),),
    )
    assert not site.is_open(MONDAY)
    assert site.why_closed(MONDAY) == "Foundation Day"
    assert site.why_closed(date(2026, 3, 3)) == "Moving house"
    assert site.is_open(date(2026, 3, 4))


def test_one_closure_ends_being_always_open() -> None:
    site = Site(closures=((MONDAY, "Fire drill"),))
    assert site.weekdays == ALL_WEEK
    assert not site.always_open
    assert not site.is_open(MONDAY)
    assert site.is_open(SATURDAY)


@pytest.mark.parametrize(
    ("weekdays", "is_open"),
    [(WORKING_WEEK, True), (ALL_WEEK, True), (frozenset({1, 2, 3}), False), (frozenset(range(4)), False)],
)
def test_a_working_weekend_opens_only_a_site_that_works_the_whole_week(weekdays: frozenset[int], is_open: bool) -> None:
    assert Site(weekdays=weekdays, working=frozenset({SATURDAY})).is_open(SATURDAY) is is_open


def test_a_closure_holds_on_a_working_weekend() -> None:
    site = Site(weekdays=WORKING_WEEK, working=frozenset({SATURDAY}), closures=((SATURDAY, "Stocktaking"),))
    assert not site.is_open(SATURDAY)
    assert site.why_closed(SATURDAY) == "Stocktaking"


def test_years_after_the_last_announced_one_are_provisional() -> None:
    site = Site(announced_to=2026)
    assert not site.is_provisional(date(2026, 12, 31))
    assert site.is_provisional(date(2027, 1, 1))
    assert not Site().is_provisional(date(2199, 1, 1))
