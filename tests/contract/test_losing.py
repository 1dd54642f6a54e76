"""No room, or no connection, in the middle: a clear error, nothing acknowledged is lost, and it goes on by itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduler import Scheduler
from schedules.errors import StoreUnavailable
from tests.contract.conftest import COUNTS
from tests.contract.proxy import Proxy, proxy

NOW = "2026-03-04T18:00"
ROOT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(os.name != "posix", reason="limits and mounts are POSIX's")
# More messages than a use case has.
LONGEST = 200
DONE, NOTHING, UNCERTAIN = (
    "done",
    "Nothing of this was recorded.",
    "so it may be there or not. Look before you repeat it.",
)


# A full disk


@POSIX
@pytest.mark.parametrize("way", ["limit", "disk"])
def test_without_room_it_says_so_and_with_room_it_goes_on(way: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.contract.filling", str(tmp_path), way]
    if way == "disk":
        command = on_a_small_disk(command, tmp_path)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(reports) == (10 if way == "limit" else 2)
    for report in reports:
        check_report(report, "its disk reports an error" if way == "limit" else "the disk is full")


def check_report(report: dict[str, Any], reason: str) -> None:
    codes, messages = zip(*report["errors"], strict=True)
    assert codes == (3, 3), "each attempt fails, with the same exit code"
    assert all((reason in text and NOTHING in text) or UNCERTAIN in text for text in messages), messages
    uncertain = sum(UNCERTAIN in text for text in messages)
    assert report["acknowledged"] <= report["while_full"] <= report["acknowledged"] + uncertain
    assert report["problems"] == []
    assert report["after"] == report["while_full"] + 1, "the next use case works, in the same process"


def on_a_small_disk(command: list[str], folder: Path) -> list[str]:
    """The command with a disk of 1.5 MB mounted on the folder, where namespaces allow it."""
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare to mount a small disk with")
    inside = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    mount = 'mount -t tmpfs -o size=1500k tmpfs "$0"'
    tried = subprocess.run([*inside, mount, str(folder)], capture_output=True, text=True, timeout=60, check=False)
    if tried.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {tried.stderr.strip()}")
    return [*inside, f'{mount} && exec "$@"', str(folder), *command]


# A connection that is lost


@pytest.fixture
def through(enrolled: Scheduler, database_url: str) -> Iterator[Proxy]:
    """The proxy in front of the database."""
    with proxy(database_url) as found:
        yield found


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
@pytest.mark.parametrize("arrives", [False, True], ids=["message lost", "answer lost"])
def test_a_connection_lost_at_any_message(
    enrolled: Scheduler, through: Proxy, arrives: bool, pytestconfig: pytest.Config
) -> None:
    """The use case is cut at its first exchange, its second, and so on, until it is through before it is cut."""
    counts: Counter[str] = Counter()
    known = enrolled.show("P-001").revision
    with Scheduler(through.url) as trial:
        for message in range(LONGEST):
            # A connection that is there, as in a service that runs.
            assert trial.show("P-001").revision == known
            through.cut_at(message, arrives=arrives)
            told = outcome(trial, message)
            was_cut = through.is_cut
            through.mend()
            recorded = enrolled.show("P-001").revision - known
            assert was_cut == (told != DONE)
            assert recorded == (1 if told == DONE else 0) or (told == UNCERTAIN and arrives and recorded == 1)
            counts.update([told, f"{told} {recorded}"])
            known += recorded
            if not was_cut:
                break
        assert counts[DONE] == 1, f"a use case has more than {LONGEST} messages"
        assert trial.book("P-001", "d15", "2026-03-18", now=NOW).revision == known + 1, "it goes on by itself"
        assert trial.audit("P-001", verify=True).ok
    assert counts[NOTHING] > 5
    assert counts[f"{UNCERTAIN} {int(arrives)}"] > 0, "a commit that arrived was made, one that did not was not"
    pytestconfig.stash[COUNTS].append(
        f"postgresql: cut at each of {message} messages of a use case, the {'answer' if arrives else 'message'} lost: "
        f"{counts[NOTHING]} times nothing was recorded, {counts[UNCERTAIN]} times it was said to be uncertain"
    )


def outcome(trial: Scheduler, number: int) -> str:
    """What a use case says: that it was done, that nothing was recorded, or that it is uncertain."""
    try:
        trial.book("P-001", "d15", f"2026-03-17T10:{number % 60:02d}", given=["boost"], now=NOW)
    except StoreUnavailable as error:
        text = str(error)
        return next((words for words in (NOTHING, UNCERTAIN) if words in text and error.exit_code == 3), text)
    return DONE
