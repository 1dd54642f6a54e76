"""Where messages go: a channel is a function that takes one, and raises DeliveryFailed if it cannot pass it on."""

from __future__ import annotations

from collections.abc import Callable

from scheduler.values import Message
from schedules.errors import StoreUnavailable

Send = Callable[[Message], None]


class DeliveryFailed(StoreUnavailable):
    """A message could not be passed on now; it is tried again later."""


def console(message: Message) -> None:
    """Prints a message as one line, without the recipient's address."""
    print(console_line(message))


def console_line(message: Message) -> str:
    """A message as one line: for which role of which subject, and its text."""
    return f"[{message.role} of {message.subject}] {message.text}"
