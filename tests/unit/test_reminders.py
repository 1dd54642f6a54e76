"""Which reminders a plan calls for, and when they are due in the reader's zone."""

from __future__ import annotations

from datetime import UTC, time
from zoneinfo import ZoneInfo

import pytest

from schedules.reminders import Reminder, reminders
from schedules.site import Site
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
