"""What is done every night: the queue is filled on, holidays are looked at, all records verified, and a backup made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from scheduler.auditing import audit
from scheduler.backups import KEPT, back_up
from scheduler.desk import Desk
from scheduler.moments import Moment, moment_here
from scheduler.sweeping import NOT_READ, UNREADABLE, extend_horizon
from scheduler.values import Night
from schedules.errors import StoreUnavailable
from schedules.onsets import clock_changes, go_alike, installed_clocks
from schedules.opendays import with_holidays
from schedules.site import Site

MOST_TOLD = 20
_Found = TypeVar("_Found")


def look_after(desk: Desk, now: Moment, folder: Path | None = None, keep: int = KEPT) -> Night:
    """Does all of it, and notes it for the status. What is wrong is told, and keeps the rest from nothing.

    Raises StoreUnavailable, with all that is wrong, where even that cannot be noted.
    """
    present = moment_here(now).astimezone(UTC)
    problems: list[str] = []
    queued = _tried(lambda: extend_horizon(desk, present), 0, problems)
    problems += _tried(lambda: tuple(_integrity(desk)), (), problems)
    problems += _tried(lambda: tuple(_records(desk)), (), problems)
    # Copies of what is damaged must not drive out those from when it was sound.
    backup, told = _backup(desk, present, folder, None if problems else keep)
    problems += told
    notes: tuple[str, ...] = _tried(lambda: tuple(_holidays(desk, present)), (), problems)
    told_first = tuple(dict.fromkeys(problems))[:MOST_TOLD]
    night = Night(queued=queued, backup=backup, problems=told_first, notes=notes)
    _note(desk, night, present)
    return night


def _tried(part: Callable[[], _Found], otherwise: _Found, problems: list[str]) -> _Found:
    """What a part of the round gives; where the database keeps it from that, the problem is told."""
    try:
        return part()
    except StoreUnavailable as error:
        problems.append(str(error).removesuffix("."))
        return otherwise


def _note(desk: Desk, night: Night, now: datetime) -> None:
    from scheduler.store.state import BACKUP, NIGHTLY

    try:
        with desk.store.writing() as work:
            work.state.note(NIGHTLY, now, night.told)
            if night.backup:
                work.state.note(BACKUP, now, night.backup)
    except StoreUnavailable as error:
        told = f" The nightly round had found: {night.told}." if night.problems else ""
        raise StoreUnavailable(f"{error}{told}") from error


def _integrity(desk: Desk) -> Iterator[str]:
    """What the database says of its own files."""
    yield from desk.store.damage()


def _records(desk: Desk) -> Iterator[str]:
    """Whether each record is as it was written, and its rows those that follow from it."""
    with desk.store.reading() as work:
        names = work.subjects.names()
    for name in names:
        try:
            problems = audit(desk, name, verify=True, head=None).problems
        except StoreUnavailable as error:
            problems = (str(error).removesuffix("."),)
        except UNREADABLE:
            problems = (NOT_READ,)
        yield from (f"{name}: {problem}" for problem in problems)


def _backup(desk: Desk, now: datetime, folder: Path | None, keep: int | None) -> tuple[str, list[str]]:
    try:
        file = desk.store.file
        if file is None:
            return "", []
        return str(back_up(file, folder or file.parent / "backups", now, keep)), []
    except StoreUnavailable as error:
        return "", [str(error)]


def _holidays(desk: Desk, now: datetime) -> Iterator[str]:
    """Sites whose holidays were provisional, and are announced or known otherwise by now (design §5, rule 5), and those
    whose clocks go otherwise by the zone data that is installed.

    Nothing is changed: a new revision of a site proposes what moves, and somebody decides.
    """
    with desk.store.reading() as work:
        sites = [desk.find_site(work, name) for name in work.sites.names()]
    alike = lru_cache(maxsize=None)(installed_clocks)
    for site in sites:
        if site.clocks is not None and not go_alike(site.timezone, site.clocks, alike(site.timezone)):
            told = clock_changes(site.timezone, site.clocks, alike(site.timezone))[0]
            yield f"clocks at site {site.id} go otherwise by now: {told} 'dayzero site refresh {site.id}' tells all"
        years = sorted(_years_that_differ(site, now.astimezone(site.zone).year))
        if years:
            listed = ", ".join(map(str, years))
            yield (
                f"the holidays of site {site.id} in {listed} are known otherwise by now: they were provisional. "
                f"Look with 'dayzero site refresh {site.id} --dry-run'"
            )


def _years_that_differ(site: Site, year: int) -> set[int]:
    if not site.holidays or site.announced_to is None:
        return set()
    known = {day.year for day, _ in site.closed} | {day.year for day in site.working}
    last = max(known, default=year)
    fresh = with_holidays(site, site.holidays, year, max(year, last))
    return {
        day.year
        for day in _days(site) ^ _days(fresh)
        if year <= day.year <= last and fresh.announced_to is not None and site.announced_to < day.year
    }


def _days(site: Site) -> set[date]:
    return {day for day, _ in site.closed} | set(site.working)
