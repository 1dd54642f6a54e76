"""The use cases of contacts: who gets reminders (design §8). Their details are in no fact, log or calendar."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from calendars.entries import Level, parse_level
from calendars.words import words
from scheduler.channels.addresses import has_password, is_address
from scheduler.desk import Desk
from scheduler.moments import moment_at
from scheduler.recording import Terms, catch_up, queue_from_now
from scheduler.values import Contact, Erased
from scheduler.who import who
from schedules.errors import InvalidInput, StoreUnavailable, UnknownName, shown
from schedules.reminder_rules import parse_rules
from schedules.site import Site
from schedules.template import ROLES, SUBJECT_ROLES
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
    rules: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChange:
    """What is to be changed of a contact, as it is typed; None leaves it. ``quiet`` may be ``none``; without
    ``own_rules`` its own are taken away, so that those of its site or protocol hold."""

    zone: str | None = None
    quiet: str | None = None
    language: str | None = None
    level: str | None = None
    rules: tuple[str, ...] | None = None
    own_rules: bool = True


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
        raise InvalidInput("That is no e-mail address. Write one, such as name@example.org.")
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
        rules=_checked_rules(what.role, what.rules),
    )


def _checked_rules(role: str, texts: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if texts is None else tuple(rule.text for rule in parse_rules(role, texts))


def _is(pattern: re.Pattern[str], address: str) -> bool:
    return len(address) <= LONGEST_ADDRESS and address.isprintable() and pattern.fullmatch(address) is not None


def parse_quiet(text: str) -> tuple[time, time] | None:
    """Quiet hours written ``21:00-08:00``, or ``none``. Raises InvalidInput."""
    if text == "none":
        return None
    start, dash, end = text.partition("-")
    if not dash:
        raise InvalidInput(
            f"{shown(text)} are no quiet hours. Write their begin and end, such as 21:00-08:00, or none."
        )
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


def change_contact(desk: Desk, number: int, what: ContactChange, terms: Terms) -> Contact:
    """Changes a contact, and re-times what waits for it. Raises InvalidInput, UnknownName."""
    with desk.store.writing(dry_run=terms.dry_run) as work:
        contact = find_contact(work, number)
        changed = _changed(contact, what)
        _requeued(desk, work, changed, terms)
        return changed


def _changed(contact: Contact, what: ContactChange) -> Contact:
    if what.language is not None:
        words(what.language)
    quiet = contact.quiet if what.quiet is None else parse_quiet(what.quiet)
    rules = _checked_rules(contact.role, what.rules) if what.rules is not None else contact.rules
    return replace(
        contact,
        zone=contact.zone if what.zone is None else parse_zone(what.zone),
        quiet=quiet,
        language=what.language or contact.language,
        level=contact.level if what.level is None else str(parse_level(what.level)),
        rules=rules if what.own_rules else None,
    )


def find_contact(work: Work, number: int) -> Contact:
    """A contact by its number. Raises InvalidInput where there is none, or none any more."""
    contact = work.contacts.find(number)
    if contact is None:
        raise InvalidInput(
            f"There is no contact {number}, or it was erased. See the numbers with 'dayzero contact list'."
        )
    return contact


def _requeued(desk: Desk, work: Work, contact: Contact, terms: Terms) -> None:
    """Stores a contact, and brings what waits for it in line."""
    if contact.subject is not None:
        names: tuple[str, ...] = (contact.subject,)
        zone = desk.find_site(work, desk.find_subject(work, contact.subject).site).zone
    else:
        zone = desk.find_site(work, contact.site or "").zone
        names = work.subjects.names(site=contact.site)
    now = moment_at(terms.now, zone)
    charts = [desk.chart(work, name) for name in names]
    for chart in charts:
        catch_up(work, chart, now)
    work.contacts.change(contact)
    for chart in charts:
        queue_from_now(work, chart, now)


def pause_contact(desk: Desk, number: int, until: str | None, terms: Terms) -> Contact:
    """Sends a contact nothing any more, or nothing up to a day or moment at its zone. What falls into that is not sent
    later. Raises InvalidInput."""
    with desk.store.writing(dry_run=terms.dry_run) as work:
        contact = find_contact(work, number)
        zone = ZoneInfo(contact.zone)
        end = None if until is None else moment_at(until, zone)
        if end is not None and end <= moment_at(terms.now, zone):
            raise InvalidInput(f"{shown(until or '')} is past, so nothing would be paused. Give a later day.")
        paused = replace(contact, paused=True, paused_until=None if end is None else end.astimezone(UTC))
        work.contacts.change(paused)
        return paused


def resume_contact(desk: Desk, number: int, terms: Terms) -> Contact:
    """Sends a contact what comes from now on. Raises InvalidInput for one that is not paused."""
    with desk.store.writing(dry_run=terms.dry_run) as work:
        contact = find_contact(work, number)
        if not contact.paused:
            raise InvalidInput(f"Contact {number} is not paused, and gets its reminders.")
        resumed = replace(contact, paused=False, paused_until=None)
        _requeued(desk, work, resumed, terms)
        return resumed


def erase_contact(desk: Desk, number: int, terms: Terms) -> Erased:
    """Removes a contact for good, from the database's files too; what waits for it is not sent. Raises InvalidInput.

    Copies made before (backups) still have it, until they are removed.
    """
    with desk.store.writing(dry_run=terms.dry_run) as work:
        contact = find_contact(work, number)
        now = moment_at(terms.now, ZoneInfo(contact.zone)).astimezone(UTC)
        suppressed = work.outbox.suppress_for(number, now, "the contact was erased")
        work.contacts.erase(number)
    try:
        gone = terms.dry_run or desk.store.scrub()
    except StoreUnavailable:
        gone = False
    return Erased(id=number, role=contact.role, owner=contact.owner, suppressed=suppressed, scrubbed=gone)


def set_site_rules(
    desk: Desk, site: str, role: str, rules: tuple[str, ...] | None, terms: Terms
) -> dict[str, tuple[str, ...]]:
    """By which rules a role is reminded at a site, instead of the protocol's; None goes back to those. Gives all that
    the site has of its own. Raises InvalidInput, UnknownName."""
    if role not in ROLES:
        raise UnknownName("role", role, ROLES)
    checked = _checked_rules(role, rules)
    with desk.store.writing(dry_run=terms.dry_run) as work:
        found = desk.find_site(work, site)
        now = moment_at(terms.now, found.zone)
        charts = [desk.chart(work, name) for name in work.subjects.names(site=site)]
        for chart in charts:
            catch_up(work, chart, now)
        if checked is None:
            work.policies.drop(site, role)
        else:
            work.policies.put(site, role, checked, now.astimezone(UTC), who(terms.by))
        for chart in charts:
            queue_from_now(work, chart, now)
        return work.policies.of_site(site)


def site_rules(desk: Desk, site: str) -> dict[str, tuple[str, ...]]:
    """The rules that a site has of its own, by role. Raises UnknownName."""
    with desk.store.reading() as work:
        return work.policies.of_site(desk.find_site(work, site).id)
