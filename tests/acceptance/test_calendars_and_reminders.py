"""Calendar files, contacts, reminders that are sent once, the audit trail and the status."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import icalendar
import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

PATIENT = ("contact", "add", "P-001", "--role", "patient", "--email", "patient@example.org")
SUNDAY = ("--now", "2026-03-01T17:00")


def visits(data: bytes) -> list[icalendar.Component]:
    return list(icalendar.Calendar.from_ical(data).walk("VEVENT"))


# Calendar files


def test_an_export_writes_a_file_and_says_how_much(database: Path, dayzero: Run, tmp_path: Path) -> None:
    result = dayzero("export", "P-001", "-o", "visits.ics")
    dated = [item for item in dayzero("show", "P-001", "--json").json["visits"] if item["planned"]]
    assert (result.code, result.err) == (0, "")
    assert result.out == f"visits.ics: {len(dated)} events, level private.\n"
    data = (tmp_path / "visits.ics").read_bytes()
    assert len(visits(data)) == len(dated)
    for word in (b"P-001", b"NEUK", b"infusion", b"Lymphodepletion"):
        assert word not in data
    assert [file.name for file in tmp_path.iterdir() if file.suffix in {".ics", ".new"}] == ["visits.ics"]


def test_without_a_file_the_same_bytes_go_to_standard_output(database: Path, dayzero: Run, tmp_path: Path) -> None:
    dayzero("export", "P-001", "-o", "visits.ics")
    assert dayzero("export", "P-001").out.encode() == (tmp_path / "visits.ics").read_bytes()


def test_an_export_of_a_site_with_level_language_days_and_extras(database: Path, dayzero: Run) -> None:
    days = ("--from", "2026-03-01", "--to", "2026-03-08")
    coded = visits(dayzero("export", "--site", "BJ01", "--level", "coded", *days).out.encode())
    assert [event["SUMMARY"] for event in coded][:2] == ["P-001 · Day 1", "P-001 · Day 2"]
    assert len(coded) == 7
    german = visits(dayzero("export", "P-001", "--language", "de", *days).out.encode())
    assert {str(event["SUMMARY"]) for event in german} == {"Termin"}
    with_periods = visits(dayzero("export", "P-001", "--with", "periods,windows", *days).out.encode())
    assert len(with_periods) > len(german)


def test_an_export_for_a_role_with_samples_and_alarms(database: Path, dayzero: Run, tmp_path: Path) -> None:
    result = dayzero("export", "--site", "BJ01", "--role", "imaging", "-o", "imaging.ics")
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith(", level coded.\n")
    found = visits((tmp_path / "imaging.ics").read_bytes())
    everything = visits(dayzero("export", "--site", "BJ01", "--department", "imaging").out.encode())
    assert 0 < len(found) == len(everything) < len(visits(dayzero("export", "--site", "BJ01").out.encode()))
    ringing = visits(dayzero("export", "P-001", "--alarm", "1 day before at 17:00, 2 hours before").out.encode())
    to_come = [event for event in ringing if event["STATUS"] != "CANCELLED"]
    assert to_come
    assert all([alarm["TRIGGER"].to_ical() for alarm in event.walk("VALARM")] == [b"-PT7H"] for event in to_come)
    assert dayzero("export", "P-001", "--with", "samples").code == 0


def test_an_existing_file_is_replaced_and_a_folder_is_not(database: Path, dayzero: Run, tmp_path: Path) -> None:
    (tmp_path / "visits.ics").write_text("old")
    assert dayzero("export", "P-001", "-o", "visits.ics").code == 0
    assert (tmp_path / "visits.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
    (tmp_path / "folder").mkdir()
    refused = dayzero("export", "P-001", "-o", "folder")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "Error: 'folder' is a folder. Name a file in it, such as folder/visits.ics.\n"
    nowhere = dayzero("export", "P-001", "-o", "missing/visits.ics")
    assert nowhere.code == 2
    assert nowhere.err == (
        "Error: 'missing/visits.ics' cannot be written: No such file or directory. Name another file.\n"
    )


# Contacts and reminders


def test_contacts_are_added_and_listed(database: Path, dayzero: Run) -> None:
    added = dayzero(*PATIENT, "--quiet", "21:00-08:00", "--zone", "Asia/Kathmandu")
    assert (added.code, added.err, added.out) == (0, "", "Contact 1 is added: patient of subject P-001.\n")
    site = dayzero("contact", "add", "--site", "BJ01", "--role", "cell lab", "--json")
    assert (site.json["id"], site.json["site"], site.json["level"], site.json["quiet"]) == (2, "BJ01", "coded", None)
    (found,) = dayzero("contact", "list", "P-001", "--json").json
    assert (found["role"], found["zone"], found["quiet"]) == ("patient", "Asia/Kathmandu", "21:00-08:00")
    assert "patient@example.org  Asia/Kathmandu  21:00-08:00" in dayzero("contact", "list", "P-001").out
    assert "cell lab  console" in dayzero("contact", "list", "--site", "BJ01").out
    assert "patient" not in dayzero("contact", "list", "--site", "BJ01").out


def test_a_reminder_is_sent_once(database: Path, dayzero: Run) -> None:
    dayzero(*PATIENT, "--now", "2026-02-28T12:00")
    first = dayzero("remind", "--once", *SUNDAY)
    assert (first.code, first.err) == (0, "")
    assert "patient: You have an appointment on Monday 2 March 2026." in first.out
    assert not first.out.endswith("\n0 sent, 0 suppressed, 0 missed, 0 failed.\n")
    again = dayzero("remind", "--once", *SUNDAY)
    assert again.out == "0 sent, 0 suppressed, 0 missed, 0 failed.\n"


def test_with_json_the_messages_go_to_stderr(database: Path, dayzero: Run) -> None:
    dayzero(*PATIENT, "--now", "2026-02-28T12:00")
    result = dayzero("remind", "--once", *SUNDAY, "--json")
    assert list(result.json) == ["sent", "suppressed", "missed", "failed", "messages"]
    assert result.json["sent"] == len(result.json["messages"]) > 0
    assert all(
        list(message) == ["subject", "visit", "role", "rule", "channel", "key"] for message in result.json["messages"]
    )
    assert ("d1", "1 day before at 17:00") in {(item["visit"], item["rule"]) for item in result.json["messages"]}
    assert "patient: You have an appointment on Monday 2 March 2026.\n" in result.err
    assert "example.org" not in result.out


def test_no_reminder_goes_out_for_a_day_that_was_moved_or_to_the_dead(database: Path, dayzero: Run) -> None:
    dayzero(*PATIENT, "--now", "2026-02-27T12:00")
    dayzero("book", "P-001", "d1", "2026-03-04", "--now", "2026-03-01T12:00")
    sunday = dayzero("remind", "--once", *SUNDAY, "--json").json
    assert "1 day before at 17:00" not in {item["rule"] for item in sunday["messages"] if item["visit"] == "d1"}
    dayzero("event", "P-001", "death", "2026-03-02", "--now", "2026-03-02T12:00")
    assert dayzero("remind", "--once", "--now", "2026-03-10T17:00", "--json").json["sent"] == 0


def test_the_reminders_of_a_patient_are_listed(database: Path, dayzero: Run) -> None:
    assert dayzero("remind", "list", "P-001").out == "No reminder is queued.\n"
    dayzero(*PATIENT, "--now", "2026-02-28T12:00")
    # 17:00 in Beijing is 09:00 UTC.
    assert "2026-03-01 09:00  patient  d1  " in dayzero("remind", "list", "P-001").out
    found = dayzero("remind", "list", "P-001", "--json").json
    what = ["subject", "visit", "role", "rule", "event", "due", "state", "recipient"]
    assert list(found[0]) == [*what, "local", "rules_from", "why", "attempts"]
    assert {item["state"] for item in found} == {"pending"}


# Audit and status


def test_the_audit_trail_tells_who_recorded_what(unchanged: Path, dayzero: Run) -> None:
    result = dayzero("audit", "P-001")
    assert (result.code, result.err) == (0, "")
    assert "2026-02-09 02:00  maker" in result.out
    assert "d1 booked for Mon 2 Mar" in result.out
    found = dayzero("audit", "P-001", "--json").json
    assert list(found) == ["subject", "facts", "head", "verified", "problems"]
    assert (found["verified"], found["problems"]) == (None, [])
    assert [fact["kind"] for fact in found["facts"]] == ["enrolled", "group", "booked"]
    assert not any("salt" in fact["values"] for fact in found["facts"])


def test_the_head_is_printed_and_looked_for(database: Path, dayzero: Run) -> None:
    head = dayzero("audit", "P-001", "--head").out.strip()
    assert len(head) == 64
    assert int(head, 16) >= 0
    dayzero("history", "P-001", "stroke=never")
    good = dayzero("audit", "P-001", "--verify", "--head", head)
    assert good.code == 0
    assert "Verified: 4 facts, none changed, removed or re-ordered." in good.out
    unknown = dayzero("audit", "P-001", "--verify", "--head", "0" * 64)
    assert unknown.code == 1
    assert unknown.err.startswith("Error: No fact has the hash that was kept as the head")
    assert dayzero("audit", "P-001", "--verify", "--json").json["verified"] is True


@pytest.mark.parametrize(
    ("tampering", "message"),
    [
        ("UPDATE fact SET day = '2026-03-01' WHERE kind = 'booked'", "was changed after it was recorded"),
        ("DELETE FROM fact WHERE number = 2", "Fact 2 is missing"),
    ],
)
def test_tampering_is_found(tampering: str, message: str, database: Path, dayzero: Run) -> None:
    with sqlite3.connect(database) as connection:
        # Somebody who knows what keeps them out, and puts it back afterwards.
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(tampering)
        for _, made in triggers:
            connection.execute(made)
    connection.close()
    result = dayzero("audit", "P-001", "--verify")
    assert result.code == 1
    assert message in result.err
    assert result.out.endswith("\nNot verified.\n")
    document = dayzero("audit", "P-001", "--verify", "--json").json
    assert document["verified"] is False
    assert message in document["problems"][0]


def test_the_status_tells_where_the_database_is_and_how_it_stands(
    database: Path, dayzero: Run, contents: Callable[[Path], list[str]]
) -> None:
    before = contents(database)
    result = dayzero("status")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"Database    sqlite:///{database}\n")
    assert "\nLast sweep  never\n" in result.out
    found = dayzero("status", "--json").json
    assert (found["protocols"], found["sites"], found["subjects"], found["last_sweep"]) == (1, 1, 1, None)
    assert contents(database) == before
    dayzero(*PATIENT, "--now", "2026-02-28T12:00")
    dayzero("remind", "--once", *SUNDAY)
    swept = dayzero("status", "--json", *SUNDAY).json
    assert swept["last_sweep"].startswith("2026-03-01T09:00:00")
    assert swept["reminders"]["sent"] > 0
    assert swept["reminders_due"] == 0


def test_the_default_database_is_in_the_users_data_folder(dayzero: Run, tmp_path: Path) -> None:
    found = dayzero("status", "--json").json["database"]
    assert found.startswith(f"sqlite:///{tmp_path}")
    assert found.endswith("dayzero.db")
