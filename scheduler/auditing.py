"""The audit of a subject's record: who recorded what, and whether it is as it was written (design §6)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scheduler.desk import Desk
from scheduler.projecting import periods_that_differ, rows_that_differ
from scheduler.values import Audit
from schedules.course import course_of
from schedules.errors import InvalidInput, StoreUnavailable, shown
from schedules.record import RECONSENTED, Fact, Kind, Record

if TYPE_CHECKING:
    from scheduler.store.subjects import Subject
    from scheduler.store.work import Work

# Columns of a subject's row that its enrolment says too.
_ENROLLED_AS = ("protocol", "site", "salt")


def audit(desk: Desk, name: str, verify: bool, head: str | None) -> Audit:
    """A subject's facts and the hash of the last; with ``verify`` also what is wrong with them.

    ``head`` is a hash that was kept elsewhere. Raises UnknownName, and StoreUnavailable where a fact cannot be read
    and nobody asked what is wrong.
    """
    kept = None if head is None else _checked_head(head)
    with desk.store.reading() as work:
        subject = desk.find_subject(work, name)
        links, unreadable = work.facts.readable(name)
        if unreadable and not verify:
            raise StoreUnavailable(f"{unreadable} Run 'dayzero audit {name} --verify'.")
        return Audit(
            subject=name,
            record=Record(subject=name, facts=tuple(link.fact for link in links)),
            head=links[-1].hash if links else "",
            problems=problems_of(desk, work, subject, kept) if verify else (),
        )


def problems_of(desk: Desk, work: Work, subject: Subject, kept: str | None = None) -> tuple[str, ...]:
    """What is wrong with a subject's record, in words, the nearest to the root of it: its chain (with a head that was
    ``kept``), else what it is planned by, else what is stored of its plan; and what guards it."""
    from scheduler.store.facts import chain_problems

    links, unreadable = work.facts.readable(subject.id)
    record = Record(subject=subject.id, facts=tuple(link.fact for link in links))
    problems = (unreadable,) if unreadable else chain_problems(links, kept)
    problems = problems or tuple(_inputs(work, subject, record, links[-1].revision if links else 0))
    problems = problems or tuple(_projection(desk, work, subject.id))
    return (*problems, *_guards(work))


def _checked_head(text: str) -> str:
    head = text.strip().lower()
    if len(head) != 64 or set(head) - set("0123456789abcdef"):
        raise InvalidInput(
            f"{shown(text)} is no head of a record: that has 64 hexadecimal digits. "
            "Print it with 'dayzero audit SUBJECT --head'."
        )
    return head


def _inputs(work: Work, subject: Subject, record: Record, revision: int) -> Iterator[str]:
    """Whether what the plan is made of besides facts is what the enrolment says."""
    if not record.facts:
        yield f"The record of {subject.id} holds no facts: all of them were removed."
        return
    enrolment = record.enrolment
    for name in _ENROLLED_AS:
        if str(getattr(subject, name)) != enrolment.values.get(name):
            yield f"The {name} of {subject.id} is not the one its enrolment says."
    yield from _in_force(subject, record)
    if revision != subject.revision:
        yield (
            f"The record is at revision {subject.revision}, and its last fact belongs to revision {revision}: "
            "facts at the end were cut off or added."
        )
    yield from _sources(work, subject, record)


def _in_force(subject: Subject, record: Record) -> Iterator[str]:
    """Whether the version and the site's days in the subject's row are those that the facts put in force."""
    course = course_of(record)
    if subject.version != course.versions[-1]:
        told = "amendment" if course.amendments else "enrolment"
        yield f"The version of {subject.id} is not the one its {told} says."
    if subject.site_revision != course.revisions[-1]:
        told = "last revision of days" if course.revised else "enrolment"
        yield f"The site revision of {subject.id} is not the one its {told} says."


def _sources(work: Work, subject: Subject, record: Record) -> Iterator[str]:
    """Whether every template and every revision of the site is still the one that the facts name by its hash."""
    for fact in record.facts:
        if fact.kind in (Kind.ENROLLED, Kind.AMENDED):
            yield from _template(work, subject, fact)
        if fact.kind is Kind.AMENDED:
            yield from _approval(work, subject, fact)
        if fact.kind in (Kind.ENROLLED, Kind.SITE_REVISED):
            yield from _days(work, subject, fact)


def _template(work: Work, subject: Subject, fact: Fact) -> Iterator[str]:
    version = fact.values.get("version", "")
    template = work.templates.find(subject.protocol, version)
    if template is None or hashlib.sha256(template.source).hexdigest() != fact.values.get("template"):
        how = "enrolled with" if fact.kind is Kind.ENROLLED else f"amended to by fact {fact.number}"
        yield f"The template {subject.protocol} {version} is not the one {subject.id} was {how}."


def _approval(work: Work, subject: Subject, fact: Fact) -> Iterator[str]:
    """Whether the site's approval is there by which a fact moved the subject to a version."""
    version = fact.values.get("version", "")
    there = [one for one in work.approvals.all_of(subject.site, subject.protocol) if one.version == version]
    if not any(one.mandatory or RECONSENTED in fact.values for one in there):
        kind = "" if RECONSENTED in fact.values else " for every patient"
        yield (
            f"Fact {fact.number} amended {subject.id} to {subject.protocol} {version}, and {subject.site} has no "
            f"approval of it{kind}."
        )


def _days(work: Work, subject: Subject, fact: Fact) -> Iterator[str]:
    revision = fact.values.get("site_revision", "0")
    snapshot = work.sites.snapshot_digests(subject.site, int(revision))
    if snapshot is None or snapshot[1] != fact.values.get("site_snapshot"):
        how = "enrolled at" if fact.kind is Kind.ENROLLED else f"planned by since fact {fact.number}"
        yield f"Site {subject.site}, revision {revision}, is not the one {subject.id} was {how}."


def _projection(desk: Desk, work: Work, name: str) -> Iterator[str]:
    from scheduler.store.looks import differing

    chart = desk.chart(work, name, replay=True)
    visits = rows_that_differ(chart.plan, work.visits.visits(name), chart.subject.salt)
    periods = periods_that_differ(chart.plan.periods, work.visits.periods(name), chart.subject.salt)
    if visits or periods:
        yield f"The stored dates of {', '.join((*visits, *periods)[:5])} are not those that follow from the facts."
    judged = () if chart.kept is None else differing(chart.kept, chart.looks)
    if judged:
        numbers = ", ".join(map(str, judged[:5]))
        yield f"What is stored of how the visits of facts {numbers} went is not what follows from the facts."
    if chart.subject.stopped != chart.plan.stopped:
        stored, follows = (
            f"stopped by {event}" if event else "going on" for event in (chart.subject.stopped, chart.plan.stopped)
        )
        yield f"{name} is stored as {stored}, and {follows} is what follows from the facts."


def _guards(work: Work) -> Iterator[str]:
    missing = work.guards.missing()
    if missing:
        yield (
            f"The database no longer refuses to change what is recorded: its triggers {', '.join(missing[:3])}"
            f"{' and more' if len(missing) > 3 else ''} were removed or switched off."
        )
