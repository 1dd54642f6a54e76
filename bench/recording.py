"""A ``done`` with its new plan and durable commit on SQLite, against one durable commit of the same rows."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.measure import Row
from scheduler import Scheduler

AIM = 3.0
WARM_UP, ROUNDS = 3, 25
PROTOCOL, REFERENCE = "NEUK203-13", "d1"
ENROLLED = date(2026, 2, 2)
AT_NINE = "2026-02-02T09:00+08:00"
Values = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with rows of subjects: its columns, the places of its key among them, and what names the subject."""

    name: str
    columns: tuple[str, ...]
    key: tuple[int, ...]
    subject: str

    def key_of(self, row: Values) -> Values:
        return tuple(row[place] for place in self.key)

    def rows(self, connection: sqlite3.Connection, subject: str) -> dict[Values, Values]:
        """A subject's rows by their key."""
        found = connection.execute(f"SELECT * FROM {self.name} WHERE {self.subject} = ?", (subject,))
        return {self.key_of(row): row for row in found}

    def insert(self) -> str:
        return f"INSERT INTO {self.name} VALUES ({', '.join('?' * len(self.columns))})"

    def update(self) -> str:
        sets = ", ".join(f"{name} = ?" for name in self.columns)
        return f"UPDATE {self.name} SET {sets} WHERE {' AND '.join(f'{self.columns[place]} = ?' for place in self.key)}"


def rows() -> list[Row]:
    """The use case and its floor, measured in turn on patients that are alike."""
    with TemporaryDirectory(prefix="dayzero-bench-") as folder:
        real, bare = Path(folder) / "real.db", Path(folder) / "bare.db"
        with Scheduler(f"sqlite:///{real}") as trial:
            _prepare(trial)
        shutil.copyfile(real, bare)
        with Scheduler(f"sqlite:///{real}") as trial, closing(_opened(real)) as one, closing(_opened(bare)) as two:
            pairs = [_measured(trial, one, two, _name(number)) for number in range(WARM_UP + ROUNDS)][WARM_UP:]
    done, floor = (median(pair[place] for pair in pairs) for place in (0, 1))
    ratio = median(work / least for work, least in pairs)
    return [
        Row(name="the same rows, in one durable commit", seconds=floor, ratio=1.0),
        Row(name=f"{PROTOCOL}: done, planned anew, committed", seconds=done, ratio=ratio, aim=AIM),
    ]


def _name(number: int) -> str:
    return f"P-{number:03}"


def _prepare(trial: Scheduler) -> None:
    """Patients on the eve of Day 1, each with somebody to remind."""
    trial.add_site("BJ01", timezone="Asia/Shanghai", holidays="CN", now=AT_NINE, by="bench")
    trial.add_contact(site="BJ01", role="coordinator", now=AT_NINE, by="bench")
    before = (("labs", "2026-02-24"), ("ld-1", "2026-02-25"), ("ld-2", "2026-02-26"), ("ld-3", "2026-02-27"))
    dates, groups = {REFERENCE: "2026-03-02"}, {"dose_level": "DL1"}
    for number in range(WARM_UP + ROUNDS):
        name = _name(number)
        trial.enrol(PROTOCOL, name, site="BJ01", enrolled=ENROLLED, dates=dates, groups=groups, now=AT_NINE, by="bench")
        trial.add_contact(subject=name, role="patient", now=AT_NINE, by="bench")
        for visit, day in before:
            trial.done(name, visit, day, now=f"{day}T15:00+08:00", by="bench")


def _measured(
    trial: Scheduler, real: sqlite3.Connection, bare: sqlite3.Connection, subject: str
) -> tuple[float, float]:
    """Seconds for an infusion that is two days late, which moves most of what comes, and for its rows alone."""

    def work() -> None:
        now = "2026-03-04T15:00+08:00"
        trial.done(subject, REFERENCE, "2026-03-04", why="fever on the planned day", now=now, by="bench")

    spent = _timed(work)
    statements = [*_statements(real, bare, subject)]

    def commit() -> None:
        bare.execute("BEGIN IMMEDIATE")
        for statement, many in statements:
            bare.executemany(statement, many)
        bare.execute("COMMIT")

    return spent, _timed(commit)


def _timed(work: Callable[[], None]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _opened(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def _statements(real: sqlite3.Connection, bare: sqlite3.Connection, subject: str) -> Iterator[tuple[str, list[Values]]]:
    """What makes a subject's rows of the one database those of the other."""
    for table in _tables(real):
        before, after = table.rows(bare, subject), table.rows(real, subject)
        new = [row for key, row in after.items() if key not in before]
        changed = [(*row, *key) for key, row in after.items() if key in before and row != before[key]]
        yield from ([(table.insert(), new)] if new else [])
        yield from ([(table.update(), changed)] if changed else [])


def _tables(connection: sqlite3.Connection) -> Iterator[Table]:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in names:
        info = connection.execute(f"PRAGMA table_info({name})").fetchall()
        columns = tuple(column[1] for column in info)
        key = tuple(place for place, column in enumerate(info) if column[5])
        if "subject" in columns or name == "subject":
            yield Table(name, columns, key, "id" if name == "subject" else "subject")
