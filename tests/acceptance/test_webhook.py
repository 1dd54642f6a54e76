"""Webhooks against a receiver on this machine, checked by others' code for the same signature (docs/reminders.md)."""

from __future__ import annotations

import json
import re
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
import trustme
from hypothesis import given
from hypothesis import strategies as st

from scheduler.channels import DeliveryFailed, channel_for
from scheduler.channels.signing import signature, signing_key
from scheduler.channels.webhook import webhook_body
from scheduler.settings import Settings
from scheduler.values import Contact, Message
from tests.servers import DROP, LOOPBACK, SILENCE, Receiver, closed_port, dripping_server, webhook_receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwxw0iRbAEyzs="
SETTINGS = Settings.model_validate({"webhook_secret": SECRET})
CONTACT = Contact(id=7, role="pharmacy", zone="Europe/Berlin", site="KOELN", level="coded", language="de")
MESSAGE = Message(
    subject="P-001",
    visit="d1",
    role="pharmacy",
    rule="1 day before at 08:00",
    channel="webhook",
    key="k",
    text="P-001: Day 1 am Montag, 2. März 2026.",
    contact=CONTACT,
    event="before",
    title="P-001: Day 1, Mo 2.3.2026",
    stop="…",
    message_id="0a3c3b9e-6f0c-5d5f-9d0b-1f2f6b3f9a11",
)


def to(address: str, **more: Any) -> Message:
    return replace(MESSAGE, contact=replace(CONTACT, notify=address, **more))


def send(message: Message, set_up: Settings = SETTINGS) -> DeliveryFailed | None:
    """Posts a message; what became of it. No reason tells anything of anybody."""
    failed = None
    with channel_for(message.contact, set_up).open() as line:
        try:
            line.send(message)
        except DeliveryFailed as error:
            failed = error
    if failed is not None:
        assert not [told for told in (LOOPBACK, "/hook", "example", "P-001", SECRET) if told in str(failed)]
        assert failed.__cause__ is None
    return failed


def test_what_is_posted_is_signed(receiver: Receiver) -> None:
    assert send(to(receiver.url("/hook?tenant=ä b"))) is None
    (post,) = receiver.posts
    data = standardwebhooks.Webhook(SECRET).verify(post.body, post.headers)
    assert data["type"] == "dayzero.message"
    assert data["data"] == {
        "contact": 7,
        "role": "pharmacy",
        "language": "de",
        "level": "coded",
        "event": "before",
        "title": MESSAGE.title,
        "text": MESSAGE.text,
        "stop": "…",
        "subject": "P-001",
        "visit": "d1",
        "rule": "1 day before at 08:00",
    }
    assert post.headers["idempotency-key"] == post.headers["webhook-id"] == MESSAGE.message_id
    assert post.headers["content-type"] == "application/json"
    assert post.path == "/hook?tenant=%C3%A4%20b"


@pytest.mark.parametrize("what", ["body", "webhook-id", "webhook-timestamp"])
def test_what_was_changed_on_the_way_is_found(receiver: Receiver, what: str) -> None:
    send(to(receiver.url()))
    (post,) = receiver.posts
    headers = dict(post.headers)
    body = post.body.replace(b"P-001", b"P-002") if what == "body" else post.body
    if what == "webhook-id":
        headers[what] = "another"
    if what == "webhook-timestamp":
        headers[what] = str(int(headers[what]) + 1)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(SECRET).verify(body, headers)


@given(
    st.binary(min_size=24, max_size=64),
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=","), min_size=1),
    st.integers(0, 2**33),
    st.text(max_size=200),
)
def test_signatures_are_those_of_standard_webhooks(key: bytes, name: str, seconds: int, body: str) -> None:
    others = standardwebhooks.Webhook(key).sign(name, datetime.fromtimestamp(seconds, UTC), body)
    try:
        encoded = body.encode()
    except UnicodeEncodeError:
        return
    assert signature(key, name, seconds, encoded) == others


def test_a_secret_of_plain_characters_is_taken_as_it_is() -> None:
    assert signing_key("correct horse battery staple, again") == b"correct horse battery staple, again"


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("short", "a secret has 32 characters or more; 'openssl rand -hex 32' makes one"),
        ("whsec_not base64", "behind whsec_ stands base64"),
        ("whsec_c2hvcnQ=", "behind whsec_ stand 24 bytes or more, in base64"),
    ],
)
def test_a_secret_that_could_be_guessed_is_refused(secret: str, why: str) -> None:
    with pytest.raises(ValueError, match=rf"\A{re.escape(why)}\Z"):
        signing_key(secret)


def test_at_level_private_nothing_is_told_but_the_text() -> None:
    private = replace(
        MESSAGE, contact=replace(CONTACT, level="private"), text="You have an appointment.", title="Yours"
    )
    body = webhook_body(private, datetime(2026, 3, 1, tzinfo=UTC)).decode()
    assert set(json.loads(body)["data"]) == {"contact", "role", "language", "level", "event", "title", "text", "stop"}
    assert not [word for word in ("P-001", "d1", "before at", "KOELN") if word in body]


@pytest.mark.parametrize("code", [400, 401, 404, 410, 422])
def test_a_refusal_is_final(receiver: Receiver, code: int) -> None:
    receiver.codes.append(code)
    failed = send(to(receiver.url()))
    assert str(failed) == f"the webhook refused the message ({code})"
    assert failed is not None
    assert failed.permanent


@pytest.mark.parametrize("code", [408, 425, 429, 500, 502, 503])
def test_come_again_is_not_final(receiver: Receiver, code: int) -> None:
    receiver.codes.append(code)
    failed = send(to(receiver.url()))
    assert str(failed) == f"the webhook refused the message ({code})"
    assert failed is not None
    assert not failed.permanent
    assert send(to(receiver.url())) is None
    first, second = receiver.posts
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_no_redirect_is_followed(receiver: Receiver, code: int) -> None:
    receiver.codes.append(code)
    failed = send(to(receiver.url()))
    assert str(failed) == f"the webhook points elsewhere ({code}), and is not followed"
    assert [post.path for post in receiver.posts] == ["/hook"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (DROP, "the connection to the webhook was lost before it answered"),
        (SILENCE, "the webhook did not answer in time"),
    ],
)
def test_without_an_answer_it_is_not_known(receiver: Receiver, answer: str, why: str) -> None:
    receiver.codes.append(answer)
    failed = send(to(receiver.url()), SETTINGS.model_copy(update={"webhook_timeout": 0.3}))
    assert str(failed) == why
    assert failed is not None
    assert (failed.permanent, failed.told) == (False, True)


def test_a_dripping_receiver_is_not_waited_for() -> None:
    with dripping_server(b"HTTP/1.1 200 OK\r\nX: ") as port:
        failed = send(to(f"http://{LOOPBACK}:{port}/hook"), SETTINGS.model_copy(update={"webhook_timeout": 0.3}))
    assert failed is not None
    assert (failed.permanent, failed.told) == (False, True)


def test_a_dripping_handshake_is_not_waited_for() -> None:
    """A record of TLS that is announced, and comes a byte at a time."""
    with dripping_server(b"\x16\x03\x03\x40\x00") as port:
        failed = send(to(f"https://{LOOPBACK}:{port}/hook"), SETTINGS.model_copy(update={"webhook_timeout": 0.3}))
    assert str(failed) == "the webhook did not answer in time"
    assert failed is not None
    assert (failed.permanent, failed.told) == (False, False)


def test_a_receiver_that_never_answers_is_left_alone_after_a_while_and_the_others_are_not(receiver: Receiver) -> None:
    receiver.codes.extend([DROP] * 3)
    outcomes: list[DeliveryFailed | None] = []
    with webhook_receiver() as other, channel_for(to(other.url()).contact, SETTINGS).open() as line:
        for address in [receiver.url()] * 4 + [other.url()]:
            try:
                line.send(to(address))
                outcomes.append(None)
            except DeliveryFailed as failed:
                outcomes.append(failed)
    away = "the server has not answered 3 times in a row, and is left alone for a while"
    assert (str(outcomes[3]), outcomes[4]) == (away, None)
    assert len(receiver.posts) == 3


def test_nobody_there() -> None:
    failed = send(to(f"http://{LOOPBACK}:{closed_port()}/hook"))
    assert str(failed) == "the webhook could not be reached"
    assert failed is not None
    assert (failed.permanent, failed.told) == (False, False)


def test_encrypted_to_a_receiver_whose_certificate_is_trusted(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert(LOOPBACK).configure_cert(context)
    with webhook_receiver(context) as encrypted:
        address = encrypted.url(scheme="https")
        assert str(send(to(address))) == "the certificate of the webhook cannot be trusted"
        made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert send(to(address)) is None
        assert len(encrypted.posts) == 1
        failed = send(to(receiver.url(scheme="https")))
        assert str(failed) == "the webhook could not be reached"
    elsewhere = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert("elsewhere.example").configure_cert(elsewhere)
    with webhook_receiver(elsewhere) as other:
        assert str(send(to(other.url(scheme="https")))) == "the certificate of the webhook cannot be trusted"
        assert other.posts == []


@pytest.mark.parametrize(
    "address",
    [
        "http://user:password@hook.example/",
        "https:///hook",
        "https://hook.example:port/",
        "https://[::1/hook",
        "https://-ü.example/hook",
    ],
)
def test_an_address_that_cannot_be_used_is_final(address: str) -> None:
    failed = send(to(address))
    assert str(failed) == "the contact's webhook address cannot be used"
    assert failed is not None
    assert failed.permanent


def test_unencrypted_only_to_this_machine() -> None:
    failed = send(to("http://hook.example/"))
    assert str(failed) == "the webhook is not encrypted: its address must begin with https"
    assert failed is not None
    assert failed.permanent
