"""The dates the protocols' authors worked out by hand, and the worked example of the rules of dates."""

from __future__ import annotations

from schedules.opendays import with_holidays
from schedules.plan import Status
from schedules.site import WORKING_WEEK, Site
from tests.support import (
    booked,
    conflicts,
    dates,
    done,
    event,
    given,
    group,
    history,
    missed,
    planned,
    protocol,
    template,
    visit,
    withheld,
)

S4 = "NEUK203-13"
S0 = "GD2B7H3-CART"
EXAMPLE = """visits:
  labs: {epoch: screening, at: day -6, window: day -7 .. day -6}
  ld: {epoch: lymphodepletion, at: {every: 1 day, first: day -5, times: 3, from_previous: true}}
  d1:
    epoch: treatment
    at: enrolment + 28 days
    no_earlier_than: ld.last + 2 days
    no_later_than: [ld.first + 14 days, labs + 7 days]
  d4: {epoch: treatment, at: day 4}
  d7: {epoch: treatment, at: day 7}
  d10: {epoch: treatment, at: day 10, window: ±1 day}
"""


def test_s4_around_day_1_on_2_march_2026() -> None:
    plan = planned(protocol(S4), booked("d1", "2026-03-02"))
    assert dates(plan, "ld-1", "ld-2", "ld-3") == ["2026-02-25", "2026-02-26", "2026-02-27"]
    assert dates(plan, "d1", "d4", "d7", "d10") == ["2026-03-02", "2026-03-05", "2026-03-08", "2026-03-11"]
    labs = visit(plan, "labs")
    assert (str(labs.date), str(labs.window_start), str(labs.window_end)) == ("2026-02-24", "2026-02-23", "2026-02-24")
    assert labs.day == "D-6"
    assert plan.conflicts == ()


def test_s4_periods() -> None:
    ends = {
        period.id: (str(period.start), str(period.end))
        for period in planned(protocol(S4), booked("d1", "2026-03-02")).periods
    }
    assert ends["dlt"][1] == "2026-03-29"
    assert ends["contraception"] == ("2026-02-25", "2026-09-11")


def test_s4_contraception_counts_from_the_last_dose_really_given() -> None:
    plan = planned(protocol(S4), booked("d1", "2026-03-02"), missed("d10"))
    ends = {period.id: str(period.end) for period in plan.periods}
    assert ends["contraception"] == "2026-09-08"


def test_s4_labs_on_a_chinese_public_holiday() -> None:
    # 23 February 2026 is a day off of the Spring Festival, and 28 February a Saturday worked instead.
    clinic = with_holidays(Site(timezone="Asia/Shanghai", weekdays=WORKING_WEEK), "CN", 2026, 2028)
    plan = planned(protocol(S4), booked("d1", "2026-03-02"), site=clinic)
    assert dates(plan, "labs") == ["2026-02-24"]
    assert not clinic.is_open(visit(plan, "labs").window_start)  # type: ignore[arg-type]


def test_s4_five_half_lives_are_the_shorter_wash_out() -> None:
    plan = planned(protocol(S4), history("systemic-therapy", "2026-02-10", half_life="3 days"), on="2026-01-20")
    assert str(visit(plan, "d1").not_before) == "2026-02-25"


def test_s4_four_weeks_are_the_shorter_wash_out() -> None:
    plan = planned(protocol(S4), history("systemic-therapy", "2026-02-10", half_life="8 days"), on="2026-01-20")
    assert str(visit(plan, "d1").not_before) == "2026-03-10"
    assert dates(plan, "d1") == ["2026-03-10"]


def test_s4_a_booking_inside_the_wash_out_is_a_conflict() -> None:
    facts = (history("systemic-therapy", "2026-02-10", half_life="8 days"), booked("d1", "2026-03-02"))
    plan = planned(protocol(S4), *facts)
    assert conflicts(plan) == [("d1", 8)]
    assert (
        "d1 no earlier than 4 weeks after last systemic anticancer therapy on 10 February 2026"
        in plan.conflicts[0].rules
    )


def test_s4_a_wash_out_with_an_open_half_life_binds_nothing_and_is_asked() -> None:
    plan = planned(protocol(S4), history("systemic-therapy", "2026-02-10"), booked("d1", "2026-03-02"))
    assert visit(plan, "d1").not_before is None
    assert any(question.startswith("systemic-therapy.half-life:") for question in plan.questions)


def test_s0_around_day_0_on_31_august_2026() -> None:
    plan = planned(protocol(S0), booked("d0", "2026-08-31"), on="2026-07-20")
    assert dates(plan, "response-week-6", "response-month-3") == ["2026-10-12", "2026-11-30"]
    month_6 = visit(plan, "response-month-6")
    assert str(month_6.target) == "2027-02-28"
    assert dates(plan, "ld-1", "ld-2", "ld-3") == ["2026-08-26", "2026-08-27", "2026-08-28"]


def test_s0_month_6_on_a_sunday_is_planned_for_the_monday() -> None:
    clinic = Site(timezone="Asia/Shanghai", weekdays=WORKING_WEEK)
    plan = planned(protocol(S0), booked("d0", "2026-08-31"), on="2026-07-20", site=clinic)
    assert str(visit(plan, "response-month-6").target) == "2027-02-28"
    assert dates(plan, "response-month-6") == ["2027-03-01"]


def test_s0_days_of_lymphodepletion_by_group() -> None:
    chosen = {}
    for value in ("one", "two", "three"):
        plan = planned(protocol(S0), group("ld_days", value), booked("d0", "2026-08-31"), on="2026-07-20")
        chosen[value] = [item.id for item in plan.visits if item.id.startswith("ld-") and item.status is Status.PLANNED]
    assert chosen == {"one": ["ld-1"], "two": ["ld-1", "ld-2"], "three": ["ld-1", "ld-2", "ld-3"]}


S1, S2, S3 = "CARNK-SCLC", "CLDN18.2-PDL1-CART", "CD70-CART"


def test_s1_long_term_follow_up_counts_from_the_last_infusion_given() -> None:
    both = (booked("d0", "2026-03-02"), given("d7", "infusion"), given("d14", "infusion"))
    plan = planned(protocol(S1), *both)
    assert dates(plan, "d0", "d7", "d14", "ltfu-1") == ["2026-03-02", "2026-03-09", "2026-03-16", "2027-03-16"]
    assert dates(planned(protocol(S1), *both, withheld("d14", "infusion")), "ltfu-1") == ["2027-03-09"]
    # In a preview what was withheld comes before what was given.
    other_order = (booked("d0", "2026-03-02"), withheld("d14", "infusion"), *both[1:])
    assert dates(planned(protocol(S1), *other_order), "ltfu-1") == ["2027-03-09"]


def test_s1_a_second_cycle_has_its_own_day_0_and_moves_long_term_follow_up() -> None:
    plan = planned(protocol(S1), booked("d0", "2026-03-02"), event("second-cycle", "2026-03-16"))
    # A week after the event would be 23 March; 28 days after the first infusion is 30 March.
    assert dates(plan, "second/ld-1", "second/d0", "ltfu-1") == ["2026-03-25", "2026-03-30", "2027-03-30"]
    assert plan.conflicts == ()


def test_s2_around_day_0_on_15_january_2026() -> None:
    plan = planned(protocol(S2), booked("d0", "2026-01-15"), on="2025-12-01")
    assert dates(plan, "ld-1", "ld-2", "ld-3") == ["2026-01-10", "2026-01-11", "2026-01-12"]
    assert dates(plan, "d28", "month-3", "month-18") == ["2026-02-12", "2026-04-15", "2027-07-15"]


def test_s3_around_day_0_on_29_february_2028() -> None:
    plan = planned(protocol(S3), booked("d0", "2028-02-29"), on="2028-01-10")
    assert dates(plan, "ld-1", "ld-2", "ld-3") == ["2028-02-24", "2028-02-25", "2028-02-26"]
    assert dates(plan, "d28", "month-12", "year-3") == ["2028-03-28", "2029-02-28", "2031-02-28"]


def test_s3_a_severe_crs_that_begins_on_day_28_is_judged_about_day_43() -> None:
    plan = planned(protocol(S3), booked("d0", "2028-02-29"), event("severe-crs", "2028-03-28"), on="2028-01-10")
    assert {item.id: str(item.end) for item in plan.periods}["dlt"] == "2028-04-12"


def test_a_late_first_lymphodepletion_pushes_the_rest() -> None:
    plan = planned(
        template(EXAMPLE), booked("d1", "2026-03-02"), done("labs", "2026-02-24"), done("ld-1", "2026-02-27")
    )
    assert dates(plan, "ld-2", "ld-3") == ["2026-02-28", "2026-03-01"]
    (conflict,) = plan.conflicts
    assert (conflict.visit, conflict.by and conflict.by.days) == ("d1", 1)
    assert set(conflict.rules) == {
        "ld-1 was done on 27 February 2026",
        "ld: each at least a day after the one before",
        "d1 no earlier than ld.last + 2 days",
        "d1 is booked for 2 March 2026",
    }


def test_a_mere_target_gives_way_and_the_labs_just_hold() -> None:
    facts = (done("labs", "2026-02-24"), done("ld-1", "2026-02-27"))
    plan = planned(template(EXAMPLE), *facts, on="2026-02-02")
    assert str(visit(plan, "d1").target) == "2026-03-02"
    assert dates(plan, "d1") == ["2026-03-03"]
    assert plan.conflicts == ()
    assert str(visit(plan, "d1").not_after) == "2026-03-03"


def test_a_last_lymphodepletion_too_late_for_the_labs() -> None:
    facts = (done("labs", "2026-02-24"), done("ld-1", "2026-02-27"), done("ld-3", "2026-03-04"))
    plan = planned(template(EXAMPLE), *facts, on="2026-02-02")
    assert dates(plan, "d1", "d4", "d7", "d10") == ["2026-03-06", "2026-03-09", "2026-03-12", "2026-03-15"]
    assert conflicts(plan) == [("d1", 3)]
    assert set(plan.conflicts[0].rules) == {
        "ld-3 was done on 4 March 2026",
        "labs was done on 24 February 2026",
        "d1 no earlier than ld.last + 2 days",
        "d1 no later than labs + 7 days",
    }
    assert plan.conflicts[0].message == (
        "d1 is planned for 6 March 2026, but it can be no later than 3 March 2026 (labs + 7 days): 3 days too late."
    )


TWO = """visits:
  d1: {epoch: t, at: enrolment + 28 days}
%s
"""
A = "  a: {epoch: t, at: day 5, window: ±3 days}"
B = "  b: {epoch: t, at: day 6, window: ±3 days, no_earlier_than: a + 4 days}"


def test_the_first_in_the_file_is_placed_first() -> None:
    # Day 5 is 6 March, day 9 is 10 March.
    plan = planned(template(TWO % f"{A}\n{B}"), booked("d1", "2026-03-02"))
    assert dates(plan, "a", "b") == ["2026-03-06", "2026-03-10"]
    assert plan.conflicts == ()


def test_the_other_way_round_a_gives_way() -> None:
    plan = planned(template(TWO % f"{B}\n{A}"), booked("d1", "2026-03-02"))
    assert dates(plan, "a", "b") == ["2026-03-03", "2026-03-07"]
    assert plan.conflicts == ()


OPTIONAL = """visits:
  d0: {epoch: t, at: enrolment + 28 days}
  d7: {epoch: t, at: day 7}
  d14: {epoch: t, at: day 14}
  ltfu: {epoch: l, at: {every: 1 year, from: infusion.last, numbers: 1..15}}
activities:
  infusion: {visits: [d0, d7, d14], optional: [d7, d14]}
"""


def test_follow_up_counts_from_the_last_infusion_really_given() -> None:
    body = template(OPTIONAL, reference="d0", day=0)
    start = (booked("d0", "2026-03-02"), given("d7", "infusion"), given("d14", "infusion"))
    assert dates(planned(body, *start), "d7", "d14", "ltfu-1") == ["2026-03-09", "2026-03-16", "2027-03-16"]
    assert dates(planned(body, *start, withheld("d14", "infusion")), "ltfu-1") == ["2027-03-09"]
    assert dates(planned(body, booked("d0", "2026-03-02")), "ltfu-1") == ["2027-03-02"]
