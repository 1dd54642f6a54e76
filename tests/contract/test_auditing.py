"""Tampering with a record is found and named (design §6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scheduler import Scheduler
from schedules.errors import InvalidInput, StoreUnavailable

NOW = "2026-03-04T18:00"
# Bytes are text to neither database.
LATER = {
    "sqlite": "CAST(replace(CAST(source AS TEXT), '28 days', '29 days') AS BLOB)",
    "postgresql": "convert_to(replace(convert_from(source, 'UTF8'), '28 days', '29 days'), 'UTF8')",
}


@pytest.fixture
def told(enrolled: Scheduler) -> Scheduler:
    """A record of five facts."""
    enrolled.event("P-001", "eligible", "2026-03-01", now=NOW, by="cora", why="all criteria met")
    enrolled.done("P-001", "d1", "2026-03-04T10:00", now=NOW, by="dan")
    return enrolled


def test_an_audit_lists_the_facts_and_the_head(told: Scheduler) -> None:
    audit = told.audit("P-001")
    assert [(fact.number, fact.kind, fact.by) for fact in audit.record.facts] == [
        (1, "enrolled", "tester"),
        (2, "group", "tester"),
        (3, "booked", "tester"),
        (4, "event", "cora"),
        (5, "done", "dan"),
    ]
    assert len(audit.head) == 64
    assert audit.head != told.event("P-001", "progression", "2026-03-04", now=NOW).facts[0].name
    assert told.audit("P-001").head != audit.head


def test_an_untouched_record_verifies_also_against_an_older_head(told: Scheduler) -> None:
    head = told.audit("P-001").head
    told.event("P-001", "progression", "2026-03-04", now=NOW)
    assert told.audit("P-001", verify=True).problems == ()
    assert told.audit("P-001", verify=True, head=head.upper()).ok


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (
            "UPDATE fact SET why = 'none' WHERE number = 4",
            "Fact 4 ('event eligible') was changed after it was recorded",
        ),
        ("UPDATE fact SET day = '2026-03-02' WHERE number = 5", "Fact 5 ('done d1') was changed"),
        ("UPDATE fact SET recorded_by = 'eve' WHERE number = 5", "Fact 5 ('done d1') was changed"),
        ('UPDATE fact SET details = \'{"value":"B"}\' WHERE number = 2', "Fact 2 ('group arm') was changed"),
        ("UPDATE fact SET revision = 9 WHERE number = 2", "Fact 2 ('group arm') was changed"),
        ("DELETE FROM fact WHERE number = 1", "Fact 1 is missing: the next one there is fact 2."),
        ("DELETE FROM fact WHERE number = 4", "Fact 4 is missing: the next one there is fact 5."),
        ("DELETE FROM fact", "The record of P-001 holds no facts: all of them were removed."),
        (
            "DELETE FROM fact WHERE number = 4; UPDATE fact SET number = 4 WHERE number = 5",
            "Fact 4 ('done d1') does not follow from the fact before it",
        ),
        (
            "UPDATE fact SET number = -4 WHERE number = 4; UPDATE fact SET number = 4 WHERE number = 3; "
            "UPDATE fact SET number = 3 WHERE number = -4",
            "Fact 3 ('event eligible') does not follow from the fact before it",
        ),
        ("UPDATE fact SET kind = 'undone' WHERE number = 5", "Fact 5 holds what was never written there"),
        ("UPDATE fact SET zone = 'Mars/Base' WHERE number = 5", "Fact 5 holds what was never written there"),
        ("UPDATE fact SET details = 'x' WHERE number = 4", "Fact 4 holds what was never written there"),
        ("DELETE FROM fact WHERE number = 5", "The record is at revision 3, and its last fact belongs to revision 2"),
        ("UPDATE subject SET salt = 'x'", "The salt of P-001 is not the one its enrolment says."),
        ("UPDATE subject SET site_revision = 2", "The site revision of P-001 is not the one its enrolment says."),
        ("UPDATE template SET source = LATER", "The template SMALL 1.0 is not the one P-001 was enrolled with."),
        (
            "UPDATE site SET snapshot = replace(snapshot, '08:00', '09:00')",
            "Site BJ01, revision 1, is not the one P-001 was enrolled at.",
        ),
        (
            "UPDATE visit SET day = '2026-03-20' WHERE visit = 'd15'",
            "The stored dates of d15 are not those that follow from the facts.",
        ),
        ("DELETE FROM visit WHERE visit = 'd8'", "The stored dates of d8 are not those that follow from the facts."),
    ],
)
def test_tampering_is_found_and_named(
    told: Scheduler, tamper: Callable[[str], None], database_url: str, script: str, problem: str
) -> None:
    tamper(script.replace("LATER", LATER[database_url.partition(":")[0]]))
    audit = told.audit("P-001", verify=True)
    assert not audit.ok
    assert problem in audit.problems[0]


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_a_date_that_is_none_is_found_and_named(told: Scheduler, tamper: Callable[[str], None]) -> None:
    """PostgreSQL lets nobody write one."""
    tamper("UPDATE fact SET day = '2026-02-31' WHERE number = 5")
    assert "Fact 5 holds what is no date or time" in told.audit("P-001", verify=True).problems[0]


def test_a_template_changed_in_the_database_is_not_used(
    told: Scheduler, tamper: Callable[[str], None], database_url: str
) -> None:
    tamper(f"UPDATE template SET source = {LATER[database_url.partition(':')[0]]}")
    with (
        Scheduler(database_url) as again,
        pytest.raises(StoreUnavailable, match=r"SMALL 1.0 was changed in the database"),
    ):
        again.show("P-001")


def test_a_cut_tail_shows_with_a_head_that_was_kept(told: Scheduler, tamper: Callable[[str], None]) -> None:
    head = told.audit("P-001").head
    tamper("DELETE FROM fact WHERE number = 5; UPDATE subject SET revision = 2")
    assert "No fact has the hash that was kept as the head" not in str(told.audit("P-001", verify=True).problems)
    assert told.audit("P-001", verify=True, head=head).problems[0].startswith("No fact has the hash that was kept")


def test_a_rewritten_chain_shows_with_a_head_that_was_kept(enrolled: Scheduler, tamper: Callable[[str], None]) -> None:
    head = enrolled.audit("P-001").head
    tamper("DELETE FROM fact; DELETE FROM visit; DELETE FROM period; DELETE FROM reminder; DELETE FROM subject")
    enrolled.enrol("SMALL", "P-001", site="BJ01", dates={"d1": "2026-03-09"}, now="2026-01-05T09:00")
    assert enrolled.audit("P-001", verify=True).ok
    assert not enrolled.audit("P-001", verify=True, head=head).ok


def test_what_cannot_be_read_stops_other_commands_with_a_message(
    told: Scheduler, tamper: Callable[[str], None]
) -> None:
    tamper("UPDATE fact SET kind = 'undone' WHERE number = 5")
    with pytest.raises(StoreUnavailable, match=r"Fact 5 holds what was never .* Run 'dayzero audit P-001 --verify'."):
        told.show("P-001")
    with pytest.raises(StoreUnavailable, match=r"Fact 5 holds what was never"):
        told.audit("P-001")
    assert len(told.audit("P-001", verify=True).record.facts) == 4


@pytest.mark.parametrize("head", ["", "abc", "g" * 64, "a" * 65])
def test_what_is_no_head_is_refused(told: Scheduler, head: str) -> None:
    with pytest.raises(InvalidInput, match=r"is no head of a record: that has 64 hexadecimal digits"):
        told.audit("P-001", verify=True, head=head)
