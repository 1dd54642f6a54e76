"""What a site approved goes out and in with a record, is guarded, and is missed where it is gone (docs/record.md)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scheduler import Scheduler
from scheduler.store.codec import canonical, digest
from schedules.errors import InvalidInput
from schedules.typed import parse_days
from tests.contract.conftest import ENROLLED, SMALL
from tests.contract.databases import Databases

NOW = "2026-03-04T18:00"
DAY = "2026-03-10"
LATER = "2026-04-01T09:00"
TWO = SMALL.replace('version: "1.0"', 'version: "2.0"').replace("at: day 15", "at: day 17")
THREE = SMALL.replace('version: "1.0"', 'version: "3.0"')
WEEK = frozenset(range(7))


@pytest.fixture
def told(enrolled: Scheduler) -> Scheduler:
    """P-001 is on 2.0, which its site approved by re-consent and then for all, with 3.0; much else happened to it."""
    for text in (TWO, THREE):
        enrolled.add_protocol(text.encode(), "small.yaml", now=ENROLLED)
    enrolled.done("P-001", "d1", "2026-03-02T10:00", now=NOW)
    enrolled.approve_version("BJ01", "SMALL", "2.0", now="2026-03-01T09:00", by="ines")
    enrolled.approve_version("BJ01", "SMALL", "2.0", mandatory=True, now=NOW, by="ines")
    enrolled.approve_version("BJ01", "SMALL", "3.0", now=NOW, by="otto")
    enrolled.amend("SMALL", to="2.0", effective=DAY, now=NOW)
    enrolled.add("P-001", "Extra scan", "2026-03-12", now=NOW)
    enrolled.close_site("BJ01", parse_days("2026-03-18..2026-03-19"), why="inspection", now=NOW)
    enrolled.correct("P-001", 4, "2026-03-03T10:00", why="misread", now=NOW)
    enrolled.undo("P-001", now=NOW)
    return enrolled


@pytest.fixture
def other(databases: Databases) -> Iterator[Scheduler]:
    """An empty database of the same kind."""
    url = databases.make(migrated=True)
    with Scheduler(url) as opened:
        yield opened
    databases.drop(url)


def state(trial: Scheduler) -> tuple[object, ...]:
    return (
        trial.show("P-001", now=LATER),
        trial.calendar(subject="P-001"),
        trial.audit("P-001", verify=True),
        [trial.export(subject="P-001", level=level) for level in ("private", "coded", "full")],
        [(one.version, one.mandatory, one.registered, one.by) for one in trial.approvals("BJ01")],
    )


def test_approvals_come_with_the_record(told: Scheduler, other: Scheduler) -> None:
    data = told.export_record("P-001")
    assert other.import_record(data, now=LATER).warnings == ()
    assert state(other) == state(told)
    assert [(one.version, one.mandatory, one.by) for one in other.approvals("BJ01")] == [
        ("2.0", True, "ines"),
        ("3.0", False, "otto"),
    ]
    assert other.export_record("P-001") == data
    assert other.audit("P-001", verify=True).ok


def test_what_was_approved_later_comes_with_a_later_record(told: Scheduler, other: Scheduler) -> None:
    told.enrol("SMALL", "P-002", site="BJ01", version="2.0", now=LATER)
    other.import_record(told.export_record("P-001"), now=LATER)
    told.approve_version("BJ01", "SMALL", "3.0", mandatory=True, now=LATER, by="otto")
    found = other.import_record(told.export_record("P-002"), now=LATER)
    assert found.warnings == ("BJ01 was there already, and approves SMALL 3.0 now, for every patient.",)
    assert [(one.version, one.mandatory) for one in other.approvals("BJ01")] == [("2.0", True), ("3.0", True)]


def test_what_the_site_approved_otherwise_here_stays(told: Scheduler, other: Scheduler) -> None:
    for text in (SMALL, TWO):
        other.add_protocol(text.encode(), "small.yaml", now=ENROLLED)
    other.add_site("BJ01", timezone="Asia/Shanghai", weekdays=WEEK, now=ENROLLED)
    other.approve_version("BJ01", "SMALL", "2.0", mandatory=True, now=LATER, by="pia")
    found = other.import_record(told.export_record("P-001"), now=LATER)
    assert found.warnings == (
        "BJ01 has other approvals of SMALL 2.0 here than where the record was exported. Those here count: the last is "
        "for every patient, there it is for every patient.",
        "BJ01 was there already, and approves SMALL 3.0 now, by re-consent.",
    )
    assert [(one.version, one.by) for one in other.approvals("BJ01")] == [("2.0", "pia"), ("3.0", "otto")]
    assert other.audit("P-001", verify=True).ok


def changed(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    document: dict[str, Any] = json.loads(data)
    change(document)
    del document["sha256"]
    document["sha256"] = digest(canonical(document))
    return json.dumps(document).encode()


def test_a_file_of_the_form_before_is_read(enrolled: Scheduler, other: Scheduler) -> None:
    def of_form_1(document: dict[str, Any]) -> None:
        document["version"] = 1
        del document["approvals"]

    other.import_record(changed(enrolled.export_record("P-001"), of_form_1), now=LATER)
    assert other.plan("P-001") == enrolled.plan("P-001")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda d: d["approvals"].clear(),
            r"The record does not verify: Fact 5 amended P-001 to SMALL 2\.0, and BJ01 has no approval of it for every "
            r"patient\. Nothing was imported\.",
        ),
        (lambda d: d["approvals"].reverse(), r"The approvals of its site are not in the order of their versions\."),
        (
            lambda d: d["approvals"][0].update(version="1.5"),
            r"Its site approved 'SMALL 1\.5', which is not in the file\.",
        ),
        (lambda d: d["approvals"][0].update(recorded_by="\n"), r"It holds a name that cannot be printed\."),
        (
            lambda d: d["approvals"][0].update(mandatory=1),
            r"approvals\[0\]\.mandatory is '1'; expected true or false\.",
        ),
    ],
)
def test_approvals_that_do_not_fit_are_refused(
    told: Scheduler, other: Scheduler, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    data = changed(told.export_record("P-001"), change)
    with pytest.raises(InvalidInput, match=message):
        other.import_record(data, now=LATER)
    assert (other.status().subjects, other.status().sites) == (0, 0)


# Somebody with the rights of the database's owner


@pytest.mark.parametrize(
    "script", ["DELETE FROM approval WHERE version = '2.0'", "UPDATE approval SET mandatory = false"]
)
def test_an_approval_that_is_gone_is_missed_where_somebody_was_amended(
    told: Scheduler, tamper: Callable[[str], None], script: str
) -> None:
    tamper(script)
    assert told.audit("P-001", verify=True).problems == (
        "Fact 5 amended P-001 to SMALL 2.0, and BJ01 has no approval of it for every patient.",
    )


@pytest.mark.parametrize(
    "script",
    [
        "DELETE FROM approval WHERE version = '3.0'",
        "UPDATE approval SET recorded_by = 'eve', registered = '2026-01-01'",
    ],
)
def test_an_approval_that_nobody_was_amended_by_is_not_missed(
    told: Scheduler, tamper: Callable[[str], None], script: str
) -> None:
    """As docs/audit.md says."""
    tamper(script.replace("'2026-01-01'", "'2026-01-01 00:00:00+00:00'"))
    assert told.audit("P-001", verify=True).ok
