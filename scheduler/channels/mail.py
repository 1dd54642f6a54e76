"""A message as an e-mail (RFC 5322) with its event as an invitation (RFC 6047), as calendars in mail programs take it.

The body is a ``multipart/alternative`` of text, HTML and event; behind it the event is a file again, for programs that
do not look for one in the body. Header fields are written by the standard library, which refuses a line break in them;
but it reads what is in the form of an encoded word (RFC 2047), and writes a line break that it finds in there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from urllib.parse import quote

from calendars.entries import Level, file_name
from scheduler.settings import Settings
from scheduler.values import Message


def mail_of(
    message: Message, sender: Address, recipient: Address, *, settings: Settings, now: datetime
) -> EmailMessage:
    """The e-mail of a message; ``now`` is its Date. Its Message-ID is the same whenever it is made."""
    # Quoted-printable and base64, so that a server of any age passes it on unchanged.
    mail = EmailMessage(policy=(SMTP if recipient.username.isascii() else SMTPUTF8).clone(cte_type="7bit"))
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = _one_line(message.title)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message.message_id}@{sender.domain}>"
    for name, value in _fields(message, settings):
        mail[name] = value
    mail.set_content(_text(message.body))
    mail.add_alternative(_text(message.html), subtype="html")
    if message.calendar is not None:
        text = message.calendar.decode("utf-8")
        mail.add_alternative(text, subtype="calendar", cte="base64", params={"method": message.method})
    for name, data in _files(message):
        mail.add_attachment(data, maintype="application", subtype="ics", filename=name)
    # Last, for it is of the whole: a field of that kind goes with a body that is made a part.
    mail["Content-Language"] = message.contact.language
    return mail


def _one_line(text: str) -> str:
    """A text that is nothing but itself as the value of a field."""
    return "".join(char if char.isprintable() else " " for char in text).replace("=?", "= ?")


def _text(text: str) -> str:
    """A text without the halves of characters, which cannot be written."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _fields(message: Message, settings: Settings) -> Iterator[tuple[str, str]]:
    """Who answers, how to end it, and that no machine should answer (RFC 3834, and Exchange's own)."""
    yield "Auto-Submitted", "auto-generated"
    yield "X-Auto-Response-Suppress", "All"
    if settings.mail_reply_to:
        yield "Reply-To", settings.mail_reply_to
    if settings.stop_to:
        # The number tells a coordinator which contact to pause, and nobody else anything.
        subject = quote(f"stop {message.contact.id}")
        yield "List-Unsubscribe", f"<mailto:{quote(settings.stop_to, safe='@')}?subject={subject}>"


def _files(message: Message) -> Iterator[tuple[str, bytes]]:
    """The events as files: neutral names at level private; those of a digest are numbered."""
    name = file_name(Level(message.contact.level), message.subject)
    if message.calendar is not None:
        yield name, message.calendar
    events = [part.calendar for part in message.parts if part.calendar is not None]
    for number, event in enumerate(events, start=1):
        yield name.removesuffix(".ics") + f"-{number}.ics", event
