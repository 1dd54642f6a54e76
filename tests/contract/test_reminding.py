"""Reminders arrive once, on time, and never for what no longer holds (design §1, §8)."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from scheduler import Scheduler, sweeping
from scheduler.channels import DeliveryFailed
from scheduler.values import Message, Queued
from schedules.errors import InvalidInput, UnknownName
from tests.sending import Inbox

ENROLLED = "2026-01-05T09:00"
BEIJING = ZoneInfo("Asia/Shanghai")


def waiting(trial: Scheduler, visit: str | None = None) -> dict[tuple[str, str], str]:
    """When the reminders that wait are due, at Beijing, by visit and rule."""
    return {
        (queued.visit, queued.rule): at_beijing(queued)
        for queued in trial.reminders("P-001")
        if queued.state == "pending" and visit in (None, queued.visit)
    }


def at_beijing(queued: Queued) -> str:
    return f"{queued.due.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def states(trial: Scheduler) -> dict[str, int]:
    return dict(trial.status().reminders)


@pytest.fixture
def patient(enrolled: Scheduler) -> Scheduler:
    """P-001 with a patient's contact."""
    enrolled.add_contact(subject="P-001", role="patient", now=ENROLLED)
    return enrolled


def test_reminders_are_queued_to_the_horizon(patient: Scheduler) -> None:
    assert waiting(patient) == {
        ("labs", "7 days before at 09:00"): "2026-02-17 09:00",
        ("labs", "1 day before at 17:00"): "2026-02-23 17:00",
        ("d1", "7 days before at 09:00"): "2026-02-23 09:00",
        ("d1", "1 day before at 17:00"): "2026-03-01 17:00",
        ("sample", "7 days before at 09:00"): "2026-02-23 09:00",
        ("sample", "1 day before at 17:00"): "2026-03-01 17:00",
        ("d8", "7 days before at 09:00"): "2026-03-02 09:00",
    }


def test_the_sweep_moves_the_horizon_on(patient: Scheduler) -> None:
    patient.remind_once(now="2026-01-06T08:00", send=Inbox())
    assert waiting(patient, "d8") == {("d8", "7 days before at 09:00"): "2026-03-02 09:00"}
    patient.remind_once(now="2026-02-05T09:00", send=Inbox())
    assert waiting(patient, "d8")["d8", "1 day before at 17:00"] == "2026-03-08 17:00"


def test_what_is_due_is_sent_once(patient: Scheduler) -> None:
    inbox = Inbox()
    first = patient.remind_once(now="2026-02-23T17:30", send=inbox)
    assert [(message.visit, message.rule) for message in inbox.messages] == [
        ("labs", "7 days before at 09:00"),
        ("d1", "7 days before at 09:00"),
        ("sample", "7 days before at 09:00"),
        ("labs", "1 day before at 17:00"),
    ]
    assert first.sent == len(inbox.messages) == 4
    assert first.messages == tuple(inbox.messages)
    again = patient.remind_once(now="2026-02-23T17:30", send=inbox)
    assert again.document() == {"sent": 0, "suppressed": 0, "missed": 0, "failed": 0, "messages": []}
    assert len({message.key for message in inbox.messages}) == 4


def test_the_document_names_no_recipient(patient: Scheduler) -> None:
    sweep = patient.remind_once(now="2026-02-17T09:00", send=Inbox())
    assert sweep.document() == {
        "sent": 1,
        "suppressed": 0,
        "missed": 0,
        "failed": 0,
        "messages": [
            {
                "subject": "P-001",
                "visit": "labs",
                "role": "patient",
                "rule": "7 days before at 09:00",
                "channel": "console",
                "key": sweep.messages[0].key,
            }
        ],
    }


def test_a_patient_is_told_no_more_than_needed(patient: Scheduler, capsys: pytest.CaptureFixture[str]) -> None:
    patient.book("P-001", "d1", "2026-03-02T10:00", now=ENROLLED)
    patient.remind_once(now="2026-03-01T17:00")
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "[patient of P-001] You have an appointment on Monday 2 March 2026 at 10:00.",
        "[patient of P-001] You have an appointment on Monday 2 March 2026 at 16:00.",
    ]


def test_staff_are_told_subject_and_visit_and_departments_their_part(enrolled: Scheduler) -> None:
    enrolled.add_contact(site="BJ01", role="coordinator", now=ENROLLED)
    enrolled.add_contact(site="BJ01", role="infusion unit", level="full", now=ENROLLED)
    inbox = Inbox()
    for now in ("2026-02-24T17:00", "2026-03-01T17:00"):
        enrolled.remind_once(now=now, send=inbox)
    assert [message.text for message in inbox.messages] == [
        "P-001: Consent was due by Monday 5 January 2026. Nothing is recorded.",
        "P-001: Labs, planned for Tuesday 24 February 2026. Its window is open, to Wednesday 25 February 2026.",
        "P-001: Labs, planned for Tuesday 24 February 2026. Its window closes on Wednesday 25 February 2026.",
        "P-001: Labs was due by Wednesday 25 February 2026. Nothing is recorded.",
        "P-001: Sample, planned for Monday 2 March 2026 at 14:00. Its window closes on Monday 2 March 2026.",
        "P-001: Day 1 on Monday 2 March 2026. To do: Infusion, Arm A.",
    ]
    assert {message.visit for message in inbox.messages if message.role == "infusion unit"} == {"d1"}


def test_a_moved_visit_moves_its_reminders(patient: Scheduler) -> None:
    patient.remind_once(now="2026-02-24T09:00", send=Inbox())
    patient.book("P-001", "d1", "2026-03-04", now="2026-02-24T10:00")
    assert waiting(patient, "d1") == {
        ("d1", "7 days before at 09:00"): "2026-02-25 09:00",
        ("d1", "1 day before at 17:00"): "2026-03-03 17:00",
    }
    inbox = Inbox()
    patient.remind_once(now="2026-03-01T17:00", send=inbox)
    assert "2 March" not in " ".join(message.text for message in inbox.messages)


def test_a_reminder_whose_new_time_is_past_is_not_sent(patient: Scheduler) -> None:
    patient.book("P-001", "d1", "2026-02-26", now="2026-02-22T10:00")
    assert waiting(patient, "d1") == {("d1", "1 day before at 17:00"): "2026-02-25 17:00"}


def test_what_was_due_before_a_change_is_still_sent(patient: Scheduler) -> None:
    """The sweep is late: the change comes between the moment of a reminder and its being sent."""
    patient.event("P-001", "eligible", "2026-03-01", now="2026-03-01T17:10")
    inbox = Inbox()
    patient.remind_once(now="2026-03-01T17:20", send=inbox)
    assert ("d1", "1 day before at 17:00") in [(message.visit, message.rule) for message in inbox.messages]


def test_a_long_pause_is_caught_up_with(patient: Scheduler) -> None:
    """Nothing ran for three months: what fell beyond the horizon then is missed, not forgotten."""
    inbox = Inbox()
    sweep = patient.remind_once(now="2026-04-10T09:00", send=inbox)
    assert (sweep.sent, sweep.missed) == (0, 10)
    assert states(patient) == {"pending": 0, "sent": 0, "suppressed": 0, "missed": 10, "failed": 0}


def test_a_change_after_a_long_pause_forgets_nothing(patient: Scheduler) -> None:
    patient.event("P-001", "eligible", "2026-03-15", now="2026-03-15T18:00")
    inbox = Inbox()
    patient.remind_once(now="2026-03-15T18:05", send=inbox)
    assert [(message.visit, message.rule) for message in inbox.messages] == [
        ("d15", "7 days before at 09:00"),
        ("d15", "1 day before at 17:00"),
    ]


def test_nothing_goes_out_after_death(patient: Scheduler) -> None:
    patient.event("P-001", "death", "2026-02-20", now="2026-02-20T10:00")
    assert waiting(patient) == {}
    inbox = Inbox()
    assert patient.remind_once(now="2026-03-01T17:00", send=inbox).sent == 0
    assert inbox.messages == []


def test_a_visit_done_early_is_reminded_of_no_more(patient: Scheduler) -> None:
    patient.done("P-001", "labs", "2026-02-23", now="2026-02-23T12:00")
    assert waiting(patient, "labs") == {}


def test_status_is_checked_just_before_sending(patient: Scheduler, database_url: str) -> None:
    """The death is recorded while a batch is on its way."""
    sent: list[str] = []

    def send(message: Message) -> None:
        sent.append(message.visit)
        with Scheduler(database_url) as other:
            other.event("P-001", "death", "2026-03-01", now="2026-03-01T17:00")

    sweep = patient.remind_once(now="2026-03-01T17:00", send=send)
    assert len(sent) == sweep.sent == 1
    assert waiting(patient) == {}


def test_a_visit_moved_while_its_reminder_is_on_its_way_is_reminded_of_anew(
    patient: Scheduler, database_url: str
) -> None:
    def send(message: Message) -> None:
        if message.visit == "labs":
            with Scheduler(database_url) as other:
                other.book("P-001", "labs", "2026-02-25", now="2026-02-17T09:00")

    patient.remind_once(now="2026-02-17T09:00", send=send)
    assert waiting(patient, "labs")["labs", "7 days before at 09:00"] == "2026-02-18 09:00"
    told = [queued for queued in patient.reminders("P-001") if queued.state == "sent"]
    assert [(queued.visit, queued.rule) for queued in told] == [("labs", "7 days before at 09:00")]


def test_a_crash_after_sending_repeats_the_same_message(patient: Scheduler) -> None:
    keys: list[str] = []

    def crash(message: Message) -> None:
        keys.append(message.key)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        patient.remind_once(now="2026-02-17T09:00", send=crash)
    inbox = Inbox()
    assert patient.remind_once(now="2026-02-17T09:01", send=inbox).sent == 0, "its lease still holds"
    assert patient.remind_once(now="2026-02-17T09:06", send=inbox).sent == 1
    assert [message.key for message in inbox.messages] == keys


def test_what_cannot_be_delivered_is_tried_again_and_then_given_up(patient: Scheduler) -> None:
    def refuse(_message: Message) -> None:
        raise DeliveryFailed("the server is down")

    hours = [f"2026-02-{17 + hour // 24}T{hour % 24:02}:00" for hour in range(9, 9 + sweeping.ATTEMPTS + 2)]
    failed = [patient.remind_once(now=hour, send=refuse).failed for hour in hours]
    assert failed == [1] * sweeping.ATTEMPTS + [0, 0]
    assert states(patient)["failed"] == 1
    (dead,) = patient.reminders_in_state("failed", site="BJ01")
    assert (dead.visit, dead.why, dead.attempts) == ("labs", "the server is down", sweeping.ATTEMPTS - 1)
    told = patient.status(now="2026-02-18T15:00+08:00").health
    assert told == ("1 could not be delivered. See them with 'dayzero remind list --dead'.",)


def test_what_failed_once_is_sent_when_it_can_be(patient: Scheduler) -> None:
    def refuse(_message: Message) -> None:
        raise DeliveryFailed("the server is down")

    inbox = Inbox()
    patient.remind_once(now="2026-02-17T09:00", send=refuse)
    assert patient.remind_once(now="2026-02-17T09:01", send=inbox).sent == 0
    assert patient.remind_once(now="2026-02-17T09:02", send=inbox).sent == 1


def test_a_batch_is_only_a_part(patient: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 2)
    assert patient.remind_once(now="2026-02-23T17:00", send=Inbox()).sent == 4


def test_quiet_hours_may_be_none_from_the_beginning(enrolled: Scheduler) -> None:
    assert enrolled.add_contact(subject="P-001", role="patient", quiet="none", now=ENROLLED).quiet is None


def test_nothing_is_sent_in_quiet_hours(enrolled: Scheduler) -> None:
    enrolled.add_contact(subject="P-001", role="patient", quiet="16:30-08:15", now=ENROLLED)
    assert waiting(enrolled, "d1")["d1", "1 day before at 17:00"] == "2026-03-02 08:15"
    inbox = Inbox()
    enrolled.remind_once(now="2026-02-17T23:00", send=inbox)
    assert inbox.messages == []
    enrolled.remind_once(now="2026-02-18T08:15", send=inbox)
    assert [message.visit for message in inbox.messages] == ["labs"]


def test_the_recipients_zone_decides_when(enrolled: Scheduler) -> None:
    enrolled.add_contact(subject="P-001", role="patient", zone="Europe/Berlin", now=ENROLLED)
    assert waiting(enrolled, "labs")["labs", "1 day before at 17:00"] == "2026-02-24 00:00"
    enrolled.book("P-001", "d15", "2026-03-16T10:00", now=ENROLLED)
    inbox = Inbox()
    enrolled.remind_once(now="2026-03-16T05:00", send=inbox)
    assert inbox.messages[-1].text == "You have an appointment on Monday 16 March 2026 at 10:00 (Asia/Shanghai)."


def test_now_without_an_offset_is_read_at_each_site(enrolled: Scheduler) -> None:
    enrolled.add_site("B01", timezone="Europe/Berlin", weekdays=frozenset(range(7)), now=ENROLLED)
    enrolled.enrol("SMALL", "P-002", site="B01", dates={"d1": "2026-03-02"}, now=ENROLLED)
    for subject in ("P-001", "P-002"):
        enrolled.add_contact(subject=subject, role="patient", now=ENROLLED)
    inbox = Inbox()
    enrolled.remind_once(now="2026-02-17T09:00", send=inbox)
    assert {message.subject for message in inbox.messages} == {"P-001", "P-002"}
    assert enrolled.status().last_sweep == datetime(2026, 2, 17, 8, 0, tzinfo=UTC)
    both = Inbox()
    enrolled.remind_once(now="2026-02-23T17:00+08:00", send=both)
    assert {message.subject for message in both.messages} == {"P-001", "P-002"}
    assert {message.visit for message in both.messages if message.subject == "P-002"} == {"d1", "sample"}


def test_a_contact_that_comes_later_is_reminded_of_what_comes(enrolled: Scheduler) -> None:
    enrolled.add_contact(site="BJ01", role="coordinator", now="2026-02-25T10:00")
    assert ("labs", "window opens") not in waiting(enrolled)
    assert waiting(enrolled, "labs") == {("labs", "1 day overdue"): "2026-02-26 08:00"}


def test_each_contact_gets_its_own(patient: Scheduler) -> None:
    patient.add_contact(subject="P-001", role="patient", email="two@example.org", now=ENROLLED)
    inbox = Inbox()
    patient.remind_once(now="2026-02-17T09:00", send=inbox)
    assert [message.contact.email for message in inbox.messages] == ["", "two@example.org"]
    assert len({message.key for message in inbox.messages}) == 2


def test_a_dry_run_adds_nobody(enrolled: Scheduler) -> None:
    contact = enrolled.add_contact(subject="P-001", role="patient", now=ENROLLED, dry_run=True)
    assert contact.level == "private"
    assert enrolled.contacts() == ()
    assert waiting(enrolled) == {}


def test_contacts_are_listed_by_owner(patient: Scheduler) -> None:
    added = patient.add_contact(
        site="BJ01",
        role="coordinator",
        email="coordinator@example.org",
        notify="ntfys://example.org/topic",
        quiet="21:00-08:00",
        language="zh",
        now=ENROLLED,
    )
    assert patient.contacts(site="BJ01") == (added,)
    assert [contact.role for contact in patient.contacts(subject="P-001")] == ["patient"]
    assert len(patient.contacts()) == 2
    assert (added.level, added.zone, added.owner) == ("coded", "Asia/Shanghai", "site BJ01")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"subject": "P-001", "role": "pateint"}, "There is no role 'pateint'. Did you mean 'patient'?"),
        ({"role": "patient"}, "A contact is of one subject or of one site"),
        ({"site": "BJ01", "role": "patient"}, "A patient is a contact of a subject: add it with SUBJECT"),
        ({"subject": "P-001", "role": "monitor"}, "A monitor is a contact of a site: add it with --site"),
        ({"subject": "P-002", "role": "patient"}, "There is no subject 'P-002'. Did you mean 'P-001'?"),
        ({"site": "BJ1", "role": "monitor"}, "There is no site 'BJ1'. Did you mean 'BJ01'?"),
        ({"subject": "P-001", "role": "patient", "email": "nobody"}, "That is no e-mail address"),
        ({"subject": "P-001", "role": "patient", "notify": "0123"}, "The address to notify is no URL"),
        ({"subject": "P-001", "role": "patient", "email": "a..b@example.org"}, "That is no e-mail address"),
        ({"subject": "P-001", "role": "patient", "notify": "https://u:p@hook.example"}, "has a user or password in it"),
        ({"subject": "P-001", "role": "patient", "zone": "Mars/Base"}, "There is no time zone 'Mars/Base'"),
        ({"subject": "P-001", "role": "patient", "quiet": "21:00"}, "'21:00' are no quiet hours"),
        ({"subject": "P-001", "role": "patient", "quiet": "21:00-25:00"}, "has no time of the day"),
        ({"subject": "P-001", "role": "patient", "quiet": "21:00-21:00"}, "would be all day or never"),
        ({"subject": "P-001", "role": "patient", "language": "fr"}, "There is no language 'fr'"),
        ({"subject": "P-001", "role": "patient", "level": "secret"}, "There is no level 'secret'"),
    ],
)
def test_a_contact_that_cannot_be_is_refused(enrolled: Scheduler, values: dict[str, str], message: str) -> None:
    with pytest.raises((InvalidInput, UnknownName)) as caught:
        enrolled.add_contact(**values, now=ENROLLED)  # type: ignore[arg-type]
    assert message in str(caught.value)
    assert enrolled.contacts() == ()


def test_a_contact_is_there_once(patient: Scheduler) -> None:
    with pytest.raises(InvalidInput, match=r"The patient of subject P-001 has this address already"):
        patient.add_contact(subject="P-001", role="patient", now=ENROLLED)


def test_errors_repeat_no_address(enrolled: Scheduler) -> None:
    with pytest.raises(InvalidInput) as caught:
        enrolled.add_contact(subject="P-001", role="patient", email="Jo <jo@example.org>", now=ENROLLED)
    assert "jo" not in str(caught.value).lower().replace("join", "")


def test_the_status_counts(patient: Scheduler) -> None:
    patient.remind_once(now="2026-02-17T09:00", send=Inbox())
    state = patient.status(now="2026-02-23T17:00+08:00")
    assert (state.subjects, state.sites, state.protocols, state.visits_to_come) == (1, 1, 1, 6)
    assert (state.reminders_due, state.reminders["sent"]) == (3, 1)
    assert state.last_sweep == datetime(2026, 2, 17, 1, 0, tzinfo=UTC)
