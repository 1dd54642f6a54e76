"""What a site sets up for its messages: servers, secrets, and whom to ask (design §8).

Read from the environment (``DAYZERO_SMTP_HOST`` …) and from a TOML file that only its owner can read, the environment
first; never from the database or the command line. No message here quotes a value, for it may be a secret.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import NoDecode

from scheduler.channels.addresses import is_loopback, mailbox

ANY_SITE = "*"
PORTS = {"starttls": 587, "tls": 465, "none": 25}
LONGEST_LINE = 200
# The scheme of a contact's address names a service; http and https are webhooks.
_SERVICE = re.compile(r"(?!https?$)[a-z][a-z0-9+.-]*")

# No longer, for what a sweep has claimed is its own for some minutes only.
Seconds = Annotated[float, Field(gt=0, le=60)]
Lines = dict[str, str | dict[str, str]]


class Settings(BaseModel):
    """What is set up; by default nothing, and every message goes to the console.

    :param smtp_security: how the mail server is spoken to: ``starttls``, ``tls``, or ``none``, which only a server on
        this machine may have, unless ``smtp_allow_plain`` says otherwise.
    :param smtp_ca_file: certificates to trust instead of the machine's.
    :param smtp_timeout: seconds for a connection, and for each message.
    :param mail_stop_to: where a recipient asks for no more messages; by default ``mail_reply_to``.
    :param webhook_secret: what a webhook's messages are signed with: 32 characters or more, or ``whsec_`` and base64.
    :param notify: Apprise's address for each service that contacts name, with ``{to}`` where the recipient belongs.
    :param notify_pause: seconds between two messages of one service.
    :param questions: whom to ask, by site (``*``: any other); a line, or one a language.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    smtp_host: str = ""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_allow_plain: bool = False
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_ca_file: Path | None = None
    smtp_timeout: Seconds = 30
    mail_from: str = ""
    mail_reply_to: str = ""
    mail_stop_to: str = ""
    webhook_secret: SecretStr = SecretStr("")
    webhook_allow_plain: bool = False
    webhook_timeout: Seconds = 10
    notify: Annotated[dict[str, SecretStr], NoDecode] = Field(default_factory=dict)
    notify_pause: Annotated[float, Field(ge=0, le=60)] = 0
    notify_timeout: Seconds = 20
    questions: Annotated[Lines, NoDecode] = Field(default_factory=dict)

    @field_validator("mail_from", "mail_reply_to", "mail_stop_to")
    @classmethod
    def _one_mailbox(cls, text: str) -> str:
        if text:
            mailbox(text)
        return text

    @field_validator("smtp_host")
    @classmethod
    def _a_host(cls, host: str) -> str:
        if re.search(r"[\s/@]", host) or not host.isprintable():
            raise ValueError("it is no name of a host, such as smtp.example.org")
        return host

    @field_validator("webhook_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr) -> SecretStr:
        from scheduler.channels.signing import signing_key

        if secret.get_secret_value():
            signing_key(secret.get_secret_value())
        return secret

    @field_validator("notify", "questions", mode="before")
    @classmethod
    def _from_text(cls, value: object, field: ValidationInfo) -> object:
        """In the environment both are written as JSON; a line of questions alone is every site's."""
        if not isinstance(value, str):
            return value
        if field.field_name == "questions" and not value.lstrip().startswith("{"):
            return {ANY_SITE: value}
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError("it is not written as JSON") from None

    @field_validator("notify")
    @classmethod
    def _services(cls, services: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, address in services.items():
            if not _SERVICE.fullmatch(name):
                raise ValueError("a service is named by small letters, as in sms, and neither http nor https")
            if address.get_secret_value().count("{to}") != 1:
                raise ValueError("the address of a service has {to} once, where the recipient belongs")
        return services

    @field_validator("questions")
    @classmethod
    def _lines(cls, questions: Lines) -> Lines:
        lines = [line for of_site in questions.values() for line in _by_language(of_site).values()]
        if not all(line.strip() and line.isprintable() and len(line) <= LONGEST_LINE for line in lines):
            raise ValueError(f"whom to ask is told in one line of at most {LONGEST_LINE} characters")
        return questions

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.smtp_host and not self.mail_from:
            raise ValueError("a mail server needs MAIL_FROM as well, the address that messages come from")
        if bool(self.smtp_user) != bool(self.smtp_password.get_secret_value()):
            raise ValueError("a login needs both SMTP_USER and SMTP_PASSWORD")
        plain = self.smtp_host and self.smtp_security == "none" and not is_loopback(self.smtp_host)
        if plain and not self.smtp_allow_plain:
            raise ValueError("without SMTP_ALLOW_PLAIN only a mail server on this machine is spoken to unencrypted")
        return self

    @property
    def port(self) -> int:
        """The mail server's port."""
        return self.smtp_port or PORTS[self.smtp_security]

    @property
    def stop_to(self) -> str:
        """The address at which a recipient asks for no more messages; empty where none is set up."""
        text = self.mail_stop_to or self.mail_reply_to
        return mailbox(text).addr_spec if text else ""

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels that are set up, the console first."""
        found = {"email": bool(self.smtp_host), "webhook": bool(self.webhook_secret.get_secret_value())}
        names = sorted(f"notify:{service}" for service in self.notify)
        return ("console", *(name for name, there in found.items() if there), *names)

    def questions_of(self, site: str, language: str) -> str:
        """The line that tells a reader of that language whom to ask at a site; empty where none is set up."""
        lines = _by_language(self.questions.get(site, self.questions.get(ANY_SITE, "")))
        return lines.get(language, lines.get("", lines.get("en", "")))


def _by_language(line: str | dict[str, str]) -> dict[str, str]:
    """Lines by language; one without a language is everybody's."""
    return {"": line} if isinstance(line, str) else line
