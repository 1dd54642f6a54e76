"""Enrolment: the use case that begins a subject's record (design §6)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from scheduler.approving import of_unapproved, version_for
from scheduler.changing import group_facts, history_facts
from scheduler.desk import Basis, Chart, Desk, checked_id
from scheduler.moments import AnyWhen, day_at, day_of, moment_at, when_at
from scheduler.recording import Recording, Terms
from scheduler.values import Change, Registered
from scheduler.who import who
from schedules.errors import InvalidInput
from schedules.plan import Plan
from schedules.record import Fact, Kind, Record, When
from schedules.site import Site

if TYPE_CHECKING:
    from scheduler.store.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What is known at enrolment: dates by visit, groups, answers to history items, and chosen activities by visit."""

    protocol: str
    subject: str
    site: str
    version: str | None = None
    enrolled: AnyWhen | None = None
    dates: Mapping[str, AnyWhen] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    history: Mapping[str, str] = field(default_factory=dict)
    given: tuple[tuple[str, str], ...] = ()


def enrol(desk: Desk, what: Enrolment, terms: Terms) -> Change:
    """Begins a subject's record. Raises UnknownName, and InvalidInput where the subject is enrolled already."""
    checked_id("subject", what.subject)
    with desk.store.writing(dry_run=terms.dry_run) as work:
        _refuse_second(work, what.subject)
        site = desk.find_site(work, what.site)
        now, by = moment_at(terms.now, site.zone), who(terms.by)
        version = what.version or version_for(work, site.id, what.protocol)
        found = desk.register(work, desk.find_template(work, what.protocol, version), now, by)
        chart = _new_chart(work, what.subject, found, site, now)
        doing = Recording(desk, work, chart, terms, is_first=True)
        odd = of_unapproved(work, site.id, found.protocol, found.version)
        return doing.record(_facts(doing, what), warnings=[*odd, *_nobody(work, chart)])


def _refuse_second(work: Work, name: str) -> None:
    taken = work.subjects.alike(name)
    if taken is not None:
        raise InvalidInput(
            f"Subject {taken} is enrolled already. Look at it with 'dayzero show {taken}', or give another id."
        )


def _new_chart(work: Work, name: str, found: Registered, site: Site, now: datetime) -> Chart:
    from scheduler.store.subjects import Subject

    subject = Subject(
        id=name,
        protocol=found.protocol,
        version=found.version,
        site=site.id,
        site_revision=site.revision,
        revision=0,
        salt=secrets.token_hex(16),
        stopped=None,
        queued_to=now.astimezone(UTC),
    )
    work.subjects.add(subject)
    nothing = Plan(protocol=found.protocol, version=found.version, timezone=site.timezone, visits=())
    return Chart(
        subject=subject,
        basis=Basis(template=found.template, sha256=found.sha256, site=site),
        template=found.template,
        record=Record(subject=name, facts=()),
        plan=nothing,
    )


def _facts(doing: Recording, what: Enrolment) -> Iterator[Fact]:
    """The enrolment, groups and history, then dated facts in order of their dates, then what is given (interface)."""
    zone = doing.chart.site.zone
    day = doing.now.astimezone(zone).date() if what.enrolled is None else day_at(what.enrolled, zone)
    yield doing.fact(Kind.ENROLLED, what.subject, day, **_inputs(doing))
    yield from group_facts(what.groups)
    yield from history_facts(what.history)
    dates = {visit: when_at(when, zone) for visit, when in what.dates.items()}
    for visit, when in sorted(dates.items(), key=lambda item: _order(item[1])):
        yield doing.fact(Kind.BOOKED, visit, when)
    for visit, activity in what.given:
        yield doing.fact(Kind.GIVEN, visit, activity=activity)


def _order(when: When) -> tuple[str, time]:
    return day_of(when).isoformat(), when.time() if isinstance(when, datetime) else time()


def _inputs(doing: Recording) -> dict[str, str]:
    """What the plan is made of besides facts, and the salt of the calendar UIDs: all on record (design §6)."""
    subject, site = doing.chart.subject, doing.chart.site
    digests = doing.work.sites.snapshot_digests(site.id, site.revision)
    return {
        "protocol": subject.protocol,
        "version": subject.version,
        "template": doing.chart.basis.sha256,
        "site": subject.site,
        "site_revision": str(subject.site_revision),
        "site_snapshot": digests[0] if digests else "",
        "salt": subject.salt,
    }


def _nobody(work: Work, chart: Chart) -> Iterator[str]:
    there = {contact.role for contact in work.contacts.of(subject=chart.subject.id, site=chart.subject.site)}
    roles = [role for role in chart.template.reminders if role not in there]
    if roles:
        yield f"Nobody is there yet to be reminded as {', '.join(roles)}. Add them with 'dayzero contact add'."
