"""The guide to reminders is true: its settings are read, its receiver checks what is posted, its tables are whole."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from calendars.messages import EVENTS
from scheduler.channels.signing import signature, signing_key
from scheduler.channels.webhook import webhook_body
from scheduler.composing import DIGEST, PROBE
from scheduler.settings import Settings
from scheduler.values import Contact, Message
from tests.servers import webhook_receiver

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "reminders.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    """The one block of that kind."""
    (found,) = re.findall(rf"^```\w+ {kind}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_settings_are_read() -> None:
    found = Settings(**tomllib.loads(block("settings")))
    assert found.channels == ("console", "email", "webhook", "notify:sms")
    assert found.questions_of("BJ01", "zh") == "请致电 010 0000 0000"


def test_the_table_has_every_setting_and_its_default() -> None:
    rows = dict(re.findall(r"^\| (`[a-z_`, ]+`) \| .* \| (.*) \|$", GUIDE, re.MULTILINE))
    named = {name: default for names, default in rows.items() for name in re.findall(r"`(\w+)`", names)}
    assert set(named) == set(Settings.model_fields)
    for name in ("smtp_security", "smtp_timeout", "webhook_timeout", "notify_pause", "notify_timeout"):
        assert named[name].strip("`") == str(Settings.model_fields[name].default)
    assert (
        Settings.model_fields["smtp_allow_plain"].default
        is Settings.model_fields["webhook_allow_plain"].default
        is False
    )


def test_every_event_is_named() -> None:
    listed = GUIDE.partition("`event` is one of ")[2].partition(".")[0]
    assert re.findall(r"`(\w+)`", listed) == [*EVENTS, DIGEST, PROBE]


def test_what_is_posted_is_as_it_is_shown() -> None:
    shown = json.loads(block("webhook"))
    told = {name: shown["data"][name] for name in ("role", "event", "title", "text", "stop")}
    contact = Contact(id=7, role="patient", zone="Asia/Shanghai", subject="P-001")
    message = Message(subject="P-001", visit="d1", rule="r", channel="webhook", key="k", contact=contact, **told)
    assert json.loads(webhook_body(message, datetime.fromisoformat(shown["timestamp"]))) == shown


@pytest.fixture
def is_genuine() -> Callable[[str, dict[str, str], bytes], bool]:
    """The receiver's check, as the guide has it."""
    names: dict[str, Any] = {}
    exec(compile(block("receiver"), "docs/reminders.md", "exec"), names)
    found: Callable[[str, dict[str, str], bytes], bool] = names["is_genuine"]
    return found


@pytest.mark.parametrize("secret", ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwxw0iRbAEyzs=", "x" * 32])
def test_the_receiver_knows_what_is_genuine(
    database: Path,
    dayzero: Run,
    monkeypatch: pytest.MonkeyPatch,
    is_genuine: Callable[[str, dict[str, str], bytes], bool],
    secret: str,
) -> None:
    monkeypatch.setenv("DAYZERO_WEBHOOK_SECRET", secret)
    with webhook_receiver() as receiver:
        dayzero("contact", "add", "P-001", "--role", "patient", "--notify", receiver.url())
        assert dayzero("contact", "test", "1").code == 0
    (post,) = receiver.posts
    assert is_genuine(secret, post.headers, post.body)
    assert not is_genuine("y" * 32, post.headers, post.body)
    assert not is_genuine(secret, post.headers, post.body + b" ")
    assert not is_genuine(secret, {**post.headers, "webhook-id": "another"}, post.body)


def test_the_receiver_refuses_what_is_old(is_genuine: Callable[[str, dict[str, str], bytes], bool]) -> None:
    secret, now = "x" * 32, int(datetime.now(UTC).timestamp())
    for age, genuine in ((0, True), (200, True), (400, False), (-400, False)):
        signed = signature(signing_key(secret), "m", now - age, b"{}")
        headers = {"webhook-id": "m", "webhook-timestamp": str(now - age), "webhook-signature": signed}
        assert is_genuine(secret, headers, b"{}") is genuine
