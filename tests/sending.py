"""Messages handed to a channel as one batch, and channels that keep what they get."""

from __future__ import annotations

from scheduler.channels import DeliveryFailed, channel_for
from scheduler.settings import Settings
from scheduler.values import Message


def outcomes(set_up: Settings, *messages: Message) -> list[DeliveryFailed | None]:
    """Sends messages as one batch, by the channel of the first one's contact; what became of each."""
    found: list[DeliveryFailed | None] = []
    with channel_for(messages[0].contact, set_up).open() as line:
        for message in messages:
            try:
                line.send(message)
                found.append(None)
            except DeliveryFailed as failed:
                found.append(failed)
    return found


class Inbox:
    """A channel that keeps what it gets."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """Role, visit and sentence of each message."""
        return [(message.role, message.visit, message.sentence) for message in self.messages]
