"""The projection of a plan into rows: what changed since the last time, and the calendar's sequence numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from calendars.entries import derived_uid, guests_of
from scheduler.moments import day_of
from schedules.plan import Period, Plan, Status, Visit
from schedules.record import When

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
    changed = [_numbered(new, known.get(new.visit)) for new in _rows(plan, stamp, known)]
    gone = [_cancelled(visit, stamp) for name, visit in known.items() if name not in names]
    called_off = [_numbered(new, known[new.visit]) for new in gone if known[new.visit].fingerprint != new.fingerprint]
    return (*changed, *called_off)


def rows_that_differ(plan: Plan, known: Mapping[str, StoredVisit], salt: str) -> tuple[str, ...]:
    """The visits whose rows are not what follows from the plan."""
    found = [new.visit for new in _rows(plan, _of_old(salt)) if not _is_same_again(new, known.get(new.visit))]
    names = {visit.id for visit in plan.visits}
    added = [name for name, old in known.items() if name not in names and old.status != Status.CANCELLED]
    return (*found, *added)


def periods_that_differ(periods: Iterable[Period], known: Mapping[str, StoredPeriod], salt: str) -> tuple[str, ...]:
    """The periods whose rows are not what follows from the plan."""
    new = {period.id: _new_period(period, known.get(period.id), _of_old(salt)) for period in periods}
    found = [name for name, period in new.items() if _differs(period, known.get(name))]
    added = [name for name, old in known.items() if name not in new and _is_on(old)]
    renamed = [name for name, old in known.items() if old.uid != derived_uid(salt, f"period:{name}")]
    return tuple(dict.fromkeys((*found, *added, *renamed)))


def _of_old(salt: str) -> Stamp:
    """A stamp whose revision and moment stand for those of a row that is there."""
    return Stamp(salt=salt, revision=0, changed=datetime.min.replace(tzinfo=UTC))


def _is_same_again(new: StoredVisit, old: StoredVisit | None) -> bool:
    if old is None:
        return False
    new = _lasting(replace(new, revision=old.revision, changed=old.changed, sequence=old.sequence), old)
    # Moments of two zones are never equal to Python in an hour that comes twice.
    return _written(new.when) == _written(old.when) and replace(new, when=None) == replace(old, when=None)


def _written(when: When | None) -> tuple[object, ...]:
    if not isinstance(when, datetime):
        return (when,)
    return when.replace(tzinfo=None), str(when.tzinfo), when.utcoffset()


def _rows(plan: Plan, stamp: Stamp, known: Mapping[str, StoredVisit] | None = None) -> Iterator[StoredVisit]:
    """The visits as they are to be stored; of ``known`` ones those only of which something has changed."""
    from scheduler.store.codec import canonical, fingerprint

    guests, labels = guests_of(plan), plan.activities
    for visit in plan.visits:
        with_it = guests.get(visit.id, ())
        told = canonical([_of_guest(guest) for guest in with_it]) if with_it else ""
        shown = [[each.label, [labels.get(name, name) for name in each.activities]] for each in (visit, *with_it)]
        mark = fingerprint(visit, [told, shown])
        old = known.get(visit.id) if known else None
        if old is None or old.fingerprint != mark:
            yield _new(visit, stamp, told, mark)


def _new(visit: Visit, stamp: Stamp, told: str, mark: str) -> StoredVisit:
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
        part_of=visit.shares_entry_with,
        guests=told,
        served=visit.planned is not None and visit.shares_entry_with is None,
        fingerprint=mark,
        revision=stamp.revision,
        sequence=0,
        changed=stamp.changed,
    )


def _of_guest(guest: Visit) -> list[str]:
    """What the sequence number of the entry it is part of rises for."""
    zone = guest.planned.tzinfo if isinstance(guest.planned, datetime) else None
    return [guest.id, str(guest.planned), str(zone), str(guest.duration), guest.status.value]


def _lasting(new: StoredVisit, old: StoredVisit) -> StoredVisit:
    """The new row with what lasts: a visit that has no date any more keeps its last one, under which it is cancelled
    in every calendar that has it."""
    if new.when is None:
        new = replace(new, when=old.when, window_start=old.window_start, window_end=old.window_end)
    return replace(new, served=new.served or old.served)


def _cancelled(visit: StoredVisit, stamp: Stamp) -> StoredVisit:
    return replace(
        visit,
        status=Status.CANCELLED.value,
        fingerprint="not planned",
        revision=stamp.revision,
        changed=stamp.changed,
    )


def _numbered(new: StoredVisit, old: StoredVisit | None) -> StoredVisit:
    """A visit that is new or has changed, with its sequence number."""
    if old is None:
        return new
    new = _lasting(new, old)
    return replace(new, uid=old.uid, sequence=old.sequence + (_shown(old) != _shown(new)))


def _shown(visit: StoredVisit) -> tuple[object, ...]:
    """What a calendar's sequence number rises for: time, place and status (design §7)."""
    # Equal moments of different zones, and equal wall clocks of different moments, read differently in a calendar.
    return _written(visit.when), visit.minutes, visit.place, visit.status, visit.part_of, visit.guests


def project_periods(
    periods: Iterable[Period], known: Mapping[str, StoredPeriod], stamp: Stamp
) -> tuple[StoredPeriod, ...]:
    """The periods whose rows change. One that is no longer there, or has no dates any more, keeps its last ones and is
    off: a calendar that has it must be told."""
    found = [_new_period(period, known.get(period.id), stamp) for period in periods]
    names = {period.period for period in found}
    gone = [_off(old, stamp) for name, old in known.items() if name not in names and _is_on(old)]
    return (*(new for new in found if _differs(new, known.get(new.period))), *gone)


def _new_period(period: Period, old: StoredPeriod | None, stamp: Stamp) -> StoredPeriod:
    from scheduler.store.visits import StoredPeriod

    dated = period.start is not None and period.end is not None
    kept = old is not None and not dated and _is_dated(old)
    return StoredPeriod(
        period=period.id,
        uid=old.uid if old else derived_uid(stamp.salt, f"period:{period.id}"),
        label=period.label,
        first=old.first if old and kept else period.start,
        last=old.last if old and kept else period.end,
        show_patient=period.show_patient,
        off=kept,
        revision=stamp.revision,
        sequence=old.sequence + 1 if old else 0,
        changed=stamp.changed,
    )


def _is_dated(period: StoredPeriod) -> bool:
    return period.first is not None and period.last is not None


def _is_on(period: StoredPeriod) -> bool:
    """Whether a calendar may have it."""
    return not period.off and _is_dated(period)


def _off(old: StoredPeriod, stamp: Stamp) -> StoredPeriod:
    return replace(old, off=True, revision=stamp.revision, sequence=old.sequence + 1, changed=stamp.changed)


def _differs(new: StoredPeriod, old: StoredPeriod | None) -> bool:
    return old is None or _shown_of(new) != _shown_of(old)


def _shown_of(period: StoredPeriod) -> tuple[object, ...]:
    return period.label, period.first, period.last, period.off, period.show_patient


def restored_visits(plan: Plan, known: Mapping[str, StoredVisit], stamp: Stamp) -> tuple[tuple[StoredVisit, bool], ...]:
    """The visits of a record that comes from elsewhere, as they are to be stored, and whether each is as it was there.

    ``known`` are they as calendars were told of them. One that is planned otherwise here is a change; one that is no
    longer planned is cancelled.
    """
    found = [_restored(new, known.get(new.visit)) for new in _rows(plan, stamp)]
    names = {visit.id for visit in plan.visits}
    gone = [
        (_as_gone(visit, stamp), visit.status == Status.CANCELLED) for name, visit in known.items() if name not in names
    ]
    return (*found, *gone)


def _restored(new: StoredVisit, old: StoredVisit | None) -> tuple[StoredVisit, bool]:
    if old is None:
        return new, False
    new = _lasting(new, old)
    if _shown(old) != _shown(new):
        return replace(new, sequence=old.sequence + 1), False
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
    found = [(_new_period(period, known.get(period.id), stamp), known.get(period.id)) for period in periods]
    kept = [(new, False) if old is None or _differs(new, old) else (old, True) for new, old in found]
    names = {new.period for new, _ in found}
    gone = [
        (_off(old, stamp), False) if _is_on(old) else (old, True) for name, old in known.items() if name not in names
    ]
    return (*kept, *gone)
