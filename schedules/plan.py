"""The plan: what follows from a template, a record and a site. A value without a clock; see
:mod:`schedules.planner`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from schedules.record import When


class Status(StrEnum):
    """Where a visit stands (design §3)."""

    PLANNED = "planned"
    BOOKED = "booked"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"
    CONDITIONAL = "conditional"
    NOT_APPLICABLE = "not applicable"


TO_COME = frozenset({Status.PLANNED, Status.BOOKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visit of one patient.

    Dates are at the site; a moment is aware, in the site's zone. ``planned`` is the date that counts: actual, booked or
    planned. ``target`` is what the template asks for, ``window_start`` and ``window_end`` its inclusive window, and
    ``not_before``/``not_after`` what the bounds leave over. ``activities`` are the ids of what is (to be) done there.
    ``waiting_for`` names what has not happened yet: the points a conditional visit counts from, and shut gates.
    ``earlier`` are the dates on which it was done before, where it was done again (design §5, rule 14).
    ``shares_entry_with`` is the visit whose calendar entry this one is part of (``together_with``): the two are to be
    done, or were done, on the same day, and not at two different times of it.
    """

    id: str
    label: str
    epoch: str
    place: str
    status: Status
    series: str = ""
    cycle: str | None = None
    day: str | None = None
    target: When | None = None
    planned: When | None = None
    actual: When | None = None
    window_start: When | None = None
    window_end: When | None = None
    not_before: date | None = None
    not_after: date | None = None
    duration: timedelta | None = None
    activities: tuple[str, ...] = ()
    waiting_for: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    earlier: tuple[When, ...] = ()
    shares_entry_with: str | None = None

    @property
    def date(self) -> date | None:
        """The day that counts, without a time."""
        return self.planned.date() if isinstance(self.planned, datetime) else self.planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A span of days whose last day somebody waits for; both ends are inclusive dates at the site.

    ``waiting_for`` holds the visits that keep its status open (``and_until_done``) or what it cannot be dated without.
    """

    id: str
    label: str
    start: date | None
    end: date | None
    show_patient: bool = False
    waiting_for: tuple[str, ...] = ()

    def status(self, today: date) -> str:
        """``conditional``, ``planned``, ``open`` or ``ended`` as of a date at the site."""
        if self.start is None:
            return "conditional"
        if today < self.start:
            return "planned"
        return "open" if self.end is None or today <= self.end or self.waiting_for else "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """The rules that no date can satisfy together, reported at the visit that carries the broken one, and by how
    much."""

    visit: str
    by: timedelta | None
    message: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """What happened and broke a rule: ``kind`` is early, late, gate or missed; ``version`` is the template's, ``fact``
    the number of the fact that was judged."""

    visit: str
    kind: str
    by: timedelta | None
    message: str
    version: str
    fact: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A milestone that is not recorded yet and the day it is expected; it dates nothing (design §4)."""

    milestone: str
    label: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A patient's calendar as a value. ``visits`` are in order of date, conditional ones last.

    ``announced_to`` is the last year whose public holidays are announced where the site is; None where they are law.
    ``labels_kept`` are what an earlier version of the protocol calls what is done at visits that stay as it has them,
    where that differs: label by activity, by visit.
    """

    protocol: str
    version: str
    timezone: str
    visits: tuple[Visit, ...]
    periods: tuple[Period, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    questions: tuple[str, ...] = ()
    activities: Mapping[str, str] = field(default_factory=dict)
    departments: Mapping[str, str] = field(default_factory=dict)
    milestones: Mapping[str, date] = field(default_factory=dict)
    expected: tuple[Expectation, ...] = ()
    stopped: str | None = None
    announced_to: int | None = None
    labels_kept: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def labels_at(self, visit: str) -> Mapping[str, str]:
        """The labels of activities as they are called at a visit."""
        kept = self.labels_kept.get(visit)
        return {**self.activities, **kept} if kept else self.activities

    def visit(self, name: str) -> Visit | None:
        """The visit of that id, or None."""
        return next((visit for visit in self.visits if visit.id == name), None)
