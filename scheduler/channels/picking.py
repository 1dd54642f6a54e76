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


def channel_name(contact: Contact, settings: Settings) -> str:
    """The name of the channel to a contact, by the addresses it has and what is set up."""
    return CONSOLE


def channel_for(contact: Contact, settings: Settings, say: Send = console) -> Channel:
    """The channel to a contact: the console, through ``say``, where none is set up for its addresses (design §8)."""
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
                lines[message.channel] = opened.enter_context(channel_for(message.contact, settings, say).open())
            lines[message.channel].send(message)

        yield send
