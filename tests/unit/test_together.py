"""Visits held together: the same day and one calendar entry, where their windows overlap (design §4)."""

from __future__ import annotations

import pytest

from schedules.record import Fact
from schedules.site import WORKING_WEEK, Site
from schedules.template import Template
from schedules.why import why
from tests.support import (
    booked,
    conflicts,
    dates,
    done,
    event,
    group,
    missed,
    planned,
    protocol,
    record,
    template,
    visit,
)

TWO = """\
milestones: {relapse: {label: Relapse, stop: [m]}}
groups: {ltfu: {values: {in: Yes, out: No}, default: in}}
visits:
  d1: {epoch: t, at: enrolment}
  m: {epoch: t, place: ward, at: d1 + 10 days}
  f: {epoch: t, place: ward, at: d1 + 12 days, window: ±3 days, only_for: {ltfu: in}, together_with: [m]}
"""


def two() -> Template:
    return template(TWO)


def test_a_visit_says_whose_entry_it_is_part_of() -> None:
    plan = planned(two(), booked("d1", "2026-03-02"))
    assert dates(plan, "m", "f") == ["2026-03-12", "2026-03-12"]
    assert visit(plan, "f").shares_entry_with == "m"
    assert visit(plan, "m").shares_entry_with is None


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param((booked("m", "2026-03-20"),), id="the windows do not overlap"),
        pytest.param((booked("f", "2026-03-13"),), id="booked for another day"),
        pytest.param((missed("m"),), id="the other was missed"),
        pytest.param((event("relapse", "2026-03-05"),), id="the other was cancelled"),
        pytest.param((group("ltfu", "out"),), id="it does not apply"),
        pytest.param((missed("f"),), id="it was missed itself"),
        pytest.param((booked("m", "2026-03-12T09:00+00:00"), booked("f", "2026-03-12T14:00+00:00")), id="two times"),
        pytest.param((done("m", "2026-03-12"), done("f", "2026-03-13")), id="done on two days"),
    ],
)
def test_what_is_not_on_one_day_is_no_one_entry(facts: tuple[Fact, ...]) -> None:
    assert visit(planned(two(), booked("d1", "2026-03-02"), *facts), "f").shares_entry_with is None


@pytest.mark.parametrize(
    "facts",
    [
        (booked("m", "2026-03-13"),),
        (booked("m", "2026-03-12T09:00+00:00"),),
        (booked("m", "2026-03-12T09:00+00:00"), booked("f", "2026-03-12T09:00+00:00")),
        (booked("f", "2026-03-12T09:00+00:00"),),
        (done("m", "2026-03-11"),),
        (done("m", "2026-03-12"), done("f", "2026-03-12")),
    ],
)
def test_what_is_booked_or_done_on_one_day_is_one_entry(facts: tuple[Fact, ...]) -> None:
    plan = planned(two(), booked("d1", "2026-03-02"), *facts)
    assert visit(plan, "f").shares_entry_with == "m"
    assert visit(plan, "f").date == visit(plan, "m").date


def test_of_several_on_one_day_all_are_part_of_the_same_entry() -> None:
    body = """\
visits:
  d1: {epoch: t, at: enrolment}
  m: {epoch: t, place: ward, at: d1 + 10 days}
  f: {epoch: t, place: ward, at: d1 + 12 days, window: ±3 days, together_with: [m]}
  g: {epoch: t, place: ward, at: d1 + 9 days, window: ±3 days, together_with: [d1, f]}
"""
    plan = planned(template(body), booked("d1", "2026-03-02"))
    assert dates(plan, "m", "f", "g") == ["2026-03-12"] * 3
    assert [visit(plan, name).shares_entry_with for name in ("m", "f", "g")] == [None, "m", "m"]


def test_a_day_that_two_visits_share_by_chance_is_two_entries() -> None:
    body = TWO.replace(", together_with: [m]", "").replace("+ 12 days", "+ 10 days")
    plan = planned(template(body), booked("d1", "2026-03-02"))
    assert dates(plan, "m", "f") == ["2026-03-12", "2026-03-12"]
    assert visit(plan, "f").shares_entry_with is None


def test_year_1_and_month_12_of_a_shipped_protocol_are_one_entry() -> None:
    facts = (group("ltfu", "in"), booked("d0", "2026-03-02"))
    plan = planned(protocol("CLDN18.2-PDL1-CART"), *facts, on="2026-01-05", site=Site(weekdays=WORKING_WEEK))
    assert visit(plan, "ltfu-1").date == visit(plan, "month-12").date
    assert visit(plan, "ltfu-1").shares_entry_with == "month-12"
    assert visit(plan, "month-12").shares_entry_with is None


# 14 March 2026 is a Saturday.
CLINIC_WITH_WARD = """\
visits:
  d1: {{epoch: t, place: ward, at: enrolment}}
  {first}
  {second}
"""
WARD = "m: {epoch: t, place: ward, at: d1 + 12 days, window: %s}"
CLINIC = "f: {epoch: t, at: d1 + 13 days, window: %s, together_with: [m]}"
WEEKDAYS = Site(weekdays=WORKING_WEEK)


def clinic_with_ward(ward: str = "±3 days", clinic: str = "±3 days", *, ward_first: bool = True) -> Template:
    """A visit on the ward on a Saturday and one at the clinic, on the Sunday after, that is to be held with it."""
    lines = [WARD % ward, CLINIC % clinic]
    first, second = lines if ward_first else reversed(lines)
    return template(CLINIC_WITH_WARD.format(first=first, second=second))


@pytest.mark.parametrize("ward_first", [True, False])
@pytest.mark.parametrize(
    ("ward", "clinic", "expected"),
    [
        pytest.param(
            "±3 days", "±3 days", "2026-03-13", id="the open day nearest to the target of what it is held with"
        ),
        pytest.param("+0..+3 days", "±3 days", "2026-03-16", id="the one open day of the ward's window"),
        pytest.param("±3 days", "-1..+1 day", "2026-03-16", id="the one open day of the clinic's window"),
        pytest.param("±2 days", "-1..+1 day", "2026-03-16", id="one open day in both"),
        pytest.param("-2..+1 days", "-1..+1 day", "2026-03-14", id="no open day in both"),
    ],
)
def test_a_visit_at_the_clinic_with_one_on_the_ward_is_on_an_open_day_that_both_may_have(
    ward: str, clinic: str, expected: str, ward_first: bool
) -> None:
    of = clinic_with_ward(ward, clinic, ward_first=ward_first)
    plan = planned(of, booked("d1", "2026-03-02"), site=WEEKDAYS)
    assert dates(plan, "m", "f") == [expected, expected]
    assert visit(plan, "f").shares_entry_with == "m"
    assert conflicts(plan) == ([("f", 1)] if expected == "2026-03-14" else [])


@pytest.mark.parametrize(
    ("facts", "expected", "troubled"),
    [
        pytest.param((booked("m", "2026-03-15"),), ["2026-03-15", "2026-03-15"], [("f", 1)], id="booked for a Sunday"),
        pytest.param((booked("m", "2026-03-17"),), ["2026-03-17", "2026-03-17"], [], id="booked for a Tuesday"),
        pytest.param((done("m", "2026-03-14"),), ["2026-03-14", "2026-03-14"], [("f", 1)], id="done on its Saturday"),
        pytest.param((booked("f", "2026-03-16"),), ["2026-03-14", "2026-03-16"], [], id="the clinic's is booked"),
        pytest.param((booked("f", "2026-03-14"),), ["2026-03-14", "2026-03-14"], [("f", 1)], id="booked for that day"),
        pytest.param((missed("m"),), ["2026-03-13", "2026-03-16"], [], id="the ward's was missed"),
    ],
)
def test_what_is_a_fact_does_not_come_to_another_day(
    facts: tuple[Fact, ...], expected: list[str], troubled: list[tuple[str, int]]
) -> None:
    plan = planned(clinic_with_ward(), booked("d1", "2026-03-02"), *facts, site=WEEKDAYS)
    assert dates(plan, "m", "f") == expected
    assert conflicts(plan) == troubled


@pytest.mark.parametrize(
    ("bounded", "expected"),
    [
        ("m: {epoch: t, place: ward, at: d1 + 12 days, window: ±3 days, no_earlier_than: d1 + 12 days}", "2026-03-16"),
        ("m: {epoch: t, place: ward, at: d1 + 12 days, window: ±3 days, no_later_than: d1 + 12 days}", "2026-03-13"),
    ],
)
def test_the_day_is_within_the_bounds_of_both(bounded: str, expected: str) -> None:
    of = template(CLINIC_WITH_WARD.format(first=bounded, second=CLINIC % "±3 days"))
    plan = planned(of, booked("d1", "2026-03-02"), site=WEEKDAYS)
    assert dates(plan, "m", "f") == [expected, expected]
    assert conflicts(plan) == []


def test_what_counts_from_a_visit_that_came_to_another_day_counts_from_that_day() -> None:
    of = template(
        CLINIC_WITH_WARD.format(first=WARD % "±3 days", second=CLINIC % "±3 days")
        + "  after: {epoch: t, place: ward, at: m + 10 days}\n"
    )
    assert dates(planned(of, booked("d1", "2026-03-02"), site=WEEKDAYS), "m", "after") == ["2026-03-13", "2026-03-23"]


def test_one_that_counts_from_the_other_follows_it_to_an_open_day() -> None:
    of = template(
        CLINIC_WITH_WARD.format(
            first=WARD % "±3 days", second="f: {epoch: t, at: m, window: ±1 day, together_with: [m]}"
        )
    )
    plan = planned(of, booked("d1", "2026-03-02"), site=WEEKDAYS)
    assert dates(plan, "m", "f") == ["2026-03-13", "2026-03-13"]
    assert conflicts(plan) == []


def test_one_whose_window_counts_from_the_other_goes_along_with_it() -> None:
    of = template(
        CLINIC_WITH_WARD.format(
            first=WARD % "-1..+0 days",
            second="x: {epoch: t, place: ward, at: m - 1 day}\n"
            "  f: {epoch: t, at: x + 1 day, window: x + 1 day .. x + 2 days, together_with: [m]}",
        )
    )
    plan = planned(of, booked("d1", "2026-03-02"), site=WEEKDAYS)
    assert dates(plan, "m", "x", "f") == ["2026-03-13", "2026-03-12", "2026-03-13"]
    assert conflicts(plan) == []


def test_where_the_other_cannot_follow_nobody_comes_to_another_day() -> None:
    of = template(
        CLINIC_WITH_WARD.format(
            first=WARD % "-1..+0 days",
            second="f: {epoch: t, at: m, window: +0..+1 day, no_earlier_than: d1 + 12 days, together_with: [m]}",
        )
    )
    plan = planned(of, booked("d1", "2026-03-02"), site=WEEKDAYS)
    assert dates(plan, "m", "f") == ["2026-03-14", "2026-03-14"]
    assert conflicts(plan) == [("f", 1)]


def test_nobody_is_asked_to_leave_one_that_it_is_held_together_with() -> None:
    """The second at the clinic may have only closed days with the one on the ward, which another already shares."""
    of = template(
        CLINIC_WITH_WARD.format(first=WARD % "±3 days", second=CLINIC % "±3 days")
        + "  g: {epoch: t, place: ward, at: d1 + 12 days, together_with: [m]}\n"
    )
    plan = planned(of, booked("d1", "2026-03-02"), site=WEEKDAYS)
    assert dates(plan, "m", "f", "g") == ["2026-03-14"] * 3
    assert conflicts(plan) == [("f", 1)]


def test_of_two_that_it_can_be_held_with_the_one_on_an_open_day_is_taken() -> None:
    of = template(
        CLINIC_WITH_WARD.format(first=WARD % "±3 days", second="n: {epoch: t, place: ward, at: d1 + 15 days}")
        + "  f: {epoch: t, at: d1 + 13 days, window: ±3 days, together_with: [m, n]}\n"
    )
    plan = planned(of, booked("d1", "2026-03-02"), site=WEEKDAYS)
    assert dates(plan, "m", "n", "f") == ["2026-03-14", "2026-03-17", "2026-03-17"]
    assert visit(plan, "f").shares_entry_with == "n"


def test_why_tells_of_a_visit_that_came_to_another_day_what_for() -> None:
    story = why(clinic_with_ward(), record(booked("d1", "2026-03-02")), WEEKDAYS, "m")
    assert "It is together with f, on the same day, since their windows overlap." in story
    assert "Saturday 14 March 2026 is no day for f: the site is not open on a Saturday." in story
