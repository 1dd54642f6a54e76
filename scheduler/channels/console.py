"""The console: where messages go whose recipients no other way is set up for (design §8)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scheduler.channels.channel import Send
from scheduler.values import Message

CONSOLE = "console"


def console(message: Message) -> None:
    """Prints a message as one line, without the recipient's address."""
    print(console_line(message))


def console_line(message: Message) -> str:
    """A message as one line: for which role of which subject, and its text."""
    return f"[{message.role} of {message.subject}] {message.text}"


class Console:
    """The console as a channel; ``say`` prints a message."""

    name = CONSOLE

    def __init__(self, say: Send = console) -> None:
        self._say = say

    @contextmanager
    def open(self) -> Iterator[Console]:
        """The console itself: there is nothing to connect to."""
        yield self

    def send(self, message: Message) -> None:
        """Prints a message."""
        self._say(message)
