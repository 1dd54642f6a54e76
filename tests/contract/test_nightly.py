"""What a night finds, and what it does then: it says so loudly, keeps good backups, and lets reminders go on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url

from scheduler import Scheduler, nightly, sweeping
from scheduler.store.work import Store
from scheduler.values import Message
from schedules.errors import StoreUnavailable
from schedules.opendays import with_holidays
from schedules.site import Site

ENROLLED = "2026-01-05T09:00"
NIGHT = datetime.fromisoformat("2026-01-06T03:00:00+00:00")
FORGED = "UPDATE fact SET why = 'forged' WHERE subject = 'P-001' AND number = 2;"
RUINED = "UPDATE fact SET details = '{' WHERE subject = 'P-001' AND number = 1;"


def kind(url: str) -> str:
    return make_url(url).get_backend_name()


@pytest.fixture
def two(enrolled: Scheduler) -> Scheduler:
    """P-001 and P-002, each with a patient's contact."""
    enrolled.enrol("SMALL", "P-002", site="BJ01", dates={"d1": "2026-03-02"}, groups={"arm": "A"}, now=ENROLLED)
    for name in ("P-001", "P-002"):
        email = f"{name.lower()}@example.org"
        enrolled.add_contact(subject=name, role="patient", email=email, level="full", now=ENROLLED)
    return enrolled


def test_a_forged_record_is_told_and_good_backups_stay(
    two: Scheduler, tamper: Callable[[str], None], tmp_path: Path
) -> None:
    for day in range(2):
        two.look_after(now=NIGHT + timedelta(days=day), backups=tmp_path, keep=2)
    good = sorted(tmp_path.glob("*.backup"))
    tamper(FORGED)
    for day in range(2, 5):
        night = two.look_after(now=NIGHT + timedelta(days=day), backups=tmp_path, keep=2)
    assert any("P-001: " in problem for problem in night.problems)
    assert "forged" not in night.told, "what somebody wrote there is not repeated"
    assert "example.org" not in night.told
    assert set(good) <= set(tmp_path.glob("*.backup")), "copies of what is damaged drive out no good ones"
    state = two.status(now=NIGHT + timedelta(days=5))
    assert any(text.startswith("The nightly round found: ") for text in state.health)
    # What its rows say still holds as far as anybody can tell, so its reminders go on.
    sent: list[Message] = []
    two.remind_once(now="2026-02-17T09:00", send=sent.append)
    assert {message.subject for message in sent} == {"P-001", "P-002"}


def test_a_record_that_cannot_be_read_keeps_nobody_else_waiting(
    two: Scheduler, tamper: Callable[[str], None], tmp_path: Path
) -> None:
    tamper(RUINED)
    night = two.look_after(now=NIGHT + timedelta(days=40), backups=tmp_path)
    assert night.queued == 1, "the horizon of the other is moved on"
    assert any(problem.startswith("P-001: Fact 1 ") for problem in night.problems)
    sent: list[Message] = []
    swept = two.remind_once(now="2026-02-17T09:00", send=sent.append)
    assert [message.subject for message in sent] == ["P-002"]
    assert (swept.sent, swept.failed) == (1, 1), "what needs the record to be told is tried again, and then given up"
    assert two.remind_once(now="2026-02-17T09:00", send=sent.append).failed == 0
    for hour in range(sweeping.ATTEMPTS):
        two.remind_once(now=datetime.fromisoformat("2026-02-17T12:00+08:00") + timedelta(hours=hour), send=sent.append)
    assert two.status().reminders["failed"] == 1


def test_a_damaged_file_is_told_and_good_backups_stay(enrolled: Scheduler, database_url: str, tmp_path: Path) -> None:
    """Bytes are flipped in each page of a copy in turn, but in those without which nothing can be opened."""
    if kind(database_url) != "sqlite":
        pytest.skip("PostgreSQL keeps its files to itself")
    file, backups = tmp_path / "trial.db", tmp_path / "backups"
    with closing(sqlite3.connect(str(make_url(database_url).database))) as source:
        source.execute("VACUUM INTO ?", (str(file),))
    with Scheduler(f"sqlite:///{file}") as trial:
        trial.look_after(now=NIGHT, backups=backups, keep=1)
    (good,) = backups.glob("*.backup")
    whole, found = good.read_bytes(), 0
    tables = pages_of(file, "fact", "visit", "reminder", "ix_visit_day_status")
    for number, page in enumerate(tables, start=1):
        broken = flipped(file.read_bytes(), page)
        copy = tmp_path / "copy" / "trial.db"
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(broken)
        for rest in copy.parent.glob("trial.db-*"):
            rest.unlink()
        found += told_of(copy, backups, NIGHT + timedelta(days=number))
        assert good.read_bytes() == whole
    assert found == len(tables) > 3


def pages_of(file: Path, *names: str) -> list[int]:
    """The first page of each table or index."""
    with closing(sqlite3.connect(file)) as connection:
        marks = ", ".join("?" * len(names))
        rows = connection.execute(f"SELECT rootpage FROM sqlite_master WHERE name IN ({marks})", names).fetchall()
    return [row[0] for row in rows]


def flipped(data: bytes, page: int) -> bytes:
    """The file with the head of a page and some of its middle turned over."""
    size = int.from_bytes(data[16:18], "big")
    changed = bytearray(data)
    start = (page - 1) * size
    for place in (*range(start, start + 16), *range(start + size // 2, start + size // 2 + 64)):
        changed[place] ^= 0xFF
    return bytes(changed)


def told_of(copy: Path, backups: Path, now: datetime) -> bool:
    """Whether a night on this file says that it is damaged, be it as what it found or as why it came to nothing."""
    try:
        with Scheduler(f"sqlite:///{copy}") as trial:
            told = trial.look_after(now=now, backups=backups, keep=1).told
    except StoreUnavailable as error:
        told = str(error)
    assert "Traceback" not in told
    return "damaged" in told


def test_holidays_that_are_announced_are_told(
    trial: Scheduler, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """China's of a year to come were computed when the site was added; a new release of holidays knows them."""
    trial.add_site("CN01", timezone="Asia/Shanghai", holidays="CN", now=ENROLLED)

    def announced(site: Site, code: str, first: int, last: int) -> Site:
        fresh = with_holidays(site, code, first, last)
        later = tuple((day + timedelta(days=1), why) if day.year == 2027 else (day, why) for day, why in fresh.closed)
        return replace(fresh, closed=later, announced_to=2027)

    night = trial.look_after(now=NIGHT, backups=tmp_path)
    assert night.notes == ()
    monkeypatch.setattr(nightly, "with_holidays", announced)
    night = trial.look_after(now=NIGHT, backups=tmp_path)
    assert night.notes == (
        "the holidays of site CN01 in 2027 are known otherwise by now: they were provisional. "
        "Look with 'dayzero site refresh CN01 --dry-run'",
    )
    assert night.notes[0] in trial.status().health[-1]


# What is synced with the disk


def test_an_unsynced_step_is_the_only_one_that_does_not_wait_for_the_disk(database_url: str) -> None:
    ask, waits, does_not = {
        "sqlite": ("PRAGMA synchronous", "2", "1"),
        "postgresql": ("SHOW synchronous_commit", "on", "off"),
    }[kind(database_url)]
    store = Store(database_url)
    found = []
    for synced in (True, False, True):
        with store.stepping(synced=synced) as step:
            found.append(str(step.marks._connected().exec_driver_sql(ask).scalar()))
        with store.writing() as work:
            found.append(str(work.marks._connected().exec_driver_sql(ask).scalar()))
    store.close()
    assert found == [waits, waits, does_not, waits, waits, waits]


@pytest.mark.parametrize("every", [0.0, 1000.0])
def test_marks_wait_for_the_disk_now_and_then_and_at_the_end_of_a_batch(
    two: Scheduler, monkeypatch: pytest.MonkeyPatch, every: float
) -> None:
    asked: list[bool] = []
    stepping = Store.stepping

    def noted(store: Store, *, synced: bool = True) -> object:
        asked.append(synced)
        return stepping(store, synced=synced)

    monkeypatch.setattr(Store, "stepping", noted)
    monkeypatch.setattr(sweeping, "SYNCED_EVERY", every)
    two.remind_once(now="2026-02-23T09:00", send=lambda _message: None)
    assert len(asked) > 4
    # Of the last message of the batch, that it is checked (with which the one before is marked), and that it is marked.
    assert asked == [every == 0.0] * (len(asked) - 2) + [True, True]
