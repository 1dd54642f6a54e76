"""A bound on how long a conversation may take, however slowly the other side drips its answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def deadline(current: Callable[[], socket.socket | None], seconds: float) -> Iterator[None]:
    """Cuts the connection that ``current`` gives when the block has taken that long.

    What waits on it then gets an end of file; whatever the block makes of that, it ends with TimeoutError. A socket's
    own timeout bounds one read only, and begins anew with every byte.
    """
    late = threading.Event()

    def cut() -> None:
        late.set()
        found = current()
        if found is not None:
            with suppress(OSError):
                # Past the encryption, which must not be used by two threads at once.
                socket.socket.shutdown(found, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception:
        if not late.is_set():
            raise
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError
