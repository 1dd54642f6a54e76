"""What every channel is: a way to a recipient, opened once a batch, and what it raises where it cannot pass one on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from scheduler.values import Message
from schedules.errors import StoreUnavailable

Send = Callable[[Message], None]


class DeliveryFailed(StoreUnavailable):
    """A message could not be passed on.

    :param reason: why, in words that name no address, no person and no secret.
    :param permanent: trying again is of no use (SMTP 5xx); otherwise it is tried again later.
    :param told: it may have arrived all the same: the connection was lost after the message had been handed over. It is
        tried again as well, under the same Message-ID.
    """

    def __init__(self, reason: str, *, permanent: bool = False, told: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.told = told


class Patience:
    """Gives a way up for the rest of a batch when it has failed to answer three times in a row.

    What a sweep has claimed is its own for some minutes only; with a hundred messages it must not wait for each of them
    as long as for one.
    """

    LIMIT = 3

    def __init__(self) -> None:
        self._unanswered: Counter[str] = Counter()

    def check(self, way: str) -> None:
        """Raises DeliveryFailed for a way that was given up."""
        if self._unanswered[way] >= self.LIMIT:
            often = f"{self.LIMIT} times in a row"
            raise DeliveryFailed(f"the server has not answered {often}, and is left alone for a while")

    def note(self, way: str, *, answered: bool) -> None:
        """Whether a way has just answered, be it with a refusal."""
        self._unanswered[way] = 0 if answered else self._unanswered[way] + 1


class Line(Protocol):
    """An open way: one connection, for the messages of one batch."""

    def send(self, message: Message) -> None:
        """Passes a message on. Raises DeliveryFailed; the line can be used for the next one all the same."""


class Channel(Protocol):
    """A way to recipients. ``name`` is what ``remind --once --json`` shows."""

    name: str

    def open(self) -> AbstractContextManager[Line]:
        """A line that is closed with its block. Nothing is connected before the first message, so this cannot fail."""
