"""The background service: one sweep every so often, and what is done every night (design §8).

APScheduler is its clock, and nothing else: one job that sweeps, never one a reminder. What is due is in the database,
so a service that was down, or killed, or of which there are two, loses and repeats nothing of it.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from random import Random
from types import FrameType

from scheduler.backups import KEPT
from scheduler.channels import Send, console
from scheduler.desk import Desk
from scheduler.nightly import look_after
from scheduler.sweeping import Manner, remind_once
from scheduler.values import Night, Sweep
from schedules.errors import DayzeroError

SECONDS = 30
NIGHT = time(3)
SIGNALS = (signal.SIGTERM, signal.SIGINT)
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often to sweep (in seconds), at what time of the machine's day to look after the database, and where the
    newest ``keep`` backups are."""

    seconds: int = SECONDS
    night: time = NIGHT
    backups: Path | None = None
    keep: int = KEPT


@dataclass(slots=True)
class _Service:
    desk: Desk
    rhythm: Rhythm
    tell: Tell
    say: Send
    random: Random = field(default_factory=Random)
    ending: threading.Event = field(default_factory=threading.Event)

    def sweep(self) -> None:
        """One sweep. What goes wrong is told, and tried again at the next."""
        manner = Manner(say=self.say, stopping=self.ending.is_set, random=self.random)
        with self._told("the sweep"):
            found = remind_once(self.desk, None, manner)
            if any((found.sent, found.suppressed, found.missed, found.failed)):
                self.tell(swept(found))

    def night(self) -> None:
        """What is done every night."""
        with self._told("the nightly round"):
            self.tell(looked_after(look_after(self.desk, None, self.rhythm.backups, self.rhythm.keep)))

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except DayzeroError as error:
            self.tell(f"{what} came to nothing: {error}")
        except Exception as error:
            # Its text could hold anything, a person's address among it; a service goes on all the same.
            self.tell(f"{what} came to nothing, by a defect of dayzero ({type(error).__name__}); please report it")


def serve(desk: Desk, rhythm: Rhythm, tell: Tell, say: Send = console) -> None:
    """Sweeps until SIGTERM or SIGINT; then the batch that is on its way is finished. ``tell`` takes lines of a log."""
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    # It warns of each sweep that is left out while a longer one is on its way, which is as it should be.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    service = _Service(desk, rhythm, tell, say)
    clock = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(2)},
        # After a pause (a laptop that slept) one sweep does for all that were left out.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    clock.add_job(service.sweep, "interval", seconds=rhythm.seconds, id="sweep")
    clock.add_job(service.night, "cron", hour=rhythm.night.hour, minute=rhythm.night.minute, id="night")
    with _until_signalled(service.ending):
        tell(f"running: a sweep every {rhythm.seconds} seconds, the nightly round at {rhythm.night:%H:%M}")
        clock.start()
        # The first sweep is now, not after an interval.
        clock.modify_job("sweep", next_run_time=_now())
        service.ending.wait()
        tell("ending: the batch on its way is finished first")
        clock.shutdown(wait=True)
    tell("ended")


def _now() -> object:
    from scheduler import clock

    return clock.now()


@contextmanager
def _until_signalled(ending: threading.Event) -> Iterator[None]:
    """Signals end the service instead of the process; what they did before they do again afterwards."""

    def end(_number: int, _frame: FrameType | None) -> None:
        ending.set()

    before = {number: signal.signal(number, end) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def swept(found: Sweep) -> str:
    """A sweep as a line of a log: numbers only."""
    counts = {"sent": found.sent, "suppressed": found.suppressed, "missed": found.missed, "failed": found.failed}
    return f"sweep: {', '.join(f'{number} {name}' for name, number in counts.items())}"


def looked_after(night: Night) -> str:
    """A nightly round as a line of a log."""
    return f"night: queue filled on for {night.queued}, backup {night.backup or 'none'}; {night.told}"


def log(line: str) -> None:
    """Writes a line of the log to stderr, with the moment."""
    from scheduler import clock

    sys.stderr.write(f"{clock.now():%Y-%m-%d %H:%M:%S%z} {line}\n")
    sys.stderr.flush()
