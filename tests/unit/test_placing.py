"""Rules 1 to 11 of design §5, one by one, with their edges."""

from __future__ import annotations

from itertools import pairwise

import pytest

from schedules.errors import TemplateError
from schedules.plan import Status
from schedules.site import WORKING_WEEK, Site
from tests.support import booked, conflicts, dates, day, done, event, group, missed, planned, template, visit

WEEK = Site(weekdays=WORKING_WEEK)


def at(point: str, *, reference: str = "2026-03-02", numbering: int = 1) -> str:
    body = f"visits:\n  d1: {{epoch: t, at: enrolment + 28 days}}\n  x: {{epoch: t, at: {point}}}\n"
    return dates(planned(template(body, day=numbering), booked("d1", reference)), "x")[0]


@pytest.mark.parametrize(
    ("point", "numbering", "expected"),
    [
        ("day 1", 1, "2026-03-02"),
        ("day -1", 1, "2026-03-01"),
        ("day 28", 1, "2026-03-29"),
        ("day 0", 0, "2026-03-02"),
        ("day -1", 0, "2026-03-01"),
        ("day 1", 0, "2026-03-03"),
        ("day 28", 0, "2026-03-30"),
    ],
)
def test_protocol_days_with_and_without_day_0(point: str, numbering: int, expected: str) -> None:
    assert at(point, numbering=numbering) == expected


@pytest.mark.parametrize(
    ("point", "reference", "expected"),
    [
        ("d1 + 1 month", "2026-01-31", "2026-02-28"),
        ("d1 + 1 month", "2028-01-31", "2028-02-29"),
        ("d1 + 2 months", "2026-01-31", "2026-03-31"),
        ("d1 + 1 month + 1 month", "2026-01-31", "2026-03-31"),
        ("d1 + 1 year", "2028-02-29", "2029-02-28"),
        ("d1 + 4 years", "2028-02-29", "2032-02-29"),
        ("d1 + 6 months", "2026-08-31", "2027-02-28"),
        ("d1 + 15 years", "2028-02-29", "2043-02-28"),
        ("d1 + 6 months - 1 day", "2026-08-31", "2027-02-27"),
        ("d1 + P6W", "2026-08-31", "2026-10-12"),
    ],
)
def test_months_count_from_the_anchor_and_clamp_once(point: str, reference: str, expected: str) -> None:
    assert at(point, reference=reference) == expected


def test_repetitions_in_months_do_not_drift() -> None:
    body = template(
        "visits:\n  d1: {epoch: t, at: enrolment}\n  m: {epoch: t, at: {every: 1 month, from: d1, times: 4}}\n"
    )
    plan = planned(body, booked("d1", "2026-01-31"))
    assert dates(plan, "m-1", "m-2", "m-3", "m-4") == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]


def test_first_and_from_differ_by_a_step() -> None:
    body = template(
        "visits:\n  d1: {epoch: t, at: enrolment}\n"
        "  f: {epoch: t, at: {every: 3 months, first: d1 + 9 months, times: 3}}\n"
        "  g: {epoch: t, at: {every: 1 year, from: d1, numbers: 6..7}}\n"
    )
    plan = planned(body, booked("d1", "2026-03-02"))
    assert dates(plan, "f-1", "f-2", "f-3") == ["2026-12-02", "2027-03-02", "2027-06-02"]
    assert dates(plan, "g-6", "g-7") == ["2032-03-02", "2033-03-02"]


HOURS = (
    "visits:\n"
    "  d1: {epoch: t, place: ward, at: enrolment}\n"
    "  dose: {epoch: t, place: ward, at: {every: 8 hours, first: d1 + 0 hours, times: 7}}\n"
)


@pytest.mark.parametrize(
    ("zone", "start", "sixth"),
    [
        # 40 hours after 08:00: an hour is lost on 8 March and won on 1 November 2026.
        ("America/New_York", "2026-03-07", "2026-03-09 01:00"),
        ("America/New_York", "2026-10-31", "2026-11-01 23:00"),
        ("Europe/London", "2026-03-28", "2026-03-30 01:00"),
        ("Europe/London", "2026-10-24", "2026-10-25 23:00"),
        # Lord Howe moves its clocks by half an hour.
        ("Australia/Lord_Howe", "2026-10-03", "2026-10-05 00:30"),
        ("Australia/Lord_Howe", "2026-04-04", "2026-04-05 23:30"),
    ],
)
def test_eight_hours_across_a_clock_change_are_eight_hours(zone: str, start: str, sixth: str) -> None:
    plan = planned(template(HOURS), booked("d1", start), site=Site(timezone=zone))
    assert f"{visit(plan, 'dose-6').planned:%Y-%m-%d %H:%M}" == sixth
    moments = [visit(plan, f"dose-{number}").planned for number in range(1, 8)]
    assert {(later.timestamp() - earlier.timestamp()) / 3600 for earlier, later in pairwise(moments)} == {8.0}  # type: ignore[union-attr]


def test_hours_from_a_date_start_at_opening_time_and_days_have_no_time() -> None:
    plan = planned(template(HOURS + "  x: {epoch: t, at: dose-1 + 2 days}\n"), booked("d1", "2026-03-02T10:30+00:00"))
    assert str(visit(plan, "dose-1").planned) == "2026-03-02 10:30:00+00:00"
    assert visit(plan, "x").planned == day("2026-03-04")
    plan = planned(template(HOURS), booked("d1", "2026-03-02"))
    assert str(visit(plan, "dose-1").planned) == "2026-03-02 08:00:00+00:00"


CLINIC = "visits:\n  d1: {epoch: t, place: ward, at: enrolment + 28 days}\n  x: {epoch: t, at: %s}\n"


@pytest.mark.parametrize(
    ("target", "reference", "expected"),
    [
        ("day 8 ±3 days", "2026-03-07", "2026-03-13"),  # Saturday: Friday is nearer than Monday
        ("day 8 ±3 days", "2026-03-08", "2026-03-16"),  # Sunday: Monday is
        ("day 8 +0..+3 days", "2026-03-07", "2026-03-16"),  # Saturday, and nothing before it allowed
        ("day 8 -3..+0 days", "2026-03-08", "2026-03-13"),
    ],
)
def test_the_nearest_open_day_within_the_window(target: str, reference: str, expected: str) -> None:
    plan = planned(template(CLINIC % target), booked("d1", reference), site=WEEK)
    assert dates(plan, "x") == [expected]
    assert plan.conflicts == ()


def test_a_tie_goes_to_the_earlier_day() -> None:
    closed = Site(closures=((day("2026-03-09"), "maintenance"),))
    plan = planned(template(CLINIC % "day 8 ±3 days"), booked("d1", "2026-03-02"), site=closed)
    assert dates(plan, "x") == ["2026-03-08"]


def test_windows_include_both_ends() -> None:
    closed = Site(closures=tuple((day(f"2026-03-{number:02}"), "works") for number in range(7, 12)))
    plan = planned(template(CLINIC % "day 8 ±3 days"), booked("d1", "2026-03-02"), site=closed)
    assert dates(plan, "x") == ["2026-03-06"]
    booked_late = planned(template(CLINIC % "day 8 ±3 days"), booked("d1", "2026-03-02"), booked("x", "2026-03-12"))
    assert booked_late.conflicts == ()
    too_late = planned(template(CLINIC % "day 8 ±3 days"), booked("d1", "2026-03-02"), booked("x", "2026-03-13"))
    assert conflicts(too_late) == [("x", 1)]


def test_no_open_day_in_the_window_stays_at_the_target_as_a_conflict() -> None:
    plan = planned(template(CLINIC % "day 7"), booked("d1", "2026-03-02"), site=WEEK)
    assert dates(plan, "x") == ["2026-03-08"]
    (conflict,) = plan.conflicts
    assert (conflict.visit, conflict.by and conflict.by.days) == ("x", 1)
    assert "Sunday 8 March 2026 is not an open day: the site is not open on a Sunday" in conflict.message


def test_wards_are_open_every_day_and_enrolment_has_no_closed_day() -> None:
    body = (
        "visits:\n"
        "  c: {epoch: s, at: enrolment}\n"
        "  d1: {epoch: t, place: ward, at: enrolment + 28 days}\n"
        "  x: {epoch: t, place: ward, at: day 7}\n"
    )
    plan = planned(template(body), booked("d1", "2026-03-02"), on="2026-01-04", site=WEEK)
    assert dates(plan, "c", "x") == ["2026-01-04", "2026-03-08"]
    assert plan.conflicts == ()


def test_what_has_not_happened_makes_a_visit_conditional() -> None:
    body = "milestones:\n  progression: Progression\n  relapse: Relapse\nvisits:\n  d1: {epoch: t, at: enrolment}\n"
    body += (
        "  call: {epoch: s, at: progression + 1 week}\n"
        "  next: {epoch: s, at: call + 1 week}\n"
        "  any: {epoch: s, at: 'latest(d1 + 4 weeks, relapse)'}\n"
    )
    body += "  either: {epoch: s, at: 'earliest(progression, relapse) + 1 day'}\n"
    plan = planned(template(body), booked("d1", "2026-03-02"))
    assert visit(plan, "call").status is Status.CONDITIONAL
    assert visit(plan, "next").waiting_for == ("progression",)
    assert [item.id for item in plan.visits][-3:] == ["call", "next", "either"]
    assert visit(plan, "either").waiting_for == ("progression", "relapse")
    assert dates(planned(template(body), event("relapse", "2026-04-10")), "either") == ["2026-04-11"]
    assert dates(plan, "any") == ["2026-03-30"]
    plan = planned(
        template(body), booked("d1", "2026-03-02"), event("progression", "2026-04-01"), event("relapse", "2026-04-10")
    )
    assert dates(plan, "call", "next", "any") == ["2026-04-08", "2026-04-15", "2026-04-10"]


def test_a_missed_visit_counts_from_the_moment_it_was_planned_for() -> None:
    body = template(
        "visits:\n"
        "  d1: {epoch: t, at: enrolment + 28 days}\n"
        "  s: {epoch: t, at: {every: 1 week, from: d1, times: 3, from_previous: true}}\n"
        "  after: {epoch: t, at: s.last + 1 week}\n  on: {epoch: t, at: s-2 + 1 day}\n"
    )
    plan = planned(body, booked("d1", "2026-03-02"), missed("s-2"))
    assert dates(plan, "s-1", "s-2", "s-3", "after", "on") == [
        "2026-03-09",
        "2026-03-16",
        "2026-03-23",
        "2026-03-30",
        "2026-03-17",
    ]
    plan = planned(body, booked("d1", "2026-03-02"), missed("s-3"))
    assert dates(plan, "after") == ["2026-03-23"]


def test_a_missed_visit_keeps_its_moment_when_its_anchor_slips_later() -> None:
    body = template(
        "visits:\n"
        "  d1: {epoch: t, at: enrolment + 28 days}\n"
        "  a: {epoch: t, at: day 4}\n"
        "  b: {epoch: t, at: a + 1 week}\n"
    )
    plan = planned(body, booked("d1", "2026-03-02"), missed("a"), done("d1", "2026-03-04"))
    assert dates(plan, "a", "b") == ["2026-03-05", "2026-03-12"]


def test_a_missed_reference_makes_the_rest_conditional_until_a_new_date_is_set() -> None:
    body = template("visits:\n  d1: {epoch: t, at: enrolment + 28 days}\n  d4: {epoch: t, at: day 4}\n")
    plan = planned(body, booked("d1", "2026-03-02"), missed("d1"))
    assert visit(plan, "d4").status is Status.CONDITIONAL
    assert visit(plan, "d4").waiting_for == ("d1",)
    plan = planned(body, booked("d1", "2026-03-02"), missed("d1"), booked("d1", "2026-03-09"))
    assert dates(plan, "d4") == ["2026-03-12"]


def test_an_open_group_makes_its_visits_conditional_and_is_asked() -> None:
    body = template(
        "groups:\n  arm: {A: Arm A, B: Arm B}\nvisits:\n  d1: {epoch: t, at: enrolment, label: 'Dose, {arm}'}\n"
        "  x: {epoch: t, at: day 4, only_for: {arm: A}}\n  y: {epoch: t, at: day 5, only_for: {arm: B}}\n"
    )
    plan = planned(body)
    assert visit(plan, "x").waiting_for == ("arm",)
    assert visit(plan, "d1").label == "Dose, …"
    assert plan.questions == ("arm: Arm: A, B?",)
    plan = planned(body, group("arm", "A"))
    assert (visit(plan, "x").status, visit(plan, "y").status) == (Status.PLANNED, Status.NOT_APPLICABLE)
    assert visit(plan, "d1").label == "Dose, Arm A"


STOP = """milestones:
  progression: {label: Progression, stop: [imaging]}
visits:
  d1: {epoch: treatment, at: enrolment + 28 days}
  scan: {epoch: follow-up, at: {every: 2 weeks, from: d1, times: 3}}
  both: {epoch: follow-up, at: day 50}
  call: {epoch: survival, place: phone, at: day 60}
activities:
  infusion: {visits: [d1]}
  imaging: {visits: [scan, both]}
  exam: {visits: [both]}
"""


def test_an_event_stops_what_comes_after_its_day() -> None:
    # The scans are on 16 and 30 March and 13 April.
    plan = planned(
        template(STOP), booked("d1", "2026-03-02"), booked("scan-3", "2026-04-14"), event("progression", "2026-03-30")
    )
    statuses = [visit(plan, name).status for name in ("scan-1", "scan-2", "scan-3", "both", "call")]
    assert statuses == [Status.PLANNED, Status.PLANNED, Status.CANCELLED, Status.PLANNED, Status.PLANNED]
    assert visit(plan, "both").activities == ("exam",)
    assert dates(plan, "scan-3") == ["2026-04-14"]


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("death", []),
        ("withdrawal-contact", []),
        ("lost-to-follow-up", []),
        ("screen-failure", []),
        ("withdrawal-follow-up", ["call"]),
        ("withdrawal-treatment", ["both", "call", "scan-1", "scan-2", "scan-3"]),
    ],
)
def test_ends(name: str, left: list[str]) -> None:
    plan = planned(template(STOP), done("d1", "2026-03-02"), event(name, "2026-03-03"))
    assert sorted(item.id for item in plan.visits if item.status is Status.PLANNED) == left
    assert plan.stopped == (name if not left else None)


def test_what_was_done_stays_done_after_an_end() -> None:
    plan = planned(template(STOP), done("d1", "2026-03-02"), event("death", "2026-03-10"))
    assert [item.id for item in plan.visits if item.status is Status.DONE] == ["d1"]
    assert {item.status for item in plan.visits if item.id != "d1"} == {Status.CANCELLED}


def test_a_later_bound_allows_a_booking_but_no_plan() -> None:
    body = template(CLINIC % "day 8 ±1 day, at_the_latest: day 14")
    assert planned(body, booked("d1", "2026-03-02"), booked("x", "2026-03-14")).conflicts == ()
    assert conflicts(planned(body, booked("d1", "2026-03-02"), booked("x", "2026-03-16"))) == [("x", 6)]
    works = Site(closures=tuple((day(f"2026-03-{number:02}"), "works") for number in range(8, 11)))
    plan = planned(body, booked("d1", "2026-03-02"), site=works)
    assert dates(plan, "x") == ["2026-03-09"]
    assert conflicts(plan) == [("x", 2)]


@pytest.mark.parametrize(("booking", "by"), [("2026-03-14", 0), ("2026-03-16", 0), ("2026-03-17", 8)])
def test_a_later_bound_holds_for_a_visit_that_bounds_alone_bind(booking: str, by: int) -> None:
    # Rule 10: "a booking outside its window or bounds … up to at_the_latest it is none". Day 15 is 16 March.
    body = template(
        "visits:\n  d1: {epoch: t, at: enrolment + 28 days}\n"
        "  x: {epoch: t, at: day 5, no_later_than: day 8, at_the_latest: day 15}\n"
    )
    plan = planned(body, booked("d1", "2026-03-02"), booked("x", booking))
    assert conflicts(plan) == ([("x", by)] if by else [])
    late = planned(body, done("d1", "2026-03-02"), done("x", booking))
    assert [item.kind for item in late.deviations] == ["late"]


def test_members_of_a_series_never_share_a_day() -> None:
    body = template(
        "visits:\n"
        "  d1: {epoch: t, place: ward, at: enrolment + 28 days}\n"
        "  s: {epoch: t, at: {every: 1 day, from: d1, times: 5}, window: ±3 days}\n"
    )
    plan = planned(body, booked("d1", "2026-03-04"), site=WEEK)
    found = dates(plan, "s-1", "s-2", "s-3", "s-4", "s-5")
    assert found == ["2026-03-05", "2026-03-06", "2026-03-09", "2026-03-10", "2026-03-11"]
    assert plan.conflicts == ()


def test_what_goes_before_members_out_of_order_comes_before_both() -> None:
    of = template("""visits:
  d1: {epoch: t, at: enrolment + 28 days}
  s: {epoch: t, at: {every: 1 day, from: d1, times: 4}, window: ±2 days}
""")
    plan = planned(of, booked("d1", "2026-03-02"), done("s-2", "2026-03-03"), done("s-3", "2026-03-02"))
    assert dates(plan, "s-1", "s-2", "s-3", "s-4") == ["2026-03-01", "2026-03-03", "2026-03-02", "2026-03-06"]
    assert conflicts(plan) == []
    # Where no day is left before both, it stays on its target, and the one it should precede carries the conflict.
    narrow = planned(of, booked("d1", "2026-03-02"), done("s-2", "2026-03-03"), done("s-3", "2026-03-01"))
    assert (dates(narrow, "s-1"), conflicts(narrow)) == (["2026-03-03"], [("s-2", 1)])


def test_a_fact_out_of_order_in_a_series_keeps_the_rest_in_order() -> None:
    body = template(
        "visits:\n"
        "  d1: {epoch: t, at: enrolment + 28 days}\n"
        "  s: {epoch: t, at: {every: 1 day, from: d1, times: 3}, window: ±3 days}\n"
    )
    plan = planned(body, booked("d1", "2026-03-02"), done("s-2", "2026-03-07"))
    assert dates(plan, "s-1", "s-2", "s-3") == ["2026-03-03", "2026-03-07", "2026-03-08"]


def test_a_bound_on_the_last_of_several_binds_backwards_only_the_one_that_can() -> None:
    body = template(
        "visits:\n"
        "  d1: {epoch: t, at: enrolment + 28 days}\n"
        "  s: {epoch: t, at: {one: day 2, two: day 3}, window: ±9 days}\n"
        "  x: {epoch: t, at: day 20, no_later_than: s.last + 5 days}\n"
    )
    plan = planned(body, booked("d1", "2026-03-02"), booked("x", "2026-03-15"))
    # One member has to be on 10 March or later; while both can, neither is pushed until the first is placed.
    assert dates(plan, "s-one", "s-two") == ["2026-03-03", "2026-03-10"]
    assert plan.conflicts == ()


def test_a_repetition_ends_with_its_until_day_included() -> None:
    body = template(
        "milestones:\n  resolved: Resolved\n"
        "visits:\n  d1: {epoch: t, at: enrolment + 28 days}\n"
        "  w: {epoch: t, at: {every: 1 week, first: day 8, until: day 29}}\n"
        "  m: {epoch: t, at: {every: 1 month, from: d1, until: d1 + 3 months}}\n"
        "  call: {epoch: t, at: {every: 1 month, from: d1, times: 4, until: resolved}}\n"
    )
    plan = planned(body, booked("d1", "2026-01-31"))
    shown = [item.id for item in plan.visits if item.status is Status.PLANNED and item.series in ("w", "m")]
    assert sorted(shown) == ["m-1", "m-2", "m-3", "w-1", "w-2", "w-3", "w-4"]
    assert [visit(plan, f"call-{number}").status for number in (1, 4)] == [Status.PLANNED, Status.PLANNED]
    plan = planned(body, booked("d1", "2026-01-31"), event("resolved", "2026-03-31"))
    statuses = [visit(plan, f"call-{number}").status for number in (1, 2, 3, 4)]
    assert statuses == [Status.PLANNED, Status.PLANNED, Status.NOT_APPLICABLE, Status.NOT_APPLICABLE]


def test_a_window_binds_its_own_visit_and_never_what_it_counts_from() -> None:
    body = template(
        "visits:\n  d1: {epoch: t, at: enrolment + 28 days}\n"
        "  x: {epoch: t, at: d1 + 3 days, window: ±1 day}\n"
        "  y: {epoch: t, at: d1 - 3 days, window: day -9 .. day -1, no_earlier_than: enrolment}\n"
    )
    plan = planned(body, done("x", "2026-02-20"), on="2026-02-02")
    assert dates(plan, "d1", "y") == ["2026-03-02", "2026-02-27"]
    plan = planned(body, booked("x", "2026-03-20"), on="2026-02-02")
    assert dates(plan, "d1") == ["2026-03-02"]
    assert conflicts(plan) == [("x", 14)]


def test_a_visit_on_the_ward_keeps_its_target_on_a_closed_day_even_with_a_window() -> None:
    body = template(
        "visits:\n  d1: {epoch: t, place: ward, at: enrolment + 28 days}\n"
        "  x: {epoch: t, place: ward, at: day 7, window: ±2 days}\n"
        "  call: {epoch: t, place: phone, at: day 7, window: ±2 days}\n"
        "  device: {epoch: t, place: remote, at: day 7, window: ±2 days}\n"
    )
    plan = planned(body, booked("d1", "2026-03-02"), site=WEEK)
    assert dates(plan, "x", "device", "call") == ["2026-03-08", "2026-03-08", "2026-03-09"]


def test_in_the_hour_that_comes_twice_moments_are_compared_as_they_elapse() -> None:
    body = template(
        "visits:\n  d1: {epoch: t, place: ward, at: enrolment}\n"
        "  s: {epoch: t, place: ward, at: {every: 1 hour, first: d1 + 0 hours, times: 4}}\n"
        "  after: {epoch: t, place: ward, at: s.last + 1 hour}\n"
    )
    site = Site(timezone="America/New_York")
    plan = planned(body, booked("d1", "2026-11-01T00:00-04:00"), site=site)
    shown = [f"{visit(plan, name).planned:%H:%M%z}" for name in ("s-2", "s-3", "s-4", "after")]
    assert shown == ["01:00-0400", "01:00-0500", "02:00-0500", "03:00-0500"]
    assert plan.conflicts == ()


@pytest.mark.parametrize(
    ("repetition", "expected"),
    [
        ("{every: 1 week, first: day 2, until: d28}", ["2026-03-03", "2026-03-10", "2026-03-17", "2026-03-24"]),
        ("{every: 1 week, from: d1, until: day 28}", ["2026-03-09", "2026-03-16", "2026-03-23"]),
        ("{every: 1 month, from: enrolment, until: d28}", ["2026-03-02"]),
        ("{every: 1 week, from: d1, until: w.last}", ["2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30"]),
        ("{every: 1 week, from: d1, until: w.first}", ["2026-03-09", "2026-03-16"]),
        ("{every: 1 week, from: d1, until: l.last - 1 day}", ["2026-03-09", "2026-03-16"]),
        ("{every: 1 week, from: d1, until: m.last}", ["2026-03-09"]),
    ],
)
def test_until_needs_no_count_where_its_point_always_has_a_date(repetition: str, expected: list[str]) -> None:
    body = template(
        f"visits:\n  s: {{epoch: t, at: {repetition}}}\n  d1: {{epoch: t, at: enrolment + 28 days}}\n"
        "  d28: {epoch: t, at: d1 + 5 weeks - 7 days - 1 day}\n"
        "  w: {epoch: t, at: {every: 2 weeks, from: d1, times: 2}}\n"
        "  l: {epoch: t, at: [day 5, day 17]}\n"
        "  m: {epoch: t, at: {one: d1 + 1 day, two: d1 + 1 week}}\n"
    )
    plan = planned(body, booked("d1", "2026-03-02"), on="2026-02-02")
    shown = [str(item.date) for item in plan.visits if item.series == "s" and item.status is Status.PLANNED]
    assert shown == expected


@pytest.mark.parametrize("until", ["progression", "late.last", "some.last", "drug.last", "s.last"])
def test_a_repetition_that_may_never_end_wants_a_count(until: str) -> None:
    with pytest.raises(TemplateError, match="has an end that may never come, or is too far away"):
        template(
            "milestones:\n  progression: Progression\ngroups: {arm: {A: A, B: B}}\n"
            "visits:\n  d1: {epoch: t, at: enrolment}\n"
            "  late: {epoch: t, at: [day 2, progression + 2 days]}\n"
            "  some: {epoch: t, at: [day 2, day 3], only_for: {arm: A}}\n"
            f"  s: {{epoch: t, at: {{every: 1 week, from: d1, until: {until}}}}}\n"
            "activities: {drug: {label: Drug, visits: [d1]}}\n"
        )


def test_an_expected_milestone_is_shown_and_dates_nothing() -> None:
    body = template(
        "milestones:\n  product: {label: Product on site, expected: enrolment + 14 days}\n"
        "visits:\n  d1: {epoch: t, at: enrolment + 28 days, requires: [product]}\n"
        "  x: {epoch: t, at: product + 2 days}\n"
    )
    plan = planned(body, on="2026-02-02")
    assert [(item.milestone, item.label, str(item.day)) for item in plan.expected] == [
        ("product", "Product on site", "2026-02-16")
    ]
    assert visit(plan, "x").status is Status.CONDITIONAL
    assert planned(body, event("product", "2026-02-20")).expected == ()
    assert planned(body, event("death", "2026-02-20")).expected == ()


def test_what_counts_from_a_visit_that_was_missed_without_a_date_waits() -> None:
    # Rule 7 counts from the moment a missed visit was planned for; a conditional one was planned for none.
    of = template(
        "milestones: {crs: Severe CRS}\nvisits:\n  d1: {epoch: t, at: enrolment}\n"
        "  check: {epoch: t, at: crs + 3 days}\n  after: {epoch: t, at: check + 2 days}\n"
    )
    found = visit(planned(of, missed("check")), "after")
    assert (found.status, found.planned, found.waiting_for) == (Status.CONDITIONAL, None, ("check",))
    assert dates(planned(of, event("crs", "2026-01-10"), missed("check")), "after") == ["2026-01-15"]


def test_a_visit_put_outside_its_range_leaves_the_others_what_follows_from_its_day() -> None:
    # b is no earlier than c, so c was to be on 2 January at the latest, and a four days later; but c has no day left in
    # its window then, and is put on its target (rule 10). Rule 9: the bounds leave over what is given by then.
    of = template(
        "visits:\n  d1: {epoch: t, at: enrolment}\n  b: {epoch: t, at: day -3, no_earlier_than: c}\n"
        "  c: {epoch: t, at: day 20, window: ±2 days}\n  a: {epoch: t, at: day 22, no_later_than: c + 4 days}\n",
        contradictory=True,
    )
    plan = planned(of, done("d1", "2026-01-05"))
    assert dates(plan, "b", "c", "a") == ["2026-01-02", "2026-01-24", "2026-01-26"]
    assert conflicts(plan) == [("b", 22)]


@pytest.mark.parametrize("first", ["day -9", "d1 - 10 days"])
def test_a_chained_series_keeps_apart_before_the_reference_too(first: str) -> None:
    # Day -9 is Saturday 24 January: s-1 goes to the Friday, and from there s-2 is due on the Saturday.
    of = template(
        "visits:\n  d1: {epoch: t, place: ward, at: enrolment}\n"
        f"  s: {{epoch: t, at: {{every: 1 day, first: {first}, times: 2, from_previous: true}}, window: ±1 day}}\n"
    )
    plan = planned(of, done("d1", "2026-02-02"), site=Site(weekdays=WORKING_WEEK))
    assert dates(plan, "s-1", "s-2") == ["2026-01-23", "2026-01-24"]
    assert [(item.visit, "Saturday" in item.message) for item in plan.conflicts] == [("s-2", True)]


def test_an_activity_or_a_period_only_for_an_open_group_waits_for_it() -> None:
    of = template(
        "groups: {arm: {A: a, B: b}, dose: {H: h, L: l}}\nvisits:\n  d1: {epoch: t, at: enrolment}\n"
        "  x: {epoch: t, at: drug.last + 1 day}\n  y: {epoch: t, at: other.last + 1 day}\n"
        "activities:\n  drug: {visits: [d1], only_for: {arm: A, dose: H}}\n"
        "  other: {visits: [d1], only_for: {dose: L}}\n"
        "periods: {watch: {from: d1, for: 1 week, only_for: {arm: A}}}\n"
    )
    plan = planned(of)
    assert (visit(plan, "x").waiting_for, visit(plan, "y").waiting_for) == (("arm",), ("dose",))
    assert [(item.id, item.start, item.waiting_for) for item in plan.periods] == [("watch", None, ("arm",))]
    assert planned(of, group("arm", "B")).periods == ()
    # What does not fit waits for no other group.
    assert visit(planned(of, group("arm", "B")), "x").waiting_for == ("drug.last",)
    assert dates(planned(of, group("arm", "A"), group("dose", "H")), "x") == ["2026-01-06"]


def test_what_counts_from_the_last_of_what_waits_waits_for_the_same() -> None:
    of = template(
        "milestones: {crs: Severe CRS, clear: CRS resolved}\nvisits:\n  d1: {epoch: t, at: enrolment}\n"
        "  check: {epoch: t, at: {every: 1 day, from: crs, times: 2}}\n  after: {epoch: t, at: check.last + 2 days}\n"
        '  end: {epoch: t, at: "latest(after, clear) + 1 day"}\n'
    )
    assert visit(planned(of), "after").waiting_for == ("crs",)
    assert visit(planned(of), "end").waiting_for == ("crs", "clear")


KEEP = """milestones:
  closed: {label: Study closed, stop: %s, keep: %s}
visits:
  d1: {epoch: t, at: enrolment}
  both: {epoch: t, at: day 10}
  scan: {epoch: t, at: day 11}
  call: {epoch: s, at: day 12}
activities:
  exam: {visits: [both]}
  imaging: {visits: [both, scan]}
"""


@pytest.mark.parametrize(
    ("stop", "keep", "left"),
    [
        ("all", "[s]", {"call": ()}),
        ("all", "[exam]", {"both": ("exam",)}),
        ("[t]", "[exam]", {"both": ("exam",), "call": ()}),
        ("[t]", "[both]", {"both": ("exam", "imaging"), "call": ()}),
        ("[t, imaging]", "[exam, scan]", {"both": ("exam",), "call": ()}),
        ("[imaging, exam]", "[imaging]", {"both": ("imaging",), "scan": ("imaging",), "call": ()}),
    ],
)
def test_keep_spares_visits_or_what_is_done_there(stop: str, keep: str, left: dict[str, tuple[str, ...]]) -> None:
    plan = planned(template(KEEP % (stop, keep)), done("d1", "2026-01-05"), event("closed", "2026-01-06"))
    assert {item.id: item.activities for item in plan.visits if item.status is Status.PLANNED} == left
