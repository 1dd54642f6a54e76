"""What goes into a calendar file, how much it tells, and what the file is called. Loads nothing heavy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from schedules.clocks import Clocks, zone_of
from schedules.errors import UnknownName
from schedules.plan import Period, Plan, Visit
from schedules.record import When
from schedules.samples import Sample

EXTRAS = ("periods", "samples", "windows")
# Ours alone, and for good: with another one every calendar would double.
_NAMESPACE = UUID("5f0c8a52-8a0f-4f43-9d5c-6d1a3b1f2e07")
_UNSAFE = re.compile(r"[^\w.-]+")


class Level(StrEnum):
    """How much a calendar tells (design §7).

    ``private``: neutral titles, nothing else. ``coded``: the subject's id, the visit's name, the kind of
    place. ``full``: the activities as well.
    """

    PRIVATE = "private"
    CODED = "coded"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A visit in a calendar.

    :param uid: the visit's for life (see :func:`derived_uid`).
    :param sequence: rises with every change of date, place or status, and never falls.
    :param changed: the moment of the last change of anything that is shown; aware. Raises ValueError if it is not.
    :param timezone: the site's IANA zone, in which the event is written; ``clocks`` are how those there go, by default
        as the installed zone data has it.
    :param activities: labels by id, for level ``full``; of ids without a label the id is shown.
    :param guests: the visits that are part of this entry (``together_with``): their labels and activities join its own,
        and where one of them has a time and this visit has none, it is the entry's.
    :param part_of: the visit whose entry this one is part of; then it has no event of its own. One that was once
        ``served``, as the event of a date, is cancelled.
    :param revision: of the record when anything of the visit last changed: the number of its window and samples.
    :param samples: the visit's, which become events only on request.
    """

    visit: Visit
    uid: str
    sequence: int
    changed: datetime
    subject: str
    timezone: str
    clocks: Clocks | None = None
    activities: Mapping[str, str] = field(default_factory=dict)
    guests: tuple[Visit, ...] = ()
    part_of: str | None = None
    served: bool = False
    revision: int = 0
    samples: tuple[Sample, ...] = ()

    def __post_init__(self) -> None:
        _check_aware(self.changed)

    @property
    def zone(self) -> ZoneInfo:
        """The site's zone, with its clocks."""
        return ZoneInfo(self.timezone) if self.clocks is None else zone_of(self.timezone, self.clocks)

    @property
    def label(self) -> str:
        """What it is called: the visit's name, and those of its guests."""
        return " + ".join((self.visit.label, *(guest.label for guest in self.guests)))

    @property
    def order(self) -> tuple[str, str, str]:
        """The place in a calendar: by subject, then by date (what has no time first) and time, then by visit."""
        return self.subject, "" if self.when is None else str(self.when), self.visit.id

    @property
    def when(self) -> When | None:
        """The date that counts: a time, if the visit or one of its guests has one."""
        own = self.visit.planned or self.visit.target
        times = (visit.planned for visit in (self.visit, *self.guests) if isinstance(visit.planned, datetime))
        return next(times, own)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodEntry:
    """A period in a calendar. ``sequence`` is any number that only rises; one that is ``off`` was once dated."""

    period: Period
    uid: str
    sequence: int
    changed: datetime
    subject: str
    off: bool = False

    def __post_init__(self) -> None:
        _check_aware(self.changed)


def _check_aware(moment: datetime) -> None:
    if moment.utcoffset() is None:
        raise ValueError(f"changed must have an offset, and {moment.isoformat()} has none")


def derived_uid(secret: str, name: str) -> str:
    """A UID, the same each time, that tells nothing to who does not know ``secret`` (RFC 9562, version 5).

    ``derived_uid(salt, visit.id)`` is a visit's, ``derived_uid(salt, f"period:{period.id}")`` a period's,
    ``derived_uid(visit_uid, "window")`` that of a visit's window, and ``derived_uid(visit_uid, "sample:pk:1")`` that
    of the first sample of its activity pk.
    """
    return str(uuid5(_NAMESPACE, f"{secret}:{name}"))


def guests_of(plan: Plan) -> dict[str, tuple[Visit, ...]]:
    """The visits that are part of another's entry, by the id of that one, in the order of the plan."""
    found: dict[str, tuple[Visit, ...]] = {}
    for visit in plan.visits:
        if visit.shares_entry_with is not None:
            found[visit.shares_entry_with] = (*found.get(visit.shares_entry_with, ()), visit)
    return found


def parse_level(text: str) -> Level:
    """The level of that name. Raises UnknownName."""
    if text not in set(Level):
        raise UnknownName("level", text, Level, advice=f"Choose one of {', '.join(Level)}.")
    return Level(text)


def parse_extras(text: str) -> frozenset[str]:
    """Reads ``periods,samples,windows``: what a file holds beside the visits. Raises UnknownName on anything else."""
    names = frozenset(part.strip() for part in text.split(",") if part.strip())
    for name in sorted(names - {*EXTRAS}):
        raise UnknownName("extra", name, EXTRAS)
    return names


def file_name(level: Level, name: str = "") -> str:
    """A name for the file, for any system: ``visits.ics`` at level ``private``, whatever the ``name``.

    Else with the subject's or site's name: ``visits-P-001.ics``, ``visits-P-001-full.ics``.
    """
    told = _UNSAFE.sub("-", name)[:80].strip("-.") if level is not Level.PRIVATE else ""
    parts = ["visits", told, "full" if level is Level.FULL else ""]
    return "-".join(part for part in parts if part) + ".ics"
