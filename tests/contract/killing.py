"""A program that starts workers and kills them, for ``test_killing``: ``python -m tests.contract.killing URL``.

A worker records one use case after another, and says on a pipe what it begins and what was acknowledged. All workers
are forked from one process that has loaded everything, since starting Python hundreds of times would take minutes. On
each line of the input, ``SUBJECT SEED NUMBER PART``, a worker is started on that subject, and killed after so many use
cases and a part of the time that one takes; what it said is printed as a line of JSON. POSIX only.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import cache

from scheduler import Scheduler, desk, registering
from scheduler.values import Change
from schedules.errors import UnknownName
from schedules.load import load
from tests.contract.conftest import ENROLLED, SMALL

NOW = "2026-03-04T18:00"
# Whatever goes wrong, a worker ends by itself.
MOST_USE_CASES, LONGEST_SECONDS = 300, 60

UseCase = Callable[[Scheduler, str, random.Random], Change]


def main(url: str) -> None:
    """Serves the lines of the input until it ends."""
    warm_up()
    usual = 0.05
    for line in sys.stdin:
        subject, seed, number, part = line.split()
        said, seconds = killed(url, subject, int(seed), int(number), float(part) * usual)
        usual = (9 * usual + seconds) / 10
        print(json.dumps(said), flush=True)


def warm_up() -> None:
    """Reads the template and plans with it once, so that workers are born with that done."""
    vars(desk)["load"] = vars(registering)["load"] = cache(load)
    with Scheduler("sqlite://") as trial:
        trial.add_protocol(SMALL.encode(), "small.yaml", now=ENROLLED)
        trial.add_site("BJ01", timezone="Asia/Shanghai", now=ENROLLED)
        for kind, use_case in USE_CASES.items():
            use_case(trial, "K-0", random.Random(kind))


def killed(url: str, subject: str, seed: int, number: int, wait: float) -> tuple[list[str], float]:
    """What a worker said that was killed ``wait`` seconds after so many use cases, and how long one took it."""
    reader, writer = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(reader)
        signal.alarm(LONGEST_SECONDS)
        record(url, subject, random.Random(seed), writer)
        os._exit(0)
    os.close(writer)
    said = os.read(reader, 1 << 16)
    began = time.monotonic()
    while said.count(b"done") < number and (more := os.read(reader, 1 << 16)):
        said += more
    seconds = (time.monotonic() - began) / max(number, 1)
    time.sleep(wait)
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    while more := os.read(reader, 1 << 16):
        said += more
    os.close(reader)
    return said.decode().splitlines(), seconds if number else wait


def record(url: str, subject: str, choose: random.Random, writer: int) -> None:
    """Records one use case after another: ``begin KIND`` before each, ``done KIND REVISION FACTS`` after it."""
    try:
        with Scheduler(url) as trial:
            kind = "book" if is_there(trial, subject) else "enrol"
            for _ in range(MOST_USE_CASES):
                os.write(writer, f"begin {kind}\n".encode())
                change = USE_CASES[kind](trial, subject, choose)
                os.write(writer, f"done {kind} {change.revision} {len(change.facts)}\n".encode())
                # There is something to undo after anything but an enrolment and an undo.
                kind = choose.choice([name for name in LATER if name != "undo" or kind not in ("enrol", "undo")])
    except BaseException as error:
        os.write(writer, f"failed {type(error).__name__}: {error}\n".encode())


def is_there(trial: Scheduler, subject: str) -> bool:
    """Whether the subject is enrolled."""
    try:
        return bool(trial.show(subject))
    except UnknownName:
        return False


def enrol(trial: Scheduler, subject: str, _: random.Random) -> Change:
    return trial.enrol("SMALL", subject, site="BJ01", dates={"d1": "2026-03-02"}, groups={"arm": "A"}, now=ENROLLED)


def book(trial: Scheduler, subject: str, choose: random.Random) -> Change:
    return trial.book(subject, "d15", moment(choose), given=["boost"], now=NOW)


def done(trial: Scheduler, subject: str, choose: random.Random) -> Change:
    visit = trial.plan(subject).visit("d1")
    again = visit is not None and visit.actual is not None
    return trial.done(subject, "d1", moment(choose), withheld=["thaw"], again=again, why="fever", now=NOW)


def event(trial: Scheduler, subject: str, choose: random.Random) -> Change:
    return trial.event(subject, "progression", moment(choose)[:10], now=NOW)


def correct(trial: Scheduler, subject: str, choose: random.Random) -> Change:
    """Another time for the booking made at enrolment, fact 3; seconds make it another one than before."""
    return trial.correct(subject, 3, f"{moment(choose)}:{choose.randint(0, 59):02d}", why="misread", now=NOW)


def undo(trial: Scheduler, subject: str, _: random.Random) -> Change:
    return trial.undo(subject, now=NOW)


def moment(choose: random.Random) -> str:
    return f"2026-03-{choose.randint(1, 28):02d}T{choose.randint(8, 17):02d}:{choose.randint(0, 59):02d}"


USE_CASES: dict[str, UseCase] = {
    "enrol": enrol,
    "book": book,
    "done": done,
    "event": event,
    "correct": correct,
    "undo": undo,
}
LATER = tuple(name for name in USE_CASES if name != "enrol")
# How many facts a use case records; an undo as many as what it takes back had.
FACTS = {"enrol": 3, "book": 2, "done": 2, "event": 1, "correct": 1}


if __name__ == "__main__":
    main(sys.argv[1])
