"""Which way a message goes: by the addresses of its contact, and by what is set up (docs/reminders.md)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from scheduler.channels import Console, channel_for, channel_name, open_channels
from scheduler.settings import Settings
from scheduler.values import Contact, Message

MAIL = {"smtp_host": "localhost", "mail_from": "visits@example.org"}
HOOK = {"webhook_secret": "x" * 32}
SMS = {"notify": {"sms": "json://localhost/{to}"}}
NOBODY = Contact(id=1, role="patient", zone="UTC", subject="P-001")
MESSAGE = Message(
    subject="P-001", visit="d1", role="patient", rule="r", channel="console", key="k", text="t", contact=NOBODY
)


def settings(*parts: dict[str, Any]) -> Settings:
    return Settings.model_validate({name: value for part in parts for name, value in part.items()})


@pytest.mark.parametrize(
    ("email", "notify", "set_up", "name"),
    [
        ("a@example.org", "", (MAIL,), "email"),
        ("a@example.org", "", (HOOK, SMS), "console"),
        ("a@example.org", "https://hook.example", (MAIL, HOOK), "email"),
        ("a@example.org", "https://hook.example", (HOOK,), "webhook"),
        ("", "HTTPS://hook.example", (MAIL, HOOK, SMS), "webhook"),
        ("", "http://127.0.0.1/", (HOOK,), "webhook"),
        ("", "https://hook.example", (MAIL, SMS), "console"),
        ("", "sms://+49", (MAIL, HOOK, SMS), "notify"),
        ("", "SMS://+49", (SMS,), "notify"),
        ("", "chat://x", (MAIL, HOOK, SMS), "console"),
        ("", "", (MAIL, HOOK, SMS), "console"),
    ],
)
def test_the_channel_of_a_contact(email: str, notify: str, set_up: tuple[dict[str, Any], ...], name: str) -> None:
    contact = replace(NOBODY, email=email, notify=notify)
    assert channel_name(contact, settings(*set_up)) == name
    assert channel_for(contact, settings(*set_up)).name == name


def test_the_console_is_spoken_to_as_it_is_told() -> None:
    said: list[Message] = []
    with open_channels(Settings(), said.append) as send:
        send(MESSAGE)
    assert said == [MESSAGE]


def test_the_console_prints_for_whom_and_what_and_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    with channel_for(NOBODY, Settings()).open() as line:
        line.send(replace(MESSAGE, contact=replace(NOBODY, email="a@example.org")))
    assert capsys.readouterr().out == "[patient of P-001] t\n"


def test_a_channel_is_opened_once_a_batch_and_closed_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    class Watched(Console):
        @contextmanager
        def open(self) -> Iterator[Console]:
            opened.append("opened")
            yield self
            opened.append("closed")

    monkeypatch.setattr("scheduler.channels.picking._channel", lambda _name, _settings, say: Watched(say))
    said: list[Message] = []
    with open_channels(Settings(), said.append) as send:
        assert opened == []
        send(MESSAGE)
        send(MESSAGE)
    assert (opened, len(said)) == (["opened", "closed"], 2)
