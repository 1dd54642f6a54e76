"""By which rules a site wants its people reminded, instead of the protocol's (design §8)."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, delete

from scheduler.store.codec import canonical
from scheduler.store.tables import SiteRulesRow

# What every change of a record runs is built once, and gives rows instead of objects of the session (see ``Facts``).
_TABLE = SiteRulesRow.metadata.tables["site_rules"]
_OF_SITE = _TABLE.select().where(_TABLE.c.site == bindparam("name"))


def rules_text(rules: tuple[str, ...]) -> str:
    """The texts of rules as one text."""
    return canonical(list(rules))


def rules_of(text: str) -> tuple[str, ...]:
    """The texts of rules again."""
    return tuple(json.loads(text))


class Policies:
    """The rules of sites, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of_site(self, site: str) -> dict[str, tuple[str, ...]]:
        """The texts of the rules that a site has of its own, by role."""
        rows = self._session.connection().execute(_OF_SITE, {"name": site})
        return {row.role: rules_of(row.rules) for row in rows}

    def put(self, site: str, role: str, rules: tuple[str, ...], now: datetime, by: str) -> None:
        """Stores a role's rules at a site; none means that nobody of that role is reminded there."""
        row = SiteRulesRow(site=site, role=role, rules=rules_text(rules), changed=now, recorded_by=by)
        self._session.merge(row)
        self._session.flush()

    def drop(self, site: str, role: str) -> None:
        """Goes back to the protocol's rules."""
        self._session.exec(delete(SiteRulesRow).where(col(SiteRulesRow.site) == site, col(SiteRulesRow.role) == role))
