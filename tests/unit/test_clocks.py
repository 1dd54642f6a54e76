"""How the clocks of a zone go, as a value (design §6): exact, the same on every machine, and told in words."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schedules.clocks import Clocks, Offset, standing_at, zone_of
from schedules.onsets import clock_changes, go_alike, installed_clocks, onsets_between
from schedules.site import Site
from schedules.spans import is_same_time
from tests.zone_releases import release

# By rule; by a rule with the day before or after; the moon; a list; half an hour; a change of name alone; no change.
ZONES = (
    "America/New_York",
    "Asia/Jerusalem",
    "America/Nuuk",
    "America/Santiago",
    "Africa/Casablanca",
    "Asia/Almaty",
    "Australia/Lord_Howe",
    "Europe/Istanbul",
    "Europe/Dublin",
    "Asia/Shanghai",
    "UTC",
)
MOVED = datetime(2026, 3, 9, 18, tzinfo=UTC)
BEFORE, AFTER = (6, ()), (6, ((MOVED, 5),))


def says(key: str) -> Clocks:
    return installed_clocks(f"Asia/{key}")


@pytest.mark.parametrize("key", ZONES)
def test_recorded_clocks_go_as_those_of_the_zone(key: str) -> None:
    zone, found = ZoneInfo(key), zone_of(key, installed_clocks(key))
    moment = datetime(2000, 1, 1, tzinfo=UTC)
    while moment.year < 2100:
        here, there = moment.astimezone(zone), moment.astimezone(found)
        assert (here.utcoffset(), here.tzname()) == (there.utcoffset(), there.tzname()), moment
        moment += timedelta(hours=61)
    assert tuple(onsets_between(zone, 2000, 2099)) == tuple(onsets_between(found, 2000, 2099))


def test_a_rule_is_kept_as_a_rule() -> None:
    assert installed_clocks("Europe/Berlin") == Clocks(
        start=Offset(3600, "CET"), changes=(), rule="CET-1CEST-2,M3.5.0/2,M10.5.0/3"
    )
    assert installed_clocks("Asia/Kathmandu") == Clocks(start=Offset(20700, "+0545"), changes=(), rule="<+0545>-5:45")
    assert len(installed_clocks("America/New_York").changes) == 16


def test_a_recorded_zone_can_be_copied_and_is_one_object() -> None:
    zone = zone_of("Europe/Berlin", installed_clocks("Europe/Berlin"))
    assert zone.key == "Europe/Berlin"
    assert zone is zone_of("Europe/Berlin", installed_clocks("Europe/Berlin"))
    moment = datetime(2026, 7, 1, 10, tzinfo=zone)
    assert copy.deepcopy(moment).tzinfo is zone
    assert pickle.loads(pickle.dumps(moment)).tzinfo is zone


def test_a_release_that_does_not_touch_the_zone_says_the_same(tmp_path: Path) -> None:
    with release(tmp_path, Almaty=BEFORE, Urumqi=BEFORE):
        before = says("Almaty")
    with release(tmp_path, Almaty=BEFORE, Urumqi=AFTER):
        assert says("Almaty") == before
        assert not go_alike("Asia/Urumqi", before, says("Urumqi"))


def test_another_name_alone_is_no_difference() -> None:
    one = Clocks(start=Offset(18000, "+05"), changes=(), rule="<+05>-5")
    two = Clocks(start=Offset(18000, "PKT"), changes=(), rule="PKT-5")
    assert go_alike("Asia/Karachi", one, two)
    assert clock_changes("Asia/Karachi", one, two) == ()


def test_what_differs_is_told_in_words(tmp_path: Path) -> None:
    with release(tmp_path, Almaty=BEFORE):
        before = says("Almaty")
    with release(tmp_path, Almaty=AFTER):
        after = says("Almaty")
    assert clock_changes("Asia/Almaty", before, after) == (
        "In Asia/Almaty clocks go from +06:00 to +05:00 on 10 March 2026 at 00:00.",
    )
    assert clock_changes("Asia/Almaty", after, before) == (
        "In Asia/Almaty clocks no longer go from +06:00 to +05:00 on 10 March 2026 at 00:00.",
    )
    assert clock_changes("Asia/Almaty", None, after) == ("How clocks go in Asia/Almaty is recorded from now on.",)


def test_many_changes_are_counted() -> None:
    berlin = installed_clocks("Europe/Berlin")
    without = Clocks(start=berlin.start, changes=(), rule="CET-1")
    assert clock_changes("Europe/Berlin", berlin, without) == (
        "In Europe/Berlin clocks no longer go from +01:00 to +02:00 on 26 March 2000 at 02:00.",
        "In Europe/Berlin clocks no longer go from +02:00 to +01:00 on 29 October 2000 at 03:00.",
        "In Europe/Berlin clocks no longer go from +01:00 to +02:00 on 25 March 2001 at 02:00.",
        "So it is at 197 more changes of the clocks, up to 2099.",
    )


def test_another_offset_from_the_start_is_told() -> None:
    one = Clocks(start=Offset(18000, "+05"), changes=(), rule="<+05>-5")
    two = Clocks(start=Offset(20700, "+0545"), changes=(), rule="<+0545>-5:45")
    assert clock_changes("Asia/Kathmandu", one, two) == (
        "In Asia/Kathmandu clocks are at +05:45 at the start of 2000, and were at +05:00.",
    )


def test_a_moment_of_the_zone_keeps_its_wall_clock_at_the_site() -> None:
    """What is booked for ten stays booked for ten when the zone gives up summer time; which one of two it is, too."""
    berlin = installed_clocks("Europe/Berlin")
    winter = Clocks(start=berlin.start, changes=(), rule="CET-1")
    site, later = Site(timezone="Europe/Berlin", clocks=berlin), Site(timezone="Europe/Berlin", clocks=winter)
    booked = site.at(datetime(2027, 7, 1, 10, tzinfo=ZoneInfo("Europe/Berlin")))
    assert isinstance(booked, datetime)
    assert booked.tzinfo is site.zone
    moved = later.at(booked)
    assert isinstance(moved, datetime)
    assert (f"{moved:%H:%M}", moved.utcoffset(), moved - booked) == ("10:00", timedelta(hours=1), timedelta(hours=1))
    assert is_same_time(booked, moved)
    second = standing_at("Europe/Berlin", 3600)
    assert site.at(datetime(2027, 10, 31, 2, 30, tzinfo=second)) == datetime(
        2027, 10, 31, 2, 30, tzinfo=site.zone, fold=1
    )
    read = site.at(datetime(2027, 10, 31, 2, 30, tzinfo=second))
    assert isinstance(read, datetime)
    assert read.fold == 1
    elsewhere = site.at(datetime(2027, 7, 1, 10, tzinfo=ZoneInfo("Asia/Shanghai")))
    assert isinstance(elsewhere, datetime)
    assert f"{elsewhere:%H:%M}" == "04:00"
