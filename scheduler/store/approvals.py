"""Approvals: which versions of a protocol a site may use, and for whom (design §6). Only ever added to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from scheduler.store.tables import ApprovalRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A version of a protocol that a site may use. If it is ``mandatory`` every patient there is moved to it, else
    whoever has consented to it anew; ``registered`` is in UTC."""

    site: str
    protocol: str
    version: str
    mandatory: bool
    registered: datetime
    by: str


class Approvals:
    """The approvals of all sites, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, protocol: str, *, site: str | None = None) -> tuple[Approval, ...]:
        """What counts for a protocol, at a site or at all of them: the last approval of each version."""
        statement = select(ApprovalRow).where(ApprovalRow.protocol == protocol)
        if site is not None:
            statement = statement.where(ApprovalRow.site == site)
        rows = self._session.exec(statement.order_by(ApprovalRow.site, ApprovalRow.version, col(ApprovalRow.number)))
        return tuple({(row.site, row.version): _value(row) for row in rows}.values())

    def all_of(self, site: str, protocol: str) -> tuple[Approval, ...]:
        """Every approval of a protocol's versions by a site, by version and in the order in which they were added."""
        statement = select(ApprovalRow).where(ApprovalRow.site == site, ApprovalRow.protocol == protocol)
        return tuple(map(_value, self._session.exec(statement.order_by(ApprovalRow.version, col(ApprovalRow.number)))))

    def find(self, site: str, protocol: str, version: str) -> Approval | None:
        """What a site has approved of a version, or None."""
        return next((found for found in self.of(protocol, site=site) if found.version == version), None)

    def add(self, approval: Approval) -> None:
        """Adds an approval behind those of the same version."""
        key = (approval.site, approval.protocol, approval.version)
        number = 1
        while self._session.get(ApprovalRow, (*key, number)) is not None:
            number += 1
        self._session.add(
            ApprovalRow(
                site=approval.site,
                protocol=approval.protocol,
                version=approval.version,
                number=number,
                mandatory=approval.mandatory,
                registered=approval.registered,
                recorded_by=approval.by,
            )
        )
        self._session.flush()


def _value(row: ApprovalRow) -> Approval:
    return Approval(
        site=row.site,
        protocol=row.protocol,
        version=row.version,
        mandatory=row.mandatory,
        registered=row.registered,
        by=row.recorded_by,
    )
