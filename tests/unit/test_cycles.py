"""Cycles and repeated events: own Day 0, own gates, bounds on the cycle before, follow-up anchored anew (rules 7 and
15)."""

from __future__ import annotations

import pytest

from schedules.errors import InvalidInput, TemplateError
from schedules.facts_check import check_fact
from schedules.plan import Status
from tests.support import booked, conflicts, dates, done, event, given, missed, planned, record, template, visit

BODY = """milestones:
  second-cycle: Second cycle granted
  product-on-site: Product on site
  consented: {label: Consent signed, once: true}
  progression: Progression
epochs: {screening: {}, lymphodepletion: {place: ward}, treatment: {place: ward}, follow-up: {}, long-term: {}}
cycles:
  second: {repeat: [lymphodepletion, treatment], from: second-cycle + 7 days, max: 1, no_earlier_than: d0 + 28 days}
visits:
  labs: {epoch: screening, at: day -7, window: ±1 day}
  ld:
    epoch: lymphodepletion
    at: {every: 1 day, first: day -5, times: 3, from_previous: true}
    requires: [product-on-site, consented]
  d0:
    epoch: treatment
    at: enrolment + 28 days
    no_earlier_than: ld.last + 2 days
    no_later_than: ld.first + 14 days
  d7: {epoch: treatment, at: day 7}
  d14: {epoch: treatment, at: day 14}
  after: {epoch: treatment, at: infusion.last + 1 day}
  month-1: {epoch: follow-up, at: day 28}
  ltfu: {epoch: long-term, at: {every: 1 year, from: infusion.last, numbers: 1..5}}
activities:
  infusion: {label: Infusion, visits: [d0, d7, d14], optional: [d7, d14]}
  pk: {label: PK, visits: [d0], samples: {d0: [+2 hours]}}
periods:
  dlt: {from: d0, to: day 28}
  near-site: {after_each: infusion, for: 2 weeks}
  contraception: {from: ld.first, to: infusion.last + 6 months}
"""
OF = template(BODY, reference="d0", day=0)
FIRST = (booked("d0", "2026-03-02"), given("d7", "infusion"), given("d14", "infusion"))
SECOND = (*FIRST, event("second-cycle", "2026-04-01"))


def test_a_second_cycle_waits_for_its_event() -> None:
    plan = planned(OF, *FIRST)
    assert {item.status for item in plan.visits if item.cycle == "second"} == {Status.CONDITIONAL}
    assert visit(plan, "second/ld-1").waiting_for == ("second-cycle", "second/product-on-site", "consented")
    assert dates(plan, "ltfu-1", "after") == ["2027-03-16", "2026-03-17"]


def test_a_second_cycle_has_its_own_day_0_lymphodepletion_and_gates() -> None:
    plan = planned(OF, *SECOND)
    assert dates(plan, "second/ld-1", "second/ld-3", "second/d0", "second/d7", "second/after") == [
        "2026-04-03",
        "2026-04-05",
        "2026-04-08",
        "2026-04-15",
        "2026-04-09",
    ]
    assert visit(plan, "second/ld-1").waiting_for == ("second/product-on-site", "consented")
    assert (visit(plan, "second/d7").day, visit(plan, "second/d7").label) == ("D7", "Day 7 (second)")
    assert plan.conflicts == ()


def test_the_bound_of_the_cycle_counts_from_the_cycle_before() -> None:
    plan = planned(OF, *FIRST, event("second-cycle", "2026-03-10"))
    assert str(visit(plan, "second/d0").target) == "2026-03-17"
    assert dates(plan, "second/d0") == ["2026-03-30"]
    plan = planned(OF, *FIRST, event("second-cycle", "2026-03-10"), booked("second/d0", "2026-03-25"))
    assert conflicts(plan) == [("second/d0", 5)]


def test_later_epochs_and_periods_range_over_all_cycles_and_a_plain_id_means_the_first() -> None:
    plan = planned(OF, *SECOND)
    # Only the first infusion of the second cycle is given, on 8 April; its repeats were not chosen.
    assert dates(plan, "ltfu-1", "month-1") == ["2027-04-08", "2026-03-30"]
    periods = {item.id: (str(item.start), str(item.end)) for item in plan.periods}
    assert periods["dlt"] == ("2026-03-02", "2026-03-30")
    assert periods["contraception"] == ("2026-02-25", "2026-10-08")
    assert [name for name in periods if name.startswith("near-site")] == [
        f"near-site-{number}" for number in (1, 2, 3, 4)
    ]


def test_a_cycle_that_never_infuses_leaves_follow_up_where_it_was() -> None:
    plan = planned(OF, *SECOND, missed("second/d0"))
    assert dates(plan, "ltfu-1") == ["2027-03-16"]
    assert visit(plan, "second/d7").status is Status.CONDITIONAL


def test_follow_up_done_before_stays_and_the_new_one_bears_the_cycles_name() -> None:
    facts = (*FIRST, done("ltfu-1", "2027-03-16"), event("second-cycle", "2027-05-01"))
    plan = planned(OF, *facts)
    assert visit(plan, "ltfu-1").status is Status.DONE
    assert dates(plan, "second/d0", "second/ltfu-1", "ltfu-2", "ltfu-5") == [
        "2027-05-08",
        "2028-05-08",
        "2029-05-08",
        "2032-05-08",
    ]
    assert planned(OF, *FIRST).visit("second/ltfu-1") is None


def test_a_third_is_refused() -> None:
    with pytest.raises(
        InvalidInput,
        match="'second-cycle' is recorded for 1 April 2026 already, and the protocol allows 1 'second' cycle",
    ):
        check_fact(OF, record(*SECOND), event("second-cycle", "2026-06-01"))


TWICE = BODY.replace("max: 1", "max: 2")


def test_a_second_use_counts_from_the_one_before() -> None:
    facts = (*FIRST, event("second-cycle", "2026-04-01"), event("second-cycle", "2026-04-20"))
    plan = planned(template(TWICE, reference="d0", day=0), *facts)
    # 27 April is the target; 28 days after the infusion of 8 April is 6 May.
    assert dates(plan, "second/d0", "second-2/d0", "second-2/ld-1") == ["2026-04-08", "2026-05-06", "2026-05-01"]


def test_a_bound_on_what_the_cycle_does_not_repeat_is_dropped_with_a_warning() -> None:
    body = BODY.replace("no_later_than: ld.first + 14 days", "no_later_than: labs + 7 days")
    of = template(body, reference="d0", day=0)
    assert of.warnings == (
        "test.yaml:23:20: warning: In cycle 'second' the bound 'no_later_than: labs + 7 days' of 'd0' is dropped: "
        "it names a visit the cycle does not repeat.",
    )
    assert planned(of, *SECOND).conflicts == ()


CONFIRM = """milestones:
  unconfirmed: {label: Unconfirmed progression, repeats: true}
visits:
  d1: {epoch: t, at: enrolment}
  confirm:
    epoch: t
    label: Confirming scan {n}
    at: unconfirmed + 6 weeks
    window: unconfirmed + 4 weeks .. unconfirmed + 8 weeks
activities:
  imaging: {visits: [confirm]}
"""


def test_an_event_that_repeats_calls_for_its_visit_each_time() -> None:
    of = template(CONFIRM)
    none = planned(of)
    assert [(item.id, item.status) for item in none.visits if item.series] == [("confirm-1", Status.CONDITIONAL)]
    plan = planned(of, event("unconfirmed", "2026-03-02"), event("unconfirmed", "2026-06-01"))
    assert dates(plan, "confirm-1", "confirm-2", "confirm-3") == ["2026-04-13", "2026-07-13", "-"]
    assert plan.visit("confirm-4") is None
    assert str(visit(plan, "confirm-2").window_start) == "2026-06-29"
    assert visit(plan, "confirm-2").label == "Confirming scan 2"


def test_a_period_and_a_later_visit_can_name_a_visit_of_the_second_cycle() -> None:
    body = BODY.replace(
        "  dlt: {from: d0, to: day 28}\n", "  dlt: {from: d0, to: day 28}\n  dlt-2: {from: second/d0, for: 4 weeks}\n"
    ).replace(
        "  month-1: {epoch: follow-up, at: day 28}\n",
        "  month-1: {epoch: follow-up, at: day 28}\n  ready: {epoch: follow-up, at: second-cycle + 1 day}\n"
        "  late: {epoch: follow-up, at: second/ld.last + 30 days}\n"
        "  dose: {epoch: follow-up, at: second/infusion.last + 1 week}\n",
    )
    of = template(body, reference="d0", day=0)
    plan = planned(of, *SECOND)
    assert {item.id: str(item.end) for item in plan.periods}["dlt-2"] == "2026-05-06"
    assert dates(plan, "ready", "late", "dose") == ["2026-04-02", "2026-05-05", "2026-04-15"]


def test_a_name_that_no_cycle_brings_is_an_error() -> None:
    with pytest.raises(
        TemplateError, match=r"There is no visit or milestone 'second/d9'\. Did you mean 'second-cycle'\?"
    ):
        template(BODY.replace("at: day 28}", "at: second/d9 + 1 day}"), reference="d0", day=0)


def test_a_chain_that_is_anchored_anew_counts_from_who_stands_in() -> None:
    # Year 1 is done on 9 March 2027 and the second cycle infuses on 8 May: year 1 of that is in May 2028, year 2 after.
    chained = BODY.replace("numbers: 1..5}", "numbers: 1..5, from_previous: true}")
    facts = (*FIRST, done("ltfu-1", "2027-03-16"), event("second-cycle", "2027-05-01"))
    plan = planned(template(chained, reference="d0", day=0), *facts)
    assert dates(plan, "second/ltfu-1", "ltfu-2", "ltfu-3") == ["2028-05-08", "2029-05-08", "2030-05-08"]
    # Without a second cycle each counts from the one before.
    plan = planned(template(chained, reference="d0", day=0), *FIRST, done("ltfu-1", "2027-03-20"))
    assert dates(plan, "ltfu-2", "ltfu-3") == ["2028-03-20", "2029-03-20"]


def test_members_done_before_a_third_pass_stay_and_the_chain_goes_on_from_their_stand_ins() -> None:
    chained = TWICE.replace("numbers: 1..5}", "numbers: 1..5, from_previous: true}")
    facts = (
        *FIRST,
        done("ltfu-1", "2027-03-16"),
        event("second-cycle", "2027-05-01"),
        done("second/ltfu-1", "2028-05-08"),
        event("second-cycle", "2028-06-01"),
    )
    plan = planned(template(chained, reference="d0", day=0), *facts)
    assert dates(plan, "second-2/d0", "second-2/ltfu-1", "ltfu-2") == ["2028-06-08", "2029-06-08", "2030-06-08"]


def test_a_gate_that_is_asked_again_is_expected_where_that_counts_from_the_cycle() -> None:
    within = BODY.replace(
        "product-on-site: Product on site", "product-on-site: {label: Product on site, expected: day -7}"
    )
    plan = planned(template(within, reference="d0", day=0), *SECOND)
    assert [(item.milestone, str(item.day)) for item in plan.expected] == [
        ("product-on-site", "2026-02-23"),
        ("second/product-on-site", "2026-04-01"),
    ]
    # Of one that counts from the enrolment nothing follows for a cycle.
    once = within.replace("expected: day -7", "expected: enrolment + 14 days")
    expected = planned(template(once, reference="d0", day=0), *SECOND).expected
    assert [item.milestone for item in expected] == ["product-on-site"]


def test_a_period_of_the_first_pass_does_not_wait_for_visits_of_a_cycle() -> None:
    waiting = BODY.replace("dlt: {from: d0, to: day 28}", "dlt: {from: d0, to: day 28, and_until_done: [treatment]}")
    plan = planned(template(waiting, reference="d0", day=0), *FIRST)
    assert plan.periods[0].waiting_for == ("d0", "d7", "d14", "after")


def test_what_is_on_the_same_day_in_every_cycle_is_told() -> None:
    of = template(
        BODY.replace("d14: {epoch: treatment, at: day 14}", "d14: {epoch: treatment, at: labs + 21 days}").replace(
            "d7: {epoch: treatment, at: day 7}", "d7: {epoch: treatment, at: day 7, window: enrolment .. day 7}"
        ),
        reference="d0",
        day=0,
    )
    told = [warning.partition("warning: ")[2] for warning in of.warnings]
    assert [text.partition(", which")[0] for text in told] == [
        "In cycle 'second' 'd7' counts from enrolment",
        "In cycle 'second' 'd14' counts from labs + 21 days",
    ]
    assert OF.warnings == ()
