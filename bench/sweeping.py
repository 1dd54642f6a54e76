"""Claims and marks a second: the sweep against the same statements in a bare loop, and against a job a reminder."""

from __future__ import annotations

import multiprocessing
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.measure import Row
from tests.contract.crowds import DUE, make_crowd

ROUNDS, CONTACTS, MANY = 5, 100, 1_000_000
BATCH = 100
MOMENT, LATER = "2026-02-27 17:00:00.000000", "2026-02-27 17:05:00.000000"
CLAIM = f"""
WITH batch AS (
    SELECT id FROM reminder WHERE state = 'pending' AND due <= ? AND digest IS NULL ORDER BY due, id LIMIT {BATCH}
)
UPDATE reminder SET due = ? WHERE id IN (SELECT id FROM batch) RETURNING *
"""
MARK = """
UPDATE reminder SET state = 'sent', finished = ?, reason = '', due = moment
WHERE id = ? AND state = 'pending' AND due = ?
"""
# Opens a database, and gives what sends all that is due in it.
Sweep = Callable[[Path], AbstractContextManager[Callable[[], object]]]


def rows() -> Iterator[Row]:
    """The lines of the report, a reminder each."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.db"
        number = make_crowd(f"sqlite:///{made}", subjects=1, contacts=CONTACTS)
        for processes in (1, 2):
            # In turn, so that what else the machine does in a moment falls on both.
            times = [[_together(made, sweep, processes) for sweep in (by_dayzero, by_bare_loop)] for _ in range(ROUNDS)]
            ours, floor = (median(found) / number for found in zip(*times, strict=True))
            yield Row(name=f"bare UPDATE … RETURNING, {processes} processes", seconds=floor, ratio=1.0)
            yield Row(name=f"a sweep, {processes} processes", seconds=ours, ratio=ours / floor, aim=1 / 0.7)
            if processes == 1:
                jobs = median(by_job_store(Path(folder) / f"jobs-{turn}.db", number) for turn in range(3))
                yield Row(name="an APScheduler date job a reminder", seconds=jobs / number, ratio=1.0)
                yield Row(name="a sweep, against that", seconds=ours, ratio=ours * number / jobs, aim=0.1)


def _together(made: Path, sweep: Sweep, processes: int) -> float:
    """How long several processes take that begin at once on a copy of the database."""
    copy = Path(shutil.copyfile(made, made.with_name("copy.db")))
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(processes + 1)
    running = [context.Process(target=_one, args=(sweep, copy, ready)) for _ in range(processes)]
    for process in running:
        process.start()
    ready.wait(timeout=120)
    start = perf_counter()
    ready.wait(timeout=600)
    spent = perf_counter() - start
    for process in running:
        process.join(timeout=60)
    for file in copy.parent.glob("copy.db*"):
        file.unlink()
    return spent


def _one(sweep: Sweep, file: Path, ready: Barrier) -> None:
    with sweep(file) as send_all:
        ready.wait(timeout=120)
        send_all()
        ready.wait(timeout=600)


@contextmanager
def by_dayzero(file: Path) -> Iterator[Callable[[], object]]:
    """The sweep of a service that runs, which has swept before; with a channel that does nothing."""
    from scheduler import Scheduler

    with Scheduler(f"sqlite:///{file}") as trial:
        trial.remind_once(now=DUE - timedelta(hours=1), send=_nowhere)
        yield lambda: trial.remind_once(now=DUE, send=_nowhere, per_hour=MANY)


def _nowhere(_message: object) -> None:
    """A channel that takes no time."""


@contextmanager
def by_bare_loop(file: Path) -> Iterator[Callable[[], object]]:
    """The same two statements, one transaction each, with nothing around them."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for setting in ("busy_timeout=30000", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {setting}")
        yield lambda: _claim_and_mark(connection)


def _claim_and_mark(connection: sqlite3.Connection) -> None:
    while claimed := _in_transaction(connection, CLAIM, (MOMENT, LATER)):
        for row in claimed:
            _in_transaction(connection, MARK, (MOMENT, row[0], LATER))


def _in_transaction(connection: sqlite3.Connection, statement: str, values: tuple[object, ...]) -> list[tuple[int]]:
    connection.execute("BEGIN IMMEDIATE")
    found = connection.execute(statement, values).fetchall()
    connection.execute("COMMIT")
    return found


_done = threading.Semaphore(0)


def _note_done() -> None:
    _done.release()


def by_job_store(file: Path, number: int) -> float:
    """How long APScheduler takes to run as many date jobs from a job store in SQLite."""
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
    from apscheduler.schedulers.background import BackgroundScheduler

    store = SQLAlchemyJobStore(url=f"sqlite:///{file}")
    clock = BackgroundScheduler(jobstores={"default": store}, job_defaults={"misfire_grace_time": None}, timezone=UTC)
    clock.start(paused=True)
    due = datetime.now(UTC) - timedelta(minutes=1)
    for place in range(number):
        clock.add_job(_note_done, "date", run_date=due, id=str(place))
    start = perf_counter()
    clock.resume()
    for _ in range(number):
        _done.acquire()
    spent = perf_counter() - start
    clock.shutdown(wait=True)
    return spent
