"""What is stored comes back as it was, and what was changed there shows (design §6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.store.codec import (
    canonical,
    fingerprint,
    from_columns,
    site_text,
    site_value,
    to_columns,
    values_of,
    values_text,
    when_of_text,
    when_text,
)
from scheduler.store.facts import Link, chain_problems, chained
from schedules.onsets import installed_clocks
from schedules.plan import Status, Visit
from schedules.record import Fact, Kind, When
from schedules.site import Site

ZONES = st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"])
DAYS = st.dates(date(1950, 1, 1), date(2150, 1, 1))
MOMENTS = st.builds(
    lambda moment, zone: moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)),
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),
    ZONES,
)
WHENS = st.one_of(st.none(), DAYS, MOMENTS)


def same(one: When | None, two: When | None) -> bool:
    """Equal, with the same wall clock, offset and zone."""
    if isinstance(one, datetime) and isinstance(two, datetime):
        return (one.isoformat(), one.tzinfo) == (two.isoformat(), two.tzinfo)
    return one == two and type(one) is type(two)


@given(WHENS)
def test_a_date_or_moment_comes_back_with_its_zone_and_offset(when: When | None) -> None:
    columns = to_columns(when)
    assert same(from_columns(columns.day, columns.clock, columns.zone, columns.moment), when)


def test_the_wall_clock_counts_when_the_zone_data_change() -> None:
    """A booking made before a country gave up daylight saving stays at ten o'clock."""
    stored_then = datetime(2027, 7, 1, 8, 0, tzinfo=UTC)
    when = from_columns(date(2027, 7, 1), time(10), "Europe/Berlin", stored_then + timedelta(hours=1))
    assert isinstance(when, datetime)
    assert (f"{when:%H:%M}", when.utcoffset()) == ("10:00", timedelta(hours=1))
    assert Site(timezone="Europe/Berlin").at(when) == datetime(2027, 7, 1, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert to_columns(when).moment == stored_then + timedelta(hours=1)
    assert when_of_text(when_text(when)) == when


def test_a_moment_without_an_iana_zone_is_not_stored() -> None:
    with pytest.raises(TypeError, match="a moment at a site has an IANA zone"):
        to_columns(datetime(2026, 3, 2, tzinfo=UTC))


def test_a_site_comes_back_as_it_was() -> None:
    site = Site(
        id="BJ01",
        revision=3,
        name="北京一院",
        timezone="Asia/Shanghai",
        weekdays=frozenset({1, 2}),
        holidays="CN",
        closed=((date(2026, 10, 1), "National Day"),),
        working=frozenset({date(2026, 2, 14), date(2026, 2, 28)}),
        closures=((date(2026, 3, 9), "moving house"),),
        announced_to=2026,
        opens=time(7, 30),
        clocks=installed_clocks("America/New_York"),
    )
    assert site_value("BJ01", 3, site_text(site)) == site
    assert {field.name for field in fields(Site)} - {"id", "revision"} == set(values_of(site_text(site)))


def test_a_site_of_before_clocks_were_recorded_keeps_its_digest() -> None:
    text = site_text(Site(id="BJ01", timezone="Asia/Shanghai"))
    assert "clocks" not in text
    assert site_value("BJ01", 0, text).clocks is None


@given(st.dictionaries(st.text(), st.text()))
def test_values_come_back_and_are_written_one_way(values: dict[str, str]) -> None:
    turned = dict(reversed(values.items()))
    assert values_of(values_text(values)) == values
    assert values_text(values) == values_text(turned)


def test_canonical_json_is_in_order_and_keeps_every_script() -> None:
    assert canonical({"b": [1, None], "a": "北京"}) == '{"a":"北京","b":[1,null]}'


VISIT = Visit(id="d1", label="Day 1", epoch="treatment", place="ward", status=Status.PLANNED)
OTHERS: dict[str, Any] = {
    "status": Status.BOOKED,
    "duration": timedelta(hours=1),
    "activities": ("infusion",),
    "waiting_for": ("eligible",),
    "assumed": ("so",),
    "not_before": date(2026, 3, 2),
    "not_after": date(2026, 3, 2),
}


@pytest.mark.parametrize("name", [field.name for field in fields(Visit)])
def test_a_fingerprint_differs_with_every_field(name: str) -> None:
    other = OTHERS.get(name, date(2026, 3, 2) if getattr(VISIT, name) is None else "another")
    assert fingerprint(replace(VISIT, **{name: other})) != fingerprint(VISIT)
    assert fingerprint(replace(VISIT)) == fingerprint(VISIT)


FACTS = st.lists(
    st.builds(
        Fact,
        kind=st.sampled_from(Kind),
        name=st.text(max_size=9),
        when=WHENS,
        values=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
        why=st.text(max_size=9),
        by=st.text(max_size=9),
        recorded=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
            lambda moment: moment.replace(tzinfo=UTC)
        ),
    ),
    min_size=1,
    max_size=6,
)
LATER = timedelta(microseconds=1)
EDITS: dict[str, Callable[[Link], Any]] = {
    "subject": lambda link: link.subject + "x",
    "revision": lambda link: link.revision + 1,
    "kind": lambda link: link.kind + "x",
    "name": lambda link: link.name + "x",
    "day": lambda link: date(1949, 1, 1),
    "clock": lambda link: time(3, 4, 5, 6),
    "zone": lambda link: "Pacific/Apia",
    "moment": lambda link: datetime(1949, 1, 1, tzinfo=UTC),
    "details": lambda link: link.details + " ",
    "why": lambda link: link.why + "x",
    "recorded_by": lambda link: link.recorded_by + "x",
    "recorded": lambda link: link.recorded + LATER,
    "previous": lambda link: link.previous + "0",
    "hash": lambda link: link.hash[::-1] + "0",
}


def links_of(facts: list[Fact]) -> list[Link]:
    numbered = [replace(fact, number=number) for number, fact in enumerate(facts, start=1)]
    return list(chained("P-001", numbered, 1, ""))


@given(facts=FACTS)
def test_an_untouched_chain_holds_and_gives_its_facts_back(facts: list[Fact]) -> None:
    links = links_of(facts)
    assert chain_problems(links) == chain_problems(links, links[0].hash) == ()
    for link, fact in zip(links, facts, strict=True):
        assert link.fact == replace(fact, number=link.number)


@given(facts=FACTS, place=st.integers(0, 5), field=st.sampled_from(sorted(EDITS)))
def test_any_edit_of_any_fact_is_found_there_or_right_behind(facts: list[Fact], place: int, field: str) -> None:
    links = links_of(facts)
    place %= len(links)
    links[place] = replace(links[place], **{field: EDITS[field](links[place])})
    (problem,) = chain_problems(links)
    assert problem.startswith(f"Fact {place + 1} (")


def test_every_column_is_hashed() -> None:
    assert set(EDITS) | {"number"} == {field.name for field in fields(Link)}


@given(facts=FACTS, place=st.integers(0, 5))
def test_a_missing_fact_is_found(facts: list[Fact], place: int) -> None:
    links = links_of(facts)
    gone = links.pop(place % len(links))
    problems = chain_problems(links, gone.hash)
    last = gone.number == len(facts)
    assert problems[0].startswith("No fact has the hash" if last else f"Fact {gone.number} is missing")
