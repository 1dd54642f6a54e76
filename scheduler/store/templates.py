"""Registered templates: kept as the bytes of their files, for good (design §6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, select

from scheduler.store.tables import TemplateRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTemplate:
    """A registered protocol version; ``sha256`` is of its bytes, in hex."""

    protocol: str
    version: str
    sha256: str
    source: bytes
    registered: datetime
    by: str


class Templates:
    """The registered templates, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, protocol: str, version: str) -> StoredTemplate | None:
        """That version, or None where it is not registered."""
        wanted = {"of_protocol": protocol, "of_version": version}
        row = self._session.connection().execute(_ONE, wanted).first()
        return None if row is None else _value(row)

    def all(self) -> tuple[StoredTemplate, ...]:
        """All versions, in no particular order."""
        return tuple(_value(row) for row in self._session.exec(select(TemplateRow)))

    def names(self) -> tuple[tuple[str, str], ...]:
        """Protocol and version of each."""
        return tuple(self._session.exec(select(TemplateRow.protocol, TemplateRow.version)))

    def add(self, template: StoredTemplate) -> None:
        """Registers a version that is not there yet."""
        self._session.add(
            TemplateRow(
                protocol=template.protocol,
                version=template.version,
                sha256=template.sha256,
                source=template.source,
                registered=template.registered,
                recorded_by=template.by,
            )
        )
        self._session.flush()


# What every change of a record runs is built once, and gives rows instead of objects of the session (see ``Facts``).
_TABLE = TemplateRow.metadata.tables["template"]
_ONE = _TABLE.select().where(_TABLE.c.protocol == bindparam("of_protocol"), _TABLE.c.version == bindparam("of_version"))


def _value(row: Any) -> StoredTemplate:
    return StoredTemplate(
        protocol=row.protocol,
        version=row.version,
        sha256=row.sha256,
        source=row.source,
        registered=row.registered,
        by=row.recorded_by,
    )
