"""Many reminders that are due at once, made fast, and a program that sends them into a file, one line a transport."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from scheduler import Scheduler
from scheduler.desk import Desk
from scheduler.recording import queue_from_now
from scheduler.store.work import Store
from scheduler.values import Contact

VISITS = 10
CROWD = """\
protocol: CROWD
version: "1.0"
title: Many visits on one day
reference: {visit: d1, day: 1}
visits:
  d1: {epoch: treatment, at: enrolment + 28 days}
  more: {epoch: treatment, at: {every: 1 hour, first: d1, times: %d}}
reminders:
  patient: [3 days before at 17:00]
"""
MADE = datetime(2026, 1, 5, 9, tzinfo=UTC)
# Day 1 is Monday 2 March, at 17:00 three days before that all of it is due.
DUE = datetime(2026, 2, 27, 17, 0, tzinfo=UTC)
SWEEPER = """\
import os, sys
from scheduler import Scheduler
url, file, now, per_hour = sys.argv[1:]
out = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
with Scheduler(url) as trial:
    trial.remind_once(now=now, send=lambda message: os.write(out, f"{message.key}\\n".encode()), per_hour=int(per_hour))
"""


def make_crowd(url: str, *, subjects: int, contacts: int) -> int:
    """Fills a migrated database, and gives how many reminders wait in it: one a visit and contact."""
    with Scheduler(url) as trial:
        trial.add_protocol((CROWD % (VISITS - 1)).encode(), "crowd.yaml", now=MADE)
        trial.add_site("S1", timezone="UTC", weekdays=frozenset(range(7)), now=MADE)
        for number in range(subjects):
            trial.enrol("CROWD", f"P-{number}", site="S1", dates={"d1": "2026-03-02"}, now=MADE)
    desk = Desk(Store(url))
    with desk.store.writing() as work:
        for number in range(subjects):
            name = f"P-{number}"
            for other in range(contacts):
                one = Contact(id=0, role="patient", zone="UTC", subject=name, email=f"p{number}-{other}@example.org")
                work.contacts.add(one, MADE, "tester")
            queue_from_now(work, desk.chart(work, name), MADE)
    desk.store.close()
    return subjects * contacts * VISITS


def start_sweeper(url: str, file: Path, now: datetime, per_hour: int) -> subprocess.Popen[bytes]:
    """A program that sweeps once, and ends."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    arguments = [sys.executable, "-c", SWEEPER, url, str(file), now.isoformat(), str(per_hour)]
    return subprocess.Popen(arguments, env=environment)


def transports(file: Path) -> list[str]:
    """The keys of what was sent, in order."""
    return file.read_text().split() if file.exists() else []
