"""Values to canonical JSON and columns, and back.

Canonical: keys in order, no spaces, UTF-8. The same value gives the same text on every machine, so it can be hashed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from schedules.clocks import Clocks, Offset, standing_at
from schedules.plan import Visit
from schedules.record import When
from schedules.site import Site

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


# A change of clocks, which is of a second in UTC.
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
# ``json.dumps`` makes an encoder at each call, which takes as long as to use it.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: object) -> str:
    """The canonical JSON of plain values: maps with text keys, sequences, text, numbers, None."""
    return _CANONICAL.encode(value)


def digest(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class WhenColumns:
    """A date or moment as four columns: the wall clock and zone at the site, and the moment in UTC."""

    day: date | None
    clock: time | None
    zone: str | None
    moment: datetime | None


def to_columns(when: When | None) -> WhenColumns:
    """A date has a day only; an aware moment has all four. Its zone must be an IANA one."""
    if not isinstance(when, datetime):
        return WhenColumns(when, None, None, None)
    if not isinstance(when.tzinfo, ZoneInfo):
        raise TypeError(f"a moment at a site has an IANA zone, not {when.tzinfo!r}")
    return WhenColumns(when.date(), when.time(), when.tzinfo.key, when.astimezone(UTC))


def from_columns(day: date | None, clock: time | None, zone: str | None, moment: datetime | None) -> When | None:
    """The date or moment again, wall clock and UTC both as they were written.

    Of two equal wall clocks the moment in UTC tells which is meant. Where the zone data says otherwise by now, the
    zone is the one of that name as it was: what is stored reads the same under every release of it.
    """
    if day is None or clock is None or zone is None:
        return day
    first = datetime.combine(day, clock, ZoneInfo(zone))
    for found in (first, first.replace(fold=1)):
        if moment is None or found.astimezone(UTC) == moment:
            return found
    assert moment is not None
    return first.replace(tzinfo=_zone_then(zone, first.replace(tzinfo=UTC) - moment))


def _zone_then(zone: str, offset: timedelta) -> tzinfo:
    """A zone as it was when it was so far ahead of UTC; as it is, where that is no offset."""
    seconds, rest = divmod(offset, timedelta(seconds=1))
    is_one = abs(offset) < timedelta(days=1) and not rest
    return standing_at(zone, seconds) if is_one else ZoneInfo(zone)


def when_text(when: When | None) -> str | None:
    """A date or moment at a site as one text: ``2026-03-02``, ``2026-03-02T10:00:00+08:00 Asia/Shanghai``."""
    if not isinstance(when, datetime):
        return None if when is None else when.isoformat()
    if not isinstance(when.tzinfo, ZoneInfo):
        raise TypeError(f"a moment at a site has an IANA zone, not {when.tzinfo!r}")
    return f"{when.isoformat()} {when.tzinfo.key}"


def when_of_text(text: str | None) -> When | None:
    """The date or moment again; the offset tells two equal wall clocks apart."""
    if text is None:
        return None
    written, space, zone = text.partition(" ")
    if not space:
        return date.fromisoformat(written)
    moment = datetime.fromisoformat(written)
    return from_columns(moment.date(), moment.time(), zone, moment.astimezone(UTC))


def columns_of(value: DataclassInstance) -> dict[str, Any]:
    """The fields of a frozen value by name; unlike ``asdict`` it copies nothing, which would take most of the time."""
    return {name: getattr(value, name) for name in _names(type(value))}


@lru_cache(maxsize=64)
def _names(kind: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def site_text(site: Site) -> str:
    """A site's snapshot as canonical JSON. Its revision is a column beside it.

    One of before clocks were recorded says nothing of them, and so keeps its digest.
    """
    clocks = {} if site.clocks is None else {"clocks": _plain_clocks(site.clocks)}
    return canonical(
        {
            **clocks,
            "name": site.name,
            "timezone": site.timezone,
            "weekdays": sorted(site.weekdays),
            "holidays": site.holidays,
            "closed": [[day.isoformat(), reason] for day, reason in site.closed],
            "working": sorted(day.isoformat() for day in site.working),
            "closures": [[day.isoformat(), reason] for day, reason in site.closures],
            "announced_to": site.announced_to,
            "opens": site.opens.isoformat(timespec="minutes"),
        }
    )


def _plain_clocks(clocks: Clocks) -> dict[str, object]:
    changes = [[moment.strftime(_MOMENT), offset.seconds, offset.name] for moment, offset in clocks.changes]
    return {"start": [clocks.start.seconds, clocks.start.name], "changes": changes, "rule": clocks.rule}


def _clocks_of(data: dict[str, Any] | None) -> Clocks | None:
    if data is None:
        return None
    changes = ((datetime.fromisoformat(text).astimezone(UTC), Offset(*offset)) for text, *offset in data["changes"])
    return Clocks(start=Offset(*data["start"]), changes=tuple(changes), rule=data["rule"])


@lru_cache(maxsize=64)
def site_value(name: str, revision: int, text: str) -> Site:
    """The site of a snapshot."""
    data = json.loads(text)
    return Site(
        id=name,
        revision=revision,
        name=data["name"],
        timezone=data["timezone"],
        weekdays=frozenset(data["weekdays"]),
        holidays=data["holidays"],
        closed=_days(data["closed"]),
        working=frozenset(map(date.fromisoformat, data["working"])),
        closures=_days(data["closures"]),
        announced_to=data["announced_to"],
        opens=time.fromisoformat(data["opens"]),
        clocks=_clocks_of(data.get("clocks")),
    )


def _days(pairs: list[list[str]]) -> tuple[tuple[date, str], ...]:
    return tuple((date.fromisoformat(day), reason) for day, reason in pairs)


def values_text(values: Mapping[str, str]) -> str:
    """The values of a fact as canonical JSON."""
    return canonical(dict(values))


def values_of(text: str) -> dict[str, str]:
    """The values of a fact again."""
    loaded: dict[str, str] = json.loads(text)
    return loaded


def fingerprint(visit: Visit, shown: object = None) -> str:
    """A short text that differs whenever anything of a planned visit differs, or anything else that is ``shown`` of
    it: plain values."""
    return digest(_OF_VISITS.encode([columns_of(visit), shown]))[:32]


def _plain(value: object) -> object:
    """What JSON does not know, as something that it does."""
    if isinstance(value, datetime):
        return f"{value.isoformat()} {value.tzinfo}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"a visit holds {value!r}, which has no canonical form")


# The encoder asks only for what it does not know: most of a visit is text or nothing, and there are many visits.
_OF_VISITS = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
