"""What is told as it happens, who gets how much at once, and whose rules hold (design §8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url

from scheduler import Scheduler
from scheduler.channels import DeliveryFailed
from scheduler.values import Message
from schedules.errors import InvalidInput
from tests.sending import Inbox

ENROLLED = "2026-01-05T09:00"
RULES = ("moved within 14 days", "cancelled within 14 days")


@pytest.fixture
def patient(enrolled: Scheduler) -> Scheduler:
    """P-001, whose patient is told what moves, and nothing else."""
    enrolled.add_contact(subject="P-001", role="patient", rules=RULES, now=ENROLLED)
    return enrolled


def sweep(trial: Scheduler, now: str) -> list[tuple[str, str, str]]:
    inbox = Inbox()
    trial.remind_once(now=now, send=inbox)
    return inbox.told


# Moved, cancelled, on again


def test_a_visit_that_moves_is_told_with_where_it_was(patient: Scheduler) -> None:
    patient.book("P-001", "d1", "2026-03-04", now="2026-02-27T10:00")
    moved = "Your appointment has moved. It was on Monday 2 March 2026. It is now on Wednesday 4 March 2026."
    assert ("patient", "d1", moved) in sweep(patient, "2026-02-27T10:00")
    assert sweep(patient, "2026-02-27T10:05") == []


def test_what_moves_twice_before_it_is_told_is_told_once_from_where_it_was(patient: Scheduler) -> None:
    patient.book("P-001", "d1", "2026-03-04", now="2026-02-27T10:00")
    patient.book("P-001", "d1", "2026-03-05", now="2026-02-27T10:01")
    told = [text for _, visit, text in sweep(patient, "2026-02-27T10:02") if visit == "d1"]
    assert told == ["Your appointment has moved. It was on Monday 2 March 2026. It is now on Thursday 5 March 2026."]


def test_what_moved_back_before_it_was_told_is_not_told(patient: Scheduler) -> None:
    patient.book("P-001", "d1", "2026-03-04", now="2026-02-27T10:00")
    patient.book("P-001", "d1", "2026-03-02", now="2026-02-27T10:01")
    assert sweep(patient, "2026-02-27T10:02") == []


def test_what_is_far_away_or_only_gets_a_time_is_not_told(patient: Scheduler) -> None:
    patient.book("P-001", "d1", "2026-03-04", now=ENROLLED)
    patient.book("P-001", "d1", "2026-03-04T10:00", now="2026-03-01T10:00")
    assert [one for one in sweep(patient, "2026-03-01T10:01") if one[1] == "d1"] == []


def test_a_visit_that_is_cancelled_and_one_that_is_on_again(patient: Scheduler) -> None:
    patient.cancel("P-001", "d1", why="fever", now="2026-02-27T10:00")
    told = {visit: text for _, visit, text in sweep(patient, "2026-02-27T10:01")}
    assert told["d1"] == "Your appointment on Monday 2 March 2026 is cancelled."
    patient.undo("P-001", why="it was the other one", now="2026-02-27T11:00")
    told = {visit: text for _, visit, text in sweep(patient, "2026-02-27T11:01")}
    assert told["d1"] == "You have an appointment on Monday 2 March 2026."


def test_to_the_contacts_of_the_dead_nothing_and_to_staff_one_notice(patient: Scheduler) -> None:
    patient.add_contact(subject="P-001", role="guardian", now=ENROLLED)
    patient.add_contact(site="BJ01", role="coordinator", now=ENROLLED)
    patient.add_contact(site="BJ01", role="cell lab", rules=["1 day before"], now=ENROLLED)
    patient.book("P-001", "d1", "2026-03-04", now="2026-02-27T10:00")
    sweep(patient, "2026-02-27T10:01")
    patient.book("P-001", "d1", "2026-03-05", now="2026-02-27T10:30")
    patient.event("P-001", "death", "2026-02-27", now="2026-02-27T11:00")
    told = sweep(patient, "2026-02-27T11:01")
    assert {role for role, _, _ in told} == {"coordinator", "cell lab"}
    assert all(visit == "death" and "P-001" in text for _, visit, text in told)
    assert len(told) == 2
    patient.done("P-001", "labs", "2026-02-24", now="2026-02-27T12:00")
    assert sweep(patient, "2026-03-10T12:00") == []


def test_a_conflict_is_told_once_while_it_stands(enrolled: Scheduler) -> None:
    enrolled.add_contact(site="BJ01", role="coordinator", rules=["conflict"], now=ENROLLED)
    enrolled.book("P-001", "labs", "2026-02-10", now="2026-02-02T10:00")
    told = sweep(enrolled, "2026-02-02T10:01")
    assert told
    assert all(role == "coordinator" for role, _, _ in told)
    enrolled.group("P-001", {"arm": "B"}, now="2026-02-02T11:00")
    assert sweep(enrolled, "2026-02-02T11:01") == []
    enrolled.book("P-001", "labs", "2026-02-11", now="2026-02-03T10:00")
    enrolled.book("P-001", "labs", "2026-02-24", now="2026-02-03T10:01")
    assert sweep(enrolled, "2026-02-03T10:02") == []


# Six an hour, then a digest


def test_what_an_hour_has_no_room_for_goes_into_a_digest(enrolled: Scheduler) -> None:
    enrolled.add_contact(subject="P-001", role="patient", now=ENROLLED)
    inbox = Inbox()
    found = enrolled.remind_once(now="2026-02-23T17:30", send=inbox, per_hour=3)
    assert [(message.event, len(message.parts)) for message in inbox.messages] == [
        ("before", 0),
        ("before", 0),
        ("digest", 2),
    ]
    assert found.sent == enrolled.status().reminders["sent"] == 4
    assert len({message.key for message in inbox.messages}) == 3


def test_what_comes_after_the_digest_waits_for_the_next_hour(enrolled: Scheduler) -> None:
    enrolled.add_contact(subject="P-001", role="patient", rules=("7 days before at 09:00", *RULES), now=ENROLLED)
    inbox = Inbox()
    enrolled.remind_once(now="2026-02-17T09:00", send=inbox, per_hour=1)
    enrolled.book("P-001", "labs", "2026-02-25", now="2026-02-17T09:10")
    enrolled.remind_once(now="2026-02-17T09:20", send=inbox, per_hour=1)
    assert [message.visit for message in inbox.messages] == ["labs"]
    enrolled.remind_once(now="2026-02-17T10:00", send=inbox, per_hour=1)
    assert [message.event for message in inbox.messages] == ["before", "moved"]


def test_a_digest_keeps_its_identity_over_a_crash(enrolled: Scheduler) -> None:
    enrolled.add_contact(subject="P-001", role="patient", now=ENROLLED)
    keys: list[str] = []

    def crash(message: Message) -> None:
        keys.append(message.key)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        enrolled.remind_once(now="2026-02-23T17:30", send=crash, per_hour=1)
    enrolled.cancel("P-001", "labs", why="so", now="2026-02-23T17:31")
    inbox = Inbox()
    found = enrolled.remind_once(now="2026-02-23T17:36", send=inbox, per_hour=1)
    assert [message.key for message in inbox.messages] == keys
    assert [part.visit for part in inbox.messages[0].parts] == ["d1", "sample"]
    assert found.sent == 2
    counts = enrolled.status().reminders
    assert counts["sent"] == 2


def test_what_a_server_refuses_for_good_is_given_up_at_once_and_on_the_worklist(enrolled: Scheduler) -> None:
    enrolled.add_contact(subject="P-001", role="patient", now=ENROLLED)

    def refuse(_message: Message) -> None:
        raise DeliveryFailed("the server refuses the mailbox", permanent=True)

    enrolled.remind_once(now="2026-02-17T09:00", send=refuse)
    assert enrolled.status().reminders["failed"] == 1
    (one,) = enrolled.overdue(site="BJ01", now="2026-02-17T10:00").undelivered
    assert (one.subject, one.visit, one.why) == ("P-001", "labs", "the server refuses the mailbox")


def test_a_message_that_may_have_arrived_stays_one_of_its_own(enrolled: Scheduler) -> None:
    enrolled.add_contact(subject="P-001", role="patient", now=ENROLLED)
    keys: list[str] = []

    def dropped(message: Message) -> None:
        keys.append(message.key)
        raise DeliveryFailed("the connection was lost", told=True)

    enrolled.remind_once(now="2026-02-17T09:00", send=dropped)
    inbox = Inbox()
    enrolled.remind_once(now="2026-02-23T17:30", send=inbox, per_hour=1)
    assert keys[0] in [message.key for message in inbox.messages]


# Whose rules hold, pauses, erasure


def test_a_contacts_rules_go_before_the_sites_and_those_before_the_protocols(enrolled: Scheduler) -> None:
    enrolled.add_contact(subject="P-001", role="patient", now=ENROLLED)

    def rules() -> set[tuple[str, str]]:
        return {(one.rule, one.rules_from) for one in enrolled.reminders("P-001") if one.state == "pending"}

    assert rules() == {("7 days before at 09:00", "protocol"), ("1 day before at 17:00", "protocol")}
    enrolled.set_site_rules("BJ01", "patient", ["3 days before at 12:00"], now=ENROLLED)
    assert rules() == {("3 days before at 12:00", "site")}
    enrolled.change_contact(1, rules=["2 days before at 12:00"], now=ENROLLED)
    assert rules() == {("2 days before at 12:00", "contact")}
    enrolled.change_contact(1, own_rules=False, now=ENROLLED)
    enrolled.set_site_rules("BJ01", "patient", (), now=ENROLLED)
    assert rules() == set()
    enrolled.set_site_rules("BJ01", "patient", None, now=ENROLLED)
    assert ("1 day before at 17:00", "protocol") in rules()
    with pytest.raises(InvalidInput, match="'tomorrow' is no reminder"):
        enrolled.set_site_rules("BJ01", "patient", ["tomorrow"], now=ENROLLED)


def test_another_zone_retimes_what_waits(enrolled: Scheduler) -> None:
    enrolled.add_contact(subject="P-001", role="patient", rules=["1 day before at 17:00"], now=ENROLLED)
    enrolled.change_contact(1, zone="Asia/Kathmandu", now=ENROLLED)
    due = {one.visit: one.local for one in enrolled.reminders("P-001")}["d1"]
    assert due is not None
    assert due.isoformat() == "2026-03-01T17:00:00+05:45"


def test_a_pause_sends_nothing_and_nothing_later_of_what_fell_into_it(enrolled: Scheduler) -> None:
    enrolled.add_contact(subject="P-001", role="patient", now=ENROLLED)
    enrolled.pause_contact(1, until="2026-02-20", now=ENROLLED)
    assert sweep(enrolled, "2026-02-17T09:00") == []
    assert [visit for _, visit, _ in sweep(enrolled, "2026-02-23T09:00")] == ["d1", "sample"]
    enrolled.pause_contact(1, now="2026-02-23T10:00")
    assert sweep(enrolled, "2026-02-23T17:00") == []
    enrolled.resume_contact(1, now="2026-02-24T10:00")
    with pytest.raises(InvalidInput, match="Contact 1 is not paused"):
        enrolled.resume_contact(1, now="2026-02-24T10:00")


def test_an_erased_contact_is_in_no_file_any_more(enrolled: Scheduler, database_url: str) -> None:
    address = "somebody-to-forget@example.org"
    enrolled.add_contact(subject="P-001", role="patient", email=address, now=ENROLLED)
    enrolled.change_contact(1, zone="UTC", now=ENROLLED)
    erased = enrolled.erase_contact(1, now=ENROLLED)
    assert erased.scrubbed
    assert erased.suppressed > 0
    assert enrolled.contacts() == ()
    assert {one.state for one in enrolled.reminders("P-001")} == {"suppressed"}
    with pytest.raises(InvalidInput, match="There is no contact 1, or it was erased"):
        enrolled.erase_contact(1)
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        file = Path(str(url.database))
        assert all(address.encode() not in found.read_bytes() for found in file.parent.glob(f"{file.name}*"))


# Every night


def test_the_nightly_round_verifies_backs_up_and_keeps_the_newest(
    enrolled: Scheduler, tmp_path: Path, database_url: str
) -> None:
    start = datetime.fromisoformat("2026-01-06T03:00:00+00:00")
    for day in range(3):
        night = enrolled.look_after(now=start + timedelta(days=day), backups=tmp_path, keep=2)
        assert night.problems == ()
    copies = sorted(tmp_path.glob("*.backup"))
    is_file = database_url.startswith("sqlite")
    assert len(copies) == (2 if is_file else 0)
    assert enrolled.status().night == "nothing wrong"
    if is_file:
        assert copies[-1].stat().st_mode & 0o077 == 0
        with Scheduler(f"sqlite:///{copies[-1]}") as copy:
            assert copy.show("P-001").revision == enrolled.show("P-001").revision
