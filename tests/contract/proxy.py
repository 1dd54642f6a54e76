"""A TCP proxy on loopback in front of a PostgreSQL server, whose connections are cut at a chosen message.

It reads as much of the protocol as it takes to count the messages that the server answers: Query and Sync (PostgreSQL,
"Frontend/Backend Protocol"). How the network cuts them into packets is another each time.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import URL, make_url

CHUNK = 1 << 16
ANSWERED = (b"Q", b"S")


class Proxy:
    """Passes on what both sides say, until it is cut; then it takes no connection until it is mended."""

    def __init__(self, server: URL) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._left: int | None = None
        self._arrives = False
        self.is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The URL of the database through the proxy."""
        through = self._server.set(host="127.0.0.1", port=self._listener.getsockname()[1], query={"sslmode": "disable"})
        return through.render_as_string(hide_password=False)

    def cut_at(self, message: int, *, arrives: bool) -> None:
        """Cuts all connections at that message of the client from now on, counted from 0.

        It ``arrives`` or does not, and is never answered.
        """
        with self._lock:
            self._left, self._arrives = message, arrives

    def mend(self) -> None:
        """Nothing is cut any more."""
        with self._lock:
            self._left, self.is_cut = None, False

    def close(self) -> None:
        """Ends it."""
        self._listener.close()
        self._drop()

    def _drop(self) -> None:
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open = []

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self.is_cut:
                    client.close()
                    continue
                server = _connected(self._server)
                self._open += [client, server]
            for source, sink, counts in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=(source, sink, counts), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, counts: bool) -> None:
        with suppress(OSError):
            for data in _messages(source) if counts else _packets(source):
                if counts and data[:1] in ANSWERED and self._cuts(sink, data):
                    return
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _cuts(self, server: socket.socket, data: bytes) -> bool:
        """Counts a message of the client, and cuts if it is the one."""
        with self._lock:
            if self._left is None:
                return False
            self._left -= 1
            if self._left >= 0:
                return False
            self.is_cut, self._left = True, None
            if self._arrives:
                self._deliver(server, data)
            self._drop()
            return True

    def _deliver(self, server: socket.socket, data: bytes) -> None:
        """Passes a last message on, without an answer: the client is cut off first. Waits until it was worked off."""
        for end in self._open:
            if end is not server:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            server.sendall(data)
            server.shutdown(socket.SHUT_WR)
            while server.recv(CHUNK):
                pass


def _packets(source: socket.socket) -> Iterator[bytes]:
    while data := source.recv(CHUNK):
        yield data


def _messages(source: socket.socket) -> Iterator[bytes]:
    """What a client says, a message at a time; the first has no letter before its length, and none that is counted."""
    said, letter = b"", 0
    for data in _packets(source):
        said += data
        while len(said) >= letter + 4:
            length = letter + int.from_bytes(said[letter : letter + 4], "big")
            if len(said) < length:
                break
            yield said[:length]
            said, letter = said[length:], 1


def _connected(server: URL) -> socket.socket:
    host, port = str(server.query.get("host") or server.host or "127.0.0.1"), server.port or 5432
    if not host.startswith("/"):
        return socket.create_connection((host, port))
    found = socket.socket(socket.AF_UNIX)
    found.connect(f"{host}/.s.PGSQL.{port}")
    return found


@contextmanager
def proxy(url: str) -> Iterator[Proxy]:
    """A proxy in front of the database's server."""
    made = Proxy(make_url(url))
    try:
        yield made
    finally:
        made.close()
