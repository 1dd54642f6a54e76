"""Killed at any moment: what was acknowledged is there and whole, there is no half of anything, and it goes on.

``DAYZERO_TEST_KILLS`` says how many use cases are interrupted on each database, else 200.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from scheduler import Scheduler
from scheduler.store.facts import Link
from scheduler.store.work import Store
from schedules.errors import UnknownName
from schedules.plan import TO_COME
from schedules.record import UNDOES
from tests.contract.conftest import COUNTS
from tests.contract.killing import FACTS, NOW, enrol

KILLS = int(os.environ.get("DAYZERO_TEST_KILLS", "200"))
ROOT = Path(__file__).resolve().parents[2]
# Workers start on a new subject so often, so that records stay short.
SAME_SUBJECT = 5
# A worker is left alone for at most so many use cases, and then for up to twice the time that one takes.
MOST_USE_CASES, LONGEST_PART = 3, 2.0

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills with SIGKILL, on POSIX")


class Killer:
    """The program that starts workers and kills them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def kill(self, subject: str, seed: int, number: int, part: float) -> list[list[str]]:
        """What a worker said that was killed after so many use cases and a part of one: a line at a time in words."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{subject} {seed} {number} {part:.6f}\n")
        self._process.stdin.flush()
        return [line.split() for line in json.loads(self._process.stdout.readline())]


@contextmanager
def killer(url: str) -> Iterator[Killer]:
    command = [sys.executable, "-m", "tests.contract.killing", url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Killer(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_a_kill_loses_nothing_and_leaves_no_half(
    trial: Scheduler, database_url: str, pytestconfig: pytest.Config
) -> None:
    trial.add_contact(role="coordinator", site="BJ01", now=NOW)
    choose = random.Random(20261125)
    counts: Counter[str] = Counter()
    before: Counter[str] = Counter()
    runs = 0
    with closing(Store(database_url)) as store, killer(database_url) as workers:
        while counts["interrupted"] < KILLS:
            runs += 1
            assert runs <= 5 * KILLS + 50, f"kills fell between use cases: {counts}"
            subject = f"K-{runs // SAME_SUBJECT}"
            number, part = choose.randint(0, MOST_USE_CASES), choose.uniform(0, LONGEST_PART)
            said = workers.kill(subject, seed=runs, number=number, part=part)
            check_run(trial, store, Run(subject, said), before, counts)
    assert counts["interrupted"] == counts["there"] + counts["not there"] == KILLS
    pytestconfig.stash[COUNTS].append(
        f"{database_url.partition(':')[0]}: {runs} workers killed, {counts['interrupted']} of them within a use case "
        f"({counts['there']} of these were committed, {counts['not there']} not), "
        f"{counts['acknowledged']} use cases acknowledged, none lost"
    )


class Run(NamedTuple):
    """A worker that was killed: which subject it was on, and what it said."""

    subject: str
    said: list[list[str]]


def check_run(trial: Scheduler, store: Store, run: Run, before: Counter[str], counts: Counter[str]) -> None:
    """What a killed worker left, against what it said; ``before`` are the revisions of the subjects until then."""
    subject, said = run
    assert not [words for words in said if words[0] == "failed"], said
    facts = {int(revision): int(number) for _, _, revision, number in (words for words in said if words[0] == "done")}
    under_way = said[-1][1] if said and said[-1][0] == "begin" else None
    known = max(facts, default=before[subject])
    # The next use case comes first: on PostgreSQL it waits for a commit that the server may still be making.
    following = next_use_case(trial, subject)
    left = following - 1 - known
    assert left in ((0, 1) if under_way else (0,)), f"{left} use cases more than were acknowledged: {said}"
    if left and under_way in FACTS:
        facts[known + 1] = FACTS[under_way]
    with store.reading() as work:
        links = work.facts.links(subject)
    for revision, number in facts.items():
        assert sum(link.revision == revision for link in links) == number, f"revision {revision} is no whole: {said}"
    check_whole(trial, subject, links)
    before[subject] = following
    counts["acknowledged"] += sum(words[0] == "done" for words in said)
    counts["interrupted"] += under_way is not None
    counts["there" if left else "not there"] += under_way is not None


def next_use_case(trial: Scheduler, subject: str) -> int:
    """Records something, and gives its revision: an enrolment where an interrupted one left nothing."""
    try:
        return trial.event(subject, "eligible", "2026-03-01", now=NOW, by="somebody else").revision
    except UnknownName:
        return enrol(trial, subject, random.Random(0)).revision


def check_whole(trial: Scheduler, subject: str, links: Sequence[Link]) -> None:
    """Chain, revision and projection fit; an undo is of a whole use case; reminders are of visits that are to come."""
    assert trial.audit(subject, verify=True).problems == ()
    facts = {link.number: link.revision for link in links}
    undone: dict[int, set[int]] = {}
    for link in links:
        if UNDOES in link.fact.values:
            undone.setdefault(int(link.fact.values[UNDOES]), set()).add(link.fact.corrects)
    for revision, numbers in undone.items():
        assert numbers == {number for number, of in facts.items() if of == revision}
    to_come = {visit.id for visit in trial.plan(subject).visits if visit.status in TO_COME}
    assert {item.visit for item in trial.reminders(subject) if item.state == "pending"} <= to_come
