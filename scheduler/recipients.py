"""The use cases of contacts: who gets reminders (design §8). Their details are in no fact, log or calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, time
from typing import TYPE_CHECKING

from calendars.entries import Level, parse_level
from calendars.words import words
from scheduler.channels.addresses import has_password, is_address
from scheduler.desk import Desk
from scheduler.moments import moment_at
from scheduler.recording import Terms, catch_up, queue_from_now
from scheduler.values import SUBJECT_ROLES, Contact, Queued
from scheduler.who import who
from schedules.errors import InvalidInput, UnknownName, shown
from schedules.site import Site
from schedules.template import ROLES
from schedules.typed import parse_clock, parse_zone

if TYPE_CHECKING:
    from scheduler.store.work import Work

LONGEST_ADDRESS = 500
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """A contact as it is typed. ``quiet`` is ``21:00-08:00``; without a zone it is the site's."""

    role: str
    subject: str | None = None
    site: str | None = None
    email: str = ""
    notify: str = ""
    zone: str | None = None
    quiet: str | None = None
    language: str = "en"
    level: str | None = None


def add_contact(desk: Desk, what: NewContact, terms: Terms) -> Contact:
    """Adds a contact, and queues the reminders of those who are enrolled already. Raises InvalidInput, UnknownName."""
    _check_owner(what)
    with desk.store.writing(dry_run=terms.dry_run) as work:
        site = _site_of(desk, work, what)
        contact = _checked(what, site)
        if work.contacts.same_as(contact) is not None:
            raise InvalidInput(
                f"The {what.role} of {contact.owner} has this address already. Give another one, or another role."
            )
        now = moment_at(terms.now, site.zone)
        names = (what.subject,) if what.subject is not None else work.subjects.names(site=what.site)
        charts = [desk.chart(work, name) for name in names]
        for chart in charts:
            # What should have been queued by now is for those who were there before.
            catch_up(work, chart, now)
        added = work.contacts.add(contact, now.astimezone(UTC), who(terms.by))
        for chart in charts:
            queue_from_now(work, chart, now)
        return added


def _check_owner(what: NewContact) -> None:
    if what.role not in ROLES:
        raise UnknownName("role", what.role, ROLES)
    if (what.subject is None) == (what.site is None):
        raise InvalidInput("A contact is of one subject or of one site. Name the one or the other.")
    if (what.role in SUBJECT_ROLES) != (what.subject is not None):
        right = "a subject: add it with SUBJECT" if what.role in SUBJECT_ROLES else "a site: add it with --site"
        raise InvalidInput(f"A {what.role} is a contact of {right}.")


def _site_of(desk: Desk, work: Work, what: NewContact) -> Site:
    if what.subject is not None:
        return desk.find_site(work, desk.find_subject(work, what.subject).site)
    return desk.find_site(work, what.site or "")


def _checked(what: NewContact, site: Site) -> Contact:
    if what.email and not is_address(what.email):
        raise InvalidInput("The e-mail address is none. Write one, such as name@example.org.")
    if what.notify and not _is(_SCHEME, what.notify):
        raise InvalidInput("The address to notify is no URL. Write one, such as https://example.org/hook.")
    if has_password(what.notify):
        raise InvalidInput(
            "The address to notify has a user or password in it, which would be stored. Leave it out: a webhook is "
            "signed instead."
        )
    words(what.language)
    usual = Level.PRIVATE if what.role in SUBJECT_ROLES else Level.CODED
    return Contact(
        id=0,
        role=what.role,
        zone=site.timezone if what.zone is None else parse_zone(what.zone),
        subject=what.subject,
        site=what.site,
        email=what.email,
        notify=what.notify,
        quiet=None if what.quiet is None else parse_quiet(what.quiet),
        language=what.language,
        level=str(usual if what.level is None else parse_level(what.level)),
    )


def _is(pattern: re.Pattern[str], address: str) -> bool:
    return len(address) <= LONGEST_ADDRESS and address.isprintable() and pattern.fullmatch(address) is not None


def parse_quiet(text: str) -> tuple[time, time]:
    """Quiet hours written ``21:00-08:00``. Raises InvalidInput."""
    start, dash, end = text.partition("-")
    if not dash:
        raise InvalidInput(f"{shown(text)} are no quiet hours. Write their begin and end, such as 21:00-08:00.")
    quiet = parse_clock(start.strip()), parse_clock(end.strip())
    if quiet[0] == quiet[1]:
        raise InvalidInput(f"Quiet hours of {shown(text)} would be all day or never. Write two different times.")
    return quiet


def contacts(desk: Desk, subject: str | None, site: str | None) -> tuple[Contact, ...]:
    """The contacts of a subject, of a site, or all. Raises UnknownName."""
    with desk.store.reading() as work:
        if subject is not None:
            desk.find_subject(work, subject)
        if site is not None:
            desk.find_site(work, site)
        return work.contacts.of(subject=subject, site=site)


def reminders(desk: Desk, subject: str) -> tuple[Queued, ...]:
    """A subject's reminders in the queue, by when they are due. Raises UnknownName."""
    with desk.store.reading() as work:
        desk.find_subject(work, subject)
        return tuple(
            Queued(
                subject=item.subject,
                visit=item.wanted.visit,
                role=item.wanted.role,
                rule=item.wanted.rule,
                due=item.wanted.due,
                state=item.state,
                recipient=item.wanted.recipient,
            )
            for item in work.outbox.of_subject(subject)
        )
