"""What happened against what was asked: deviations, gates, and the plan as it was just before (rules 12 and 13)."""

from __future__ import annotations

from schedules.plan import Status
from schedules.planner import plan_of, prepare
from schedules.site import Site
from tests.support import (
    again,
    booked,
    conflicts,
    dates,
    deviations,
    done,
    event,
    missed,
    planned,
    record,
    template,
    visit,
)

BODY = """milestones:
  product-on-site: Product on site
visits:
  labs: {epoch: s, at: day -6, window: day -7 .. day -6}
  d1: {epoch: t, at: enrolment + 28 days, no_later_than: labs + 7 days, requires: [product-on-site]}
  d4: {epoch: t, at: day 4}
  d10: {epoch: t, at: day 10, window: ±1 day, at_the_latest: day 14}
  dose: {epoch: t, at: d10 + 2 hours, window: ±30 minutes}
"""
READY = (event("product-on-site", "2026-02-20"), booked("d1", "2026-03-02"))


def test_within_the_window_is_no_deviation() -> None:
    facts = (
        *READY,
        done("labs", "2026-02-23"),
        done("d1", "2026-03-02"),
        done("d4", "2026-03-05"),
        done("d10", "2026-03-12"),
    )
    assert deviations(planned(template(BODY), *facts)) == []


def test_late_and_early_by_how_much() -> None:
    facts = (*READY, done("d1", "2026-03-02"), done("d4", "2026-03-07"), done("d10", "2026-03-09"))
    plan = planned(template(BODY), *facts)
    assert deviations(plan) == [("d4", "late", 2), ("d10", "early", 1)]
    assert plan.deviations[1].message == (
        "d10 was done on 9 March 2026, 1 day before the first day of its window, 10 March 2026 "
        "(window of d10: ±1 day around day 10)."
    )
    assert plan.deviations[0].version == "1"


def test_up_to_the_later_bound_it_is_still_a_deviation() -> None:
    facts = (*READY, done("d1", "2026-03-02"), done("d10", "2026-03-14"))
    assert deviations(planned(template(BODY), *facts)) == [("d10", "late", 2)]


def test_a_later_slip_of_the_anchor_makes_no_deviation() -> None:
    # The labs were in time for 2 March; that Day 1 then slips breaks its own bound, not theirs.
    facts = (*READY, done("labs", "2026-02-24"), done("d1", "2026-03-04"))
    plan = planned(template(BODY), *facts)
    assert deviations(plan) == [("d1", "late", 1)]
    assert plan.deviations[0].message == "d1 was done on 4 March 2026, 1 day too late: d1 no later than labs + 7 days."
    assert str(visit(plan, "labs").window_end) == "2026-02-24"


def test_a_booking_past_the_labs_is_a_conflict_and_no_deviation() -> None:
    plan = planned(template(BODY), *READY, done("labs", "2026-02-24"), booked("d1", "2026-03-04"))
    assert conflicts(plan) == [("d1", 1)]
    assert deviations(plan) == []


def test_a_fact_recorded_afterwards_is_judged_as_well() -> None:
    # Labs entered only after Day 1 was done: they were too early for it.
    plan = planned(template(BODY), *READY, done("d1", "2026-03-02"), done("labs", "2026-02-20"))
    assert deviations(plan) == [("labs", "early", 3), ("labs", "early", 3)]


def test_a_planned_visit_that_can_still_follow_is_no_deviation() -> None:
    assert deviations(planned(template(BODY), *READY, done("d1", "2026-03-04"))) == []


def test_done_without_its_gate_is_recorded_as_a_deviation() -> None:
    plan = planned(template(BODY), booked("d1", "2026-03-02"), done("d1", "2026-03-02"))
    assert deviations(plan) == [("d1", "gate", None)]
    assert plan.deviations[0].message == "d1 was done before its gate was open: Product on site was not recorded."
    shut = planned(template(BODY), booked("d1", "2026-03-02"))
    assert visit(shut, "d1").waiting_for == ("product-on-site",)
    assert dates(shut, "d1") == ["2026-03-02"]


def test_a_missed_visit_is_a_deviation() -> None:
    plan = planned(template(BODY), *READY, missed("d4"))
    assert deviations(plan) == [("d4", "missed", None)]
    assert plan.deviations[0].message == "d4, planned for 5 March 2026, was missed."


def test_the_last_fact_about_a_visit_counts() -> None:
    plan = planned(template(BODY), *READY, missed("d4"), done("d4", "2026-03-05"))
    assert visit(plan, "d4").status is Status.DONE
    assert deviations(plan) == []


def test_windows_in_minutes_are_judged_to_the_minute() -> None:
    facts = (
        *READY,
        done("d1", "2026-03-02"),
        done("d10", "2026-03-11T10:00+00:00"),
        done("dose", "2026-03-11T12:45+00:00"),
    )
    plan = planned(template(BODY), *facts)
    assert [(item.visit, item.kind, str(item.by)) for item in plan.deviations] == [("dose", "late", "0:15:00")]


def test_a_done_visit_never_moves() -> None:
    facts = (*READY, done("d1", "2026-03-02"), done("d4", "2026-03-05"))
    before = planned(template(BODY), *facts)
    after = planned(template(BODY), *facts, done("d1", "2026-03-03"))
    assert dates(before, "d4") == dates(after, "d4") == ["2026-03-05"]
    assert dates(after, "d10") == ["2026-03-12"]


def test_what_happened_is_judged_by_the_facts_before_it_alone() -> None:
    body = """visits:
  d1: {epoch: t, at: enrolment + 28 days}
  a: {epoch: t, at: day 8}
  b: {epoch: t, at: a + 7 days, window: ±1 day}
"""
    facts = (
        booked("d1", "2026-03-02"),
        done("d1", "2026-03-02"),
        booked("a", "2026-03-10"),
        missed("a"),
        done("b", "2026-03-20"),
    )
    before = planned(template(body), *facts)
    assert [item for item in deviations(before) if item[0] == "b"] == [("b", "late", 2)]
    # That a is booked anew changes nothing of how b was judged.
    after = planned(template(body), *facts, booked("a", "2026-03-24"))
    assert [item for item in deviations(after) if item[0] == "b"] == [("b", "late", 2)]


def test_a_record_that_goes_on_is_planned_as_if_anew() -> None:
    facts = (*READY, done("labs", "2026-02-22"), done("d1", "2026-03-04"), missed("d4"), again("labs", "2026-03-01"))
    of, site = template(BODY), Site()
    earlier = prepare(of, record(), site)
    for number in range(1, len(facts) + 1):
        whole = record(*facts[:number])
        earlier = prepare(of, whole, site, known=earlier)
        assert plan_of(earlier) == plan_of(prepare(of, whole, site))
        assert [item.fact for item in plan_of(earlier).deviations] == [
            item.fact for item in plan_of(prepare(of, whole, site)).deviations
        ]
    # What went before is not gone by where it was another record.
    other = record(*READY, done("labs", "2026-02-20"))
    assert plan_of(prepare(of, other, site, known=earlier)) == plan_of(prepare(of, other, site))
