"""Visits held together: the same day and one calendar entry, where their windows overlap (design §4)."""

from __future__ import annotations

import pytest

from schedules.record import Fact
from schedules.site import WORKING_WEEK, Site
from schedules.template import Template
from tests.support import booked, dates, done, event, group, missed, planned, protocol, template, visit

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
