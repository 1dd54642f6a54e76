"""The triggers by which the database itself refuses to change or remove what is recorded (migrations 0003 and 0008)."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session

TABLES = ("fact", "template", "site", "approval")
# What the database says when it refuses; the SQLSTATE is PostgreSQL's way to say it.
REFUSAL, SQLSTATE = "what is recorded is only ever added to", "ZDAY0"
_ADDED = "facts, templates, sites and approvals are only ever added"
WORDS = f"refuses to change what is recorded: {_ADDED}. Nothing was changed."
_KINDS = {"sqlite": ("changed", "removed", "replaced"), "postgresql": ("changed", "emptied")}
_THERE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D' AND tgrelid IN "
    "(to_regclass('fact'), to_regclass('template'), to_regclass('site'), to_regclass('approval'))",
}


class Guards:
    """The triggers, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def missing(self) -> tuple[str, ...]:
        """The names of those that are not there, or switched off."""
        connection = self._session.connection()
        database = connection.dialect.name
        there = set(connection.execute(text(_THERE[database])).scalars())
        names = (f"{table}_never_{kind}" for table in TABLES for kind in _KINDS[database])
        return tuple(name for name in names if name not in there)
