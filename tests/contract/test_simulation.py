"""A simulated trial through the real use cases, with an injected clock: nothing is lost, sent twice, or left over."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from scheduler import Scheduler
from scheduler.simulation.running import Outcome, Simulation, simulate, simulate_in
from schedules.errors import InvalidInput, UnknownName

WINTER = Simulation(patients=5, start=date(2026, 1, 5), days=80)
# A year of a thousand patients takes minutes, and is run where a release is made (.ci/run); else of a few.
PATIENTS = int(os.environ.get("DAYZERO_SIMULATED_PATIENTS", "50"))
YEAR = """\
protocol: YEAR
version: "1.0"
title: A year with few visits
reference: {visit: d0, day: 0}
epochs: {treatment: {place: ward}, follow-up: {window: ±7 days}}
milestones:
  progression: {label: Progression, stop: [scan]}
visits:
  d0: {epoch: treatment, at: enrolment + 14 days}
  month-3: {epoch: follow-up, at: d0 + 3 months}
  month-6: {epoch: follow-up, at: d0 + 6 months}
activities:
  infusion: {label: Infusion, visits: [d0], department: infusion unit}
  scan: {label: Scan, visits: [month-3, month-6], department: imaging}
  safety: {label: Safety, visits: [d0, month-3, month-6]}
reminders:
  patient: [1 day before at 17:00]
  coordinator: [1 day overdue]
"""


def balances(outcome: Outcome) -> None:
    """Every reminder in the queue has one fate, and the sweeps told of each that was theirs."""
    assert outcome.repeated == 0
    assert outcome.reminders["sent"] == outcome.sweeps["sent"] == sum(outcome.messages.values())
    assert outcome.reminders["missed"] == outcome.sweeps["missed"]
    assert outcome.reminders["failed"] == outcome.sweeps["failed"] == 0
    assert outcome.reminders["suppressed"] >= outcome.sweeps["suppressed"]


def test_a_winter_of_all_protocols(empty_database_url: str) -> None:
    with Scheduler(empty_database_url) as trial:
        outcome = simulate(trial, WINTER)
        balances(outcome)
        assert outcome.facts["enrolled"] == trial.status().subjects == WINTER.patients
        assert outcome.facts["done"] > 20
        assert outcome.messages["patient"] > 20
        assert trial.status(now=f"{WINTER.start + timedelta(days=WINTER.days)}T00:00Z").reminders_due == 0
        for number in range(1, WINTER.patients + 1):
            assert trial.audit(f"SIM-{number:05}", verify=True).problems == ()


def test_the_same_seed_tells_the_same_story_and_another_another() -> None:
    small = replace(WINTER, patients=2, days=30)
    told = simulate_in(None, small).document()
    assert simulate_in(None, small).document() == told
    assert simulate_in(None, replace(small, seed=2)).document() != told


def test_a_simulated_year(tmp_path: Path) -> None:
    days = 365
    with Scheduler(f"sqlite:///{tmp_path}/year.db") as trial:
        trial.add_protocol(YEAR.encode(), "year.yaml", now="2026-01-05T00:00Z")
        what = Simulation(protocols=("YEAR",), patients=PATIENTS, start=date(2026, 1, 5), days=days)
        outcome = simulate(trial, what)
        waiting = trial.status(now="2027-01-05T00:00Z").reminders
    balances(outcome)
    closed = ("sent", "missed", "suppressed", "failed")
    print(f"{PATIENTS} patients, {days} days: {dict(outcome.facts)}, {outcome.reminders}")
    assert sum(waiting[state] for state in closed) == sum(waiting.values()) - waiting["pending"]
    assert outcome.facts["enrolled"] == PATIENTS
    assert sum(outcome.ended.values()) > PATIENTS / 20


def test_what_is_invented_does_not_mix_with_what_is_real(enrolled: Scheduler) -> None:
    before = enrolled.status(now="2026-01-05T09:00")
    with pytest.raises(InvalidInput, match="holds subjects already") as caught:
        simulate(enrolled, WINTER)
    assert "--database" in str(caught.value)
    assert enrolled.status(now="2026-01-05T09:00") == before


def test_numbers_that_make_no_simulation() -> None:
    with pytest.raises(InvalidInput, match="1 to 100,000 patients, and 0 were asked for"):
        simulate_in(None, replace(WINTER, patients=0))
    with pytest.raises(InvalidInput, match="1 to 7,320 days, and 8,000 were asked for"):
        simulate_in(None, replace(WINTER, days=8000))
    with pytest.raises(UnknownName, match="There is no protocol 'NEUK'"):
        simulate_in(None, replace(WINTER, protocols=("NEUK",)))
