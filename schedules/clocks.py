"""What a zone's clocks say, as a value that a site's snapshot keeps: a later release of the zone data then moves
nothing by itself (design §6, "nothing moves a patient's dates without a fact").

It is what the zone does, not the file it came from: two releases that say the same of a zone are the same here, on
every machine. So the number of a release is no part of it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from io import BytesIO
from zoneinfo import ZoneInfo

# What is kept is how clocks go in these years: nobody is scheduled outside them. The same years for every site, so that
# time that passes makes no difference.
FIRST_YEAR, LAST_YEAR = 2000, 2099
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Offset:
    """How far clocks are ahead of UTC, in seconds, and what that is called."""

    seconds: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """How the clocks of a zone go.

    They are at ``start`` until the first of the ``changes``, each the moment in UTC from which another offset holds.
    After the last one they keep to ``rule``, a TZ text of POSIX (``EST5EDT,M3.2.0,M11.1.0``).
    """

    start: Offset
    changes: tuple[tuple[datetime, Offset], ...]
    rule: str


class RecordedZone(ZoneInfo):
    """A zone whose clocks go as they were recorded, whatever release of the zone data is installed."""

    clocks: Clocks

    def __reduce__(self) -> tuple[object, ...]:
        # A zone that was not found by its name would refuse to be copied.
        return zone_of, (self.key, self.clocks)


@lru_cache(maxsize=256)
def zone_of(key: str, clocks: Clocks) -> RecordedZone:
    """The zone of that name with these clocks, the same object each time. Raises ValueError for a rule that is none."""
    zone: RecordedZone = RecordedZone.from_file(BytesIO(_tzif(clocks)), key=key)
    zone.clocks = clocks
    return zone


@lru_cache(maxsize=256)
def standing_at(key: str, seconds: int) -> RecordedZone:
    """The zone of that name as it was at one moment, so many seconds ahead of UTC."""
    hours, minutes = divmod(abs(seconds) // 60, 60)
    offset = Offset(seconds, f"{'-' if seconds < 0 else '+'}{hours:02}{minutes:02}")
    return zone_of(key, Clocks(start=offset, changes=(), rule=f"<{offset.name}>{posix_offset(seconds)}"))


def posix_offset(seconds: int) -> str:
    """An offset as a TZ text has it: west of Greenwich is positive there (POSIX, 8.3)."""
    hours, rest = divmod(abs(seconds), 3600)
    minutes, left = divmod(rest, 60)
    text = f"{hours}" + (f":{minutes:02}" if minutes or left else "") + (f":{left:02}" if left else "")
    return f"-{text}" if seconds > 0 else text


def _tzif(clocks: Clocks) -> bytes:
    """The clocks as a compiled zone file of version 3 (RFC 9636, 3)."""
    kinds = list(dict.fromkeys((clocks.start, *(offset for _, offset in clocks.changes))))
    times = [(moment - _EPOCH) // timedelta(seconds=1) for moment, _ in clocks.changes]
    places = [kinds.index(offset) for _, offset in clocks.changes]
    body = _block(b"l", [], [], [Offset(0, "UTC")]) + _block(b"q", times, places, kinds)
    return body + b"\n" + clocks.rule.encode("ascii") + b"\n"


def _block(size: bytes, times: Sequence[int], places: Sequence[int], kinds: Sequence[Offset]) -> bytes:
    names = bytearray()
    types = bytearray()
    for kind in kinds:
        types += struct.pack(">lbB", kind.seconds, 0, len(names))
        names += kind.name.encode("ascii") + b"\0"
    head = struct.pack(">4sc15x6l", b"TZif", b"3", 0, 0, 0, len(times), len(kinds), len(names))
    numbers = struct.pack(f">{len(times)}{size.decode()}", *times)
    return head + numbers + bytes(places) + bytes(types) + bytes(names)
