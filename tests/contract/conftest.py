"""What the contract tests share: a database for each test, a small protocol, a site, and the moment they play at.

The suite runs on every database in ``DATABASES``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler import Scheduler

DATABASES = ("sqlite",)

# Day 1 is placed 28 days after enrolment until it is booked; dose 2 waits for a gate; the sample is counted in hours.
SMALL = """\
protocol: SMALL
version: "1.0"
title: A small protocol
timezone: Asia/Shanghai
reference: {visit: d1, day: 1}
epochs:
  screening: {}
  treatment: {place: ward}
  follow-up: {window: ±2 days}
  calls: {place: phone, window: ±7 days}
groups:
  arm: {A: Arm A, B: Arm B}
milestones:
  eligible: Eligibility confirmed
  progression: {label: Progression, stop: [scan]}
history:
  therapy: {label: Last therapy, clear: 4 weeks, before: d1}
visits:
  consent: {epoch: screening, at: enrolment}
  labs: {label: Labs, epoch: screening, at: day -6, window: day -7 .. day -5}
  d1: {label: Day 1, epoch: treatment, at: enrolment + 28 days, no_later_than: labs + 14 days, duration: 4 hours}
  sample: {label: Sample, epoch: treatment, at: d1 + 6 hours, window: ±1 hour}
  d8: {label: Day 8, epoch: treatment, at: day 8, requires: [eligible]}
  d15: {label: Day 15, epoch: follow-up, at: day 15}
  call: {label: "Call {n}", epoch: calls, at: {every: 3 months, from: progression, times: 2}}
activities:
  infusion: {label: "Infusion, {arm}", visits: [d1, d8], department: infusion unit}
  thaw: {label: Thaw, visits: [d1], department: cell lab}
  boost: {label: Boost, visits: [d15], optional: [d15], department: pharmacy}
  scan: {label: Scan, visits: [d15], department: imaging}
periods:
  near: {label: Stay near, after_each: infusion, for: 2 weeks, show: patient}
reminders:
  patient: [7 days before at 09:00, 1 day before at 17:00]
  coordinator: [window opens, 1 day before window closes, 1 day overdue]
  infusion unit: [1 day before at 08:00]
"""
ENROLLED = "2026-01-05T09:00"


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new, empty database."""
    assert request.param == "sqlite"
    return f"sqlite:///{(tmp_path / 'trial.db').as_posix()}"


@pytest.fixture(autouse=True)
def nobody_in_particular(monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts are recorded by somebody who is not the one running the tests."""
    monkeypatch.setenv("DAYZERO_USER", "tester")


@pytest.fixture
def trial(database_url: str) -> Iterator[Scheduler]:
    """A scheduler with the small protocol and a site in Beijing, every day open."""
    with Scheduler(database_url) as opened:
        opened.add_protocol(SMALL.encode(), "small.yaml", now=ENROLLED)
        opened.add_site("BJ01", timezone="Asia/Shanghai", weekdays=frozenset(range(7)), now=ENROLLED)
        yield opened


@pytest.fixture
def enrolled(trial: Scheduler) -> Scheduler:
    """The same with P-001 enrolled on 5 January 2026, day 1 booked for Monday 2 March."""
    trial.enrol("SMALL", "P-001", site="BJ01", dates={"d1": "2026-03-02"}, groups={"arm": "A"}, now=ENROLLED)
    return trial
