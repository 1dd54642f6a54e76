"""Tampering with a record is found and named (design §6)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

from scheduler import Scheduler
from scheduler.store.facts import chained
from scheduler.store.work import Store
from schedules.errors import InvalidInput, StoreUnavailable
from schedules.record import Fact
from tests.contract.databases import Databases

NOW = "2026-03-04T18:00"
# Bytes are text to neither database.
LATER = {
    "sqlite": "CAST(replace(CAST(source AS TEXT), '28 days', '29 days') AS BLOB)",
    "postgresql": "convert_to(replace(convert_from(source, 'UTF8'), '28 days', '29 days'), 'UTF8')",
}


# A fact behind the last, as somebody writes it who has not read how the hash is made.
LIKE_THE_LAST = (
    "subject, number + 1, revision, kind, name, day, clock, zone, moment, details, why, "
    "recorded_by, recorded, previous, hash"
)


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
        ("UPDATE fact SET name = 'd8' WHERE number = 5", "Fact 5 ('done d8') was changed"),
        ("UPDATE fact SET clock = '11:00:00' WHERE number = 5", "Fact 5 ('done d1') was changed"),
        ("UPDATE fact SET recorded = '2026-03-05 10:00:00' WHERE number = 5", "Fact 5 ('done d1') was changed"),
        ("UPDATE fact SET hash = previous WHERE number = 5", "Fact 5 ('done d1') was changed"),
        ("UPDATE fact SET hash = previous WHERE number = 4", "Fact 4 ('event eligible') was changed"),
        ("UPDATE fact SET previous = hash WHERE number = 5", "Fact 5 ('done d1') does not follow from the fact before"),
        (f"INSERT INTO fact SELECT {LIKE_THE_LAST} FROM fact WHERE number = 5", "Fact 6 ('done d1') does not follow"),
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
        ("UPDATE visit SET visit = 'd9' WHERE visit = 'd8'", "The stored dates of d8, d9 are not those that follow"),
        ("UPDATE visit SET uid = 'x' WHERE visit = 'd8'", "The stored dates of d8 are not those that follow"),
        (
            "UPDATE visit SET window_end = '2026-04-30' WHERE visit = 'd15'",
            "The stored dates of d15 are not those that",
        ),
        ("UPDATE visit SET status = 'cancelled' WHERE visit = 'd15'", "The stored dates of d15 are not those that"),
        ("UPDATE period SET last = '2026-04-30' WHERE period = 'near-1'", "The stored dates of near-1 are not those"),
        ("DELETE FROM period WHERE period = 'near-1'", "The stored dates of near-1 are not those that follow"),
        ("UPDATE subject SET stopped = 'death'", "P-001 is stored as stopped by death, and going on is what follows"),
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


def write_anew(url: str, databases: Databases, change: Callable[[Fact], Fact]) -> None:
    """Somebody with all rights and this source changes facts, and writes the hashes of the whole chain anew."""
    with closing(Store(url)) as store, store.reading() as work:
        links = work.facts.links("P-001")
    previous, script = "", []
    for link in links:
        (changed,) = chained("P-001", [change(link.fact)], link.revision, previous)
        previous = changed.hash
        why = changed.why.replace("'", "''")
        script.append(
            f"UPDATE fact SET why = '{why}', previous = '{changed.previous}', hash = '{changed.hash}' "
            f"WHERE number = {link.number}"
        )
    databases.run(url, ";".join(script))


def test_a_chain_that_is_written_anew_shows_only_with_a_head(
    told: Scheduler, databases: Databases, database_url: str
) -> None:
    head = told.audit("P-001").head
    write_anew(database_url, databases, lambda fact: replace(fact, why="none" if fact.number == 4 else fact.why))
    assert told.audit("P-001").record.facts[3].why == "none"
    assert told.audit("P-001", verify=True).ok, "as the documents say"
    (problem,) = told.audit("P-001", verify=True, head=head).problems
    assert problem.startswith("No fact has the hash that was kept as the head")


def test_a_tail_cut_without_a_trace_shows_only_with_a_head(told: Scheduler, tamper: Callable[[str], None]) -> None:
    told.history("P-001", {"therapy": "never"}, now=NOW)
    head = told.audit("P-001").head
    tamper("DELETE FROM fact WHERE number = 6; UPDATE subject SET revision = 3")
    assert told.audit("P-001", verify=True).ok, "as the documents say"
    (problem,) = told.audit("P-001", verify=True, head=head).problems
    assert problem.endswith("There are 5 facts now.")


def test_a_correction_that_is_made_to_name_another_fact_is_found(
    told: Scheduler, tamper: Callable[[str], None]
) -> None:
    told.correct("P-001", 5, "2026-03-03T10:00", why="misread", now=NOW)
    tamper('UPDATE fact SET details = \'{"corrects":"4"}\' WHERE number = 6')
    assert told.audit("P-001", verify=True).problems[0].startswith("Fact 6 ('corrected d1') was changed")
    tamper('UPDATE fact SET details = \'{"corrects":"6"}\' WHERE number = 6')
    assert told.audit("P-001", verify=True).problems[0].startswith("Fact 6 holds what was never written there")


@pytest.mark.parametrize(
    "script",
    [
        "UPDATE visit SET sequence = 0",
        "UPDATE visit SET changed = '2026-01-05 00:00:00'",
        "UPDATE contact SET email = 'eve@example.org'",
        "DELETE FROM contact",
        "UPDATE reminder SET state = 'sent'",
    ],
)
def test_what_an_audit_cannot_find_is_as_the_documents_say(
    told: Scheduler, tamper: Callable[[str], None], script: str
) -> None:
    told.add_contact(role="patient", subject="P-001", email="patient@example.org", now="2026-01-05T09:00")
    head = told.audit("P-001").head
    tamper(script)
    assert told.audit("P-001", verify=True, head=head).ok


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
