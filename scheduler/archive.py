"""The whole record out of one database and into another: the use cases behind ``record export`` and ``import``.

With the facts go what the plan is made of besides, templates and sites, and what calendars have been told: the same
plan, UIDs and sequence numbers, and so the same calendar file, come out at the other end. Contacts stay where they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from scheduler import archive_checks
from scheduler.archive_form import (
    Archive,
    ArchivedApproval,
    ArchivedPeriod,
    ArchivedSite,
    ArchivedTemplate,
    ArchivedVisit,
    Head,
    names,
    read,
    written,
)
from scheduler.auditing import problems_of
from scheduler.desk import Chart, Desk
from scheduler.moments import moment_at
from scheduler.projecting import Stamp, restored_periods, restored_visits
from scheduler.recording import Terms, queue_from_now
from scheduler.values import Imported
from schedules.errors import InvalidInput, StoreUnavailable

if TYPE_CHECKING:
    from scheduler.store.approvals import Approval
    from scheduler.store.subjects import Subject
    from scheduler.store.visits import StoredPeriod, StoredVisit
    from scheduler.store.work import Work


def export_record(desk: Desk, name: str) -> bytes:
    """A subject's record as a file. Raises UnknownName, and StoreUnavailable for a record that does not verify."""
    with desk.store.reading() as work:
        subject = desk.find_subject(work, name)
        problems = problems_of(desk, work, subject)
        if problems:
            raise StoreUnavailable(f"{problems[0]} Run 'dayzero audit {name} --verify'.")
        return written(_archive(work, subject))


def _archive(work: Work, subject: Subject) -> Archive:
    from scheduler.store.codec import columns_of

    links = work.facts.links(subject.id)
    columns = columns_of(subject)
    approvals = work.approvals.all_of(subject.site, subject.protocol)
    named = archive_checks.versions(links, (subject.protocol, subject.version))
    approved = {(subject.protocol, approval.version) for approval in approvals}
    return Archive(
        subject=Head(**{name: columns[name] for name in Head.__dataclass_fields__}),
        facts=links,
        templates=tuple(_templates(work, named | approved)),
        sites=tuple(_sites(work, archive_checks.revisions(links, (subject.site, subject.site_revision)))),
        visits=tuple(_visit(row) for _, row in sorted(work.visits.visits(subject.id).items())),
        periods=tuple(_period(row) for _, row in sorted(work.visits.periods(subject.id).items())),
        approvals=tuple(
            ArchivedApproval(
                version=approval.version,
                mandatory=approval.mandatory,
                registered=approval.registered,
                recorded_by=approval.by,
            )
            for approval in approvals
        ),
    )


def _templates(work: Work, wanted: frozenset[tuple[str, str]]) -> Iterator[ArchivedTemplate]:
    for protocol, version in sorted(wanted):
        stored = work.templates.find(protocol, version)
        if stored is not None:
            yield ArchivedTemplate(
                protocol=protocol,
                version=version,
                sha256=stored.sha256,
                source=stored.source.decode(),
                registered=stored.registered,
                recorded_by=stored.by,
            )


def _sites(work: Work, wanted: frozenset[tuple[str, int]]) -> Iterator[ArchivedSite]:
    for site, revision in sorted(wanted):
        stored = work.sites.stored(site, revision)
        if stored is not None:
            yield ArchivedSite(
                id=site,
                revision=revision,
                sha256=stored.sha256,
                snapshot=stored.snapshot,
                registered=stored.registered,
                recorded_by=stored.by,
            )


def _visit(row: StoredVisit) -> ArchivedVisit:
    from scheduler.store.codec import columns_of, to_columns

    columns = columns_of(row) | columns_of(to_columns(row.when))
    return ArchivedVisit(**{name: columns[name] for name in ArchivedVisit.__dataclass_fields__})


def _period(row: StoredPeriod) -> ArchivedPeriod:
    from scheduler.store.codec import columns_of

    columns = columns_of(row)
    return ArchivedPeriod(**{name: columns[name] for name in ArchivedPeriod.__dataclass_fields__})


def import_record(desk: Desk, data: bytes, terms: Terms) -> Imported:
    """Adds the record in a file, with the templates and sites that are not there yet; reminders are queued from now.

    Raises InvalidInput where the file is no record, does not verify, or is of a subject, template or site that is there
    already (with another content, of the latter two); then nothing is written.
    """
    archive = read(data)
    archive_checks.check(archive)
    with desk.store.writing(dry_run=terms.dry_run) as work:
        _refuse_known(work, archive)
        for template in archive.templates:
            _add_template(desk, work, template)
        is_known = work.sites.find(archive.subject.site) is not None
        for site in archive.sites:
            _add_site(work, site)
        warnings = (*_add_approvals(work, archive, is_known=is_known), *_added(desk, work, archive, terms))
        _verify(desk, work, archive.subject.id)
        return Imported(
            subject=archive.subject.id,
            facts=len(archive.facts),
            revision=archive.subject.revision,
            head=archive.facts[-1].hash,
            warnings=warnings,
            dry_run=terms.dry_run,
        )


def _refuse_known(work: Work, archive: Archive) -> None:
    taken = work.subjects.alike(archive.subject.id)
    if taken is not None:
        raise InvalidInput(
            f"Subject {taken} is there already, and a record is imported once, into a database without it."
        )
    same = work.subjects.with_salt(archive_checks.salt(archive))
    if same is not None:
        raise InvalidInput(
            f"The record of {archive.subject.id} has the calendar of subject {same}, which is there already. "
            "One patient is enrolled under one id."
        )


def _add_template(desk: Desk, work: Work, template: ArchivedTemplate) -> None:
    from scheduler.store.templates import StoredTemplate

    name = f"{template.protocol} {template.version}"
    source = template.source.encode()
    if (template.protocol, template.version) in desk.versions(work):
        known = desk.template_of(work, template.protocol, template.version)
        if known.sha256 != template.sha256:
            raise InvalidInput(
                f"The protocol {name} is there already with another content, and a version never changes. "
                "The record cannot be imported beside it."
            )
        if known.registered is not None:
            return
    stored = StoredTemplate(
        protocol=template.protocol,
        version=template.version,
        sha256=hashlib.sha256(source).hexdigest(),
        source=source,
        registered=template.registered,
        by=template.recorded_by,
    )
    work.templates.add(stored)


def _add_site(work: Work, site: ArchivedSite) -> None:
    there = work.sites.stored(site.id, site.revision)
    if there is None:
        alike = next((name for name in work.sites.names() if name.casefold() == site.id.casefold()), site.id)
        if alike != site.id:
            _other_site(f"Site {alike}")
        work.sites.add(archive_checks.site_of(site), site.registered, site.recorded_by)
    elif there.sha256 != site.sha256:
        _other_site(f"Site {site.id}, revision {site.revision},")


def _add_approvals(work: Work, archive: Archive, *, is_known: bool) -> Iterator[str]:
    """Adds what the site approved; gives what follows from it at a site that was there already.

    Of a version whose approvals there are others than those in the file, what is there counts and stays.
    """
    site, protocol = archive.subject.site, archive.subject.protocol
    there = work.approvals.all_of(site, protocol)
    for version in dict.fromkeys(approval.version for approval in archive.approvals):
        told = [_approval(archive, each) for each in archive.approvals if each.version == version]
        known = [approval for approval in there if approval.version == version]
        more = told[len(known) :]
        if told[: len(known)] != known[: len(told)]:
            yield (
                f"{site} has other approvals of {protocol} {version} here than where the record was exported. "
                f"Those here count: the last is {_kind(known[-1])}, there it is {_kind(told[-1])}."
            )
            continue
        for approval in more:
            work.approvals.add(approval)
        if more and is_known:
            yield f"{site} was there already, and approves {protocol} {version} now, {_kind(more[-1])}."


def _approval(archive: Archive, approval: ArchivedApproval) -> Approval:
    from scheduler.store.approvals import Approval

    return Approval(
        site=archive.subject.site,
        protocol=archive.subject.protocol,
        version=approval.version,
        mandatory=approval.mandatory,
        registered=approval.registered,
        by=approval.recorded_by,
    )


def _kind(approval: Approval) -> str:
    return "for every patient" if approval.mandatory else "by re-consent"


def _other_site(named: str) -> NoReturn:
    raise InvalidInput(
        f"{named} is there already with other days, other clocks or another name. "
        "The record cannot be imported beside it."
    )


def _added(desk: Desk, work: Work, archive: Archive, terms: Terms) -> tuple[str, ...]:
    """Writes the record; gives what is odd about it."""
    from scheduler.store.subjects import Subject

    site = work.sites.find(archive.subject.site, archive.subject.site_revision)
    assert site is not None
    now = moment_at(terms.now, site.zone)
    head = archive.subject
    subject = Subject(
        **{name: getattr(head, name) for name in Head.__dataclass_fields__},
        salt=archive_checks.salt(archive),
        stopped=None,
        queued_to=now.astimezone(UTC),
    )
    work.subjects.add(subject)
    work.facts.insert(archive.facts)
    chart = desk.chart(work, subject.id)
    work.subjects.advance(subject.id, stopped=chart.plan.stopped)
    work.looks.put(subject.id, chart.links, chart.looks, chart.kept)
    differing = _calendar(work, chart, archive, now)
    queue_from_now(work, replace(chart, subject=replace(subject, stopped=chart.plan.stopped)), now)
    if not differing:
        return ()
    return (
        f"{names(differing)}: planned here otherwise than where the record was exported. "
        "Calendars are told of it as of a change.",
    )


def _calendar(work: Work, chart: Chart, archive: Archive, now: datetime) -> tuple[str, ...]:
    """Writes visits and periods with what calendars were told of them; gives those that are planned otherwise here."""
    subject = chart.subject
    stamp = Stamp(salt=subject.salt, revision=subject.revision, changed=now.astimezone(UTC))
    visits = restored_visits(chart.plan, _known_visits(archive, subject.salt), stamp)
    periods = restored_periods(chart.plan.periods, _known_periods(archive, subject.salt), stamp)
    work.visits.put_visits(subject.id, [row for row, _ in visits], ())
    work.visits.put_periods(subject.id, [row for row, _ in periods], ())
    return (*(row.visit for row, same in visits if not same), *(row.period for row, same in periods if not same))


def _known_visits(archive: Archive, salt: str) -> Mapping[str, StoredVisit]:
    from calendars.entries import derived_uid
    from scheduler.store.codec import columns_of, from_columns
    from scheduler.store.visits import StoredVisit

    found = {}
    for visit in archive.visits:
        columns = columns_of(visit)
        when = from_columns(*(columns.pop(name) for name in ("day", "clock", "zone", "moment")))
        uid = derived_uid(salt, visit.visit)
        found[visit.visit] = StoredVisit(**columns, when=when, uid=uid, fingerprint="")
    return found


def _known_periods(archive: Archive, salt: str) -> Mapping[str, StoredPeriod]:
    from calendars.entries import derived_uid
    from scheduler.store.codec import columns_of
    from scheduler.store.visits import StoredPeriod

    return {
        period.period: StoredPeriod(**columns_of(period), uid=derived_uid(salt, f"period:{period.period}"))
        for period in archive.periods
    }


def _verify(desk: Desk, work: Work, name: str) -> None:
    """The same verification as an audit's, before anything is committed."""
    problems = problems_of(desk, work, desk.find_subject(work, name))
    if problems:
        raise InvalidInput(f"The record does not verify: {problems[0]} Nothing was imported.")
