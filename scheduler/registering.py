"""The use cases that register what plans are made of: templates and sites (design §6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from scheduler.desk import Desk, checked_id
from scheduler.moments import moment_at, moment_here
from scheduler.recording import Terms
from scheduler.values import Registered
from scheduler.who import who
from schedules.errors import InvalidInput, shown
from schedules.load import load
from schedules.onsets import installed_clocks
from schedules.opendays import with_holidays
from schedules.site import OPENING, WORKING_WEEK, Site
from schedules.typed import parse_zone

if TYPE_CHECKING:
    from scheduler.store.work import Work

# Public holidays are kept for the years around the one a site is added in: back-dated records, long follow-up.
YEARS_BEFORE, YEARS_AFTER = 10, 30
LONGEST_NAME = 200


def add_protocol(desk: Desk, data: bytes, file: str, terms: Terms) -> Registered:
    """Registers a protocol version for good. The same bytes again change nothing; ``new`` tells.

    Raises TemplateError for a template with an error, InvalidInput for other bytes under a version that is registered.
    """
    from scheduler.store.templates import StoredTemplate

    template = load(data, file)
    with desk.store.writing(dry_run=terms.dry_run) as work:
        known = (template.protocol, template.version) in desk.versions(work)
        if known:
            found = desk.template_of(work, template.protocol, template.version)
            if found.sha256 != template.sha256:
                raise InvalidInput(
                    f"{template.protocol} {template.version} is there already with another content, "
                    "and a version never changes. Give the new one another version."
                )
            if found.registered is not None:
                return found
        stored = StoredTemplate(
            protocol=template.protocol,
            version=template.version,
            sha256=template.sha256,
            source=data,
            registered=moment_here(terms.now).astimezone(UTC),
            by=who(terms.by),
        )
        work.templates.add(stored)
        return replace(desk.registered(stored), template=template, new=not known)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSite:
    """A site as it is given. Without ``weekdays`` it is open from Monday to Friday; ``closed`` are its own closures."""

    id: str
    timezone: str
    name: str = ""
    weekdays: frozenset[int] | None = None
    holidays: str = ""
    opens: time = OPENING
    closed: tuple[tuple[date, str], ...] = ()


def add_site(desk: Desk, what: NewSite, terms: Terms) -> Site:
    """Adds a site, with the public holidays as they are known now. The same site again changes nothing.

    Raises InvalidInput for another site under an id that is taken, UnknownName for an unknown zone or country.
    """
    checked_id("site", what.id)
    if len(what.name) > LONGEST_NAME or not what.name.isprintable():
        raise InvalidInput(
            f"{shown(what.name)} cannot be a site's name. Write at most {LONGEST_NAME} printable characters."
        )
    bare = Site(
        id=what.id,
        revision=1,
        name=what.name,
        timezone=parse_zone(what.timezone),
        weekdays=WORKING_WEEK if what.weekdays is None else what.weekdays,
        closures=tuple(sorted(what.closed)),
        opens=what.opens,
        clocks=installed_clocks(parse_zone(what.timezone)),
    )
    now = moment_at(terms.now, bare.zone)
    year = now.astimezone(bare.zone).year
    site = with_holidays(bare, what.holidays, year - YEARS_BEFORE, year + YEARS_AFTER)
    with desk.store.writing(dry_run=terms.dry_run) as work:
        return _added(work, site, now.astimezone(UTC), who(terms.by))


def _added(work: Work, site: Site, now: datetime, by: str) -> Site:
    taken = next((name for name in work.sites.names() if name.casefold() == site.id.casefold()), None)
    if taken is None:
        work.sites.add(site, now, by)
        return site
    known = work.sites.find(taken)
    # How clocks go was taken from the release of then: what was asked for is the same.
    if known is None or replace(known, clocks=site.clocks) != site:
        raise InvalidInput(
            f"Site {taken} is there already, with other days or another name. Give the new one another id."
        )
    return known
