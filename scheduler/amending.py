"""Amendments: patients go from one version of their protocol to another, each in a transaction of its own (design §6).

A run that was interrupted is taken up by running it again: who is there already is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from calendars.rounds import Round
from scheduler.desk import Desk, version_order
from scheduler.moments import AnyWhen, day_at
from scheduler.recording import Recording, Terms, recording
from scheduler.values import Amendment, Change, Registered
from schedules.course import course_of
from schedules.errors import InvalidInput
from schedules.plan import TO_COME, Status
from schedules.record import RECONSENTED, Fact, Kind
from schedules.words import day_words, when_words

if TYPE_CHECKING:
    from scheduler.store.approvals import Approval
    from scheduler.store.work import Work

# Called after each patient, with how many are done and how many there are.
Progress = Callable[[int, int], None]

AMENDED, THERE, STOPPED = "amended", "there already", "stopped"
UNAPPROVED, CONSENT, LATER = "not approved", "to re-consent", "not amended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which amendment, of whom: one subject, those of a site, or all. ``reconsented`` is the day on which the one
    subject consented to the version."""

    protocol: str
    to: str
    effective: AnyWhen
    subject: str | None = None
    site: str | None = None
    reconsented: AnyWhen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Left:
    """Why a patient is left as it is; ``wrong`` where somebody who asked for that one patient has to do something."""

    outcome: str
    reason: str
    wrong: bool = False


def amend(desk: Desk, asked: Asked, terms: Terms, progress: Progress | None) -> Amendment:
    """Moves patients to another version from a day on. Who died, withdrew or was lost is left alone and reported.

    Raises UnknownName, and InvalidInput where it is asked for a subject or a site that cannot be amended: the site has
    not approved the version, a re-consent is missing, the day is before that of an earlier amendment.
    """
    found, names = _whom(desk, asked)
    rounds: list[Round] = []
    changes: dict[str, Change] = {}
    for number, name in enumerate(names, start=1):
        done, change = _one(desk, found, asked, name, terms)
        rounds.append(done)
        if change is not None:
            changes[name] = change
        if progress is not None:
            progress(number, len(names))
    return Amendment(
        protocol=found.protocol,
        version=found.version,
        patients=tuple(rounds),
        changes=changes,
        dry_run=terms.dry_run,
    )


def _whom(desk: Desk, asked: Asked) -> tuple[Registered, tuple[str, ...]]:
    """The version, and the patients that it is asked for, in order."""
    if asked.subject is not None and asked.site is not None:
        raise InvalidInput("An amendment is of one subject, of a site, or of all. Name a subject or a site, not both.")
    if asked.reconsented is not None and asked.subject is None:
        raise InvalidInput("A re-consent is of one patient. Name the one with --subject.")
    with desk.store.reading() as work:
        found = desk.find_template(work, asked.protocol, asked.to)
        if asked.subject is not None:
            subject = desk.find_subject(work, asked.subject)
            if subject.protocol != found.protocol:
                raise InvalidInput(f"{subject.id} takes part in {subject.protocol}, not in {found.protocol}.")
            _check_approved(work, subject.site, found)
            return found, (subject.id,)
        if asked.site is not None:
            _check_approved(work, desk.find_site(work, asked.site).id, found)
        return found, work.subjects.names(site=asked.site, protocol=found.protocol)


def _check_approved(work: Work, site: str, found: Registered) -> None:
    if work.approvals.find(site, found.protocol, found.version) is None:
        raise InvalidInput(
            f"{site} has not approved {found.protocol} {found.version}. Once it has, record that with "
            f"'dayzero site approve {site} {found.protocol} --version {found.version}', and --mandatory if it is for "
            "every patient."
        )


def _one(desk: Desk, found: Registered, asked: Asked, name: str, terms: Terms) -> tuple[Round, Change | None]:
    with recording(desk, name, terms) as doing:
        subject = doing.chart.subject
        effective = day_at(asked.effective, doing.chart.site.zone)
        told = Round(subject=name, site=subject.site, version=subject.version, outcome=AMENDED)
        left = _left(doing, found, asked, effective)
        if left is not None:
            if left.wrong and asked.subject is not None:
                raise InvalidInput(left.reason)
            return replace(told, outcome=left.outcome, reason=left.reason), None
        change = doing.record([_fact(doing, found, asked, effective)])
        notes = tuple(_notes(doing, effective))
        change = replace(change, warnings=(*change.warnings, *notes))
        return replace(told, diff=change.diff, notes=change.warnings, today=change.today), change


def _left(doing: Recording, found: Registered, asked: Asked, effective: date) -> _Left | None:
    """Why a patient is left as it is, if so."""
    subject, to = doing.chart.subject, found.version
    if subject.stopped is not None:
        return _Left(outcome=STOPPED, reason=f"{subject.stopped} is recorded")
    if subject.version == to:
        return _Left(outcome=THERE, reason=f"{to} is its version")
    if version_order(subject.version) > version_order(to):
        reason = f"{subject.id} is on {subject.version}, which is newer than {to}. To take an amendment back, undo it."
        return _Left(outcome=LATER, reason=reason, wrong=True)
    approval = doing.work.approvals.find(subject.site, found.protocol, to)
    if approval is None:
        return _Left(outcome=UNAPPROVED, reason=f"{subject.site} has not approved {to}")
    return _without_consent(doing, approval, asked, effective) or _before_the_last(doing, effective)


def _without_consent(doing: Recording, approval: Approval, asked: Asked, effective: date) -> _Left | None:
    subject, to = doing.chart.subject, approval.version
    if asked.reconsented is None:
        reason = (
            f"{subject.site} has approved {to} by re-consent, and {subject.id} stays on {subject.version} until then. "
            f"Amend with --subject {subject.id} and --reconsented DATE."
        )
        return None if approval.mandatory else _Left(outcome=CONSENT, reason=reason, wrong=True)
    consented = day_at(asked.reconsented, doing.chart.site.zone)
    if consented > effective:
        reason = (
            f"{subject.id} consented to {to} on {day_words(consented)}, after {day_words(effective)}. "
            f"Amend with --effective {consented} or later."
        )
        return _Left(outcome=CONSENT, reason=reason, wrong=True)
    return None


def _before_the_last(doing: Recording, effective: date) -> _Left | None:
    days = [fact.day for fact in course_of(doing.chart.record).amendments if fact.day is not None]
    if not days or effective >= max(days):
        return None
    reason = (
        f"{doing.chart.subject.id} was amended from {day_words(max(days))} on, after {day_words(effective)}. "
        f"Amend with --effective {max(days)} or later."
    )
    return _Left(outcome=LATER, reason=reason, wrong=True)


def _fact(doing: Recording, found: Registered, asked: Asked, effective: date) -> Fact:
    consent = {}
    if asked.reconsented is not None:
        consent = {RECONSENTED: day_at(asked.reconsented, doing.chart.site.zone).isoformat()}
    return doing.fact(
        Kind.AMENDED,
        found.protocol,
        effective,
        version=found.version,
        from_version=doing.chart.subject.version,
        template=found.sha256,
        **consent,
    )


def _notes(doing: Recording, effective: date) -> Iterator[str]:
    """What somebody must know of an amendment that was recorded."""
    before, after = doing.chart, doing.after
    was, now = before.basis.template.version, after.basis.template.version
    today = doing.now.astimezone(after.site.zone).date()
    if effective > today:
        yield f"{now} holds from {day_words(effective)} on, which is still to come; until then {was} goes on."
    for visit in before.plan.visits:
        left = after.plan.visit(visit.id)
        if visit.status is Status.BOOKED and (left is None or left.status is not Status.BOOKED):
            assert visit.planned is not None
            yield (
                f"{visit.id} was booked for {when_words(visit.planned)}, and {now} has no such visit for this patient: "
                "tell whoever expects it."
            )
    for visit in after.plan.visits:
        if visit.id in after.template.kept and visit.status in TO_COME and visit.date is not None:
            past = ", and is not recorded" if visit.date < today else ""
            yield f"{visit.id} stays on {day_words(visit.date)}, as {after.template.kept[visit.id]} has it{past}."
    if after.prepared is not None and after.prepared.ground is not None:
        for name, day in after.prepared.ground.passed_over.items():
            yield f"{name} is not added: it would have been on {day_words(day)}."
    yield from _of_groups(doing)


def _of_groups(doing: Recording) -> Iterator[str]:
    """Values that the new version no longer has."""
    groups = doing.after.template.groups
    told = {fact.name: fact.values["value"] for fact in doing.after.record.effective().facts if fact.kind is Kind.GROUP}
    for name, value in told.items():
        if name in groups and value not in groups[name].values:
            yield f"{name} is {value}, which the version does not have: which one it is now is an open question."
