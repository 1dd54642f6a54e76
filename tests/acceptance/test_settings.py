"""Settings: from the environment and an owner-only file, with messages that quote no value (docs/reminders.md)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from scheduler.settings import Settings
from scheduler.settings_file import load_settings
from schedules.errors import InvalidInput

SECRET = "S3cret-that-nobody-may-see-in-a-message"
FILE = f"""\
smtp_host = "smtp.example.org"
smtp_user = "reminders"
smtp_password = "{SECRET}"
mail_from = "Visits <visits@example.org>"

[questions]
"*" = "call the study team"
BJ01 = {{ en = "call 010 0000 0000", zh = "请致电 010 0000 0000" }}

[notify]
sms = "twilio://AC0:{SECRET}@+15550000000/{{to}}"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file of one's own, which the environment names."""
    made = tmp_path / "settings.toml"
    made.write_text(FILE, encoding="utf-8")
    made.chmod(0o600)
    monkeypatch.setenv("DAYZERO_SETTINGS", str(made))
    return made


def refusal() -> str:
    """Why the settings cannot be read; whatever it is, nothing secret is told."""
    with pytest.raises(InvalidInput) as refused:
        load_settings()
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
    return str(refused.value)


def test_nothing_is_set_up_by_default() -> None:
    assert load_settings() == Settings()
    assert Settings().channels == ("console",)


def test_a_file_says_what_is_set_up(file: Path) -> None:
    found = load_settings()
    assert (found.smtp_host, found.port, found.smtp_security) == ("smtp.example.org", 587, "starttls")
    assert found.smtp_password.get_secret_value() == SECRET
    assert found.channels == ("console", "email", "notify:sms")
    assert found.questions_of("BJ01", "zh") == "请致电 010 0000 0000"
    assert found.questions_of("BJ01", "de") == "call 010 0000 0000"
    assert found.questions_of("KOELN", "de") == "call the study team"


def test_the_environment_goes_before_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYZERO_SMTP_HOST", "other.example.org")
    monkeypatch.setenv("DAYZERO_SMTP_SECURITY", "tls")
    monkeypatch.setenv("DAYZERO_NOTIFY", '{"chat": "tgram://token/{to}"}')
    monkeypatch.setenv("DAYZERO_WEBHOOK_SECRET", "x" * 32)
    found = load_settings()
    assert (found.smtp_host, found.port, found.smtp_user) == ("other.example.org", 465, "reminders")
    assert found.channels == ("console", "email", "webhook", "notify:chat")


@pytest.mark.parametrize(
    ("text", "line"),
    [("call us", "call us"), ('{"*": "call us"}', "call us"), ('{"BJ01": {"zh": "请致电"}}', "请致电"), ("", "")],
)
def test_whom_to_ask_may_be_one_line_for_every_site(monkeypatch: pytest.MonkeyPatch, text: str, line: str) -> None:
    monkeypatch.setenv("DAYZERO_QUESTIONS", text)
    assert load_settings().questions_of("BJ01", "zh") == line


def test_no_secret_is_printed(file: Path) -> None:
    found = load_settings()
    assert SECRET not in f"{found!r} {found} {found.model_dump()} {found.model_dump_json()}"


def test_the_users_own_file_is_read_where_none_is_named(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAYZERO_SETTINGS")
    monkeypatch.setattr("scheduler.settings_file.user_config_path", lambda *_names, **_more: tmp_path)
    assert load_settings().smtp_host == "smtp.example.org"
    file.unlink()
    assert load_settings() == Settings()


@pytest.mark.skipif(os.name != "posix", reason="Windows tells nothing of who may read a file by its mode")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o660, 0o644])
def test_a_file_that_others_can_use_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert refusal() == (
        f"The settings file {file} has secrets, and others than its owner may use it. Run: chmod 600 {file}"
    )


def test_a_file_that_is_not_there(file: Path) -> None:
    file.unlink()
    assert refusal() == (
        f"The settings file {file} cannot be read: No such file or directory. Mend it, or DAYZERO_SETTINGS."
    )


def test_a_folder_is_no_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYZERO_SETTINGS", str(file.parent))
    assert refusal().startswith(f"The settings file {file.parent} cannot be read: ")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f'smtp_password = "{SECRET}', "The settings file {file} is not TOML: "),
        ("\udcff", "The settings file {file} is not text in UTF-8. Save it as such."),
        ("#" * 70_000, "The settings file {file} is larger than 65536 bytes. Keep settings alone in it."),
        (
            f'smtp_pasword = "{SECRET}"',
            "There is no setting 'smtp_pasword' in the environment or in {file}. Did you mean 'smtp_password'?",
        ),
        (
            f'[smtp]\npassword = "{SECRET}"',
            "There is no setting 'smtp' in the environment or in {file}.",
        ),
        (
            f'smtp_port = "{SECRET}"',
            "The setting smtp_port (DAYZERO_SMTP_PORT) in the environment or in {file} cannot be used: "
            "Input should be a valid integer, unable to parse string as an integer.",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_told_without_what_it_says(file: Path, text: str, why: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert refusal().startswith(why.format(file=file))


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("SMTP_HOST", "https://smtp.example.org/", "it is no name of a host, such as smtp.example.org"),
        ("SMTP_PORT", "70000", "Input should be less than or equal to 65535"),
        ("SMTP_SECURITY", SECRET, "Input should be 'starttls', 'tls' or 'none'"),
        ("SMTP_TIMEOUT", "0", "Input should be greater than 0"),
        ("WEBHOOK_TIMEOUT", "61", "Input should be less than or equal to 60"),
        ("MAIL_FROM", f"{SECRET}\nBcc: x@example.org", "it is not one e-mail address"),
        ("MAIL_REPLY_TO", "a@example.org, b@example.org", "it is not one e-mail address"),
        ("WEBHOOK_SECRET", "short", "a secret has 32 characters or more; 'openssl rand -hex 32' makes one"),
        ("NOTIFY", SECRET, "it is not written as JSON"),
        ("NOTIFY", f'{{"sms": "{SECRET}"}}', "the address of a service has {to} once, where the recipient belongs"),
        ("NOTIFY", f'{{"https": "{SECRET}/{{to}}"}}', "a service is named by small letters, as in sms"),
        ("QUESTIONS", "two\nlines", "whom to ask is told in one line of at most 200 characters"),
        ("QUESTIONS", "x" * 201, "whom to ask is told in one line of at most 200 characters"),
    ],
)
def test_what_is_wrong_in_the_environment(monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str) -> None:
    monkeypatch.setenv(f"DAYZERO_{name}", value)
    told = refusal()
    assert told.startswith(f"The setting {name.lower()} (DAYZERO_{name}) in the environment cannot be used: {why}")


def test_a_name_that_was_mistyped_is_no_silent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYZERO_SMTP_PASSWROD", SECRET)
    assert refusal() == "DAYZERO_SMTP_PASSWROD is no setting. Did you mean 'smtp_password'?"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"smtp_host": "h"}, "a mail server needs MAIL_FROM as well"),
        ({"smtp_user": "u"}, "a login needs both SMTP_USER and SMTP_PASSWORD"),
        ({"smtp_password": SECRET}, "a login needs both SMTP_USER and SMTP_PASSWORD"),
        (
            {"smtp_host": "smtp.example.org", "mail_from": "a@example.org", "smtp_security": "none"},
            "without SMTP_ALLOW_PLAIN only a mail server on this machine is spoken to unencrypted",
        ),
    ],
)
def test_what_does_not_fit_together(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why) as refused:
        Settings(**given)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "127.8.8.8"])
def test_unencrypted_to_this_machine_is_allowed(host: str) -> None:
    found = Settings(smtp_host=host, smtp_security="none", mail_from="a@example.org")
    assert found.port == 25


def test_unencrypted_elsewhere_where_somebody_says_so() -> None:
    found = Settings(smtp_host="relay.example", smtp_security="none", smtp_allow_plain=True, mail_from="a@example.org")
    assert found.channels == ("console", "email")


def test_whom_a_stop_goes_to() -> None:
    assert Settings().stop_to == ""
    assert Settings(mail_reply_to="Team <team@example.org>").stop_to == "team@example.org"
    assert Settings(mail_reply_to="team@example.org", mail_stop_to="stop@example.org").stop_to == "stop@example.org"
