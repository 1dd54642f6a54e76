"""The projection of a plan into rows: what changed since the last time, and the calendar's sequence numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from calendars.entries import derived_uid
from scheduler.moments import day_of
from schedules.plan import Period, Plan, Status, Visit

if TYPE_CHECKING:
    from scheduler.store.visits import StoredPeriod, StoredVisit


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What rows are marked with: the subject's ``salt`` for their UIDs, the record's revision, and the moment (UTC)."""

    salt: str
    revision: int
    changed: datetime


def project_visits(plan: Plan, known: Mapping[str, StoredVisit], stamp: Stamp) -> tuple[StoredVisit, ...]:
    """The visits whose rows change, as they are to be stored; ``known`` are the rows as they are, by id.

    A visit that is no longer planned at all stays, cancelled: a calendar that has it must be told.
    """
    names = {visit.id for visit in plan.visits}
    found = [_numbered(_new(visit, stamp), known.get(visit.id)) for visit in plan.visits]
    gone = [_numbered(_cancelled(visit, stamp), visit) for name, visit in known.items() if name not in names]
    return tuple(visit for visit in (*found, *gone) if visit is not None)


def rows_that_differ(plan: Plan, known: Mapping[str, StoredVisit], salt: str) -> tuple[str, ...]:
    """The visits whose rows are not what follows from the plan."""
    found = []
    for visit in plan.visits:
        old = known.get(visit.id)
        if old is None or old != _same_again(visit, old, salt):
            found.append(visit.id)
    names = {visit.id for visit in plan.visits}
    added = [name for name, old in known.items() if name not in names and old.status != Status.CANCELLED]
    return (*found, *added)


def periods_that_differ(periods: Iterable[Period], known: Mapping[str, StoredPeriod], salt: str) -> tuple[str, ...]:
    """The periods whose rows are not what follows from the plan."""
    planned = {period.id: period for period in periods}
    found = []
    for name in dict.fromkeys((*planned, *known)):
        period, old = planned.get(name), known.get(name)
        follows = (period.label, period.start, period.end) if period else (old.label if old else "", None, None)
        if old is None or (old.label, old.first, old.last) != follows or old.uid != derived_uid(salt, f"period:{name}"):
            found.append(name)
    return tuple(found)


def _same_again(visit: Visit, old: StoredVisit, salt: str) -> StoredVisit:
    stamp = Stamp(salt=salt, revision=old.revision, changed=old.changed)
    return replace(_new(visit, stamp), sequence=old.sequence)


def _new(visit: Visit, stamp: Stamp) -> StoredVisit:
    from scheduler.store.codec import fingerprint
    from scheduler.store.visits import StoredVisit

    return StoredVisit(
        visit=visit.id,
        uid=derived_uid(stamp.salt, visit.id),
        label=visit.label,
        place=visit.place,
        status=visit.status.value,
        when=visit.planned,
        minutes=None if visit.duration is None else round(visit.duration.total_seconds() / 60),
        window_start=visit.window_start and day_of(visit.window_start),
        window_end=visit.window_end and day_of(visit.window_end),
        fingerprint=fingerprint(visit),
        revision=stamp.revision,
        sequence=0,
        changed=stamp.changed,
    )


def _cancelled(visit: StoredVisit, stamp: Stamp) -> StoredVisit:
    return replace(
        visit,
        status=Status.CANCELLED.value,
        fingerprint="not planned",
        revision=stamp.revision,
        changed=stamp.changed,
    )


def _numbered(new: StoredVisit, old: StoredVisit | None) -> StoredVisit | None:
    """The new visit with its sequence number; None where nothing of it changed."""
    if old is None:
        return new
    if old.fingerprint == new.fingerprint:
        return None
    return replace(new, uid=old.uid, sequence=old.sequence + (_shown(old) != _shown(new)))


def _shown(visit: StoredVisit) -> tuple[object, ...]:
    """What a calendar's sequence number rises for: time, place and status (design §7)."""
    # Equal moments of different zones read differently in a calendar, and are equal to Python.
    zone = visit.when.tzinfo if isinstance(visit.when, datetime) else None
    return visit.when, str(zone), visit.minutes, visit.place, visit.status


def project_periods(
    periods: Iterable[Period], known: Mapping[str, StoredPeriod], stamp: Stamp
) -> tuple[StoredPeriod, ...]:
    """The periods whose rows change. One that is no longer there stays, without dates."""
    found = [_new_period(period, known.get(period.id), stamp) for period in periods]
    names = {period.period for period in found}
    gone = [_undated(old, stamp) for name, old in known.items() if name not in names and (old.first or old.last)]
    return (*(new for new in found if _differs(new, known.get(new.period))), *gone)


def _new_period(period: Period, old: StoredPeriod | None, stamp: Stamp) -> StoredPeriod:
    from scheduler.store.visits import StoredPeriod

    return StoredPeriod(
        period=period.id,
        uid=old.uid if old else derived_uid(stamp.salt, f"period:{period.id}"),
        label=period.label,
        first=period.start,
        last=period.end,
        revision=stamp.revision,
        sequence=old.sequence + 1 if old else 0,
        changed=stamp.changed,
    )


def _undated(old: StoredPeriod, stamp: Stamp) -> StoredPeriod:
    return replace(
        old, first=None, last=None, revision=stamp.revision, sequence=old.sequence + 1, changed=stamp.changed
    )


def _differs(new: StoredPeriod, old: StoredPeriod | None) -> bool:
    return old is None or (new.label, new.first, new.last) != (old.label, old.first, old.last)


def restored_visits(plan: Plan, known: Mapping[str, StoredVisit], stamp: Stamp) -> tuple[tuple[StoredVisit, bool], ...]:
    """The visits of a record that comes from elsewhere, as they are to be stored, and whether each is as it was there.

    ``known`` are they as calendars were told of them. One that is planned otherwise here is a change; one that is no
    longer planned is cancelled.
    """
    found = [_restored(_new(visit, stamp), known.get(visit.id)) for visit in plan.visits]
    names = {visit.id for visit in plan.visits}
    gone = [
        (_as_gone(visit, stamp), visit.status == Status.CANCELLED) for name, visit in known.items() if name not in names
    ]
    return (*found, *gone)


def _restored(new: StoredVisit, old: StoredVisit | None) -> tuple[StoredVisit, bool]:
    if old is None or _shown(old) != _shown(new):
        return replace(new, sequence=old.sequence + 1 if old else 0), False
    return replace(new, revision=old.revision, sequence=old.sequence, changed=old.changed), True


def _as_gone(visit: StoredVisit, stamp: Stamp) -> StoredVisit:
    gone = _cancelled(visit, stamp)
    if visit.status != Status.CANCELLED:
        return replace(gone, sequence=visit.sequence + 1)
    return replace(gone, revision=visit.revision, changed=visit.changed)


def restored_periods(
    periods: Iterable[Period], known: Mapping[str, StoredPeriod], stamp: Stamp
) -> tuple[tuple[StoredPeriod, bool], ...]:
    """As :func:`restored_visits`, of periods."""
    found = [_new_period(period, known.get(period.id), stamp) for period in periods]
    names = {period.period for period in found}
    there = [(new, not _differs(new, known.get(new.period))) for new in found]
    kept = [(known[new.period], True) if same else (new, False) for new, same in there]
    gone = [
        (_undated(old, stamp), False) if old.first or old.last else (old, True)
        for name, old in known.items()
        if name not in names
    ]
    return (*kept, *gone)
