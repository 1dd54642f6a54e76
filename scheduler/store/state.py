"""When the background service last did what."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from scheduler.store.tables import ServiceRow

LAST_SWEEP = "last sweep"
NIGHTLY = "nightly"
BACKUP = "backup"


class ServiceState:
    """The moments of the background service, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def moment(self, name: str) -> datetime | None:
        """When it last did ``name`` (UTC), or None."""
        row = self._session.get(ServiceRow, name)
        return None if row is None else row.moment

    def detail(self, name: str) -> str:
        """What came of it then, in words."""
        row = self._session.get(ServiceRow, name)
        return "" if row is None else row.detail or ""

    def note(self, name: str, moment: datetime, detail: str = "") -> None:
        """It did ``name`` at this moment, and what came of it."""
        self._session.merge(ServiceRow(name=name, moment=moment, detail=detail))
        self._session.flush()
