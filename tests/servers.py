"""Servers on this machine, for what is sent: a mail server, and a receiver of webhooks. Both do as they are told."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

LOOPBACK = "127.0.0.1"
OK = "250 OK"
# An answer that is none: the connection is dropped, or nothing is said until the server is stopped.
DROP, SILENCE = "drop", "silence"
USER, PASSWORD = "reminders", "not-a-secret"


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it came in, with its envelope."""

    sender: str
    recipients: tuple[str, ...]
    options: tuple[str, ...]
    data: bytes

    @property
    def mail(self) -> EmailMessage:
        """The message, read by the standard library."""
        found = message_from_bytes(self.data, policy=default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass(slots=True)
class MailServer:
    """A mail server, what it received, and what it answers to the next senders, recipients and messages; then it
    accepts."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    to_senders: deque[str] = field(default_factory=deque)
    to_recipients: deque[str] = field(default_factory=deque)
    to_messages: deque[str] = field(default_factory=deque)
    connections: int = 0
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.to_senders.popleft() if self.to_senders else OK
        if answer == OK:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.to_recipients.popleft() if self.to_recipients else OK
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.to_messages.popleft() if self.to_messages else OK
        if answer in (OK, DROP):
            content = envelope.content
            assert isinstance(content, bytes)
            options = tuple(str(option) for option in envelope.mail_options)
            self.received.append(Received(str(envelope.mail_from), tuple(envelope.rcpt_tos), options, content))
        if answer == DROP:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if answer == SILENCE:
            await self._stopping.wait()
        return OK if answer in (DROP, SILENCE) else answer


def _right_login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)  # the server answers


@contextmanager
def mail_server(
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    *,
    login: bool = False,
    international: bool = True,
) -> Iterator[MailServer]:
    """A mail server: plain, or encrypted by STARTTLS or from the first byte; with ``login``, nobody else may send."""
    found = MailServer()

    def new() -> SMTP:
        found.connections += 1
        return SMTP(
            found,
            hostname="mail.example",
            loop=loop,
            enable_SMTPUTF8=international,
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=_right_login,
            auth_required=login,
            auth_require_tls=starttls is not None,
        )

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(new, LOOPBACK, 0, ssl=tls))
    found.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield found
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server, found), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _stop(server: asyncio.Server, found: MailServer) -> None:
    """Ends the server and all that its connections still do."""
    server.close()
    found._stopping.set()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    # Transports close in the next rounds of the loop.
    for _ in range(3):
        await asyncio.sleep(0)


@contextmanager
def dripping_server(first: bytes = b"2") -> Iterator[int]:
    """A server that sends ``first``, and then for ever a byte at a time, so that no single read is ever late; its port.

    It ends when the other side does.
    """
    stop = threading.Event()
    listener = socket.create_server((LOOPBACK, 0))

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                connection.sendall(first)
                while not stop.wait(0.02):
                    connection.sendall(b"2")
            except OSError:
                return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        thread.join(10)
        listener.close()


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


# Webhooks


@dataclass(frozen=True, slots=True)
class Post:
    """A request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """A receiver of webhooks, what it received, and the codes that it answers with; then 204."""

    port: int = 0
    posts: list[Post] = field(default_factory=list)
    codes: deque[int | str] = field(default_factory=deque)
    stopping: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook", scheme: str = "http") -> str:
        return f"{scheme}://{LOOPBACK}:{self.port}{path}"


@contextmanager
def webhook_receiver(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver of webhooks on this machine."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.posts.append(Post(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            code = found.codes.popleft() if found.codes else 204
            if code == SILENCE:
                found.stopping.wait()
            if isinstance(code, str):
                self.close_connection = True
                return
            self.send_response(code)
            if 300 <= code < 400:
                self.send_header("Location", found.url("/elsewhere"))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        found.stopping.set()
        server.shutdown()
        thread.join(10)
        server.server_close()
