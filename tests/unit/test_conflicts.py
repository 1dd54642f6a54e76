"""What a conflict says: the smallest set of rules that collide, in words, and by how much (design §5, rule 10)."""

from __future__ import annotations

from schedules.plan import Conflict, Plan
from schedules.site import WORKING_WEEK, Site
from tests.support import booked, conflicts, day, done, history, planned, template

WEEK = Site(weekdays=WORKING_WEEK)
HEAD = "visits:\n  d1: {epoch: t, place: ward, at: enrolment + 28 days}\n"


def only(plan: Plan) -> Conflict:
    (conflict,) = plan.conflicts
    return conflict


def test_a_booking_outside_its_window_names_the_booking_and_the_window() -> None:
    body = template(HEAD + "  x: {epoch: t, at: day 8, window: ±1 day}\n")
    conflict = only(planned(body, booked("d1", "2026-03-02"), booked("x", "2026-03-13")))
    assert conflict.message == (
        "x is booked for 13 March 2026, 3 days after the last day of its window, 10 March 2026."
    )
    assert conflict.rules == ("x is booked for 13 March 2026", "window of x: ±1 day around day 8")


def test_a_visit_pushed_out_of_its_window_names_what_pushed_it() -> None:
    body = template(
        HEAD
        + "  a: {epoch: t, at: day 5, window: ±3 days}\n"
        + "  b: {epoch: t, at: day 6, window: ±3 days, no_earlier_than: a + 4 days}\n"
    )
    conflict = only(planned(body, booked("d1", "2026-03-02"), booked("a", "2026-03-08")))
    assert (conflict.visit, conflict.by and conflict.by.days) == ("b", 2)
    assert conflict.rules == (
        "a is booked for 8 March 2026",
        "b no earlier than a + 4 days",
        "window of b: ±3 days around day 6",
    )


def test_of_several_that_would_each_suffice_one_is_named() -> None:
    body = template(
        HEAD
        + "  s: {epoch: t, at: {one: day 2, two: day 3}}\n"
        + "  x: {epoch: t, at: day 9, no_earlier_than: s.last + 5 days}\n"
    )
    facts = (booked("d1", "2026-03-02"), done("s-one", "2026-03-08"), done("s-two", "2026-03-08"))
    conflict = only(planned(body, *facts, booked("x", "2026-03-10")))
    assert conflict.message == (
        "x is booked for 10 March 2026, but it can be no earlier than 13 March 2026 (s.last + 5 days): "
        "3 days too early."
    )
    assert conflict.rules == (
        "s-one was done on 8 March 2026",
        "x is booked for 10 March 2026",
        "x no earlier than s.last + 5 days",
    )


def test_of_several_that_could_each_help_all_are_named() -> None:
    body = template(
        HEAD
        + "  s: {epoch: t, at: {one: day 2, two: day 3}}\n"
        + "  x: {epoch: t, at: day 9, no_later_than: s.last + 5 days}\n"
    )
    facts = (booked("d1", "2026-03-02"), done("s-one", "2026-03-03"), done("s-two", "2026-03-04"))
    conflict = only(planned(body, *facts, booked("x", "2026-03-10")))
    assert conflict.rules == (
        "s-one was done on 3 March 2026",
        "s-two was done on 4 March 2026",
        "x is booked for 10 March 2026",
        "x no later than s.last + 5 days",
    )


def test_a_planned_visit_is_held_by_its_window_and_not_by_its_plan() -> None:
    body = template(
        HEAD
        + "  a: {epoch: t, at: day 20}\n"
        + "  b: {epoch: t, at: day 6, window: ±3 days, no_later_than: a - 15 days}\n"
    )
    conflict = only(planned(body, booked("d1", "2026-03-02"), done("a", "2026-03-16")))
    assert conflict.message == (
        "b is planned for 7 March 2026, but it can be no later than 1 March 2026 (a - 15 days): 6 days too late."
    )
    assert conflict.rules == (
        "a was done on 16 March 2026",
        "window of b: ±3 days around day 6",
        "b no later than a - 15 days",
    )


def test_a_bound_in_hours_names_only_the_visits_that_decide_it() -> None:
    body = template(
        HEAD
        + "  a: {epoch: t, place: ward, at: d1 + 1 hour}\n"
        + "  b: {epoch: t, place: ward, at: d1 + 2 hours, no_later_than: a + 90 minutes}\n"
    )
    facts = (booked("d1", "2026-03-02T08:00+00:00"), done("a", "2026-03-02T09:00+00:00"))
    conflict = only(planned(body, *facts, booked("b", "2026-03-02T11:00+00:00")))
    assert conflict.message == (
        "b is booked for 2 March 2026 at 11:00, but it can be no later than 2 March 2026 at 10:30 (a + 90 minutes): "
        "30 min too late."
    )
    assert conflict.rules == (
        "a was done on 2 March 2026 at 09:00",
        "b is booked for 2 March 2026 at 11:00",
        "b no later than a + 90 minutes",
    )


def test_a_closed_target_day_names_the_day() -> None:
    body = template(HEAD + "  x: {epoch: t, at: day 7}\n")
    conflict = only(planned(body, booked("d1", "2026-03-02"), site=WEEK))
    assert conflict.rules == (
        "x has no window: it is on its target day, day 7",
        "Sunday 8 March 2026 is not an open day: the site is not open on a Sunday",
    )


def test_a_window_of_closed_days_names_them_all() -> None:
    works = Site(closures=tuple((day(f"2026-03-{number:02}"), "works") for number in range(8, 11)))
    body = template(HEAD + "  x: {epoch: t, at: day 8, window: ±1 day}\n")
    conflict = only(planned(body, booked("d1", "2026-03-02"), site=works))
    assert conflict.rules == (
        "window of x: ±1 day around day 8",
        "no day from 8 March 2026 to 10 March 2026 is open",
    )


def test_a_closed_day_that_a_bound_forces_names_the_bound() -> None:
    body = template(
        HEAD
        + "  a: {epoch: t, place: ward, at: day 2}\n"
        + "  x: {epoch: t, at: day 6, window: -1..+0 days, no_earlier_than: a + 4 days}\n"
    )
    conflict = only(planned(body, booked("d1", "2026-03-02"), booked("a", "2026-03-03"), site=WEEK))
    assert conflict.visit == "x"
    assert conflict.rules == (
        "a is booked for 3 March 2026",
        "x no earlier than a + 4 days",
        "window of x: -1 day .. +0 days around day 6",
        "Saturday 7 March 2026 is not an open day: the site is not open on a Saturday",
    )


def test_an_answer_to_the_history_is_named_with_its_words() -> None:
    body = template("history:\n  op: {label: Surgery, clear: 4 weeks, before: d1}\n" + HEAD)
    conflict = only(planned(body, history("op", "2026-02-10"), booked("d1", "2026-03-02")))
    assert conflict.rules == (
        "d1 is booked for 2 March 2026",
        "d1 no earlier than 4 weeks after surgery on 10 February 2026",
    )


def test_two_bookings_out_of_order_name_both_and_the_order() -> None:
    body = template(HEAD + "  s: {epoch: t, at: {every: 1 day, from: d1, times: 2}, window: ±5 days}\n")
    plan = planned(body, booked("d1", "2026-03-02"), booked("s-1", "2026-03-05"), booked("s-2", "2026-03-05"))
    assert only(plan).rules == (
        "s-1 is booked for 5 March 2026",
        "s-2 is booked for 5 March 2026",
        "s: each at least a day after the one before",
    )


def test_a_visit_that_has_to_come_after_itself_is_a_conflict() -> None:
    body = """\
visits:
  d1: {epoch: t, at: enrolment}
  x: {epoch: t, place: ward, at: d1 + 3 days, no_earlier_than: drug.last + 2 days}
activities: {drug: {label: Drug, visits: [d1, x]}}
"""
    plan = planned(template(body, contradictory=True), booked("d1", "2026-03-02"))
    assert conflicts(plan) == [("x", 2)]
