"""What is on a patient's page: which visits, of which kind, and the spans of days to keep in mind. No markup here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby

from calendars.entries import guests_of
from calendars.words import day_of
from schedules.plan import TO_COME, Period, Plan, Status, Visit
from schedules.record import When
from schedules.spans import add_months

DAY = timedelta(days=1)
# A month has a grid for a year from the first visit on; after that visits are months apart, and a list is shorter.
MONTHS_WITH_GRIDS = 12
# What lasts longer is not marked day by day: nobody looks up whether it still holds, and every day would bear it.
LONGEST_MARKED = 6 * 7


class Kind(StrEnum):
    """How firm a visit is. ``OPEN``: its day has gone by, and nothing is recorded."""

    BOOKED = "booked"
    PLANNED = "planned"
    DONE = "done"
    MISSED = "missed"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A visit on the page, with the ``guests`` that are part of its entry (``together_with``).

    ``when`` is its date, or its moment if it or a guest has one; ``first`` and ``last`` are the days it can be on as
    long as it is not booked. ``unsure`` says that the plan has a conflict there: the date does not satisfy the rules.
    """

    visit: Visit
    guests: tuple[Visit, ...] = ()
    when: When
    day: date
    kind: Kind
    first: date
    last: date
    unsure: bool = False

    @property
    def label(self) -> str:
        """What it is called: the visit's name, and those of its guests."""
        return " + ".join((self.visit.label, *(guest.label for guest in self.guests)))

    @property
    def duration(self) -> timedelta | None:
        """How long it takes: as long as the longest of what is done together."""
        return max((visit.duration for visit in (self.visit, *self.guests) if visit.duration), default=None)

    @property
    def activities(self) -> tuple[str, ...]:
        """What is done there, each once."""
        return tuple(dict.fromkeys(name for visit in (self.visit, *self.guests) for name in visit.activities))

    @property
    def movable(self) -> bool:
        """Whether there is more than one day it can be on."""
        return self.kind is Kind.PLANNED and self.first < self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Something to keep in mind from day to day, such as no driving.

    ``end`` is None where nobody knows it yet; ``until_told`` says that its last day alone does not end it.
    """

    label: str
    start: date
    end: date | None
    until_told: bool = False

    @property
    def marked(self) -> bool:
        """Whether the days of a month show it."""
        return self.end is not None and (self.end - self.start).days < LONGEST_MARKED

    def covers(self, day: date) -> bool:
        """Whether a day is one of its days."""
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month with visits, and how many months without any came before it."""

    first: date
    items: tuple[Item, ...]
    empty_before: int = 0

    @property
    def weeks(self) -> Iterator[list[date | None]]:
        """Weeks from Monday to Sunday; None stands for the days of other months."""
        days: list[date | None] = [None] * self.first.weekday()
        days += [self.first + DAY * number for number in range((add_months(self.first, 1) - self.first).days)]
        days += [None] * (-len(days) % 7)
        return (days[start : start + 7] for start in range(0, len(days), 7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """All that is on the page: earlier visits nobody recorded, months with grids, what comes later, and spans."""

    unsettled: tuple[Item, ...]
    months: tuple[Month, ...]
    later: tuple[Item, ...]
    keeping: tuple[Keeping, ...]


def contents_of(plan: Plan, *, today: date, start: date | None, end: date | None) -> Contents:
    """What a page of the days from ``start`` (else today) to ``end`` holds, both included, as of ``today``.

    Cancelled visits are left out, since the page replaces earlier ones. Where the record has ended (death, withdrawal)
    only what happened is left.
    """
    first, last = start or today, end or date.max
    items = tuple(_items(plan, today))
    chosen = tuple(item for item in items if first <= item.day <= last)
    horizon = _horizon(chosen[0].day if chosen else first)
    return Contents(
        unsettled=tuple(item for item in items if item.kind is Kind.OPEN and item.day < first) if not start else (),
        months=tuple(_months(item for item in chosen if item.day < horizon)),
        later=tuple(item for item in chosen if item.day >= horizon),
        keeping=() if plan.stopped else tuple(_keeping(plan.periods, first, last)),
    )


def _horizon(first: date) -> date:
    month = first.replace(day=1)
    return add_months(month, MONTHS_WITH_GRIDS) if month.year < date.max.year else date.max


def _items(plan: Plan, today: date) -> Iterator[Item]:
    guests = guests_of(plan)
    hosts = {visit.id for visit in plan.visits}
    for visit in plan.visits:
        if visit.shares_entry_with not in hosts and (item := _item(plan, visit, guests.get(visit.id, ()), today)):
            yield item


def _item(plan: Plan, visit: Visit, guests: tuple[Visit, ...], today: date) -> Item | None:
    together = (visit, *guests)
    kind = _firmest([_kind(one, today) for one in together])
    if kind is None or visit.date is None or visit.planned is None:
        return None
    if plan.stopped and (kind not in (Kind.DONE, Kind.MISSED) or visit.date > today):
        return None
    spans = [possible_days(one, visit.date) for one in together]
    return Item(
        visit=visit,
        guests=guests,
        when=next((one.planned for one in together if isinstance(one.planned, datetime)), visit.planned),
        day=visit.date,
        kind=kind,
        first=max(first for first, _ in spans),
        last=min(last for _, last in spans),
        unsure=any(conflict.visit == one.id for conflict in plan.conflicts for one in together),
    )


def _kind(visit: Visit, today: date) -> Kind | None:
    if visit.status in TO_COME and visit.date is not None and visit.date < today:
        return Kind.OPEN
    return Kind(visit.status) if visit.status in (*TO_COME, Status.DONE, Status.MISSED) else None


def _firmest(kinds: Sequence[Kind | None]) -> Kind | None:
    """The kind of what is done together: what is left to do counts before what is done, a booking before a plan."""
    to_come = (kind for kind in (Kind.OPEN, Kind.BOOKED, Kind.PLANNED) if kind in kinds)
    return next(to_come, kinds[0])


def possible_days(visit: Visit, day: date) -> tuple[date, date]:
    """The days its window and its bounds leave it; just ``day`` where they leave none, or no end on one side."""
    starts = [day_of(when) for when in (visit.window_start, visit.not_before) if when is not None]
    ends = [day_of(when) for when in (visit.window_end, visit.not_after) if when is not None]
    if not starts or not ends or not max(starts) <= day <= min(ends):
        return day, day
    return max(starts), min(ends)


def _months(items: Iterable[Item]) -> Iterator[Month]:
    before: date | None = None
    for first, group in groupby(items, key=lambda item: item.day.replace(day=1)):
        empty = 0 if before is None else (first.year - before.year) * 12 + first.month - before.month - 1
        yield Month(first=first, items=tuple(group), empty_before=empty)
        before = first


def _keeping(periods: Iterable[Period], first: date, last: date) -> Iterator[Keeping]:
    """What is meant for the patient and touches those days; repeated spans that meet are told as one."""
    shown = [period for period in periods if period.show_patient and period.start is not None]
    by_label: dict[str, list[Period]] = {}
    for period in shown:
        by_label.setdefault(period.label, []).append(period)
    merged = [keeping for label, group in by_label.items() for keeping in _merged(label, group)]
    touching = (item for item in merged if item.start <= last and (item.end is None or item.end >= first))
    yield from sorted(touching, key=lambda item: (item.start, item.end or date.max, item.label))


def _merged(label: str, periods: Iterable[Period]) -> Iterator[Keeping]:
    spans = (
        Keeping(label=label, start=period.start, end=period.end, until_told=not period.end or bool(period.waiting_for))
        for period in periods
        if period.start is not None
    )
    found: list[Keeping] = []
    for span in sorted(spans, key=lambda item: (item.start, item.end or date.max)):
        before = found[-1] if found else None
        if before is not None and (before.end is None or span.start <= before.end + DAY):
            end = None if before.end is None or span.end is None else max(before.end, span.end)
            found[-1] = replace(before, end=end, until_told=before.until_told or span.until_told)
        else:
            found.append(span)
    return iter(found)
