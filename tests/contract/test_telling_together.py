"""Visits that share a calendar entry (``together_with``) are one appointment, and are told of in one message."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scheduler import Scheduler
from scheduler.values import Message

ENROLLED = "2026-01-05T09:00"
SHARED = """\
protocol: SHARED
version: "1.0"
title: Two visits on one day
timezone: Asia/Shanghai
reference: {visit: d1, day: 1}
visits:
  d1: {epoch: t, at: enrolment + 28 days}
  m: {label: Month 1, epoch: t, place: ward, at: d1 + 10 days, window: ±3 days}
  f: {label: Year 1, epoch: t, place: ward, at: d1 + 12 days, window: ±4 days, together_with: [m]}
activities:
  exam: {label: Examination, visits: [m], department: imaging}
  scan: {label: Scan, visits: [f], department: imaging}
  drug: {label: Drug, visits: [f], department: pharmacy}
reminders:
  patient: [7 days before at 09:00, 1 day before at 17:00, moved, cancelled]
  coordinator: [1 day before at 17:00, 1 day before window closes, moved, cancelled]
  imaging: [1 day before at 08:00]
  pharmacy: [1 day before at 08:00]
"""


@pytest.fixture
def shared(database_url: str) -> Iterator[Scheduler]:
    """P-001, whose Month 1 and Year 1 fall on 12 March 2026, with a patient and a coordinator."""
    with Scheduler(database_url) as trial:
        trial.add_protocol(SHARED.encode(), "shared.yaml", now=ENROLLED)
        trial.add_site("BJ01", timezone="Asia/Shanghai", weekdays=frozenset(range(7)), now=ENROLLED)
        trial.enrol("SHARED", "P-001", site="BJ01", dates={"d1": "2026-03-02"}, now=ENROLLED)
        trial.done("P-001", "d1", "2026-03-02", now="2026-03-02T10:00")
        trial.add_contact(subject="P-001", role="patient", now="2026-03-02T10:00")
        trial.add_contact(site="BJ01", role="coordinator", now="2026-03-02T10:00")
        yield trial


def sweep(trial: Scheduler, now: str, role: str = "patient") -> list[str]:
    """The sentences that a role is told."""
    sent: list[Message] = []
    trial.remind_once(now=now, send=sent.append)
    return [message.sentence for message in sent if message.role == role]


def waiting(trial: Scheduler, role: str = "patient") -> list[tuple[str, str]]:
    return [(one.visit, one.rule) for one in trial.reminders("P-001") if one.state == "pending" and one.role == role]


def test_one_appointment_is_reminded_of_once(shared: Scheduler) -> None:
    assert waiting(shared) == [("m", "7 days before at 09:00"), ("m", "1 day before at 17:00")]
    assert sweep(shared, "2026-03-05T09:00") == ["You have an appointment on Thursday 12 March 2026."]
    assert sweep(shared, "2026-03-11T17:00", "coordinator") == [
        "P-001: Month 1 + Year 1 on Thursday 12 March 2026.",
    ]


def test_a_time_that_one_of_them_has_is_told(shared: Scheduler) -> None:
    shared.book("P-001", "f", "2026-03-12T10:00", now="2026-03-04T10:00")
    assert sweep(shared, "2026-03-11T17:00")[-1] == "You have an appointment on Thursday 12 March 2026 at 10:00."


def test_windows_are_each_visits_own(shared: Scheduler) -> None:
    rule = "1 day before window closes"
    assert [one for one in waiting(shared, "coordinator") if one[1] == rule] == [("m", rule), ("f", rule)]


def test_a_department_is_told_of_its_own_part(shared: Scheduler) -> None:
    for role in ("imaging", "pharmacy"):
        shared.add_contact(site="BJ01", role=role, level="full", now="2026-03-04T10:00")
    sent: list[Message] = []
    shared.remind_once(now="2026-03-11T09:00", send=sent.append)
    told = {message.role: message.sentence for message in sent}
    assert told["imaging"] == "P-001: Month 1 + Year 1 on Thursday 12 March 2026. To do: Examination, Scan."
    assert told["pharmacy"] == "P-001: Year 1 on Thursday 12 March 2026. To do: Drug."


def test_what_leaves_the_appointment_is_one_of_its_own(shared: Scheduler) -> None:
    shared.book("P-001", "f", "2026-03-14", now="2026-03-04T10:00")
    told = sweep(shared, "2026-03-04T10:05")
    assert told == ["You have an appointment on Saturday 14 March 2026."], "that of 12 March is still there"
    assert [one for one in waiting(shared) if one[1] == "1 day before at 17:00"] == [
        ("m", "1 day before at 17:00"),
        ("f", "1 day before at 17:00"),
    ]
    assert sweep(shared, "2026-03-11T17:00")[-1] == "You have an appointment on Thursday 12 March 2026."
    assert sweep(shared, "2026-03-13T17:00") == ["You have an appointment on Saturday 14 March 2026."]


def test_what_moves_together_is_told_once(shared: Scheduler) -> None:
    shared.book("P-001", "m", "2026-03-13", now="2026-03-04T10:00")
    moved = "It was on Thursday 12 March 2026. It is now on Friday 13 March 2026."
    assert sweep(shared, "2026-03-04T10:05") == [f"Your appointment has moved. {moved}"]


@pytest.mark.parametrize("visit", ["m", "f"])
def test_one_of_them_called_off_leaves_the_appointment(shared: Scheduler, visit: str) -> None:
    shared.book("P-001", "f", "2026-03-12", now="2026-03-03T10:00")
    shared.cancel("P-001", visit, why="not needed", now="2026-03-04T10:00")
    sent: list[Message] = []
    shared.remind_once(now="2026-03-04T10:05", send=sent.append)
    label = "Month 1" if visit == "m" else "Year 1"
    assert [(message.role, message.sentence) for message in sent] == [
        ("coordinator", f"P-001: {label} on Thursday 12 March 2026 is cancelled."),
    ]
    assert sweep(shared, "2026-03-11T17:00")[-1] == "You have an appointment on Thursday 12 March 2026."


def test_what_moves_as_the_other_is_called_off_is_told_as_moved(shared: Scheduler) -> None:
    """Without Month 1 there is nothing that holds Year 1 on its day: it goes to its own, 14 March."""
    shared.cancel("P-001", "m", why="not needed", now="2026-03-04T10:00")
    moved = "It was on Thursday 12 March 2026. It is now on Saturday 14 March 2026."
    assert sweep(shared, "2026-03-04T10:05") == [f"Your appointment has moved. {moved}"]


def test_a_reminder_that_is_due_goes_over_to_the_visit_that_stays(shared: Scheduler) -> None:
    """The sweep is late, and meanwhile the visit that would have told of both is called off."""
    shared.book("P-001", "f", "2026-03-12", now="2026-03-03T10:00")
    sweep(shared, "2026-03-10T09:00")
    shared.cancel("P-001", "m", why="not needed", now="2026-03-11T17:10")
    assert sweep(shared, "2026-03-11T17:20") == ["You have an appointment on Thursday 12 March 2026."]
    assert sweep(shared, "2026-03-11T17:30") == []
