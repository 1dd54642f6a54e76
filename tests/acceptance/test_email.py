"""E-mail against a real mail server: what it accepts, refuses and drops, and what arrives (design §8)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import icalendar
import pytest
import trustme

from scheduler.channels import DeliveryFailed
from scheduler.settings import Settings
from scheduler.values import Contact, Message
from tests.sending import outcomes
from tests.servers import (
    DROP,
    LOOPBACK,
    PASSWORD,
    SILENCE,
    USER,
    MailServer,
    closed_port,
    dripping_server,
    mail_server,
)

CONTACT = Contact(id=7, role="patient", zone="Europe/Berlin", subject="P-001", email="patient@example.org")
MESSAGE = Message(
    subject="P-001",
    visit="d1",
    role="patient",
    rule="1 day before at 17:00",
    channel="email",
    key="k",
    text="You have an appointment on Monday 2 March 2026 at 10:00.",
    contact=CONTACT,
    event="before",
    title="Your appointment on Mon 2 Mar 2026",
    body="Hello,\n\nYou have an appointment on Monday 2 March 2026 at 10:00.\n",
    html="<p>You have an appointment on Monday 2 March 2026 at 10:00.</p>\n",
    message_id="0a3c3b9e-6f0c-5d5f-9d0b-1f2f6b3f9a11",
)


def settings(server: MailServer | int, **more: Any) -> Settings:
    port = server if isinstance(server, int) else server.port
    plain = {"smtp_host": LOOPBACK, "smtp_security": "none", "mail_from": "Visits <visits@example.org>"}
    return Settings(**{**plain, "smtp_port": port, "smtp_timeout": 20, **more})


def send(set_up: Settings, *messages: Message) -> list[DeliveryFailed | None]:
    """Sends messages as one batch; what became of each."""
    return outcomes(set_up, *(messages or (MESSAGE,)))


def failure(set_up: Settings, *messages: Message) -> DeliveryFailed:
    """What became of the only message, which could not be sent; no reason tells anything of anybody."""
    (outcome,) = send(set_up, *messages)
    assert outcome is not None
    for told in ("@", "example.org", "P-001", USER, PASSWORD):
        assert told not in str(outcome)
    assert outcome.__cause__ is None
    return outcome


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as found:
        yield found


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    """Somebody who signs certificates, and a file with the own one."""
    made = trustme.CA()
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    made.cert_pem.write_to_path(str(file))
    return made, file


@pytest.fixture(scope="module")
def identity(authority: tuple[trustme.CA, Path]) -> ssl.SSLContext:
    """A mail server's certificate, for 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority[0].issue_cert(LOOPBACK).configure_cert(context)
    return context


def test_what_is_accepted_has_arrived(server: MailServer) -> None:
    assert send(settings(server)) == [None]
    (received,) = server.received
    assert (received.sender, received.recipients) == ("visits@example.org", ("patient@example.org",))
    mail = received.mail
    assert mail["From"] == "Visits <visits@example.org>"
    assert mail["To"] == "patient@example.org"
    assert mail["Subject"] == "Your appointment on Mon 2 Mar 2026"
    assert mail["Message-ID"] == "<0a3c3b9e-6f0c-5d5f-9d0b-1f2f6b3f9a11@example.org>"
    assert mail["Date"].datetime.utcoffset() is not None
    assert mail["Auto-Submitted"] == "auto-generated"
    assert text_of(mail, "plain") == MESSAGE.body
    assert text_of(mail, "html") == MESSAGE.html


def text_of(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body(preferencelist=(kind,))
    assert isinstance(found, EmailMessage)
    content: str = found.get_content()
    return content.replace("\r\n", "\n")


def test_a_batch_takes_one_connection(server: MailServer) -> None:
    others = [replace(MESSAGE, message_id=str(number)) for number in range(3)]
    assert send(settings(server), *others) == [None] * 3
    assert [received.mail["Message-ID"] for received in server.received] == [
        "<0@example.org>",
        "<1@example.org>",
        "<2@example.org>",
    ]
    assert server.connections == 1


@pytest.mark.parametrize("stage", ["to_recipients", "to_messages"])
def test_not_now_is_tried_again_and_is_the_same_message(server: MailServer, stage: str) -> None:
    getattr(server, stage).append("451 4.7.1 patient@example.org is greylisted")
    first, second = send(settings(server), MESSAGE, MESSAGE)
    assert first is not None
    what = "recipient" if stage == "to_recipients" else "message"
    assert str(first) == f"the mail server refused the {what} (451 4.7.1)"
    assert (first.permanent, first.told, second) == (False, False, None)
    assert [received.mail["Message-ID"] for received in server.received] == [f"<{MESSAGE.message_id}@example.org>"]
    assert server.connections == 1


@pytest.mark.parametrize("stage", ["to_recipients", "to_messages"])
@pytest.mark.parametrize("answer", ["554 5.7.1 no", "550 5.1.1 patient@example.org: no such user", "552 too large"])
def test_never_is_final_and_stops_nobody_else(server: MailServer, stage: str, answer: str) -> None:
    getattr(server, stage).append(answer)
    first, second = send(settings(server), MESSAGE, MESSAGE)
    assert first is not None
    assert (first.permanent, second) == (True, None)
    assert answer[:3] in str(first)
    assert "@" not in str(first)


def test_a_login_that_is_asked_for_is_the_senders_matter_and_not_final(
    authority: tuple[trustme.CA, Path], identity: ssl.SSLContext
) -> None:
    with mail_server(starttls=identity, login=True) as server:
        found = failure(settings(server, smtp_security="starttls", smtp_ca_file=authority[1]))
    assert str(found) == "the mail server refused the sender (530 5.7.0)"
    assert not found.permanent


def test_a_sender_who_may_not_send_is_a_matter_of_the_settings_and_loses_nothing(server: MailServer) -> None:
    server.to_senders.append("550 5.7.60 visits@example.org may not send")
    first, second = send(settings(server), MESSAGE, MESSAGE)
    assert str(first) == "the mail server refused the sender (550 5.7.60)"
    assert first is not None
    assert (first.permanent, second) == (False, None)


def test_nobody_there(server: MailServer) -> None:
    first, second = send(settings(closed_port()), MESSAGE, MESSAGE)
    assert str(first) == "the mail server refused the connection: see smtp_host and smtp_port"
    assert str(second) == str(first)
    assert first is not None
    assert not first.permanent


def test_a_host_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown_host(*_arguments: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown_host)
    unknown = settings(1, smtp_host="mail.invalid", smtp_security="starttls")
    assert str(failure(unknown)) == "the mail server could not be reached: see smtp_host and smtp_port"


def test_a_slow_server_is_not_waited_for(server: MailServer) -> None:
    server.to_messages.append(SILENCE)
    found = failure(settings(server, smtp_timeout=0.2))
    assert str(found) == "the connection to the mail server was lost before it answered for the message"
    assert (found.permanent, found.told) == (False, True)


def test_a_server_that_never_answers_is_left_alone_after_a_while(server: MailServer) -> None:
    server.to_messages.extend([DROP, "451 later", DROP, DROP, DROP])
    outcomes = [str(outcome) for outcome in send(settings(server), *[MESSAGE] * 8)]
    lost = "the connection to the mail server was lost before it answered for the message"
    away = "the server has not answered 3 times in a row, and is left alone for a while"
    assert outcomes == [lost, "the mail server refused the message (451)", *[lost] * 3, *[away] * 3]
    assert send(settings(server)) == [None]


def test_a_dripping_server_is_not_waited_for() -> None:
    """No read is late, and yet there is an end to it."""
    with dripping_server() as port:
        found = failure(settings(port, smtp_timeout=0.3))
    assert str(found) == "the mail server did not answer in time"


def test_dropped_after_the_message_is_unknown_and_is_the_same_when_repeated(server: MailServer) -> None:
    server.to_messages.append(DROP)
    first, second = send(settings(server), MESSAGE, MESSAGE)
    assert first is not None
    assert (first.permanent, first.told, second) == (False, True, None)
    assert len({received.mail["Message-ID"] for received in server.received}) == 1
    assert len(server.received) == server.connections == 2


def test_a_server_that_closes_is_connected_to_anew(server: MailServer) -> None:
    server.to_recipients.append("421 4.3.2 shutting down")
    first, second = send(settings(server), MESSAGE, MESSAGE)
    assert str(first) == "the mail server refused the recipient (421 4.3.2)"
    assert second is None
    assert server.connections == 2


# Encryption and login


def test_starttls_and_login(authority: tuple[trustme.CA, Path], identity: ssl.SSLContext) -> None:
    secure = {"smtp_security": "starttls", "smtp_ca_file": authority[1]}
    with mail_server(starttls=identity, login=True) as server:
        assert send(settings(server, **secure, smtp_user=USER, smtp_password=PASSWORD)) == [None]
        assert len(server.received) == 1
        found = failure(settings(server, **secure, smtp_user=USER, smtp_password="wrong"))
        assert str(found) == "the mail server refused the login (535): see smtp_user and smtp_password"
        assert not found.permanent
        assert len(server.received) == 1


def test_encrypted_from_the_first_byte(authority: tuple[trustme.CA, Path], identity: ssl.SSLContext) -> None:
    with mail_server(tls=identity) as server:
        assert send(settings(server, smtp_security="tls", smtp_ca_file=authority[1])) == [None]
        assert len(server.received) == 1


def encrypted(security: str, identity: ssl.SSLContext) -> AbstractContextManager[MailServer]:
    return mail_server(starttls=identity) if security == "starttls" else mail_server(tls=identity)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_nobody_knows_whom_is_not_trusted(security: str, identity: ssl.SSLContext) -> None:
    with encrypted(security, identity) as server:
        found = failure(settings(server, smtp_security=security))
        assert str(found) == "the certificate of the mail server cannot be trusted: see smtp_ca_file"
        assert server.received == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_somebody_else_is_not_trusted(security: str, authority: tuple[trustme.CA, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority[0].issue_cert("elsewhere.example").configure_cert(context)
    with encrypted(security, context) as server:
        found = failure(settings(server, smtp_security=security, smtp_ca_file=authority[1]))
        assert str(found) == "the certificate of the mail server cannot be trusted: see smtp_ca_file"
        assert server.received == []


def test_nothing_is_sent_unencrypted_where_encryption_was_asked_for(server: MailServer) -> None:
    found = failure(settings(server, smtp_security="starttls"))
    assert str(found) == "the mail server offers no encryption (STARTTLS), and nothing is sent without it"
    assert server.received == []


def test_tls_at_a_server_without() -> None:
    with mail_server() as server:
        found = failure(settings(server, smtp_security="tls"))
    assert str(found) == ("no encrypted connection to the mail server could be made: see smtp_security and smtp_port")


def test_certificates_that_are_not_there(server: MailServer, tmp_path: Path) -> None:
    found = failure(settings(server, smtp_security="tls", smtp_ca_file=tmp_path / "none.pem"))
    assert str(found) == "the certificates of smtp_ca_file cannot be read"


# Addresses


def to(address: str) -> Message:
    return replace(MESSAGE, contact=replace(CONTACT, email=address))


def test_a_domain_in_any_writing_goes_to_its_own_server_and_not_a_namesake(server: MailServer) -> None:
    assert send(settings(server), to("anna@straße.example"), to("anna@bücher.example")) == [None, None]
    assert [received.recipients for received in server.received] == [
        ("anna@xn--strae-oqa.example",),
        ("anna@xn--bcher-kva.example",),
    ]


def test_a_name_in_any_writing_needs_a_server_that_takes_it(server: MailServer) -> None:
    assert send(settings(server), to("jörg@example.org")) == [None]
    (received,) = server.received
    assert received.recipients == ("jörg@example.org",)
    assert "SMTPUTF8" in received.options
    assert received.mail["To"] == "jörg@example.org"
    with mail_server(international=False) as old:
        (found,) = send(settings(old), to("jörg@example.org"))
        assert str(found) == "the mail server takes addresses in ASCII only (no SMTPUTF8)"
        assert found is not None
        assert found.permanent
        assert old.received == []


@pytest.mark.parametrize("address", ["a..b@example.org", "a@b@example.org", "a b@example.org", "a@", "a@-ü.example"])
def test_what_is_no_address_is_final(server: MailServer, address: str) -> None:
    found = failure(settings(server), to(address))
    assert str(found) == "the contact's e-mail address cannot be used"
    assert found.permanent
    assert server.connections == 0


# What arrives


EVENT = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:u-1\r\n"
    b"DTSTAMP:20260105T010000Z\r\nDTSTART;VALUE=DATE:20260302\r\nSUMMARY:\xe5\xb0\xb1\xe8\xaf\x8a\r\n"
    b"END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def calendars(mail: EmailMessage) -> list[EmailMessage]:
    """The parts that are events, in the body or as files."""
    return [part for part in mail.walk() if part.get_content_type() in ("text/calendar", "application/ics")]


def test_the_event_is_in_the_body_and_a_file(server: MailServer) -> None:
    assert send(settings(server), replace(MESSAGE, calendar=EVENT, method="REQUEST")) == [None]
    mail = server.received[0].mail
    kinds = [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/calendar", "application/ics"]
    assert mail.get_content_type() == "multipart/mixed"
    assert next(iter(mail.iter_parts())).get_content_type() == "multipart/alternative"
    body, file = calendars(mail)
    assert body["Content-Type"].params == {"charset": "utf-8", "method": "REQUEST"}
    assert (file.get_filename(), file.get_content_disposition()) == ("visits.ics", "attachment")
    for part in (body, file):
        content = part.get_payload(decode=True)
        assert content == EVENT
        event = icalendar.Calendar.from_ical(content).walk("VEVENT")[0]
        assert (str(event["UID"]), str(event["SUMMARY"])) == ("u-1", "就诊")


def test_a_digest_brings_the_events_of_its_parts_as_files(server: MailServer) -> None:
    part = replace(MESSAGE, calendar=EVENT, method="CANCEL")
    digest = replace(MESSAGE, parts=(part, MESSAGE, part))
    assert send(settings(server), digest) == [None]
    names = [part.get_filename() for part in calendars(server.received[0].mail)]
    assert names == ["visits-1.ics", "visits-2.ics"]


def test_all_lines_are_short_and_in_ascii(server: MailServer) -> None:
    long = replace(
        MESSAGE, title="预约" * 60, body="预约" * 600 + "\n", html="x" * 3000 + "\n", calendar=EVENT, method="REQUEST"
    )
    assert send(settings(server), long) == [None]
    data = server.received[0].data
    assert data.isascii()
    assert max(map(len, data.splitlines())) <= 78
    assert server.received[0].mail["Subject"] == "预约" * 60
    assert text_of(server.received[0].mail, "plain") == "预约" * 600 + "\n"


def test_how_to_stop_and_whom_to_answer(server: MailServer) -> None:
    told = settings(server, mail_reply_to="Team <team@example.org>", mail_stop_to="stop+list@example.org")
    assert send(told) == [None]
    mail = server.received[0].mail
    assert mail["Reply-To"] == "Team <team@example.org>"
    assert mail["List-Unsubscribe"] == "<mailto:stop%2Blist@example.org?subject=stop%207>"


def test_without_an_address_to_stop_at_none_is_told(server: MailServer) -> None:
    send(settings(server))
    assert server.received[0].mail["List-Unsubscribe"] is None
    assert server.received[0].mail["Reply-To"] is None


def test_a_line_that_begins_with_a_dot_ends_nothing(server: MailServer) -> None:
    body = "Hello,\n.\n.. and so on\n"
    assert send(settings(server), replace(MESSAGE, body=body), MESSAGE) == [None, None]
    assert text_of(server.received[0].mail, "plain") == body
    assert len(server.received) == 2
