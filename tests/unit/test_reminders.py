"""Which reminders a plan calls for, and when they are due in the reader's zone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz  # type: ignore[import-untyped]

from schedules.reminder_rules import parse_rules, rules_for
from schedules.reminders import Reminder, reminders
from schedules.site import Site
from schedules.template import ROLES
from tests.support import booked, day, done, event, planned, template

BODY = """visits:
  d1: {epoch: t, at: enrolment + 28 days}
  d10: {epoch: t, at: day 10, window: ±2 days}
activities:
  infusion: {visits: [d1], department: pharmacy}
reminders:
  patient: [7 days before at 09:00, 1 day before at 17:00, 2 hours before]
  coordinator: [window opens, 1 day before window closes at 10:00, 1 day overdue]
  pharmacy: [1 day before at 08:00]
"""


def called(*facts: object, site: Site | None = None) -> list[tuple[str, str, str, str]]:
    site = site or Site()
    plan = planned(template(BODY), *facts, site=site)  # type: ignore[arg-type]
    found = reminders(template(BODY), plan, site)
    return [(f"{item.moment(ZoneInfo('UTC')):%Y-%m-%d %H:%M}", item.role, item.visit, item.rule) for item in found]


def test_each_rule_of_each_role() -> None:
    assert called(booked("d1", "2026-03-02"), done("d1", "2026-03-02")) == [
        ("2026-03-04 09:00", "patient", "d10", "7 days before at 09:00"),
        ("2026-03-09 08:00", "coordinator", "d10", "window opens"),
        ("2026-03-10 08:00", "patient", "d10", "2 hours before"),
        ("2026-03-10 17:00", "patient", "d10", "1 day before at 17:00"),
        ("2026-03-12 10:00", "coordinator", "d10", "1 day before window closes at 10:00"),
        ("2026-03-14 08:00", "coordinator", "d10", "1 day overdue"),
    ]


def test_a_department_is_reminded_of_its_own_activities() -> None:
    roles = {(role, visit) for _, role, visit, _ in called(booked("d1", "2026-03-02"))}
    assert ("pharmacy", "d1") in roles
    assert ("pharmacy", "d10") not in roles


def test_hours_before_a_time_are_hours() -> None:
    found = called(booked("d1", "2026-03-02T10:00+00:00"))
    assert ("2026-03-02 08:00", "patient", "d1", "2 hours before") in found


def test_nothing_is_called_for_after_death() -> None:
    assert called(booked("d1", "2026-03-02"), event("death", "2026-02-20")) == []


@pytest.mark.parametrize(
    ("zone", "date", "expected"),
    [
        ("America/New_York", "2026-03-08", "2026-03-08T07:30"),  # 02:30 is skipped: 03:30 summer time
        ("America/New_York", "2026-11-01", "2026-11-01T07:30"),  # 02:30 is after the hour that comes twice
        ("Asia/Kathmandu", "2026-03-08", "2026-03-07T20:45"),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T15:30"),
    ],
)
def test_wall_clock_times_across_clock_changes(zone: str, date: str, expected: str) -> None:
    reminder = Reminder(role="patient", visit="d1", rule="", day=day(date), at=time(2, 30))
    assert f"{reminder.moment(ZoneInfo(zone)).astimezone(UTC):%Y-%m-%dT%H:%M}" == expected


# Of periods, gates, what runs out and what is expected

MORE = """milestones:
  eligible: Eligibility confirmed
  product: {label: Product on site, expected: enrolment + 14 days}
visits:
  labs: {epoch: t, at: day -6, window: day -7 .. day -5}
  d1: {epoch: t, at: enrolment + 28 days, no_later_than: labs + 7 days, requires: [eligible]}
  d10: {epoch: t, at: day 10, window: ±2 days}
activities:
  infusion: {visits: [d1], department: pharmacy}
periods:
  near: {label: Stay near, after_each: infusion, for: 2 weeks, show: patient}
  dlt: {label: DLT, from: d1, to: day 28}
"""


def under(role: str, *texts: str, facts: tuple[object, ...] = ()) -> list[tuple[str, str, str, str]]:
    of = template(MORE)
    plan = planned(of, booked("d1", "2026-03-02"), *facts)  # type: ignore[arg-type]
    found = reminders(of, plan, Site(), {role: parse_rules(role, texts)})
    return [(f"{item.day} {item.at:%H:%M}", item.visit, item.event, item.detail) for item in found]


def test_patients_are_told_of_the_periods_shown_to_them_and_staff_of_all() -> None:
    assert under("patient", "2 days before period ends at 09:00") == [("2026-03-14 09:00", "near-1", "period", "")]
    assert under("coordinator", "period ends") == [
        ("2026-03-16 08:00", "near-1", "period", ""),
        ("2026-03-29 08:00", "dlt", "period", ""),
    ]
    assert under("coordinator", "1 day before dlt ends") == [("2026-03-28 08:00", "dlt", "period", "")]
    assert under("coordinator", "1 day before near ends") == [("2026-03-15 08:00", "near-1", "period", "")]


def test_a_gate_is_told_of_while_it_is_shut() -> None:
    assert under("coordinator", "gate shut 3 days before") == [
        ("2026-02-27 08:00", "d1", "gate", "Eligibility confirmed")
    ]
    assert under("coordinator", "gate shut 3 days before", facts=(event("eligible", "2026-02-20"),)) == []
    assert under("imaging", "gate shut 3 days before") == []
    assert under("pharmacy", "gate shut 3 days before") == [("2026-02-27 08:00", "d1", "gate", "Eligibility confirmed")]


def test_what_runs_out_is_told_of_once_it_counts_from_what_happened() -> None:
    assert under("coordinator", "2 days before expiry") == []
    facts = (done("labs", "2026-02-24"),)
    assert under("coordinator", "2 days before expiry", facts=facts) == [
        ("2026-03-01 08:00", "d1", "expires", "labs + 7 days")
    ]
    assert under("coordinator", "2 days before expiry", facts=(*facts, done("d1", "2026-03-02"))) == []


def test_a_milestone_is_expected_until_it_is_recorded() -> None:
    assert under("coordinator", "expected at 10:00", "3 days before expected") == [
        ("2026-01-16 08:00", "product", "expected", ""),
        ("2026-01-19 10:00", "product", "expected", ""),
    ]
    assert under("coordinator", "expected", facts=(event("product", "2026-01-20"),)) == []


def test_until_when_a_reminder_is_of_use() -> None:
    of = template(MORE)
    plan = planned(of, booked("d1", "2026-03-02"), done("labs", "2026-02-24"))
    texts = ("1 day before", "1 day overdue", "window opens", "2 days before expiry", "period ends", "expected")
    found = reminders(of, plan, Site(), {"coordinator": parse_rules("coordinator", texts)})
    assert {(item.visit, item.event): str(item.last) for item in found} == {
        ("d1", "before"): "2026-03-02",
        ("d1", "overdue"): "None",
        ("d1", "expires"): "2026-03-03",
        ("d10", "before"): "2026-03-11",
        ("d10", "opens"): "2026-03-13",
        ("d10", "overdue"): "None",
        ("near-1", "period"): "2026-03-16",
        ("dlt", "period"): "2026-03-29",
        ("product", "expected"): "None",
    }


def test_what_is_told_as_it_happens_follows_from_no_plan() -> None:
    assert under("coordinator", "moved", "cancelled", "conflict", "moved within 14 days") == []


# Whose rules hold


def test_who_stands_beside_the_patient_is_reminded_likewise() -> None:
    of = template(BODY)
    assert rules_for(of, "guardian") == rules_for(of, "caregiver") == of.reminders["patient"]
    assert rules_for(of, "monitor") == ()
    named = template(BODY + "  caregiver: [2 hours before]\n")
    assert [rule.text for rule in rules_for(named, "caregiver")] == ["2 hours before"]


def test_a_template_without_reminders_has_the_usual_ones() -> None:
    of = template(MORE)
    assert [rule.text for rule in rules_for(of, "patient")] == [
        "7 days before at 09:00",
        "1 day before at 17:00",
        "period ends at 09:00",
        "moved within 14 days",
        "cancelled within 14 days",
    ]
    assert rules_for(of, "guardian") == rules_for(of, "patient")
    assert all(rules_for(of, role) for role in ROLES)


def test_a_rule_is_there_once() -> None:
    assert len(parse_rules("patient", ["1 day before", " 1 day before "])) == 1


# "1 day before at 17:00" for recipients in other zones than the site, around each change of clocks there is

CHANGES = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),  # by half an hour
    "Asia/Kathmandu": ("2026-03-29", "2026-10-25"),  # 5:45 ahead of UTC, and never changed
}


@pytest.mark.parametrize("site_zone", CHANGES)
@pytest.mark.parametrize("zone", CHANGES)
def test_a_day_before_at_five_is_five_by_the_recipients_clock_at_every_change(site_zone: str, zone: str) -> None:
    of = template(BODY)
    oracle = tz.gettz(zone)
    for change in {*CHANGES[zone], *CHANGES[site_zone]}:
        for days in range(-2, 3):
            visit_day = day(change) + timedelta(days=days)
            site = Site(timezone=site_zone)
            plan = planned(of, booked("d1", f"{visit_day}"), site=site)
            (found,) = (item for item in reminders(of, plan, site) if (item.visit, item.rule) == ("d1", FIVE))
            moment = found.moment(ZoneInfo(zone))
            expected = datetime.combine(visit_day - timedelta(days=1), time(17), oracle)
            assert moment.astimezone(UTC) == expected.astimezone(tz.UTC)


FIVE = "1 day before at 17:00"
