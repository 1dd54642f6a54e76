"""Services through Apprise, which here posts to a receiver on this machine."""

from __future__ import annotations

import json
import logging
import sys
import time
from dataclasses import replace
from typing import Any

import pytest
from apprise import Apprise

from scheduler.channels import DeliveryFailed, channel_name
from scheduler.settings import Settings
from scheduler.values import Contact, Message
from tests.sending import outcomes
from tests.servers import LOOPBACK, SILENCE, Receiver, closed_port

TOKEN, NUMBER = "t0ken", "+491701234567"
CONTACT = Contact(id=7, role="patient", zone="Europe/Berlin", subject="P-001", notify=f"sms://{NUMBER}")
MESSAGE = Message(
    subject="P-001",
    visit="d1",
    role="patient",
    rule="1 day before at 17:00",
    channel="notify",
    key="k",
    text="You have an appointment on Monday 2 March 2026 at 10:00.",
    contact=CONTACT,
    event="before",
    stop="To get no more of these messages, please tell us.",
)


def settings(port: int, **more: Any) -> Settings:
    services = {"sms": f"json://user:{TOKEN}@{LOOPBACK}:{port}/{{to}}"}
    return Settings.model_validate({"notify": services, "notify_timeout": 20, **more})


def send(set_up: Settings, *messages: Message) -> list[DeliveryFailed | None]:
    return outcomes(set_up, *(messages or (MESSAGE,)))


def test_a_service_is_told_whom_and_what(receiver: Receiver) -> None:
    others = replace(MESSAGE, contact=replace(CONTACT, notify="SMS://%2B86%2010/x?y"))
    assert send(settings(receiver.port), MESSAGE, others) == [None, None]
    assert receiver.posts[0].path in ("/+491701234567", "/%2B491701234567")
    said = json.loads(receiver.posts[0].body)
    assert (said["title"], said["message"]) == ("", f"{MESSAGE.text} {MESSAGE.stop}")


def test_nothing_is_fetched_and_apprise_is_not_named(receiver: Receiver) -> None:
    receiver.codes.append(200)
    ntfy = Settings.model_validate({"notify": {"sms": f"ntfy://{LOOPBACK}:{receiver.port}/{{to}}"}})
    assert send(ntfy, replace(MESSAGE, contact=replace(CONTACT, notify="sms://ward3"))) == [None]
    (post,) = receiver.posts
    assert "x-icon" not in post.headers
    assert not [value for value in post.headers.values() if "apprise" in value.lower() or "http" in value]


def test_a_text_is_nothing_but_itself(receiver: Receiver) -> None:
    text = "{{ token }} {to} \\n :smile: *a* <b>"
    assert send(settings(receiver.port), replace(MESSAGE, text=text, stop="")) == [None]
    assert json.loads(receiver.posts[0].body)["message"] == text


def test_a_recipient_is_one_part_of_the_address_whatever_is_in_it(receiver: Receiver) -> None:
    """What a contact says can neither name another recipient nor change how the service is called."""
    odd = replace(MESSAGE, contact=replace(CONTACT, notify="sms://a/b?method=GET&c"))
    assert send(settings(receiver.port), odd) == [None]
    (post,) = receiver.posts
    assert "?" not in post.path
    assert post.path.startswith("/a")


def test_a_phone_number_arrives_at_an_sms_service_whole() -> None:
    from scheduler.channels.notify import _filled

    service = "twilio://AC" + "a" * 32 + ":" + "b" * 32 + "@+15551234567/{to}"
    address = _filled(CONTACT.notify, Settings.model_validate({"notify": {"sms": service}}))
    assert vars(Apprise.instantiate(address))["targets"] == [("T", NUMBER)]


@pytest.mark.parametrize("code", [400, 503])
def test_what_was_refused_is_tried_again(receiver: Receiver, code: int) -> None:
    receiver.codes.append(code)
    first, second = send(settings(receiver.port), MESSAGE, MESSAGE)
    assert str(first) == "the notification service did not take the message"
    assert first is not None
    assert (first.permanent, second) == (False, None)


def test_a_service_that_never_takes_anything_is_left_alone_after_a_while(receiver: Receiver) -> None:
    receiver.codes.extend([503] * 5)
    outcomes = send(settings(receiver.port), *[MESSAGE] * 5)
    assert str(outcomes[3]) == "the server has not answered 3 times in a row, and is left alone for a while"
    assert len(receiver.posts) == 3


def test_nobody_there_tells_nothing(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    (failed,) = send(settings(closed_port()))
    printed = "".join(capfd.readouterr()) + caplog.text + str(failed)
    assert failed is not None
    assert not [told for told in (TOKEN, NUMBER, NUMBER[1:], LOOPBACK, "P-001") if told in printed]


def test_nothing_is_logged_of_what_goes_well(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert send(settings(receiver.port)) == [None]
    assert not [told for told in (TOKEN, NUMBER, NUMBER[1:], LOOPBACK) if told in caplog.text]


def test_a_service_that_does_not_answer_is_not_waited_for(receiver: Receiver) -> None:
    receiver.codes.append(SILENCE)
    (failed,) = send(settings(receiver.port, notify_timeout=0.3))
    receiver.stopping.set()
    assert failed is not None
    assert (failed.permanent, failed.told) == (False, True)


def test_no_redirect_is_followed(receiver: Receiver) -> None:
    receiver.codes.append(302)
    (failed,) = send(settings(receiver.port))
    assert failed is not None
    assert len(receiver.posts) == 1


def test_between_messages_is_the_pause_that_is_set_and_no_other(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apprise itself would wait for up to 5.5 seconds."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    assert send(settings(receiver.port, notify_pause=1.5), MESSAGE, MESSAGE, MESSAGE) == [None] * 3
    assert pauses == [1.5, 1.5]
    ntfy = Settings.model_validate({"notify": {"sms": f"ntfy://{LOOPBACK}:{receiver.port}/{{to}}"}})
    ward = replace(MESSAGE, contact=replace(CONTACT, notify="sms://ward3"))
    receiver.codes.extend([200, 200])
    assert send(ntfy, ward, ward) == [None] * 2
    assert pauses == [1.5, 1.5]


def test_a_service_that_apprise_does_not_know() -> None:
    unknown = Settings.model_validate({"notify": {"sms": "nonesuch://token/{to}"}})
    (failed,) = send(unknown)
    assert str(failed) == "Apprise cannot use the address of the service: see notify in the settings"


def test_without_apprise_it_says_what_to_install(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    (failed,) = send(settings(receiver.port))
    assert str(failed) == "Apprise is not installed: install dayzero[notify]"
    assert failed is not None
    assert not failed.permanent


def test_a_service_that_is_not_set_up_goes_to_the_console() -> None:
    assert channel_name(CONTACT, Settings()) == "console"
    assert channel_name(replace(CONTACT, notify="chat://x"), settings(1)) == "console"
    assert channel_name(CONTACT, settings(1)) == "notify"
