"""Which channel a message takes, and all channels of one batch together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from scheduler.channels.channel import Channel, Line, Send
from scheduler.channels.console import CONSOLE, Console, console
from scheduler.values import Contact, Message

if TYPE_CHECKING:
    from scheduler.settings import Settings

EMAIL, WEBHOOK, NOTIFY = "email", "webhook", "notify"


def channel_name(contact: Contact, settings: Settings) -> str:
    """The name of the channel to a contact, by the addresses it has and what is set up.

    E-mail goes before other ways, for it carries the event. Where nothing is set up for its addresses, or it has none,
    it is the console.
    """
    scheme = contact.notify.partition("://")[0].lower()
    if contact.email and settings.smtp_host:
        return EMAIL
    if scheme in ("http", "https") and settings.webhook_secret.get_secret_value():
        return WEBHOOK
    return NOTIFY if scheme in settings.notify else CONSOLE


def channel_for(contact: Contact, settings: Settings, say: Send = console) -> Channel:
    """The channel to a contact; the console is spoken to through ``say`` (design §8)."""
    return _channel(channel_name(contact, settings), settings, say)


def _channel(name: str, settings: Settings, say: Send) -> Channel:
    """Each transport is loaded when it is needed, for that takes longer than to print."""
    if name == EMAIL:
        from scheduler.channels.email import Email

        return Email(settings)
    if name == WEBHOOK:
        from scheduler.channels.webhook import Webhook

        return Webhook(settings)
    if name == NOTIFY:
        from scheduler.channels.notify import Notify

        return Notify(settings)
    return Console(say)


@contextmanager
def open_channels(settings: Settings, say: Send = console) -> Iterator[Send]:
    """All channels for one batch: each message goes out by its contact's, which is opened at its first message.

    The function that is given raises DeliveryFailed as a line does.
    """
    lines: dict[str, Line] = {}
    with ExitStack() as opened:

        def send(message: Message) -> None:
            if message.channel not in lines:
                lines[message.channel] = opened.enter_context(_channel(message.channel, settings, say).open())
            lines[message.channel].send(message)

        yield send
