"""What every change of a record goes through: facts are checked and appended, plan, rows and reminders follow.

All of it is in one transaction (design §6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scheduler.desk import Chart, Desk, checked_why
from scheduler.moments import AnyWhen, Moment, moment_at, when_at
from scheduler.news import Scene, is_news, news
from scheduler.projecting import Stamp, project_periods, project_visits
from scheduler.queueing import HORIZON, Steps, reconcile, rules_of, wanted_reminders
from scheduler.values import Change, Contact
from scheduler.who import who
from schedules.course import Course, course_of
from schedules.diff import Diff, Move, compare_under
from schedules.errors import InvalidInput, StaleRevision
from schedules.facts_check import check_fact
from schedules.plan import TO_COME
from schedules.record import Fact, Kind, Record, When
from schedules.reminder_rules import Rules
from schedules.template import BUILT_IN_MILESTONES
from schedules.why import reasons
from schedules.words import day_words, when_words

if TYPE_CHECKING:
    from scheduler.store.visits import StoredVisit
    from scheduler.store.work import Work


# Facts that speak of a visit of the protocol.
OF_VISITS = frozenset({Kind.BOOKED, Kind.DONE, Kind.MISSED, Kind.CANCELLED, Kind.WITHHELD, Kind.GIVEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a use case is to be done: by whom, why, when, for real or not, and which revision of the record was seen."""

    by: str | None = None
    why: str = ""
    now: Moment = None
    dry_run: bool = False
    seen: int | None = None


class Recording:
    """A subject whose record is being changed, in a transaction; ``chart`` is as it was before, ``after`` as it is."""

    def __init__(self, desk: Desk, work: Work, chart: Chart, terms: Terms, *, is_first: bool = False) -> None:
        self.desk, self.work, self.chart, self.terms, self.is_first = desk, work, chart, terms, is_first
        self.after = chart
        self.by, self.why = who(terms.by), checked_why(terms.why)
        self.now = moment_at(terms.now, chart.site.zone)

    def fact(self, kind: Kind, name: str, when: AnyWhen | None = None, **values: str) -> Fact:
        """A fact to be recorded; ``when`` is read at the site. It carries no reason: see :meth:`record`."""
        return Fact(
            kind=kind, name=name, when=None if when is None else when_at(when, self.chart.site.zone), values=values
        )

    def record(self, facts: Iterable[Fact], *, warnings: Iterable[str] = ()) -> Change:
        """Appends the facts and makes everything follow from them.

        Raises UnknownName or InvalidInput for a fact that cannot be; then nothing is recorded.
        """
        told = [*warnings]
        record = self.chart.record
        for fact in facts:
            told += check_fact(self.chart.template, record, fact)
            record = record.with_facts(self._signed(fact))
            told += self._odd_date(record, fact)
        return self._written(record, tuple(told))

    def _signed(self, fact: Fact) -> Fact:
        return replace(fact, by=self.by, why=self.why, recorded=self.now.astimezone(UTC))

    def _odd_date(self, record: Record, fact: Fact) -> Iterator[str]:
        """A warning for what is said to have happened and is dated in the future (design §5, rule 6), and for what is
        dated before the enrolment, as a wrong year is."""
        if fact.when is None or fact.kind in (Kind.ADDED, Kind.CORRECTED, Kind.AMENDED):
            return
        if fact.kind is not Kind.BOOKED and is_ahead(fact.when, self.now, self.chart):
            yield f"{fact.name} is dated {when_words(fact.when)}, which is in the future; it is recorded all the same."
        yield from before_enrolment(record, fact)

    def _written(self, record: Record, warnings: tuple[str, ...]) -> Change:
        before, revision = self.chart, self.chart.subject.revision + 1
        new = record.facts[len(before.record.facts) :]
        links = self.work.facts.append(before.subject.id, before.links, new, revision)
        self.after = after = replace(self._charted(record), links=links, kept=before.kept)
        catch_up(self.work, before, self.now)
        subject = replace(
            before.subject,
            revision=revision,
            stopped=after.plan.stopped,
            version=after.basis.template.version,
            site_revision=after.site.revision,
        )
        write_plan(self.work, replace(after, subject=subject), self.now)
        self.work.subjects.stand(subject)
        return Change(
            subject=subject.id,
            protocol=subject.protocol,
            version=subject.version,
            site=subject.site,
            revision=revision,
            facts=new,
            record=record,
            before=None if self.is_first else before.plan,
            after=after.plan,
            diff=Diff() if self.is_first else difference(before, after),
            warnings=warnings,
            today=self.now.astimezone(after.site.zone).date(),
            dry_run=self.terms.dry_run,
        )

    def _charted(self, record: Record) -> Chart:
        """The chart after new facts: planned with the same, unless they say otherwise."""
        course = course_of(record)
        if self.is_first or course == course_of(self.chart.record):
            return self.chart.with_record(record)
        self._refuse_without_visit(record, course)
        return self.desk.charted(self.work, self.chart.subject, record, known=self.chart.prepared)

    def _refuse_without_visit(self, record: Record, course: Course) -> None:
        """Raises InvalidInput where an amendment is taken back, and facts speak of visits that only its version has."""
        protocol = self.chart.subject.protocol
        templates = [self.desk.template_of(self.work, protocol, version).template for version in course.versions]
        known = {rule.id for template in templates for rule in template.visits}
        gone = {rule.id for rule in self.chart.template.visits} - known
        for fact in record.effective().facts:
            if fact.kind in OF_VISITS and fact.name in gone:
                raise InvalidInput(
                    f"Fact {fact.number} ({fact.kind} {fact.name}) is about a visit that only version "
                    f"{self.chart.subject.version} has. Take that fact back first, with 'dayzero correct'."
                )


def is_ahead(when: When, now: datetime, chart: Chart) -> bool:
    """Whether a date or moment at the site is still to come."""
    return when > now if isinstance(when, datetime) else when > now.astimezone(chart.site.zone).date()


def before_enrolment(record: Record, fact: Fact) -> Iterator[str]:
    """A warning for a visit, or an end, that is dated before the subject was enrolled. A product may well have been on
    site by then."""
    if fact.kind not in (Kind.BOOKED, Kind.DONE) and not (fact.kind is Kind.EVENT and fact.name in BUILT_IN_MILESTONES):
        return
    enrolled, day = record.effective().facts[0].day, fact.day
    if enrolled is not None and day is not None and day < enrolled:
        yield (
            f"{fact.name} is dated {day_words(day)}, before the enrolment on {day_words(enrolled)}; "
            "it is recorded all the same."
        )


def difference(before: Chart, after: Chart) -> Diff:
    """What a new plan changes; what moved comes with the reason in words."""
    diff = compare_under(after.template, before.plan, after.plan)
    if not diff.moved or after.prepared is None:
        return diff
    told = reasons(after.prepared, (move.visit for move in diff.moved))
    moved = (move if move.visit not in told else _because(move, *told[move.visit]) for move in diff.moved)
    return replace(diff, moved=tuple(moved))


def _because(move: Move, root: str, of_the_day: str) -> Move:
    return replace(move, why="; ".join(filter(None, (root, of_the_day))), root=root)


@contextmanager
def recording(desk: Desk, name: str, terms: Terms) -> Iterator[Recording]:
    """A subject for changing: nobody else can until this ends, and with an error nothing stays.

    Raises UnknownName, and StaleRevision where the record has gone on since the revision that was seen.
    """
    with desk.store.writing(dry_run=terms.dry_run, together=True) as work:
        chart = desk.chart(work, name, lock=True)
        if terms.seen is not None and terms.seen != chart.subject.revision:
            raise _stale(work, chart, terms.seen)
        yield Recording(desk, work, chart, terms)


def _stale(work: Work, chart: Chart, seen: int) -> StaleRevision:
    name, revision = chart.subject.id, chart.subject.revision
    from calendars.tables import fact_in_words

    since = [link.fact for link in work.facts.links(name) if link.revision > seen]
    told = "; ".join(f"{fact_in_words(fact)} (by {fact.by})" for fact in since[:5])
    told += "; …" if len(since) > 5 else ""
    return StaleRevision(
        f"The record of {name} is at revision {revision}, and this was made for revision {seen}. "
        f"Since then: {told or 'nothing, there is no such revision yet'}. Look at it again, then repeat."
    )


def write_plan(work: Work, chart: Chart, now: datetime) -> None:
    """Writes the projection of a chart's plan, brings its reminders in line, and has told what is news."""
    subject = chart.subject
    visits, periods = work.visits.visits(subject.id), work.visits.periods(subject.id)
    stamp = Stamp(salt=subject.salt, revision=subject.revision, changed=now.astimezone(UTC))
    work.looks.put(subject.id, chart.links, chart.looks, chart.kept)
    changed = project_visits(chart.plan, visits, stamp)
    work.visits.put_visits(subject.id, changed, visits)
    work.visits.put_periods(subject.id, project_periods(chart.plan.periods, periods, stamp), periods)
    rows = tuple((visits[new.visit], new) for new in changed if new.visit in visits)
    revisions = {visit.visit: visit.revision for visit in (*visits.values(), *changed)}
    queue_reminders(work, chart, now=now, since=now, until=_horizon(chart, now), changed=rows, revisions=revisions)


def queue_from_now(work: Work, chart: Chart, now: datetime) -> None:
    """Brings the outbox in line with a chart's plan, up to the horizon, or as far as the sweep has got before."""
    queue_reminders(work, chart, now=now, since=now, until=_horizon(chart, now))


def _horizon(chart: Chart, now: datetime) -> datetime:
    return max(now + HORIZON, chart.subject.queued_to)


def catch_up(work: Work, chart: Chart, now: datetime) -> None:
    """Queues what should be queued by now, before a change. After a long pause of the sweep it is due, and not past."""
    if chart.subject.queued_to < now:
        queue_reminders(work, chart, now=now, since=chart.subject.queued_to, until=now)


def queue_reminders(
    work: Work,
    chart: Chart,
    *,
    now: datetime,
    since: datetime,
    until: datetime,
    changed: tuple[tuple[StoredVisit, StoredVisit], ...] | None = None,
    revisions: Mapping[str, int] | None = None,
) -> None:
    """Brings the outbox in line with a chart's plan: up to ``until``, and without what was past at ``since``.

    ``changed`` are the rows of visits that a change has written, as they were and are; without them there is no news.
    ``revisions`` are those of all visits by now, where they are known; else they are read.
    """
    name = chart.subject.id
    contacts = work.contacts.of(subject=name, site=chart.subject.site)
    items = work.outbox.relevant(name, since)
    if contacts or items:
        policy = work.policies.of_site(chart.subject.site)
        rules = {contact: rules_of(contact, chart.template, policy) for contact in contacts}
        revisions = work.visits.revisions(name) if revisions is None else revisions
        wanted = wanted_reminders(chart.template, chart.plan, chart.site, rules, revisions)
        planned = [item for item in items if not is_news(item.wanted.event, item.wanted.rule)]
        _carry_out(work, name, reconcile(planned, wanted, now=now, since=since, until=until), now)
        if changed is not None:
            told = [item for item in items if is_news(item.wanted.event, item.wanted.rule)]
            _carry_out(work, name, news(_scene(work, chart, rules, now, changed), told), now)
    if until > chart.subject.queued_to:
        work.subjects.advance(name, queued_to=until.astimezone(UTC))


def _scene(
    work: Work,
    chart: Chart,
    rules: Mapping[Contact, Rules],
    now: datetime,
    changed: tuple[tuple[StoredVisit, StoredVisit], ...],
) -> Scene:
    back = [new.visit for old, new in changed if old.status not in TO_COME and new.status in TO_COME]
    called_off = {
        (visit, contact.id)
        for visit in back
        for contact in rules
        if work.outbox.last_told(chart.subject.id, visit, contact.id) == "cancelled"
    }
    return Scene(
        template=chart.template,
        plan=chart.plan,
        site=chart.site,
        contacts=rules,
        now=now,
        changed=changed,
        called_off=frozenset(called_off),
    )


def _carry_out(work: Work, name: str, steps: Steps, now: datetime) -> None:
    work.outbox.add(name, steps.add)
    work.outbox.retime(steps.retime)
    work.outbox.suppress(steps.suppress, now)
