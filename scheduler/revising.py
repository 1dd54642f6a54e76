"""New days of a site: a closure, or what a new release of the holidays or of the zone data says. A new revision is
proposed with what it moves, and then put in force by a fact in each record, one transaction each (design §6).

Every patient of the site who was not stopped gets that fact, also one of whom nothing moves: else a later delay would
be planned by days that are no longer the site's. A run that was interrupted is taken up by running it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from calendars.rounds import Round
from scheduler.desk import Desk, checked_why
from scheduler.moments import moment_at
from scheduler.recording import Recording, Terms, recording
from scheduler.registering import YEARS_AFTER, YEARS_BEFORE
from scheduler.values import Change, Revision
from scheduler.who import who
from schedules.conflicts import length_words
from schedules.errors import InvalidInput
from schedules.onsets import clock_changes, go_alike, installed_clocks
from schedules.opendays import with_holidays
from schedules.plan import TO_COME, Status
from schedules.record import Kind
from schedules.site import Site
from schedules.spans import between, is_same_time
from schedules.words import day_words, when_words

if TYPE_CHECKING:
    from scheduler.store.work import Work

LONGEST_CLOSURE = 366
REVISED, STOPPED, THERE = "revised", "stopped", "there already"
Progress = Callable[[int, int], None]


def close(desk: Desk, site: str, days: Iterable[date], terms: Terms, progress: Progress | None) -> Revision:
    """Closes a site on some days, for the reason in ``terms``. Days that it is closed on already change nothing.

    Raises UnknownName, and InvalidInput where there is no reason, no day, or more than a year of them.
    """
    reason, closed = checked_why(terms.why), tuple(sorted(set(days)))
    if not reason:
        raise InvalidInput("A closure wants a reason. Give it with --why.")
    if not 0 < len(closed) <= LONGEST_CLOSURE:
        raise InvalidInput(f"A closure is of 1 to {LONGEST_CLOSURE} days, and {len(closed)} were given.")

    def with_closures(known: Site, _: datetime) -> Site:
        mine = dict.fromkeys(closed, reason) | dict(known.closures)
        return replace(known, closures=tuple(sorted(mine.items())))

    return _revise(desk, site, with_closures, terms, progress)


def refresh(desk: Desk, site: str, terms: Terms, progress: Progress | None) -> Revision:
    """Takes a site's public holidays from the release of ``holidays`` that is installed now, and how the clocks of its
    zone go from the zone data. Raises UnknownName."""
    return _revise(desk, site, _as_of_now, terms, progress)


def _as_of_now(known: Site, now: datetime) -> Site:
    found, clocks = _with_holidays_of_now(known, now), installed_clocks(known.timezone)
    alike = known.clocks is not None and go_alike(known.timezone, known.clocks, clocks)
    return found if alike else replace(found, clocks=clocks)


def _with_holidays_of_now(known: Site, now: datetime) -> Site:
    if not known.holidays:
        return known
    year = now.astimezone(known.zone).year
    # The years that a site has stay, so that a refresh adds years at the end and takes none away.
    years = [day.year for day, _ in known.closed]
    first = min([*years, year - YEARS_BEFORE])
    last = max([*years, year + YEARS_AFTER])
    return with_holidays(known, known.holidays, first, last)


def _revise(
    desk: Desk, name: str, changed: Callable[[Site, datetime], Site], terms: Terms, progress: Progress | None
) -> Revision:
    if terms.dry_run:
        return _proposed(desk, name, changed, terms, progress)
    with desk.store.writing() as work:
        before, after, new = _new_revision(desk, work, name, changed, terms)
        names = work.subjects.names(site=before.id)
    rounds: list[Round] = []
    changes: dict[str, Change] = {}
    for number, subject in enumerate(names, start=1):
        with recording(desk, subject, terms) as doing:
            told, change = _one(doing, after)
        rounds.append(told)
        if change is not None:
            changes[subject] = change
        if progress is not None:
            progress(number, len(names))
    return Revision(
        before=before,
        after=after,
        patients=tuple(rounds),
        changes=changes,
        clocks=_of_clocks(before, after),
        new=new,
    )


def _proposed(
    desk: Desk, name: str, changed: Callable[[Site, datetime], Site], terms: Terms, progress: Progress | None
) -> Revision:
    """What it would do: all of it in one transaction that is not committed."""
    found = []
    with desk.store.writing(dry_run=True) as work:
        before, after, new = _new_revision(desk, work, name, changed, terms)
        names = work.subjects.names(site=before.id)
        for number, subject in enumerate(names, start=1):
            found.append(_one(Recording(desk, work, desk.chart(work, subject), terms), after))
            if progress is not None:
                progress(number, len(names))
    changes = {told.subject: change for told, change in found if change is not None}
    return Revision(
        before=before,
        after=after,
        patients=tuple(told for told, _ in found),
        changes=changes,
        clocks=_of_clocks(before, after),
        new=new,
        dry_run=True,
    )


def _of_clocks(before: Site, after: Site) -> tuple[str, ...]:
    """How clocks go otherwise, in sentences."""
    if after.clocks is None or after.clocks == before.clocks:
        return ()
    return clock_changes(after.timezone, before.clocks, after.clocks)


def _new_revision(
    desk: Desk, work: Work, name: str, changed: Callable[[Site, datetime], Site], terms: Terms
) -> tuple[Site, Site, bool]:
    """The site as it is and as it will be, and whether that is a new revision."""
    before = desk.find_site(work, name)
    now = moment_at(terms.now, before.zone)
    after = changed(before, now)
    if after == before:
        return before, before, False
    after = replace(after, revision=before.revision + 1)
    work.sites.add(after, now.astimezone(UTC), who(terms.by))
    return before, after, True


def _one(doing: Recording, after: Site) -> tuple[Round, Change | None]:
    subject = doing.chart.subject
    told = Round(subject=subject.id, site=subject.site, version=subject.version, outcome=REVISED)
    if subject.stopped is not None:
        return replace(told, outcome=STOPPED, reason=f"{subject.stopped} is recorded"), None
    if subject.site_revision == after.revision:
        return replace(told, outcome=THERE, reason=f"revision {after.revision} is in force"), None
    digests = doing.work.sites.snapshot_digests(after.id, after.revision)
    fact = doing.fact(
        Kind.SITE_REVISED,
        after.id,
        site_revision=str(after.revision),
        from_revision=str(subject.site_revision),
        site_snapshot=digests[0] if digests else "",
    )
    change = doing.record([fact])
    notes = tuple(_notes(change, after))
    change = replace(change, warnings=(*change.warnings, *notes))
    return replace(told, diff=change.diff, notes=notes, today=change.today), change


def _notes(change: Change, site: Site) -> Iterator[str]:
    """The bookings that are kept although the site is closed on their day."""
    conflicts = {conflict.visit for conflict in change.diff.new_conflicts}
    booked = [visit for visit in change.after.visits if visit.status is Status.BOOKED and visit.id in conflicts]
    for visit in booked:
        if visit.date is not None and not site.is_open(visit.date):
            yield (
                f"{visit.id} stays booked for {day_words(visit.date)}, when {site.id} is closed "
                f"({site.why_closed(visit.date)}): book it for another day."
            )
    yield from _by_other_clocks(change)


def _by_other_clocks(change: Change) -> Iterator[str]:
    """The visits to come that keep their time although clocks go otherwise, so that it is another moment."""
    before = {} if change.before is None else {visit.id: visit.planned for visit in change.before.visits}
    for visit in change.after.visits:
        was, now = before.get(visit.id), visit.planned
        if visit.status not in TO_COME or not isinstance(was, datetime) or not isinstance(now, datetime):
            continue
        by = between(was, now)
        if by and is_same_time(was, now):
            side = "later" if by > timedelta() else "earlier"
            yield (
                f"{visit.id} stays on {when_words(now)}, which is {length_words(abs(by))} {side} by the new clocks: "
                "tell whoever comes from another zone."
            )
