"""The background service as a process: it sends, ends when it is told to, and two of them are safe."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler import Scheduler, running
from scheduler.values import Sweep
from tests.acceptance.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60


def start(database: Path, log: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DAYZERO_DATABASE": f"sqlite:///{database}"}
    command = [sys.executable, "-m", "cli", "run", "--every", "1", "--backups", str(log.parent / "backups")]
    with log.open("wb") as out:
        return subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)


def until(log: Path, text: str) -> None:
    end = time.monotonic() + PATIENCE
    while text not in log.read_text() and time.monotonic() < end:
        time.sleep(0.05)
    assert text in log.read_text()


def test_two_services_send_each_message_once_and_end_when_told_to(tmp_path: Path) -> None:
    file = tmp_path / "running.db"
    now = datetime.now(UTC)
    with Scheduler(f"sqlite:///{file}") as trial:
        trial.add_site("S1", timezone="UTC", weekdays=frozenset(range(7)))
        trial.enrol("NEUK203-13", "P-001", site="S1", dates={"d1": (now + timedelta(days=10)).date()})
        for number in range(5):
            email = f"{number}@example.org"
            trial.add_contact(subject="P-001", role="patient", email=email, rules=["moved"])
        trial.book("P-001", "d1", (now + timedelta(days=11)).date())
        due = trial.status().reminders_due
    assert due > 5
    logs = [tmp_path / "one.log", tmp_path / "two.log"]
    services = [start(file, log) for log in logs]
    try:
        for log in logs:
            until(log, "running: a sweep every 1 seconds")
        end = time.monotonic() + PATIENCE
        with Scheduler(f"sqlite:///{file}") as trial:
            while trial.status().reminders["sent"] < due and time.monotonic() < end:
                time.sleep(0.1)
            assert trial.status().reminders["sent"] == due
        services[0].send_signal(signal.SIGTERM)
        services[1].send_signal(signal.SIGINT)
        assert [service.wait(timeout=PATIENCE) for service in services] == [0, 0]
    finally:
        for service in services:
            service.kill()
            service.wait(timeout=PATIENCE)
    text = "".join(log.read_text() for log in logs)
    assert text.count("patient:") == 5 * 6, "six messages an hour to each of five, the sixth a digest"
    assert "example.org" not in text
    assert text.count(" ended\n") == 2


def test_a_sweep_that_takes_longer_than_the_interval_is_nothing_to_tell_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def slow(*_: object) -> Sweep:
        # Two more sweeps were due meanwhile, and are left out.
        time.sleep(2.5)
        os.kill(os.getpid(), signal.SIGTERM)
        return Sweep(sent=1, suppressed=0, missed=0, failed=0, messages=())

    monkeypatch.setattr(running, "remind_once", slow)
    told: list[str] = []
    with Scheduler(f"sqlite:///{tmp_path / 'slow.db'}") as trial:
        trial.run(rhythm=running.Rhythm(seconds=1), tell=told.append)
    assert "sweep: 1 sent, 0 suppressed, 0 missed, 0 failed" in told
    assert told[-1] == "ended"
    assert caplog.records == []


def test_the_status_says_what_needs_somebody(database: Path, dayzero: Run) -> None:
    dayzero("contact", "add", "P-001", "--role", "patient", "--now", "2026-02-28T12:00")
    assert dayzero("status", "--strict", "--now", "2026-02-28T12:00").code == 0
    late = dayzero("status", "--strict", "--now", "2026-03-02T12:00")
    assert late.code == 1
    assert "reminders are due and nothing sends them. Start 'dayzero run'." in late.out


def test_rules_pauses_and_erasure_by_command(database: Path, dayzero: Run) -> None:
    now = ("--now", "2026-02-10T12:00")
    rule = ("--rule", "2 days before at 12:00", "--rule", "moved")
    assert dayzero("contact", "add", "P-001", "--role", "guardian", *rule, *now).code == 0
    queued = dayzero("remind", "list", "P-001", "--json").json
    assert {(item["rule"], item["rules_from"]) for item in queued} == {("2 days before at 12:00", "contact")}
    assert "Day 1 is on 2 March 2026" in dayzero("remind", "list", "P-001").out
    shown = dayzero("site", "remind", "BJ01", "--role", "guardian", "--none", *now)
    assert shown.out == "guardian: nobody is reminded\n"
    assert dayzero("site", "remind", "BJ01", "--role", "guardian", "--as-protocol", *now).code == 0
    assert dayzero("site", "remind", "BJ01").out == (
        "Site BJ01 has no rules of its own: those of each protocol hold.\n"
    )
    assert dayzero("contact", "change", "1", "--zone", "Asia/Kathmandu", "--no-rules", *now).code == 0
    assert dayzero("contact", "pause", "1", "--until", "2026-03-01", *now).code == 0
    assert dayzero("contact", "resume", "1", *now).code == 0
    erased = dayzero("contact", "erase", "1", *now)
    assert (erased.code, erased.err) == (0, "")
    assert erased.out.startswith("Contact 1 is erased: guardian of subject P-001.")
    assert dayzero("remind", "list", "--dead").out == "There is none.\n"
    assert dayzero("remind", "list", "--dead", "--missed").code == 2
    assert dayzero("site", "remind", "BJ01", "--role", "guardian").code == 2
    assert "is no reminder" in dayzero("site", "remind", "BJ01", "--role", "patient", "--rule", "soon").err
