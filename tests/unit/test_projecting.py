"""Rows follow a plan: what changed, under which number (design §7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.projecting import Stamp, project_periods, project_visits, rows_that_differ
from scheduler.store.visits import StoredPeriod, StoredVisit
from schedules.plan import Period, Plan, Status, Visit

FIRST = Stamp(salt="salt", revision=1, changed=datetime(2026, 1, 5, 1, 0, tzinfo=UTC))
SECOND = Stamp(salt="salt", revision=2, changed=datetime(2026, 1, 6, 1, 0, tzinfo=UTC))
D1 = Visit(
    id="d1", label="Day 1", epoch="treatment", place="ward", status=Status.PLANNED, planned=date(2026, 3, 2), day="D1"
)
NEAR = Period(id="near", label="Stay near", start=date(2026, 3, 2), end=date(2026, 3, 16))


def plan(*visits: Visit) -> Plan:
    return Plan(protocol="P", version="1", timezone="UTC", visits=visits)


def first(*visits: Visit) -> dict[str, StoredVisit]:
    return {visit.visit: visit for visit in project_visits(plan(*visits), {}, FIRST)}


def changed(visit: Visit) -> StoredVisit:
    (row,) = project_visits(plan(visit), first(D1), SECOND)
    return row


def test_a_new_visit_starts_at_nought() -> None:
    row = first(D1)["d1"]
    assert (row.sequence, row.revision, row.changed, row.when) == (0, 1, FIRST.changed, date(2026, 3, 2))
    assert row.uid != first(replace(D1, id="d4"))["d4"].uid


def test_the_same_visit_is_not_written_again() -> None:
    assert project_visits(plan(D1), first(D1), SECOND) == ()


def test_time_place_status_and_length_raise_the_number() -> None:
    for visit in (
        replace(D1, planned=date(2026, 3, 3)),
        replace(D1, planned=datetime(2026, 3, 2, 0, 0, tzinfo=UTC)),
        replace(D1, planned=None, status=Status.CONDITIONAL),
        replace(D1, status=Status.BOOKED),
        replace(D1, place="clinic"),
        replace(D1, duration=timedelta(hours=2)),
    ):
        row = changed(visit)
        assert (row.sequence, row.revision, row.changed) == (1, 2, SECOND.changed)
        assert row.uid == first(D1)["d1"].uid


def test_the_same_moment_in_another_zone_raises_the_number() -> None:
    one = replace(D1, planned=datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai")))
    two = replace(D1, planned=datetime(2026, 3, 2, 2, 0, tzinfo=ZoneInfo("Africa/Abidjan")))
    (row,) = project_visits(plan(two), first(one), SECOND)
    assert row.sequence == 1


def test_what_no_calendar_shows_changes_the_revision_alone() -> None:
    for visit in (
        replace(D1, label="Infusion"),
        replace(D1, activities=("infusion",)),
        replace(D1, window_end=date(2026, 3, 4)),
        replace(D1, waiting_for=("eligible",)),
    ):
        row = changed(visit)
        assert (row.sequence, row.revision) == (0, 2)


def test_a_visit_that_is_planned_no_more_is_cancelled_once() -> None:
    (gone,) = project_visits(plan(), first(D1), SECOND)
    assert (gone.status, gone.sequence, gone.when) == ("cancelled", 1, date(2026, 3, 2))
    assert project_visits(plan(), {"d1": gone}, SECOND) == ()
    (back,) = project_visits(plan(D1), {"d1": gone}, SECOND)
    assert (back.status, back.sequence, back.uid) == ("planned", 2, gone.uid)


def test_rows_that_are_not_the_plans_are_named() -> None:
    rows = first(D1)
    assert rows_that_differ(plan(D1), rows, "salt") == ()
    assert rows_that_differ(plan(D1), {"d1": replace(rows["d1"], status="done")}, "salt") == ("d1",)
    assert rows_that_differ(plan(D1), rows, "another salt") == ("d1",)
    assert rows_that_differ(plan(D1, replace(D1, id="d4")), rows, "salt") == ("d4",)


def periods(*found: Period) -> dict[str, StoredPeriod]:
    return {period.period: period for period in project_periods(found, {}, FIRST)}


def test_a_period_is_numbered_like_a_visit() -> None:
    known = periods(NEAR)
    assert project_periods([NEAR], known, SECOND) == ()
    (later,) = project_periods([replace(NEAR, end=date(2026, 3, 18))], known, SECOND)
    assert (later.sequence, later.revision, later.uid, later.last) == (1, 2, known["near"].uid, date(2026, 3, 18))


def test_a_period_that_is_gone_is_off_once_on_its_last_days() -> None:
    (gone,) = project_periods([], periods(NEAR), SECOND)
    assert (gone.first, gone.last, gone.off, gone.sequence) == (NEAR.start, NEAR.end, True, 1)
    assert project_periods([], {"near": gone}, SECOND) == ()
