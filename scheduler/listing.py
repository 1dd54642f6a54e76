"""The use cases that tell what is in the queue: what goes out, when, to which role and why (design §8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from scheduler.desk import Chart, Desk
from scheduler.news import ON_AGAIN
from scheduler.queueing import SitePolicy
from scheduler.values import Contact, Queued
from schedules.plan import Plan
from schedules.record import When
from schedules.template import Template
from schedules.words import when_words

if TYPE_CHECKING:
    from scheduler.store.outbox import Item
    from scheduler.store.work import Work

_WHY = {
    "before": "{what} is on {when}",
    "opens": "the window of {what} opens",
    "closes": "the window of {what} closes",
    "overdue": "{what} was due, and nothing is recorded",
    "expires": "{what} is to be done in time: {detail}",
    "gate": "{what} still waits for {detail}",
    "period": "{what} ends",
    "expected": "{what} is expected",
    "moved": "{what} has moved from {was} to {when}",
    "cancelled": "{what} on {was} is cancelled",
    "conflict": "{detail}",
    "stopped": "{what} was recorded",
}


def of_subject(desk: Desk, subject: str) -> tuple[Queued, ...]:
    """A subject's reminders in the queue, by when they are due. Raises UnknownName."""
    with desk.store.reading() as work:
        chart = desk.chart(work, subject)
        policy = work.policies.of_site(chart.subject.site)
        contacts = {one.id: one for one in work.contacts.of(subject=subject, site=chart.subject.site)}
        return tuple(_told(item, chart, contacts, policy) for item in work.outbox.of_subject(subject))


def in_state(desk: Desk, state: str, site: str | None) -> tuple[Queued, ...]:
    """The last 1,000 reminders of a state, the latest first, at a site or at all. Raises UnknownName."""
    with desk.store.reading() as work:
        sites = None if site is None else [desk.find_site(work, site).id]
        items = work.outbox.in_state(state, sites)
        return tuple(_across(desk, work, items))


def _across(desk: Desk, work: Work, items: Iterable[Item]) -> Iterator[Queued]:
    charts: dict[str, Chart] = {}
    policies: dict[str, SitePolicy] = {}
    for item in items:
        if item.subject not in charts:
            charts[item.subject] = desk.chart(work, item.subject)
        chart = charts[item.subject]
        if chart.subject.site not in policies:
            policies[chart.subject.site] = work.policies.of_site(chart.subject.site)
        policy = policies[chart.subject.site]
        contact = work.contacts.find(item.wanted.recipient)
        yield _told(item, chart, {} if contact is None else {contact.id: contact}, policy)


def _told(item: Item, chart: Chart, contacts: Mapping[int, Contact], policy: SitePolicy) -> Queued:
    wanted, contact = item.wanted, contacts.get(item.wanted.recipient)
    return Queued(
        subject=item.subject,
        visit=wanted.visit,
        role=wanted.role,
        rule=wanted.rule,
        event=wanted.event,
        due=wanted.due,
        state=item.state,
        recipient=wanted.recipient,
        local=None if contact is None else wanted.due.astimezone(ZoneInfo(contact.zone)),
        rules_from=_source(contact, chart.template, policy),
        why=item.reason or why_of(item, chart),
        attempts=item.attempts,
    )


def _source(contact: Contact | None, template: Template, policy: SitePolicy) -> str:
    if contact is None:
        return ""
    if contact.rules is not None:
        return "contact"
    return "site" if contact.role in policy else "protocol" if template.reminders else "usual"


def why_of(item: Item, chart: Chart) -> str:
    """What a reminder is sent for, in words."""
    wanted = item.wanted
    label, when = label_and_when(chart.plan, chart.template, wanted.visit)
    event = wanted.event if wanted.rule != ON_AGAIN else "before"
    return _WHY.get(event, "").format(
        what=label,
        when="a day still to be set" if when is None else when_words(when),
        was="" if wanted.was is None else when_words(wanted.was),
        detail=wanted.detail,
    )


def label_and_when(plan: Plan, template: Template, name: str) -> tuple[str, When | None]:
    """What a visit, period or milestone is called, and its day: of a period the last one."""
    visit = plan.visit(name)
    if visit is not None:
        return visit.label, visit.planned
    for period in plan.periods:
        if period.id == name:
            return period.label, period.end
    for expected in plan.expected:
        if expected.milestone == name:
            return expected.label, expected.day
    return template.event_label(name), plan.milestones.get(name)
