"""SIGKILL at random moments of sweeps: nothing is lost, and a kill repeats the transport of one message at most.

``DAYZERO_KILL_CONTACTS`` and ``DAYZERO_KILLS`` make it heavier.
"""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from scheduler.desk import Desk
from scheduler.store.outbox import STATES
from scheduler.store.work import Store
from tests.contract.crowds import DUE, make_crowd, start_sweeper, transports

SUBJECTS, CONTACTS = 4, int(os.environ.get("DAYZERO_KILL_CONTACTS", "28"))
KILLS = int(os.environ.get("DAYZERO_KILLS", "6"))
# Longer than a lease: what a killed sweep had claimed is due again in the next round.
ROUND = timedelta(minutes=6)
PATIENCE = 60


def lines_of(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def kill_round(url: str, file: Path, now: datetime, *, processes: int, per_hour: int, random: Random) -> int:
    """Lets sweeps send some messages, kills them all, and gives how many were still running."""
    before, wanted = lines_of(file), random.randint(1, 150)
    running = [start_sweeper(url, file, now, per_hour) for _ in range(processes)]
    end = time.monotonic() + PATIENCE
    while lines_of(file) - before < wanted and time.monotonic() < end:
        if all(process.poll() is not None for process in running):
            break
        time.sleep(random.random() / 500)
    killed = 0
    for process in running:
        killed += process.poll() is None
        process.kill()
        process.wait(timeout=PATIENCE)
    return killed


@pytest.mark.parametrize(("processes", "per_hour"), [(1, 1000), (3, 6)])
def test_a_kill_loses_nothing_and_repeats_one_message_at_most(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], processes: int, per_hour: int
) -> None:
    random, file, now = Random(20260302), tmp_path / "sent", DUE
    made = make_crowd(database_url, subjects=SUBJECTS, contacts=CONTACTS)
    kills = 0
    while kills < KILLS:
        found = kill_round(database_url, file, now, processes=processes, per_hour=per_hour, random=random)
        kills += found
        now += ROUND
        if not found:
            break
    drain(database_url, file, now, processes, per_hour)
    sent = transports(file)
    repeated = len(sent) - len(set(sent))
    with capsys.disabled():
        print(f"\n{made} reminders, {processes} sweeps at once: {kills} kills, {len(set(sent))} messages, "
              f"{len(sent)} transports, {repeated} repeated")  # fmt: skip
    assert kills >= KILLS
    assert repeated <= kills
    desk = Desk(Store(database_url))
    with desk.store.reading() as work:
        assert work.outbox.counts() == dict.fromkeys(STATES, 0) | {"sent": made}
        assert work.outbox.message_keys() == set(sent)
    desk.store.close()


def drain(url: str, file: Path, now: datetime, processes: int, per_hour: int) -> None:
    """Sweeps without kills until nothing is left; what an hour had no room for goes out in the next."""
    for _ in range(5):
        running = [start_sweeper(url, file, now, per_hour) for _ in range(processes)]
        assert [process.wait(timeout=4 * PATIENCE) for process in running] == [0] * processes
        now += timedelta(minutes=61)
