"""Approvals of a protocol's versions by sites, and what follows for enrolment (design §6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import TYPE_CHECKING

from scheduler.desk import Desk, version_order
from scheduler.moments import moment_at
from scheduler.recording import Terms
from scheduler.values import Approved
from scheduler.who import who

if TYPE_CHECKING:
    from scheduler.store.approvals import Approval
    from scheduler.store.work import Work


def approve(desk: Desk, site: str, protocol: str, version: str, *, mandatory: bool, terms: Terms) -> Approved:
    """Records that a site may use a version: for every patient (``mandatory``), or for those who consent to it anew.

    The same again changes nothing; the other kind counts instead. Raises UnknownName.
    """
    from scheduler.store.approvals import Approval

    with desk.store.writing(dry_run=terms.dry_run) as work:
        place = desk.find_site(work, site)
        now, by = moment_at(terms.now, place.zone), who(terms.by)
        found = desk.register(work, desk.find_template(work, protocol, version), now, by)
        known = work.approvals.find(place.id, found.protocol, found.version)
        if known is not None and known.mandatory is mandatory:
            return _value(known, new=False)
        approval = Approval(
            site=place.id,
            protocol=found.protocol,
            version=found.version,
            mandatory=mandatory,
            registered=now.astimezone(UTC),
            by=by,
        )
        work.approvals.add(approval)
        return _value(approval, new=True)


def approvals(desk: Desk, site: str) -> tuple[Approved, ...]:
    """What a site has approved, by protocol and version. Raises UnknownName."""
    with desk.store.reading() as work:
        place = desk.find_site(work, site)
        protocols = dict.fromkeys(name for name, _ in work.templates.names())
        found = [one for protocol in sorted(protocols) for one in approved_at(work, place.id, protocol)]
        return tuple(_value(one, new=False) for one in found)


def approved_at(work: Work, site: str, protocol: str) -> tuple[Approval, ...]:
    """What a site has approved of a protocol, the newest version last."""
    return tuple(sorted(work.approvals.of(protocol, site=site), key=lambda one: version_order(one.version)))


def version_for(work: Work, site: str, protocol: str) -> str | None:
    """The version that new patients of a site get: the newest it approved; None where it approved none of the
    protocol's, so that it is the newest there is."""
    found = approved_at(work, site, protocol)
    return found[-1].version if found else None


def of_unapproved(work: Work, site: str, protocol: str, version: str) -> Iterator[str]:
    """A warning for a version that is not among those a site approved, if it approved any."""
    found = [one.version for one in approved_at(work, site, protocol)]
    if found and version not in found:
        yield (
            f"{site} has not approved {protocol} {version}, only {', '.join(found)}; it is recorded all the same. "
            f"Approve it with 'dayzero site approve {site} {protocol} --version {version}'."
        )


def _value(approval: Approval, *, new: bool) -> Approved:
    return Approved(
        site=approval.site,
        protocol=approval.protocol,
        version=approval.version,
        mandatory=approval.mandatory,
        registered=approval.registered,
        by=approval.by,
        new=new,
    )
