"""Sites: each revision a snapshot of all that the planner knows of it (design §6)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from scheduler.store.codec import digest, site_text, site_value
from scheduler.store.tables import SiteRow
from schedules.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSite:
    """A revision of a site as it is stored; ``sha256`` is of the snapshot's text, ``registered`` is in UTC."""

    sha256: str
    snapshot: dict[str, Any]
    registered: datetime
    by: str


# What every change of a record runs is built once, and gives rows instead of objects of the session (see ``Facts``).
_TABLE = SiteRow.metadata.tables["site"]
_OF_ID = _TABLE.select().where(_TABLE.c.id == bindparam("name"))
_NEWEST = _OF_ID.order_by(_TABLE.c.revision.desc()).limit(1)
_ONE = _OF_ID.where(_TABLE.c.revision == bindparam("number"))


class Sites:
    """The sites, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, name: str, revision: int | None = None) -> Site | None:
        """That revision of a site, the newest by default; None where there is none."""
        wanted = {"name": name} if revision is None else {"name": name, "number": revision}
        row = self._session.connection().execute(_NEWEST if revision is None else _ONE, wanted).first()
        return None if row is None else site_value(row.id, row.revision, row.snapshot)

    def names(self) -> tuple[str, ...]:
        """The ids of all sites, in order."""
        return tuple(self._session.exec(select(SiteRow.id).distinct().order_by(SiteRow.id)))

    def zones(self) -> dict[str, str]:
        """The zone of each site's newest revision, by its id."""
        rows = self._session.exec(select(SiteRow.id, SiteRow.timezone).order_by(col(SiteRow.revision)))
        return dict(rows.all())

    def snapshot_digests(self, name: str, revision: int) -> tuple[str, str] | None:
        """The digest written beside a snapshot and the one of its text as it is now; None where it is gone."""
        row = self._session.get(SiteRow, (name, revision))
        return None if row is None else (row.sha256, digest(row.snapshot))

    def stored(self, name: str, revision: int) -> StoredSite | None:
        """That revision of a site as it is stored; None where there is none."""
        row = self._session.get(SiteRow, (name, revision))
        if row is None:
            return None
        snapshot = json.loads(row.snapshot)
        return StoredSite(sha256=row.sha256, snapshot=snapshot, registered=row.registered, by=row.recorded_by)

    def add(self, site: Site, now: datetime, by: str) -> None:
        """Stores a revision that is not there yet."""
        text = site_text(site)
        self._session.add(
            SiteRow(
                id=site.id,
                revision=site.revision,
                timezone=site.timezone,
                snapshot=text,
                sha256=digest(text),
                registered=now,
                recorded_by=by,
            )
        )
        self._session.flush()
