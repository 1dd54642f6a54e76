"""SMS, chat and push through Apprise: the services that are set up, one recipient a call.

A contact names a service and whom it reaches there: ``sms://+491701234567``. What the service wants to know of us, its
tokens, stands in the settings, so that no secret gets into the database.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from scheduler.channels.channel import DeliveryFailed, Patience
from scheduler.settings import Settings
from scheduler.values import Message

if TYPE_CHECKING:
    from apprise import Apprise

# Apprise for patients: no redirect, nothing on disk, no text read as anything but text, and neither its name nor its
# pictures, which would be fetched from elsewhere.
_MANNERS: dict[str, Any] = {
    "async_mode": False,
    "http_redirects": False,
    "storage_mode": "memory",
    "secure_logging": True,
    "allow_templates": False,
    "interpret_escapes": False,
    "interpret_emojis": False,
    "app_id": "Reminder",
    "app_desc": "Reminder",
    "app_url": "",
    "image_path_mask": False,
    "image_url_mask": "",
    "image_url_logo": "",
}
# Each of them writes addresses with tokens into its log, at one level or another.
_LOGGERS = ("apprise", "urllib3", "requests_oauthlib", "oauthlib")


class Notify:
    """The services that are set up for Apprise."""

    name = "notify"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @contextmanager
    def open(self) -> Iterator[Notifier]:
        """Loads Apprise, if it is there, at the first message."""
        yield Notifier(self._settings)


class Notifier:
    """Passes messages on, with ``notify_pause`` between them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sent = False
        self._patience = Patience()

    def send(self, message: Message) -> None:
        """Passes a message on to its service. Raises DeliveryFailed."""
        name, _ = service_of(message.contact.notify)
        self._patience.check(name)
        with _silent():
            service = self._service(message.contact.notify)
            if self._sent and self._settings.notify_pause:
                time.sleep(self._settings.notify_pause)
            self._sent = True
            text = f"{message.text} {message.stop}" if message.stop else message.text
            outcome = service.notify(body=text, body_format="text", timeout=self._settings.notify_timeout)
        # It does not tell a refusal from silence, so several refusals look like a service that is away.
        self._patience.note(name, answered=bool(outcome))
        if not outcome:
            # It does not say why, and not whether a service that was too slow has it all the same.
            raise DeliveryFailed("the notification service did not take the message", told=True)

    def _service(self, address: str) -> Apprise:
        try:
            from apprise import Apprise, AppriseAsset
        except ImportError:
            raise DeliveryFailed("Apprise is not installed: install dayzero[notify]") from None
        asset = AppriseAsset(**_MANNERS)
        found = Apprise.instantiate(_filled(address, self._settings), asset=asset)
        if found is None:
            raise DeliveryFailed("Apprise cannot use the address of the service: see notify in the settings")
        # A new object for each message has no pace to keep; its own would be 5.5 seconds within one message.
        found.request_rate_per_sec = 0
        service = Apprise(asset=asset)
        service.add(found)
        return service


def service_of(address: str) -> tuple[str, str]:
    """The service that a contact's address names, and whom it reaches there: ``sms``, ``+491701234567``."""
    name, _, recipient = address.partition("://")
    return name.lower(), unquote(recipient)


def _filled(address: str, settings: Settings) -> str:
    name, recipient = service_of(address)
    return settings.notify[name].get_secret_value().replace("{to}", quote(recipient, safe=""))


@contextmanager
def _silent() -> Iterator[None]:
    """Nothing in the log while others handle tokens and numbers."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
