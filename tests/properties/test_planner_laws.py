"""Laws of the planner that hold for any template and any record (design §10)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.catalogue import shipped
from schedules.collisions import satisfiable
from schedules.conflicts import collisions
from schedules.opendays import with_holidays
from schedules.plan import TO_COME, Plan, Status
from schedules.planner import plan, prepare
from schedules.record import Fact, Kind, Record, enrolled
from schedules.site import WORKING_WEEK, Site
from schedules.template import Template
from tests.support import booked, done, group, missed, protocol, template

NAMES = "abcde"


@st.composite
def templates(draw: st.DrawFn) -> Template:
    """A reference and up to five visits counted in days from it or from one another, with windows and bounds."""
    lines = ["visits:", "  ref: {epoch: t, place: ward, at: enrolment + 28 days}"]
    for place, name in enumerate(NAMES[: draw(st.integers(1, 5))]):
        base = draw(st.sampled_from(["ref", *NAMES[:place]]))
        target = f"{base} + {draw(st.integers(0, 12))} days"
        window = draw(st.sampled_from(["", ", window: ±1 day", ", window: ±3 days", ", window: -2..+5 days"]))
        bounds = ""
        if place and draw(st.booleans()):
            other = draw(st.sampled_from(NAMES[:place]))
            bounds = f", no_earlier_than: {other} + {draw(st.integers(0, 4))} days"
        if place and draw(st.booleans()):
            other = draw(st.sampled_from(NAMES[:place]))
            bounds += f", no_later_than: {other} + {draw(st.integers(4, 15))} days"
        lines.append(f"  {name}: {{epoch: t, at: {target}{window}{bounds}}}")
    lines.append("  s: {epoch: t, at: {every: 2 days, from: ref, times: 4}, window: ±2 days}")
    return template("\n".join(lines) + "\n", reference="ref", contradictory=True)


@st.composite
def facts(draw: st.DrawFn) -> tuple[Fact, ...]:
    start = date(2026, 3, 2)
    found = [Fact(kind=Kind.BOOKED, name="ref", when=start)]
    for name in draw(st.lists(st.sampled_from(["s-1", "s-2", "s-3", "a"]), unique=True)):
        offset = timedelta(days=draw(st.integers(-3, 20)))
        kind = draw(st.sampled_from([Kind.DONE, Kind.BOOKED, Kind.MISSED]))
        found.append(Fact(kind=kind, name=name, when=None if kind is Kind.MISSED else start + offset))
    return tuple(found)


def shifted(record: Record, days: int) -> Record:
    return replace(
        record,
        facts=tuple(
            replace(fact, when=fact.when + timedelta(days=days)) if fact.when else fact for fact in record.facts
        ),
    )


def days_of(found: Plan, shift: int = 0) -> list[tuple[str, date | None]]:
    return sorted((item.id, item.date and item.date - timedelta(days=shift)) for item in found.visits)


@given(templates(), facts(), st.integers(-400, 400))
def test_shifting_every_fact_shifts_every_date_counted_in_days(
    of: Template, some: tuple[Fact, ...], shift: int
) -> None:
    record = enrolled("P", date(2026, 2, 2)).with_facts(*some)
    moved = shifted(record, shift)
    assert days_of(plan(of, record, Site())) == days_of(plan(of, moved, Site()), shift)


@given(templates(), facts())
def test_planning_twice_changes_nothing(of: Template, some: tuple[Fact, ...]) -> None:
    record = enrolled("P", date(2026, 2, 2)).with_facts(*some)
    assert plan(of, record, Site()) == plan(of, record, Site())


@given(templates(), facts(), st.booleans())
def test_nothing_is_planned_outside_its_window_without_a_conflict(
    of: Template, some: tuple[Fact, ...], weekdays: bool
) -> None:
    site = Site(weekdays=WORKING_WEEK) if weekdays else Site()
    found = plan(of, enrolled("P", date(2026, 2, 2)).with_facts(*some), site)
    troubled = {conflict.visit for conflict in found.conflicts}
    for item in found.visits:
        if item.status not in TO_COME or item.date is None or item.id in troubled:
            continue
        start, end = item.window_start, item.window_end
        assert start is None or start <= item.date, item
        assert end is None or item.date <= end, item
        assert item.place in ("ward", "remote") or site.is_open(item.date), item


@given(templates(), facts())
def test_no_bound_is_broken_without_a_conflict(of: Template, some: tuple[Fact, ...]) -> None:
    found = plan(of, enrolled("P", date(2026, 2, 2)).with_facts(*some), Site())
    when = {item.id: item for item in found.visits}
    troubled = {conflict.visit for conflict in found.conflicts}
    for rule in of.visits:
        for upper, points in ((False, rule.no_earlier_than), (True, rule.no_later_than)):
            for point in points:
                other = when[point.base.name]  # type: ignore[union-attr]
                limit = other.date + timedelta(days=point.span.days)  # type: ignore[operator, union-attr]
                own = when[rule.id]
                both_done = own.status is Status.DONE and other.status is Status.DONE
                if Status.MISSED in (own.status, other.status) or both_done or rule.id in troubled:
                    continue
                assert own.date <= limit if upper else own.date >= limit  # type: ignore[operator]


@given(templates(), facts())
def test_members_of_a_series_share_a_day_only_where_a_conflict_says_so(of: Template, some: tuple[Fact, ...]) -> None:
    found = plan(of, enrolled("P", date(2026, 2, 2)).with_facts(*some), Site(weekdays=WORKING_WEEK))
    members = [item for item in found.visits if item.series == "s" and item.status in (*TO_COME, Status.DONE)]
    troubled = {conflict.visit for conflict in found.conflicts}
    for one, two in combinations(members, 2):
        if one.date == two.date and Status.PLANNED in (one.status, two.status):
            assert {one.id, two.id} & troubled


@settings(max_examples=300)
@given(templates(), facts(), st.booleans())
def test_every_conflict_names_rules_none_of_which_could_go(
    of: Template, some: tuple[Fact, ...], weekdays: bool
) -> None:
    site = Site(weekdays=WORKING_WEEK) if weekdays else Site()
    layout = prepare(of, enrolled("P", date(2026, 2, 2)).with_facts(*some), site).layout
    for found in collisions(layout):
        # Closed days are no matter of distances; what they shut out is told by example in the unit tests.
        if all(rule.bounds for rule in found.rules):
            assert not satisfiable(found.rules, layout.board.events), found
            assert len({rule.text for rule in found.rules}) == len(found.rules)
            for gone in found.rules:
                rest = [rule for rule in found.rules if rule is not gone]
                assert satisfiable(rest, layout.board.events), (gone, found)


FIRST, LAST = date(2026, 1, 1), date(2032, 12, 31)
# A sweep of every day takes minutes: a test takes each 29th, from three beginnings that differ with the seed;
# DAYZERO_TEST_STRIDE=1 takes them all.
STRIDE = int(os.environ.get("DAYZERO_TEST_STRIDE", "29"))


@cache
def site_in(country: str) -> Site:
    """A clinic open on the working days of a country; every day is open where none is named."""
    return with_holidays(Site(weekdays=WORKING_WEEK), country, FIRST.year - 1, LAST.year + 16) if country else Site()


def every_group(of: Template) -> Iterator[tuple[Fact, ...]]:
    """The facts of every combination of groups."""
    names = sorted(of.groups)
    for values in product(*(sorted(of.groups[name].values) for name in names)):
        yield tuple(group(name, value) for name, value in zip(names, values, strict=True))


def assert_plans(of: Template, site: Site, groups: tuple[Fact, ...], reference: date) -> None:
    """Everything to come has a date, and no rule is broken but that a day is closed."""
    facts = (*groups, booked(of.reference_visit, reference.isoformat()))
    found = plan(of, enrolled("P", reference - timedelta(days=60)).with_facts(*facts), site)
    unexplained = [item for item in found.conflicts if site.always_open or "is not an open day" not in item.message]
    assert unexplained == [], (of.protocol, groups, reference)
    assert all(item.date for item in found.visits if item.status in TO_COME), (of.protocol, groups, reference)


@pytest.mark.parametrize("country", ["", "CN", "US", "DE"])
@pytest.mark.parametrize("name", [item.protocol for item in shipped()])
@settings(max_examples=3)
@given(offset=st.integers(0, STRIDE - 1))
def test_every_shipped_protocol_plans_for_every_group_and_reference_day(name: str, country: str, offset: int) -> None:
    of, site = protocol(name), site_in(country)
    for groups in every_group(of):
        for day in range(FIRST.toordinal() + offset, LAST.toordinal() + 1, STRIDE):
            assert_plans(of, site, groups, date.fromordinal(day))


def test_facts_about_done_and_missed_visits_survive_any_order() -> None:
    of = template(
        "visits:\n  ref: {epoch: t, at: enrolment}\n"
        "  a: {epoch: t, at: ref + 3 days}\n  b: {epoch: t, at: a + 3 days}\n",
        reference="ref",
    )
    one = plan(of, enrolled("P", date(2026, 2, 2)).with_facts(done("ref", "2026-02-02"), missed("a")), Site())
    two = plan(of, enrolled("P", date(2026, 2, 2)).with_facts(missed("a"), done("ref", "2026-02-02")), Site())
    assert days_of(one) == days_of(two)


@given(
    st.integers(0, 6),
    st.integers(-6, 6),
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    st.sets(st.integers(0, 6), min_size=1, max_size=6),
)
def test_visits_held_together_are_on_a_closed_day_only_where_both_may_have_no_open_one(
    start: int, apart: int, of_ward: tuple[int, int], of_clinic: tuple[int, int], weekdays: set[int]
) -> None:
    """``m`` is on the ward and ``f`` at the clinic: the days of both are counted out here, as in design §4."""
    body = (
        "visits:\n  ref: {epoch: t, place: ward, at: enrolment}\n"
        f"  m: {{epoch: t, place: ward, at: ref + 20 days, window: -{of_ward[0]}..+{of_ward[1]} days}}\n"
        f"  f: {{epoch: t, at: ref + {20 + apart} days, window: -{of_clinic[0]}..+{of_clinic[1]} days, "
        "together_with: [m]}\n"
    )
    day = date(2026, 3, 2) + timedelta(start)
    site = Site(weekdays=frozenset(weekdays))
    found = plan(template(body, reference="ref"), enrolled("P", day), site)
    target = day + timedelta(20)
    ward = {target + timedelta(days) for days in range(-of_ward[0], of_ward[1] + 1)}
    clinic = {target + timedelta(apart + days) for days in range(-of_clinic[0], of_clinic[1] + 1)}
    m, f = found.visit("m"), found.visit("f")
    assert m is not None
    assert f is not None
    common = sorted((abs(one - target), one) for one in ward & clinic if site.is_open(one))
    if target not in clinic:
        assert m.date == target
    elif site.is_open(target) or not common:
        assert (m.date, f.date) == (target, target)
    else:
        assert m.date == f.date == common[0][1]
        assert not found.conflicts
