"""A program that records until there is no room, and goes on when there is again, for ``test_losing``.

``python -m tests.contract.filling FOLDER limit`` lets no file grow beyond a limit (RLIMIT_FSIZE), again and again at
other places; ``… disk`` fills a small disk that FOLDER is the root of. What happened is printed as JSON. POSIX only.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from scheduler import Scheduler
from schedules.errors import StoreUnavailable
from tests.contract.conftest import ENROLLED, SMALL

NOW = "2026-03-04T18:00"
# A use case writes some pages of 4,096 bytes: within the first, between two, after some of them, after some use cases.
ROOM = (0, 100, 4_000, 4_096, 4_140, 9_000, 20_000, 33_000, 70_000, 150_000)
MOST_USE_CASES = 500
Report = dict[str, object]
Room = Callable[[], AbstractContextManager[None]]


def main(folder: Path, way: str) -> None:
    """Prints a report for each time that the room ran out."""
    rooms = [limited(folder, room) for room in ROOM] if way == "limit" else [filled(folder), filled(folder)]
    with Scheduler(f"sqlite:///{folder / 'trial.db'}") as trial:
        trial.add_protocol(SMALL.encode(), "small.yaml", now=ENROLLED)
        trial.add_site("BJ01", timezone="Asia/Shanghai", now=ENROLLED)
        trial.enrol("SMALL", "P-001", site="BJ01", dates={"d1": "2026-03-02"}, now=ENROLLED)
        for room in rooms:
            print(json.dumps(until_full(trial, room)), flush=True)


def until_full(trial: Scheduler, room: Room) -> Report:
    """Records until it fails and once more, with no room; then looks what is there, and records with room."""
    acknowledged = trial.show("P-001").revision
    errors = []
    with room():
        for number in range(MOST_USE_CASES):
            try:
                acknowledged = book(trial, number)
            except StoreUnavailable as error:
                errors.append([error.exit_code, str(error)])
                if len(errors) == 2:
                    break
        while_full = trial.show("P-001").revision
    problems = trial.audit("P-001", verify=True).problems
    after = book(trial, 0)
    return {
        "acknowledged": acknowledged,
        "errors": errors,
        "while_full": while_full,
        "problems": [*problems, *trial.audit("P-001", verify=True).problems],
        "after": after,
    }


def book(trial: Scheduler, number: int) -> int:
    """Books another time, which every number gives; what it gives back is acknowledged."""
    when = f"2026-03-{17 + number % 5}T{8 + number % 9:02d}:{number % 60:02d}"
    return trial.book("P-001", "d15", when, given=["boost"], now=NOW).revision


def limited(folder: Path, room: int) -> Room:
    """No file can grow further than so many bytes beyond the largest of now."""

    @contextmanager
    def limit() -> Iterator[None]:
        largest = max(file.stat().st_size for file in folder.iterdir())
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + room, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    return limit


def filled(folder: Path) -> Room:
    """Something else takes all but some pages of the disk, until it is removed."""

    @contextmanager
    def fill() -> Iterator[None]:
        ballast = folder / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                file.truncate(max(0, file.tell() - 15 * 4096))
        try:
            yield
        finally:
            ballast.unlink()

    return fill


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
