"""What is cancelled, added, done again or overridden, and what follows from it (design §5, rules 7, 11, 13, 14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from schedules.errors import InvalidInput, UnknownName
from schedules.facts_check import check_fact
from schedules.plan import Conflict, Plan, Status
from schedules.record import Fact, Kind
from schedules.site import Site
from schedules.unscheduled import is_name, next_name
from schedules.why import why
from tests.support import (
    added,
    again,
    booked,
    cancelled,
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
    withheld,
)

BODY = """milestones:
  ready: Product on site
  relapse: {label: Relapse, stop: all, keep: [call]}
  withdrawal-treatment: {label: Stop of treatment, stop: [d1]}
visits:
  labs: {epoch: s, at: day -6, window: day -7 .. day -6}
  d1: {epoch: t, at: enrolment + 28 days, no_later_than: labs + 7 days, requires: [ready]}
  d4: {epoch: t, at: day 4, requires: [ready]}
  dose: {epoch: t, at: [day 8, day 10]}
  end: {epoch: t, at: dose.last + 5 days}
  call: {epoch: f, place: phone, at: day 20}
activities:
  infusion: {label: Infusion, visits: [d1, d4]}
periods:
  near: {label: Near, after_each: infusion, for: 1 week}
"""
D1 = booked("d1", "2026-03-02")
SATURDAY = "Saturday 7 March 2026 is not an open day: the site is not open on a Saturday"
CORA = datetime(2026, 3, 4, 20, tzinfo=UTC)


def status(plan: Plan, *names: str) -> list[Status]:
    return [visit(plan, name).status for name in names]


# Cancelled


def test_a_cancelled_visit_shows_the_date_it_would_have_and_counts_for_nothing() -> None:
    plan = planned(template(BODY), D1, cancelled("dose-2", "scanner broken"))
    assert status(plan, "dose-1", "dose-2") == [Status.PLANNED, Status.CANCELLED]
    # Day 10 is where it would be; what counts from the last dose counts from the one on day 8.
    assert dates(plan, "dose-2", "end") == ["2026-03-11", "2026-03-14"]


def test_a_booking_that_is_cancelled_keeps_its_day() -> None:
    plan = planned(template(BODY), D1, booked("d4", "2026-03-06"), cancelled("d4"))
    assert (status(plan, "d4"), dates(plan, "d4")) == ([Status.CANCELLED], ["2026-03-06"])
    assert conflicts(plan) == []


def test_a_plain_reference_to_what_is_cancelled_waits_for_it() -> None:
    plan = planned(template(BODY), D1, cancelled("d1"))
    assert status(plan, "d4") == [Status.CONDITIONAL]
    assert visit(plan, "d4").waiting_for == ("d1", "ready")


def test_what_is_cancelled_is_live_again_once_it_is_booked_or_done() -> None:
    for later, expected in ((booked("d4", "2026-03-05"), Status.BOOKED), (done("d4", "2026-03-05"), Status.DONE)):
        assert status(planned(template(BODY), D1, cancelled("d4"), later), "d4") == [expected]


def test_what_does_not_apply_is_not_cancelled_by_a_fact() -> None:
    body = BODY.replace("  call: {epoch: f,", "  call: {epoch: f, only_for: {arm: A},")
    grouped = template("groups: {arm: {values: {A: A, B: B}, default: B}}\n" + body)
    assert status(planned(grouped, D1, cancelled("call")), "call") == [Status.NOT_APPLICABLE]


def test_why_tells_who_cancelled_it_and_not_the_event_that_would_have() -> None:
    facts = record(D1, cancelled("d4", "scanner broken"))
    assert why(template(BODY), facts, Site(), "d4")[0] == (
        "Day 4 (d4) is cancelled; it would be on Thursday 5 March 2026 (scanner broken)."
    )


# Added


def test_an_unscheduled_visit_is_shown_where_it_is_and_moves_nothing() -> None:
    before = planned(template(BODY), D1)
    plan = planned(template(BODY), D1, added(1, "Fever", "2026-03-04"))
    assert [item.id for item in plan.visits][:4] == ["labs", "d1", "unscheduled-1", "d4"]
    assert tuple(item for item in plan.visits if item.epoch != "unscheduled") == before.visits
    found = visit(plan, "unscheduled-1")
    assert (found.label, found.epoch, found.place, found.status) == ("Fever", "unscheduled", "clinic", Status.BOOKED)
    assert (found.planned, found.actual) == (date(2026, 3, 4), None)


@pytest.mark.parametrize(
    ("fact", "expected", "day"),
    [
        (booked("unscheduled-1", "2026-03-09"), Status.BOOKED, "2026-03-09"),
        (done("unscheduled-1", "2026-03-05"), Status.DONE, "2026-03-05"),
        (missed("unscheduled-1"), Status.MISSED, "2026-03-04"),
        (cancelled("unscheduled-1"), Status.CANCELLED, "2026-03-04"),
        (event("death", "2026-03-03"), Status.CANCELLED, "2026-03-04"),
        (event("death", "2026-03-04"), Status.BOOKED, "2026-03-04"),
        (event("withdrawal-follow-up", "2026-03-03"), Status.CANCELLED, "2026-03-04"),
        (event("withdrawal-treatment", "2026-03-03"), Status.BOOKED, "2026-03-04"),
        (event("relapse", "2026-03-03"), Status.CANCELLED, "2026-03-04"),
    ],
)
def test_what_happens_to_an_unscheduled_visit(fact: Fact, expected: Status, day: str) -> None:
    plan = planned(template(BODY), D1, added(1, "Fever", "2026-03-04"), fact)
    assert (status(plan, "unscheduled-1"), dates(plan, "unscheduled-1")) == ([expected], [day])
    assert [item for item in plan.deviations if item.visit == "unscheduled-1"] == []


def test_an_unscheduled_visit_that_was_done_stays_done_after_death() -> None:
    facts = (D1, added(1, "Fever", "2026-03-04"), done("unscheduled-1", "2026-03-04"), event("death", "2026-03-03"))
    assert status(planned(template(BODY), *facts), "unscheduled-1") == [Status.DONE]


def test_an_unscheduled_visit_booked_for_a_closed_day_is_a_conflict() -> None:
    site = Site(weekdays=frozenset(range(5)))
    plan = planned(template(BODY), D1, added(1, "Fever", "2026-03-07"), site=site)
    assert [item for item in plan.conflicts if item.visit == "unscheduled-1"] == [
        Conflict(
            visit="unscheduled-1",
            by=timedelta(days=1),
            message=f"unscheduled-1 is booked for 7 March 2026, but {SATURDAY}.",
            rules=("unscheduled-1 is booked for 7 March 2026", SATURDAY),
        )
    ]


def test_why_an_unscheduled_visit_is_there() -> None:
    facts = record(D1, added(1, "Fever", "2026-03-04", by="cora"))
    assert why(template(BODY), facts, Site(), "unscheduled-1") == (
        "Fever (unscheduled-1) is booked for Wednesday 4 March 2026.",
        "It is unscheduled: it was added by cora. The protocol does not ask for it, and no other date counts from it.",
    )
    dead = facts.with_facts(event("death", "2026-03-03"))
    assert why(template(BODY), dead, Site(), "unscheduled-1")[:2] == (
        "Fever (unscheduled-1) is cancelled; it was booked for Wednesday 4 March 2026.",
        "It was cancelled by death on 3 March 2026, which stops it.",
    )


def test_the_id_of_an_unscheduled_visit_is_never_used_twice() -> None:
    facts = record(added(1, "Fever", "2026-03-04"), cancelled("unscheduled-1")).facts
    assert next_name(facts, ()) == "unscheduled-2"
    assert next_name((), ("unscheduled-1", "unscheduled-2", "d1")) == "unscheduled-3"
    assert [is_name(name) for name in ("unscheduled-12", "unscheduled", "unscheduled-", "unscheduled-x", "d1")] == [
        *(True, False, False, False, False)
    ]


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        (added(1, "", "2026-03-04"), r"'' cannot be what an unscheduled visit is called. Write 1 to 80 printable"),
        (added(1, "x" * 81, "2026-03-04"), r"cannot be what an unscheduled visit is called"),
        (added(1, "a\x1b[2J", "2026-03-04"), r"cannot be what an unscheduled visit is called"),
        (added(2, "Fever", "2026-03-04"), r"'unscheduled-2' cannot be the id of an unscheduled visit"),
        (replace(added(1, "Fever", "2026-03-04"), when=None), r"needs the date on which it takes place"),
        (withheld("unscheduled-2", "infusion"), r"unscheduled-2 is unscheduled: the protocol gives it no activity"),
    ],
)
def test_what_cannot_be_recorded_of_an_unscheduled_visit(fact: Fact, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        check_fact(template(BODY), record(added(2, "Fever", "2026-03-03")), fact)


def test_a_visit_that_is_not_there_is_asked_for_among_the_unscheduled_too() -> None:
    with pytest.raises(UnknownName, match=r"There is no visit 'unscheduled-7'. Did you mean 'unscheduled-2'"):
        check_fact(template(BODY), record(added(2, "Fever", "2026-03-03")), missed("unscheduled-7"))


# Done again


def test_a_visit_done_again_counts_and_the_time_before_stays_judged_and_shown() -> None:
    facts = (
        event("ready", "2026-02-20"),
        D1,
        done("labs", "2026-02-22", "no other slot"),
        booked("d1", "2026-03-04"),
        again("labs", "2026-02-26", "d1 slipped"),
    )
    plan = planned(template(BODY), *facts)
    labs = visit(plan, "labs")
    assert (labs.actual, labs.earlier) == (date(2026, 2, 26), (date(2026, 2, 22),))
    # 22 February is a day before the window of the first plan; the second is in the window that moved with d1.
    assert [(item.visit, item.kind, item.fact) for item in plan.deviations] == [("labs", "early", 4)]
    assert conflicts(plan) == []
    told = why(template(BODY), record(*facts), Site(), "labs")
    assert told[:2] == (
        "Day -6 (labs) was done again on Thursday 26 February 2026 (d1 slipped).",
        "It was done before, on Sunday 22 February 2026 instead of 24 February 2026 (no other slot).",
    )
    assert told[-1].startswith("Deviation: labs was done on 22 February 2026, 1 day before the first day")


def test_a_repeat_is_judged_too() -> None:
    facts = (D1, done("labs", "2026-02-24"), again("labs", "2026-02-25"), again("labs", "2026-02-26"))
    plan = planned(template(BODY), *facts)
    assert deviations(plan) == [("labs", "late", 1), ("labs", "late", 2)]
    assert [item.fact for item in plan.deviations] == [4, 5]
    assert visit(plan, "labs").earlier == (date(2026, 2, 24), date(2026, 2, 25))


def test_what_was_withheld_is_given_in_a_repeat_unless_it_is_withheld_once_more() -> None:
    first = (D1, event("ready", "2026-02-20"), done("d4", "2026-03-05"), withheld("d4", "infusion"))
    assert visit(planned(template(BODY), *first), "d4").activities == ()
    repeated = (*first, again("d4", "2026-03-06"))
    assert visit(planned(template(BODY), *repeated), "d4").activities == ("infusion",)
    assert visit(planned(template(BODY), *repeated, withheld("d4", "infusion")), "d4").activities == ()


# Overridden gates


def test_a_gate_that_was_overridden_is_told_of_with_who_and_why() -> None:
    override = replace(
        booked("d4", "2026-03-06"), values={"override": "ready"}, by="cora", why="the sponsor agreed", recorded=CORA
    )
    site = Site(timezone="Asia/Shanghai")
    facts = (D1, override, booked("d4", "2026-03-05"))
    words = "overridden by cora on 5 March 2026 (the sponsor agreed)"
    assert f"Its gate ready is shut: product on site, which is not recorded; {words}." in why(
        template(BODY), record(*facts), site, "d4"
    )
    (gate,) = planned(template(BODY), *facts, done("d4", "2026-03-05"), site=site).deviations
    assert (gate.kind, gate.message) == (
        "gate",
        f"d4 was done before its gate was open: Product on site was not recorded; {words}.",
    )
    (plain,) = planned(template(BODY), D1, done("d4", "2026-03-05"), site=site).deviations
    assert plain.message.endswith("Product on site was not recorded.")


def test_kinds_are_written_as_the_design_names_them() -> None:
    assert {"booked", "done", "missed", "cancelled", "added", "withheld"} <= {str(kind) for kind in Kind}
