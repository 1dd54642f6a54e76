"""A site as the planner needs it: its zone, its opening time, and which of its days are open (design §5, rule 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from schedules.record import When
from schedules.words import weekday

if TYPE_CHECKING:
    from schedules.clocks import Clocks

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL_WEEK = frozenset(range(7))
WORKING_WEEK = frozenset(range(5))
OPENING = time(8)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A snapshot of a site.

    ``weekdays`` are 0 (Monday) to 6. ``holidays`` (country or country-subdivision, such as ``CN`` or ``DE-BY``) names
    where ``closed`` (public holidays, by name) and ``working`` (weekend days worked instead) were read from;
    ``closures`` are the site's own, by reason. Years after ``announced_to`` are provisional. ``opens`` is wall-clock
    time at the site.
    ``clocks`` are how those of its zone go, so that a release of the zone data moves nothing by itself; without them
    they go as the one that is installed has it.
    """

    id: str = ""
    revision: int = 0
    name: str = ""
    timezone: str = "UTC"
    weekdays: frozenset[int] = ALL_WEEK
    holidays: str = ""
    closed: tuple[tuple[date, str], ...] = ()
    working: frozenset[date] = frozenset()
    closures: tuple[tuple[date, str], ...] = ()
    announced_to: int | None = None
    opens: time = OPENING
    clocks: Clocks | None = None

    @cached_property
    def zone(self) -> ZoneInfo:
        """The site's zone, whose clocks go as they are recorded."""
        if self.clocks is None:
            return ZoneInfo(self.timezone)
        from schedules.clocks import zone_of

        return zone_of(self.timezone, self.clocks)

    def at(self, when: When) -> When:
        """A date as it is; a moment as the site's clocks show it. One of the site's own zone keeps its wall clock, also
        where that was recorded when clocks went otherwise: what is booked for ten stays booked for ten."""
        if not isinstance(when, datetime) or when.tzinfo is self.zone:
            return when
        if not isinstance(when.tzinfo, ZoneInfo) or when.tzinfo.key != self.timezone:
            return when.astimezone(self.zone)
        first, second = (when.replace(tzinfo=self.zone, fold=fold) for fold in (0, 1))
        return second if second.utcoffset() == when.utcoffset() != first.utcoffset() else first

    @cached_property
    def _closed(self) -> dict[date, str]:
        return dict(self.closed) | dict(self.closures)

    @cached_property
    def always_open(self) -> bool:
        """Whether every day is open."""
        return self.weekdays == ALL_WEEK and not self._closed

    def is_open(self, day: date) -> bool:
        """Whether visits at the clinic or by phone can be on ``day``."""
        if self.always_open:
            return True
        # A weekend worked instead of a holiday opens a site that works the whole week, not one of a few chosen days.
        worked = day in self.working and self.weekdays >= WORKING_WEEK
        return day not in self._closed and (worked or day.weekday() in self.weekdays)

    def why_closed(self, day: date) -> str:
        """The reason ``day`` is not open: a closure, a holiday's name, or the weekday."""
        return self._closed.get(day) or f"the site is not open on a {weekday(day)}"

    def is_provisional(self, day: date) -> bool:
        """Whether the holidays of that year may still change (rule 5)."""
        return self.announced_to is not None and day.year > self.announced_to
