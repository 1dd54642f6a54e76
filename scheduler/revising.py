"""New days of a site: a closure of its own, or another release of public holidays. Its patients go to the new revision,
each in a transaction of its own, by a fact: nothing moves a patient's dates without one (design §6).

A run that was interrupted is taken up by running it again: who is there already is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from calendars.rounds import Round
from scheduler.desk import Desk
from scheduler.moments import moment_at
from scheduler.recording import Recording, Terms, recording
from scheduler.registering import YEARS_AFTER, YEARS_BEFORE
from scheduler.values import Change, Revision
from scheduler.who import who
from schedules.errors import InvalidInput
from schedules.opendays import with_holidays
from schedules.plan import Status
from schedules.record import Fact, Kind
from schedules.site import Site
from schedules.words import when_words

if TYPE_CHECKING:
    from scheduler.store.work import Work

# Called after each patient, with how many are done and how many there are.
Progress = Callable[[int, int], None]

REVISED, THERE, STOPPED = "on the new days", "there already", "stopped"


def close(desk: Desk, site: str, days: Sequence[date], terms: Terms, progress: Progress | None) -> Revision:
    """Closes a site on ``days``, for the reason of ``terms``, and brings its patients to its new days.

    Who died, withdrew or was lost is left alone. Raises UnknownName for the site, InvalidInput where there is no
    reason, or a day is closed for another one.
    """
    if not terms.why.strip():
        raise InvalidInput("A closure wants a reason, which calendars and conflicts tell. Give it with --why.")
    why = " ".join(terms.why.split())
    return _revised(desk, site, lambda before, now: _closed(before, days, why), terms, progress)


def _closed(before: Site, days: Sequence[date], why: str) -> Site:
    known = dict(before.closures)
    other = next((day for day in days if known.get(day, why) != why), None)
    if other is not None:
        raise InvalidInput(
            f"{before.id} is closed on {when_words(other)} already: {known[other]}. "
            "Leave that day out, or give the same reason."
        )
    return replace(before, closures=tuple(sorted({**known, **dict.fromkeys(days, why)}.items())))


def refresh(desk: Desk, site: str, terms: Terms, progress: Progress | None) -> Revision:
    """Reads a site's public holidays anew, as the installed release of ``holidays`` has them, and brings its patients
    to them. Raises UnknownName for the site, InvalidInput for one without public holidays."""
    return _revised(desk, site, _read_anew, terms, progress)


def _read_anew(before: Site, now: datetime) -> Site:
    """Of the years that are known, and as many ahead as a new site has: the past is kept."""
    if not before.holidays:
        raise InvalidInput(
            f"{before.id} keeps no public holidays, so there is nothing to read anew. "
            f"Its own closures are recorded with 'dayzero site close {before.id} DATE --why TEXT'."
        )
    year = now.astimezone(before.zone).year
    known = [day.year for day, _ in before.closed]
    first = min(known, default=year - YEARS_BEFORE)
    return with_holidays(before, before.holidays, first, max(max(known, default=year), year + YEARS_AFTER))


def _revised(
    desk: Desk, name: str, change: Callable[[Site, datetime], Site], terms: Terms, progress: Progress | None
) -> Revision:
    with desk.store.writing(dry_run=terms.dry_run) as work:
        before = desk.find_site(work, name)
        now = moment_at(terms.now, before.zone)
        after = change(before, now)
        if after != before:
            after = replace(after, revision=before.revision + 1)
            _add(work, after, now, terms)
        names = work.subjects.names(site=before.id)
    rounds: list[Round] = []
    changes: dict[str, Change] = {}
    for number, subject in enumerate(names, start=1):
        told, made = _one(desk, subject, after, now, terms)
        rounds.append(told)
        if made is not None:
            changes[subject] = made
        if progress is not None:
            progress(number, len(names))
    return Revision(before=before, after=after, patients=tuple(rounds), changes=changes, dry_run=terms.dry_run)


def _add(work: Work, site: Site, now: datetime, terms: Terms) -> None:
    work.sites.add(site, now.astimezone(UTC), who(terms.by))


def _one(desk: Desk, name: str, site: Site, now: datetime, terms: Terms) -> tuple[Round, Change | None]:
    with recording(desk, name, terms) as doing:
        subject = doing.chart.subject
        told = Round(subject=name, site=subject.site, version=subject.version, outcome=REVISED)
        if subject.stopped is not None:
            return replace(told, outcome=STOPPED, reason=f"{subject.stopped} is recorded"), None
        if subject.site_revision >= site.revision:
            return replace(told, outcome=THERE, reason=f"it is planned by revision {subject.site_revision}"), None
        if doing.work.sites.find(site.id, site.revision) is None:
            # A dry run has not kept it: it is there as long as this patient is looked at.
            _add(doing.work, site, now, terms)
        change = doing.record([_fact(doing, site)])
        notes = (*change.warnings, *_notes(change, site))
        return replace(told, diff=change.diff, notes=notes, today=change.today), change


def _fact(doing: Recording, site: Site) -> Fact:
    digests = doing.work.sites.snapshot_digests(site.id, site.revision)
    return doing.fact(
        Kind.SITE_REVISED,
        site.id,
        doing.now.astimezone(site.zone).date(),
        site_revision=str(site.revision),
        from_revision=str(doing.chart.subject.site_revision),
        site_snapshot=digests[0] if digests else "",
    )


def _notes(change: Change, site: Site) -> Iterator[str]:
    """Bookings on days that are closed now: they stay, and somebody has to look at them."""
    closed = {conflict.visit for conflict in change.diff.new_conflicts}
    for visit in change.after.visits:
        day = visit.date
        if visit.id not in closed or visit.status is not Status.BOOKED or day is None or site.is_open(day):
            continue
        yield f"{visit.id} is booked for {when_words(visit.planned or day)}, and {site.why_closed(day)}: book it anew."
