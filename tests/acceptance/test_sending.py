"""From a plan to what arrives: reminders by e-mail, webhook and console, and the test of a contact."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import icalendar
import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream

from scheduler import Scheduler, clock
from scheduler.channels.mail import mail_of
from scheduler.composing import compose_digest
from scheduler.settings import Settings
from scheduler.values import Contact, Message
from tests.servers import DROP, LOOPBACK, MailServer, closed_port, mail_server, webhook_receiver

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

SUNDAY = ("--now", "2026-03-01T17:00")
ADDED = ("--now", "2026-03-01T10:00")
LATER = ("--now", "2026-03-01T17:30")
PATIENT = ("contact", "add", "P-001", "--role", "patient", "--email", "patient@example.org")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwxw0iRbAEyzs="
NOTHING_TOLD = (b"P-001", b"d1", b"NEUK", b"BJ01", b"before at", b"Day 1")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """A mail server that is set up for messages."""
    with mail_server() as found:
        set_up(monkeypatch, found.port)
        yield found


def set_up(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setenv("DAYZERO_SMTP_HOST", LOOPBACK)
    monkeypatch.setenv("DAYZERO_SMTP_PORT", str(port))
    monkeypatch.setenv("DAYZERO_SMTP_SECURITY", "none")
    monkeypatch.setenv("DAYZERO_MAIL_FROM", "Visits <visits@example.org>")
    monkeypatch.setenv("DAYZERO_MAIL_REPLY_TO", "team@example.org")
    monkeypatch.setenv("DAYZERO_QUESTIONS", '{"BJ01": {"en": "call 010 0000 0000", "zh": "请致电 010 0000 0000"}}')


def body(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body(preferencelist=(kind,))
    assert isinstance(found, EmailMessage)
    content: str = found.get_content()
    return content.replace("\r\n", "\n")


def event_of(mail: EmailMessage) -> tuple[icalendar.Calendar, icalendar.Event]:
    """The event in the body, read again by two libraries; the file behind it has the same bytes."""
    (inline,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    (file,) = mail.iter_attachments()
    data = inline.get_payload(decode=True)
    assert isinstance(data, bytes)
    assert file.get_payload(decode=True) == data
    calendar = icalendar.Calendar.from_ical(data)
    assert isinstance(calendar, icalendar.Calendar)
    assert calendar["METHOD"] == inline["Content-Type"].params["method"]
    (event,) = calendar.walk("VEVENT")
    (other,) = IcsCalendarStream.calendar_from_ics(data.decode()).events
    assert (other.uid, other.summary) == (event["UID"], event["SUMMARY"])
    assert isinstance(event, icalendar.Event)
    return calendar, event


# E-mail


def test_a_patient_gets_a_letter_with_the_appointment(database: Path, dayzero: Run, server: MailServer) -> None:
    dayzero("book", "P-001", "d1", "2026-03-02T10:00", "--now", "2026-02-09T10:00", "--override", "--why", "agreed")
    dayzero(*PATIENT, *ADDED)
    result = dayzero("remind", "--once", *SUNDAY)
    assert (result.code, result.err) == (0, "")
    assert result.out == "1 sent, 0 suppressed, 0 missed, 0 failed.\n"
    (received,) = server.received
    mail = received.mail
    assert received.recipients == ("patient@example.org",)
    assert mail["Subject"] == "Your appointment on Mon 2 Mar 2026"
    assert body(mail, "plain") == (
        "Hello,\n\nYou have an appointment on Monday 2 March 2026 at 10:00.\n\nQuestions: call 010 0000 0000\n\n"
        "To get no more of these messages, write to team@example.org.\n"
    )
    assert "<p>You have an appointment on Monday 2 March 2026 at 10:00.</p>" in body(mail, "html")
    assert mail["List-Unsubscribe"] == "<mailto:team@example.org?subject=stop%201>"
    calendar, event = event_of(mail)
    assert calendar["METHOD"] == "REQUEST"
    assert str(event["SUMMARY"]) == "Visit"
    assert event.start == datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert str(event["ATTENDEE"]) == "mailto:patient@example.org"
    assert str(event["ORGANIZER"]) == "mailto:visits@example.org"


def test_the_event_is_the_one_in_the_calendar_file(database: Path, dayzero: Run, server: MailServer) -> None:
    dayzero(*PATIENT, *ADDED)
    dayzero("remind", "--once", *SUNDAY)
    _, event = event_of(server.received[0].mail)
    exported = icalendar.Calendar.from_ical(dayzero("export", "P-001").out).walk("VEVENT")
    (same,) = [other for other in exported if other["UID"] == event["UID"]]
    for name in ("SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS"):
        assert event[name].to_ical() == same[name].to_ical()


def test_at_level_private_nothing_is_told_that_need_not_be(database: Path, dayzero: Run, server: MailServer) -> None:
    dayzero(*PATIENT, *ADDED)
    dayzero("remind", "--once", *SUNDAY)
    mail = server.received[0].mail
    heads = [f"{name}: {value}".encode() for part in mail.walk() for name, value in part.items()]
    bodies = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
    for text in (*heads, *bodies):
        assert isinstance(text, bytes)
        # As words: a UUID may hold d1 by chance.
        assert not [word for word in NOTHING_TOLD if re.search(rb"(?<![\w-])" + word + rb"(?![\w-])", text)]
    assert [part.get_filename() for part in mail.iter_attachments()] == ["visits.ics"]


def test_what_a_message_is_known_by_does_not_tell_what_it_is_of(
    database: Path, dayzero: Run, server: MailServer
) -> None:
    """The key is a hash of subject, visit and rule, and whoever guesses them can try; the Message-ID is salted."""
    dayzero(*PATIENT, *ADDED)
    (message,) = dayzero("remind", "--once", *SUNDAY, "--json").json["messages"]
    assert message["channel"] == "email"
    assert message["key"] not in server.received[0].mail["Message-ID"]


def test_a_reader_is_written_to_in_their_language_and_told_whose_time_it_is(
    database: Path, dayzero: Run, server: MailServer
) -> None:
    dayzero("book", "P-001", "d1", "2026-03-02T10:00", "--now", "2026-02-09T10:00", "--override", "--why", "agreed")
    dayzero(*PATIENT, "--language", "zh", "--zone", "Europe/Berlin", "--now", "2026-03-01T20:00")
    dayzero("remind", "--once", "--now", "2026-03-02T00:30+08:00")
    mail = server.received[0].mail
    assert mail["Subject"] == "您的预约:2026年3月2日周一"
    assert body(mail, "plain").startswith(
        "您好:\n\n您的预约时间是2026年3月2日星期一 10:00 (Asia/Shanghai)。\n\n如有疑问:请致电 010 0000 0000\n"
    )
    assert '<html lang="zh">' in body(mail, "html")
    assert str(event_of(mail)[1]["SUMMARY"]) == "就诊"


def test_a_department_has_its_own_part_in_text_and_event(database: Path, dayzero: Run, server: MailServer) -> None:
    with Scheduler(f"sqlite:///{database}") as trial:
        trial.add_contact(
            site="BJ01", role="pharmacy", email="pharmacy@example.org", level="full", now="2026-02-23T10:00"
        )
    dayzero("remind", "--once", "--now", "2026-02-24T09:00")
    titles = [found.mail["Subject"] for found in server.received]
    assert "P-001: Lymphodepletion, day 1, Wed 25 Feb 2026" in titles
    mail = server.received[titles.index("P-001: Lymphodepletion, day 1, Wed 25 Feb 2026")].mail
    told = body(mail, "plain")
    description = str(event_of(mail)[1]["DESCRIPTION"])
    assert "To do:" in told
    for line in description.splitlines()[1:]:
        assert line.removeprefix("- ") in told
    assert [part.get_filename() for part in mail.iter_attachments()] == ["visits-P-001-full.ics"]


@pytest.mark.parametrize("answer", ["451 4.3.0 come again", DROP])
def test_what_could_not_be_sent_is_sent_later_as_the_same_message(
    database: Path, dayzero: Run, server: MailServer, answer: str
) -> None:
    dayzero(*PATIENT, *ADDED)
    server.to_messages.append(answer)
    assert dayzero("remind", "--once", *SUNDAY).out == "0 sent, 0 suppressed, 0 missed, 1 failed.\n"
    assert dayzero("remind", "--once", *LATER).out == "1 sent, 0 suppressed, 0 missed, 0 failed.\n"
    assert dayzero("remind", "--once", *LATER).out == "0 sent, 0 suppressed, 0 missed, 0 failed.\n"
    arrived = [received.mail["Message-ID"] for received in server.received]
    assert len(arrived) == (2 if answer == DROP else 1)
    assert len(set(arrived)) == 1


def test_while_the_mail_server_is_down_nothing_is_lost(
    database: Path, dayzero: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(monkeypatch, closed_port())
    dayzero(*PATIENT, *ADDED)
    assert dayzero("remind", "--once", *SUNDAY).out == "0 sent, 0 suppressed, 0 missed, 1 failed.\n"
    with mail_server() as server:
        set_up(monkeypatch, server.port)
        assert dayzero("remind", "--once", *LATER).out == "1 sent, 0 suppressed, 0 missed, 0 failed.\n"
        assert len(server.received) == 1


# Which way a message goes


def test_each_contact_is_reached_as_it_can_be(
    database: Path, dayzero: Run, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAYZERO_WEBHOOK_SECRET", SECRET)
    with webhook_receiver() as receiver:
        caregiver = ("contact", "add", "P-001", "--role", "patient", "--notify")
        dayzero(*PATIENT, *ADDED)
        dayzero(*caregiver, receiver.url(), *ADDED)
        dayzero(*caregiver, "sms://+860000000000", *ADDED)
        result = dayzero("remind", "--once", *SUNDAY, "--json")
    assert [message["channel"] for message in result.json["messages"]] == ["email", "webhook", "console"]
    text = "You have an appointment on Monday 2 March 2026. Questions: call 010 0000 0000"
    assert result.err.split() == f"patient: {text}".split()
    (post,) = receiver.posts
    data = standardwebhooks.Webhook(SECRET).verify(post.body, post.headers)["data"]
    assert data["text"] == text
    assert len(server.received) == 1


def test_without_settings_all_goes_to_the_console(database: Path, dayzero: Run) -> None:
    dayzero(*PATIENT, *ADDED)
    result = dayzero("remind", "--once", *SUNDAY)
    assert result.out == (
        "patient: You have an appointment on Monday 2 March 2026.\n1 sent, 0 suppressed, 0 missed, 0 failed.\n"
    )


def test_settings_that_are_wrong_send_nothing_and_say_why(
    database: Path, dayzero: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    dayzero(*PATIENT, *ADDED)
    monkeypatch.setenv("DAYZERO_SMTP_PORT", "x")
    refused = dayzero("remind", "--once", *SUNDAY)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("Error: The setting smtp_port (DAYZERO_SMTP_PORT) in the environment cannot be used")
    monkeypatch.delenv("DAYZERO_SMTP_PORT")
    assert "1 sent" in dayzero("remind", "--once", *SUNDAY).out


def test_the_status_says_which_channels_there_are_and_no_secret(
    database: Path, dayzero: Run, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAYZERO_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("DAYZERO_NOTIFY", '{"sms": "json://user:t0ken@127.0.0.1/{to}"}')
    status = dayzero("status")
    assert "Channels    console, email, webhook, notify:sms\n" in status.out
    assert dayzero("status", "--json").json["channels"] == ["console", "email", "webhook", "notify:sms"]
    assert not [secret for secret in (SECRET, "t0ken") if secret in status.out]
    monkeypatch.setenv("DAYZERO_WEBHOOK_SECRET", "short")
    broken = dayzero("status")
    assert broken.code == 0
    assert "Channels    The setting webhook_secret (DAYZERO_WEBHOOK_SECRET)" in broken.out


# The test of a contact


def test_a_contact_can_be_tried(database: Path, dayzero: Run, server: MailServer) -> None:
    dayzero(*PATIENT, *ADDED)
    tried = dayzero("contact", "test", "1")
    assert (tried.code, tried.out) == (0, "A test message went to contact 1 by email.\n")
    (received,) = server.received
    assert received.mail["Subject"] == "Test message"
    assert "This is a test. You do not need to do anything." in body(received.mail, "plain")


def test_a_contact_without_a_channel_is_tried_on_the_console(database: Path, dayzero: Run) -> None:
    dayzero("contact", "add", "P-001", "--role", "patient", "--language", "de", *ADDED)
    assert dayzero("contact", "test", "1").out == (
        "patient: Dies ist ein Test. Sie müssen nichts tun.\nA test message went to contact 1 by console.\n"
    )


def test_a_test_that_fails_says_why(database: Path, dayzero: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(monkeypatch, closed_port())
    dayzero(*PATIENT, *ADDED)
    tried = dayzero("contact", "test", "1")
    assert (tried.code, tried.out) == (3, "")
    assert tried.err == (
        "Error: The test message to contact 1 was not sent: the mail server refused the connection: see smtp_host and "
        "smtp_port.\n"
    )


def test_a_contact_that_is_not_there_cannot_be_tried(database: Path, dayzero: Run) -> None:
    tried = dayzero("contact", "test", "7")
    assert (tried.code, tried.err) == (2, "Error: There is no contact '7'. No contact is defined yet.\n")
    assert dayzero("contact", "test", "99999999999999999999").code == 2


def test_nothing_goes_to_the_dead_not_even_a_test(database: Path, dayzero: Run, server: MailServer) -> None:
    dayzero(*PATIENT, *ADDED)
    dayzero("event", "P-001", "death", "2026-03-01", "--now", "2026-03-01T11:00")
    tried = dayzero("contact", "test", "1")
    assert tried.code == 2
    assert tried.err == ("Error: Contact 1 is of P-001, who is followed no longer (death). Nothing is sent to it.\n")
    assert server.received == []


# Digests, and what no text can do to a message


def test_a_digest_says_all_and_brings_all_events(database: Path, dayzero: Run, server: MailServer) -> None:
    dayzero(*PATIENT, "--now", "2026-02-23T10:00")
    sent: list[Message] = []
    with Scheduler(f"sqlite:///{database}") as trial:
        for now in ("2026-02-24T17:00", "2026-02-25T17:00"):
            trial.remind_once(now=now, send=sent.append)
    first, second = [message for message in sent if message.event == "before"][:2]
    digest = compose_digest([first, second], key="k", salt="s", settings=Settings(), site="BJ01")
    assert digest.text == f"You have 2 messages:\n- {first.sentence}\n- {second.sentence}"
    assert digest.html.count("<li>") == 2
    assert (digest.channel, digest.title, digest.event) == ("email", "You have 2 messages", "digest")
    again = compose_digest([second, first], key="k", salt="s", settings=Settings())
    assert again.message_id == digest.message_id
    for key, salt in (("l", "s"), ("k", "t")):
        other = compose_digest([first, second], key=key, salt=salt, settings=Settings())
        assert other.message_id != digest.message_id, "whoever knows what a key is made of still needs the salt"
    mail = mail_of(digest, SENDER, RECIPIENT, settings=Settings(), now=clock.now())
    uids = set()
    for file in mail.iter_attachments():
        content = file.get_content()
        uids |= {str(event["UID"]) for event in icalendar.Calendar.from_ical(content).walk("VEVENT")}
    assert len(uids) == 2


SENDER, RECIPIENT = Address("Visits", "visits", "example.org"), Address("", "patient", "example.org")
FIELDS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("Content-Language", "MIME-Version", "Content-Type"),
}
MESSAGE = Message(
    subject="P-001",
    visit="d1",
    role="patient",
    rule="1 day before at 17:00",
    channel="email",
    key="k",
    text="t",
    contact=Contact(id=1, role="patient", zone="UTC", subject="P-001", email="patient@example.org"),
    title="t",
    body="b",
    html="h",
    message_id="m",
)
TEXTS = st.text(max_size=60) | st.sampled_from(
    ["a\r\nBcc: x@example.org", "a\n\nbody", "\r\n.\r\n", "=?utf-8?q?a=0D=0A?="]
)


@given(title=TEXTS, text=TEXTS, html=TEXTS)
def test_no_text_makes_a_header_field_or_ends_the_message(title: str, text: str, html: str) -> None:
    message = replace(MESSAGE, text=text, title=title, body=text, html=html)
    data = mail_of(message, SENDER, RECIPIENT, settings=Settings(), now=clock.now()).as_bytes()
    mail = message_from_bytes(data, policy=default)
    assert set(mail.keys()) == FIELDS
    assert len(mail.keys()) == len(FIELDS)
    assert mail["To"] == "patient@example.org"
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_a_line_break_in_an_encoded_word_breaks_no_line() -> None:
    """The standard library decodes such a word, and would write the line break that comes of it."""
    message = replace(MESSAGE, title="=?utf-8?q?a=0D=0ABcc:_x@example.org?=")
    data = mail_of(message, SENDER, RECIPIENT, settings=Settings(), now=clock.now()).as_bytes()
    mail = message_from_bytes(data, policy=default)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "= ?utf-8?q?a=0D=0ABcc:_x@example.org?="


def test_what_is_posted_is_json_that_says_when(database: Path, dayzero: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYZERO_WEBHOOK_SECRET", SECRET)
    with webhook_receiver() as receiver:
        dayzero("contact", "add", "--site", "BJ01", "--role", "coordinator", "--notify", receiver.url(), *SUNDAY)
        assert dayzero("contact", "test", "1").out.endswith("by webhook.\n")
    document = json.loads(receiver.posts[0].body)
    assert set(document) == {"type", "timestamp", "data"}
    assert (document["type"], document["data"]["event"]) == ("dayzero.message", "test")
