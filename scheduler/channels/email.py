"""E-mail by SMTP (RFC 5321): one connection a batch, one recipient a message."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.headerregistry import Address
from typing import Any

from scheduler import clock
from scheduler.channels.addresses import ascii_host, mailbox
from scheduler.channels.channel import DeliveryFailed, Patience
from scheduler.channels.deadline import deadline
from scheduler.channels.mail import mail_of
from scheduler.settings import Settings
from scheduler.values import Message

# What a server says to those who have not logged in, or not well enough: of no message, and mended by a person.
_LOGIN = frozenset({530, 534, 535, 538})
_CLOSING = 421
SENDER = "the sender"
_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?= |$)")


class Email:
    """Mail through the server that is set up."""

    name = "email"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @contextmanager
    def open(self) -> Iterator[Mailer]:
        """A line to the mail server, which is connected to at the first message."""
        mailer = Mailer(self._settings)
        try:
            yield mailer
        finally:
            mailer.close()


class Mailer:
    """A connection to the mail server. It is made anew after it was lost; one that cannot be made is not tried again
    in the same batch, which else would wait for it at every message."""

    SERVER = "the mail server"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sender = mailbox(settings.mail_from)
        self._client: smtplib.SMTP | None = None
        self._down: str | None = None
        self._patience = Patience()

    def send(self, message: Message) -> None:
        """Hands a message over to the server. Raises DeliveryFailed."""
        try:
            recipient = mailbox(message.contact.email)
        except ValueError:
            raise DeliveryFailed("the contact's e-mail address cannot be used", permanent=True) from None
        self._patience.check(self.SERVER)
        client = self._connected()
        international = not recipient.username.isascii()
        if international and not client.has_extn("smtputf8"):
            raise DeliveryFailed("the mail server takes addresses in ASCII only (no SMTPUTF8)", permanent=True)
        mail = mail_of(message, self._sender, recipient, settings=self._settings, now=clock.now())
        self._hand_over(client, recipient, mail.as_bytes(), ["SMTPUTF8", "BODY=8BITMIME"] if international else [])

    def close(self) -> None:
        """Says good-bye, if there is somebody to say it to."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(smtplib.SMTPException, OSError), deadline(lambda: client.sock, self._settings.smtp_timeout):
                client.quit()
            client.close()

    def _hand_over(self, client: smtplib.SMTP, recipient: Address, data: bytes, options: list[str]) -> None:
        told = False
        try:
            with deadline(lambda: client.sock, self._settings.smtp_timeout):
                _accepted(*client.mail(self._sender.addr_spec, options), SENDER)
                _accepted(*client.rcpt(recipient.addr_spec), "the recipient")
                told = True
                _accepted(*_data(client, data), "the message")
        except _Refused as refused:
            self._patience.note(self.SERVER, answered=True)
            self._start_over(client, refused.code)
            raise DeliveryFailed(str(refused), permanent=refused.permanent) from None
        except (smtplib.SMTPException, OSError, ValueError):
            self._patience.note(self.SERVER, answered=False)
            self._lose(client)
            reason = "before it answered for the message" if told else "before it took the message"
            raise DeliveryFailed(f"the connection to the mail server was lost {reason}", told=told) from None
        self._patience.note(self.SERVER, answered=True)

    def _start_over(self, client: smtplib.SMTP, code: int) -> None:
        """After a refusal: the next message needs a clean slate, or where the server is going a new connection."""
        with suppress(smtplib.SMTPException, OSError), deadline(lambda: client.sock, self._settings.smtp_timeout):
            if code != _CLOSING and client.rset()[0] == 250:
                return
        self._lose(client)

    def _lose(self, client: smtplib.SMTP) -> None:
        client.close()
        self._client = None

    def _connected(self) -> smtplib.SMTP:
        if self._client is None:
            if self._down is not None:
                raise DeliveryFailed(self._down)
            try:
                self._client = self._connect()
            except _CannotConnect as error:
                self._down = str(error)
                raise DeliveryFailed(self._down) from None
        return self._client

    def _connect(self) -> smtplib.SMTP:
        try:
            client = self._new_client()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise _CannotConnect(_why_not(error)) from None
        try:
            with deadline(lambda: client.sock, self._settings.smtp_timeout):
                self._secure_and_log_in(client)
        except (_CannotConnect, smtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise _CannotConnect(_why_not(error)) from None
        return client

    def _new_client(self) -> smtplib.SMTP:
        settings, host = self._settings, ascii_host(self._settings.smtp_host)
        # Its own name would tell more of this machine than a server needs, and can take long to find.
        name = self._sender.domain
        if settings.smtp_security == "tls":
            return _EncryptedClient(host, settings.port, name, timeout=settings.smtp_timeout, context=self._trust())
        return _Client(host, settings.port, name, timeout=settings.smtp_timeout)

    def _secure_and_log_in(self, client: smtplib.SMTP) -> None:
        settings = self._settings
        client.ehlo_or_helo_if_needed()
        if settings.smtp_security == "starttls":
            if not client.has_extn("starttls"):
                raise _CannotConnect("the mail server offers no encryption (STARTTLS), and nothing is sent without it")
            client.starttls(context=self._trust())
            client.ehlo_or_helo_if_needed()
        if settings.smtp_user:
            client.login(settings.smtp_user, settings.smtp_password.get_secret_value())

    def _trust(self) -> ssl.SSLContext:
        file = self._settings.smtp_ca_file
        try:
            context = ssl.create_default_context(cafile=file)
        except OSError:
            raise _CannotConnect("the certificates of smtp_ca_file cannot be read") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


class _Client(smtplib.SMTP):
    """A client whose greeting cannot be dripped for ever."""

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        """As the library's, within the timeout as a whole."""
        try:
            with deadline(lambda: self.sock, self.timeout):
                return super().connect(host, port, source_address)
        except BaseException:
            self.close()
            raise


class _EncryptedClient(_Client, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


class _CannotConnect(Exception):
    """Why there is no connection; it is tried again with the next batch."""


class _Refused(Exception):
    """A server's no: of 4xx for now, of 5xx for good. What it says besides may name the recipient, and is not kept."""

    def __init__(self, code: int, answer: bytes, what: str) -> None:
        enhanced = _ENHANCED.match(answer)
        self.code = code
        # A sender who may not send is no fault of the message, and it would be one of all that are due.
        self.permanent = code >= 500 and code not in _LOGIN and what != SENDER
        detail = f"{code} {enhanced.group().decode('ascii')}" if enhanced else str(code)
        super().__init__(f"the mail server refused {what} ({detail})")


def _accepted(code: int, answer: bytes, what: str) -> None:
    if code not in (250, 251):
        raise _Refused(code, answer, what)


def _data(client: smtplib.SMTP, data: bytes) -> tuple[int, bytes]:
    """The server's answer to the message, or to being offered it."""
    try:
        return client.data(data)
    except smtplib.SMTPDataError as error:
        answer = error.smtp_error
        return error.smtp_code, answer if isinstance(answer, bytes) else answer.encode("ascii", "replace")


# In the order in which they are looked through: the first that fits tells why.
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (smtplib.SMTPAuthenticationError, "the mail server refused the login ({code}): see smtp_user and smtp_password"),
    (smtplib.SMTPResponseException, "the mail server does not take messages now ({code})"),
    (smtplib.SMTPNotSupportedError, "the mail server takes no login on this connection: see smtp_security"),
    (smtplib.SMTPServerDisconnected, "the mail server did not answer in time, or closed the connection"),
    (ssl.SSLCertVerificationError, "the certificate of the mail server cannot be trusted: see smtp_ca_file"),
    (ssl.SSLError, "no encrypted connection to the mail server could be made: see smtp_security and smtp_port"),
    (TimeoutError, "the mail server did not answer in time"),
    (ConnectionRefusedError, "the mail server refused the connection: see smtp_host and smtp_port"),
)


def _why_not(error: Exception) -> str:
    if isinstance(error, _CannotConnect):
        return str(error)
    found = (reason for kind, reason in _REASONS if isinstance(error, kind))
    reason = next(found, "the mail server could not be reached: see smtp_host and smtp_port")
    return reason.format(code=getattr(error, "smtp_code", ""))
