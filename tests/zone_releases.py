"""Releases of the zone data that say what a test wants: compiled zone files, found before those of the machine."""

from __future__ import annotations

import struct
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

# Of a zone in each release: its offset in hours, and from when on which other one.
Says = tuple[int, tuple[tuple[datetime, int], ...]]


@contextmanager
def release(folder: Path, **zones: Says) -> Iterator[None]:
    """A release in which zones of Asia (``Almaty=…``) are so; of the others it says what the machine does."""
    known = zoneinfo.TZPATH
    for name, says in zones.items():
        file = folder / "Asia" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(compiled(*says))
    zoneinfo.reset_tzpath([str(folder), *known])
    ZoneInfo.clear_cache()
    try:
        yield
    finally:
        zoneinfo.reset_tzpath(known)
        ZoneInfo.clear_cache()


def compiled(hours: int, changes: tuple[tuple[datetime, int], ...] = ()) -> bytes:
    """A zone file as RFC 9636 has it, with one kind of time for each change."""
    offsets = [hours, *(offset for _, offset in changes)]
    names = b"".join(f"{offset:+03d}\0".encode() for offset in offsets)
    kinds = b"".join(struct.pack(">lbB", offset * 3600, 0, 4 * place) for place, offset in enumerate(offsets))
    times = b"".join(struct.pack(">q", int(moment.timestamp())) for moment, _ in changes)
    first = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 4) + struct.pack(">lbB", 0, 0, 0) + b"UTC\0"
    head = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, len(changes), len(offsets), len(names))
    places = bytes(range(1, len(offsets)))
    return first + head + times + places + kinds + names + f"\n<{offsets[-1]:+03d}>{-offsets[-1]}\n".encode()
