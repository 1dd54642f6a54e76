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
from schedules.diff import Diff, compare_under
from schedules.errors import StaleRevision
from schedules.facts_check import check_fact
from schedules.plan import TO_COME, Plan
from schedules.planner import Prepared, plan_of, prepare
from schedules.record import Fact, Kind, Record, When
from schedules.reminder_rules import Rules
from schedules.why import reasons
from schedules.words import when_words

if TYPE_CHECKING:
    from scheduler.store.visits import StoredVisit
    from scheduler.store.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a use case is to be done: by whom, why, when, for real or not, and which revision of the record was seen."""

    by: str | None = None
    why: str = ""
    now: Moment = None
    dry_run: bool = False
    seen: int | None = None


class Recording:
    """A subject whose record is being changed, in a transaction."""

    def __init__(self, work: Work, chart: Chart, terms: Terms, *, is_first: bool = False) -> None:
        self.work, self.chart, self.terms, self.is_first = work, chart, terms, is_first
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
            told += self._ahead(fact)
            record = record.with_facts(self._signed(fact))
        return self._written(record, tuple(told))

    def _signed(self, fact: Fact) -> Fact:
        return replace(fact, by=self.by, why=self.why, recorded=self.now.astimezone(UTC))

    def _ahead(self, fact: Fact) -> Iterator[str]:
        """A warning for what is said to have happened, and is dated in the future (design §5, rule 6)."""
        if fact.when is None or fact.kind in (Kind.BOOKED, Kind.ADDED, Kind.CORRECTED):
            return
        if is_ahead(fact.when, self.now, self.chart):
            yield f"{fact.name} is dated {when_words(fact.when)}, which is in the future; it is recorded all the same."

    def _written(self, record: Record, warnings: tuple[str, ...]) -> Change:
        chart, revision = self.chart, self.chart.subject.revision + 1
        prepared = prepare(chart.template, record, chart.site, chart.prepared)
        plan = plan_of(prepared)
        new = record.facts[len(chart.record.facts) :]
        self.work.facts.append(chart.subject.id, new, revision)
        catch_up(self.work, chart, self.now)
        subject = replace(chart.subject, revision=revision, stopped=plan.stopped)
        write_plan(self.work, replace(chart, subject=subject, record=record, plan=plan), self.now)
        self.work.subjects.advance(subject.id, revision=revision, stopped=plan.stopped)
        return Change(
            subject=subject.id,
            protocol=subject.protocol,
            version=subject.version,
            site=subject.site,
            revision=revision,
            facts=new,
            record=record,
            before=None if self.is_first else chart.plan,
            after=plan,
            diff=Diff() if self.is_first else difference(chart, prepared, plan),
            warnings=warnings,
            today=self.now.astimezone(chart.site.zone).date(),
            dry_run=self.terms.dry_run,
        )


def is_ahead(when: When, now: datetime, chart: Chart) -> bool:
    """Whether a date or moment at the site is still to come."""
    return when > now if isinstance(when, datetime) else when > now.astimezone(chart.site.zone).date()


def difference(chart: Chart, prepared: Prepared, plan: Plan) -> Diff:
    """What a new plan changes; what moved comes with the reason in words."""
    diff = compare_under(chart.template, chart.plan, plan)
    if not diff.moved:
        return diff
    told = reasons(prepared, (move.visit for move in diff.moved))
    return replace(diff, moved=tuple(replace(move, why=told.get(move.visit, "")) for move in diff.moved))


@contextmanager
def recording(desk: Desk, name: str, terms: Terms) -> Iterator[Recording]:
    """A subject for changing: nobody else can until this ends, and with an error nothing stays.

    Raises UnknownName, and StaleRevision where the record has gone on since the revision that was seen.
    """
    with desk.store.writing(dry_run=terms.dry_run, together=True) as work:
        chart = desk.chart(work, name, lock=True)
        if terms.seen is not None and terms.seen != chart.subject.revision:
            raise _stale(work, chart, terms.seen)
        yield Recording(work, chart, terms)


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
