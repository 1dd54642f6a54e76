"""A webhook: the message as JSON, posted to a contact's own address and signed (see docs/reminders.md)."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.client import HTTPS_PORT, HTTPConnection, HTTPException
from urllib.parse import SplitResult, quote, urlsplit

from calendars.entries import Level
from scheduler import clock
from scheduler.channels.addresses import ascii_host, is_loopback
from scheduler.channels.channel import DeliveryFailed, Patience
from scheduler.channels.deadline import deadline
from scheduler.channels.signing import signature, signing_key
from scheduler.settings import Settings
from scheduler.values import Message

SCHEMES = ("http", "https")
# Come again later: the receiver was too slow, or has too much to do.
_LATER = frozenset({408, 425, 429})
_SAFE = "/:@!$&'()*+,;=-._~?%"


class Webhook:
    """Signed posts to the addresses of contacts."""

    name = "webhook"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @contextmanager
    def open(self) -> Iterator[Poster]:
        """Nothing to be opened: every address is another server's."""
        yield Poster(self._settings)


class Poster:
    """Posts messages, each on a connection of its own. No redirect is followed, no proxy used, no answer read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._key = signing_key(settings.webhook_secret.get_secret_value())
        self._patience = Patience()

    def send(self, message: Message) -> None:
        """Posts a message. Raises DeliveryFailed."""
        target = _target(message.contact.notify)
        if target.scheme == "http" and not (is_loopback(target.hostname or "") or self._settings.webhook_allow_plain):
            raise DeliveryFailed("the webhook is not encrypted: its address must begin with https", permanent=True)
        self._patience.check(target.netloc)
        now = clock.now()
        body = webhook_body(message, now)
        code = self._post(target, body, self._headers(message, now, body))
        if 200 <= code < 300:
            return
        if 300 <= code < 400:
            raise DeliveryFailed(f"the webhook points elsewhere ({code}), and is not followed")
        raise DeliveryFailed(f"the webhook refused the message ({code})", permanent=_for_good(code))

    def _headers(self, message: Message, now: datetime, body: bytes) -> dict[str, str]:
        seconds = int(now.timestamp())
        return {
            "Content-Type": "application/json",
            "User-Agent": "dayzero",
            "Idempotency-Key": message.message_id,
            "webhook-id": message.message_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature(self._key, message.message_id, seconds, body),
        }

    def _post(self, target: SplitResult, body: bytes, headers: dict[str, str]) -> int:
        connection = _connection(target, self._settings.webhook_timeout)
        told = False
        try:
            with deadline(lambda: connection.sock, self._settings.webhook_timeout):
                connection.connect()
                told = True
                connection.request("POST", _path(target), body=body, headers=headers)
                code = connection.getresponse().status
            self._patience.note(target.netloc, answered=True)
            return code
        except (OSError, HTTPException, ValueError) as error:
            self._patience.note(target.netloc, answered=False)
            raise DeliveryFailed(_why_not(error, told), told=told) from None
        finally:
            connection.close()


def webhook_body(message: Message, now: datetime) -> bytes:
    """What is posted, as UTF-8 JSON. Of subject, visit and rule it tells at the levels at which the text does."""
    contact = message.contact
    named = {} if contact.level == Level.PRIVATE else {name: getattr(message, name) for name in _NAMED}
    data = {
        "contact": contact.id,
        "role": message.role,
        "language": contact.language,
        "level": contact.level,
        "event": message.event,
        "title": message.title,
        "text": message.text,
        "stop": message.stop,
        **named,
    }
    document = {"type": "dayzero.message", "timestamp": now.isoformat(timespec="seconds"), "data": data}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


_NAMED = ("subject", "visit", "rule")


def _target(address: str) -> SplitResult:
    try:
        target = urlsplit(address)
        host = ascii_host(target.hostname or "")
        usable = target.scheme in SCHEMES and host and target.username is None and target.password is None
        port = target.port
    except ValueError:
        usable = False
    if not usable:
        raise DeliveryFailed("the contact's webhook address cannot be used", permanent=True)
    netloc = f"[{host}]" if ":" in host else host
    return target._replace(netloc=netloc if port is None else f"{netloc}:{port}")


def _path(target: SplitResult) -> str:
    path = quote(target.path or "/", safe=_SAFE)
    return f"{path}?{quote(target.query, safe=_SAFE)}" if target.query else path


def _connection(target: SplitResult, timeout: float) -> HTTPConnection:
    host = target.hostname or ""
    if target.scheme == "http":
        return HTTPConnection(host, target.port, timeout=timeout)
    return _EncryptedConnection(host, target.port, timeout=timeout)


class _EncryptedConnection(HTTPConnection):
    """HTTPS whose handshake can be cut as everything else can: its socket is there before it begins."""

    default_port = HTTPS_PORT

    def connect(self) -> None:
        """Connects, and shakes hands; the certificate must be of the host."""
        super().connect()
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock.do_handshake()


def _for_good(code: int) -> bool:
    return 400 <= code < 500 and code not in _LATER


def _why_not(error: Exception, told: bool) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return "the certificate of the webhook cannot be trusted"
        case TimeoutError():
            return "the webhook did not answer in time"
        case _ if told:
            return "the connection to the webhook was lost before it answered"
        case _:
            return "the webhook could not be reached"
