"""Dates and moments as they are given, read at the zone of a site (interface)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from scheduler import clock
from scheduler.moments import AnyWhen, Moment, day_at, is_floating, moment_at, moment_here, when_at
from scheduler.who import who
from schedules.errors import InvalidInput
from schedules.record import When

BEIJING = ZoneInfo("Asia/Shanghai")
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("2026-03-02", date(2026, 3, 2)),
        (date(2026, 3, 2), date(2026, 3, 2)),
        ("2026-03-02T09:00", NINE),
        (datetime(2026, 3, 2, 9, 0), NINE),
        ("2026-03-02T01:00Z", NINE),
        (datetime(2026, 3, 2, 1, 0, tzinfo=UTC), NINE),
        (datetime(2026, 3, 1, 20, 0, tzinfo=timezone(timedelta(hours=-5))), NINE),
    ],
)
def test_dates_and_times_are_read_at_the_site(given: AnyWhen, found: When) -> None:
    when = when_at(given, BEIJING)
    assert when == found
    assert isinstance(when, datetime) is isinstance(found, datetime)
    assert not isinstance(when, datetime) or when.tzinfo is BEIJING
    assert day_at(given, BEIJING) == date(2026, 3, 2)


@pytest.mark.parametrize("given", ["now", "10:30", "03/04/2026", "2026-02-30", date(1, 1, 1), datetime(9999, 1, 1)])
def test_what_is_no_date_is_refused(given: AnyWhen) -> None:
    with pytest.raises(InvalidInput):
        when_at(given, BEIJING)


def test_a_time_the_clocks_skip_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"2026-03-29T02:30 does not exist in Europe/Berlin"):
        when_at(datetime(2026, 3, 29, 2, 30), ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("now", "floating"),
    [
        ("2026-03-02T09:00", True),
        ("2026-03-02", True),
        ("2026-03-02T09:00Z", False),
        ("2026-03-02T09:00+08:00", False),
        ("2026-03-02T09:00-05:00", False),
        (datetime(2026, 3, 2, 9, 0), True),
        (NINE, False),
        (None, False),
    ],
)
def test_a_moment_floats_without_an_offset(now: Moment, floating: bool) -> None:
    assert is_floating(now) is floating


def test_now_is_read_at_the_site_or_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert moment_at("2026-03-02T09:00", BEIJING) == NINE
    assert moment_at("2026-03-02", BEIJING) == datetime(2026, 3, 2, tzinfo=BEIJING)
    assert moment_at("2026-03-02T01:00Z", BEIJING) == NINE
    assert moment_here("2026-03-02T01:00Z") == NINE
    assert moment_here("2026-03-02T09:00") == datetime(2026, 3, 2, 9, 0).astimezone()
    assert moment_here(NINE) is NINE
    monkeypatch.setattr(clock, "now", lambda: NINE)
    assert moment_at(None, BEIJING) is moment_here(None) is NINE


def test_the_clock_is_aware() -> None:
    assert clock.now().utcoffset() is not None


def test_who_is_named_given_or_logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYZERO_USER", "dan")
    assert who(" cora ") == "cora"
    assert who() == who("") == "dan"
    monkeypatch.delenv("DAYZERO_USER")
    monkeypatch.setattr("getpass.getuser", lambda: "erin")
    assert who() == "erin"


def test_nobody_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise OSError("no such user")

    monkeypatch.delenv("DAYZERO_USER", raising=False)
    monkeypatch.setattr("getpass.getuser", nobody)
    with pytest.raises(InvalidInput, match=r"Nobody is named as the one who records this. Give --by NAME"):
        who()
