"""Contacts: the one table with personal details, which can be erased without touching a record (design §6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, delete, or_, select, update
from sqlmodel.sql.expression import SelectOfScalar

from scheduler.store.policies import rules_of, rules_text
from scheduler.store.tables import ContactRow
from scheduler.values import Contact


class Contacts:
    """The contacts, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, contact: Contact, now: datetime, by: str) -> Contact:
        """Stores a contact; it comes back with its number."""
        kind, owner = _owner(contact)
        quiet_from, quiet_to = contact.quiet or (None, None)
        row = ContactRow(
            owner_kind=kind,
            owner=owner,
            role=contact.role,
            email=contact.email,
            notify=contact.notify,
            zone=contact.zone,
            quiet_from=quiet_from,
            quiet_to=quiet_to,
            language=contact.language,
            level=contact.level,
            paused=contact.paused,
            paused_until=contact.paused_until,
            rules=None if contact.rules is None else rules_text(contact.rules),
            added=now,
            recorded_by=by,
        )
        self._session.add(row)
        self._session.flush()
        return contact_value(row)

    def change(self, contact: Contact) -> None:
        """Writes a contact over; its owner, role and addresses stay."""
        quiet_from, quiet_to = contact.quiet or (None, None)
        values = {
            "zone": contact.zone,
            "quiet_from": quiet_from,
            "quiet_to": quiet_to,
            "language": contact.language,
            "level": contact.level,
            "paused": contact.paused,
            "paused_until": contact.paused_until,
            "rules": None if contact.rules is None else rules_text(contact.rules),
        }
        self._session.exec(update(ContactRow).where(col(ContactRow.id) == contact.id).values(**values))

    def erase(self, number: int) -> None:
        """Removes a contact. What is left of it in the file goes with ``Store.scrub``, after this transaction."""
        self._session.exec(delete(ContactRow).where(col(ContactRow.id) == number))

    def lock(self, numbers: Iterable[int]) -> None:
        """Nobody else who does the same goes on with these contacts before this transaction ends."""
        self._session.connection().execute(_LOCKED, {"numbers": list(numbers)}).all()

    def find(self, number: int) -> Contact | None:
        """The contact of that number; None where it was erased."""
        row = self._session.get(ContactRow, number)
        return None if row is None else contact_value(row)

    def same_as(self, contact: Contact) -> Contact | None:
        """One of the same owner and role at the same address."""
        kind, owner = _owner(contact)
        statement = select(ContactRow).where(
            ContactRow.owner_kind == kind,
            ContactRow.owner == owner,
            ContactRow.role == contact.role,
            ContactRow.email == contact.email,
            ContactRow.notify == contact.notify,
        )
        row = self._session.exec(statement).first()
        return None if row is None else contact_value(row)

    def of(self, *, subject: str | None = None, site: str | None = None) -> tuple[Contact, ...]:
        """The contacts of a subject, of a site, or of both, as they were added; all of them without either."""
        statement = select(ContactRow).order_by(col(ContactRow.id))
        if subject is not None and site is not None:
            found = self._session.connection().execute(_OF_BOTH, {"of_subject": subject, "of_site": site})
            return tuple(contact_value(row) for row in found)
        return tuple(contact_value(row) for row in self._session.exec(_owned(statement, subject, site)))


# What every change of a record runs is built once, and gives rows instead of objects of the session (see ``Facts``).
_TABLE = ContactRow.metadata.tables["contact"]
_LOCKED = (
    sql_select(_TABLE.c.id)
    .where(_TABLE.c.id.in_(bindparam("numbers", expanding=True)))
    .order_by(_TABLE.c.id)
    .with_for_update()
)
_OF_BOTH = (
    _TABLE.select()
    .where(
        or_(
            (_TABLE.c.owner_kind == "subject") & (_TABLE.c.owner == bindparam("of_subject")),
            (_TABLE.c.owner_kind == "site") & (_TABLE.c.owner == bindparam("of_site")),
        )
    )
    .order_by(_TABLE.c.id)
)


def _owned(statement: SelectOfScalar[ContactRow], subject: str | None, site: str | None) -> SelectOfScalar[ContactRow]:
    owners = [(kind, owner) for kind, owner in (("subject", subject), ("site", site)) if owner is not None]
    if not owners:
        return statement
    return statement.where(
        or_(*((col(ContactRow.owner_kind) == kind) & (col(ContactRow.owner) == owner) for kind, owner in owners))
    )


def _owner(contact: Contact) -> tuple[str, str]:
    return ("subject", contact.subject) if contact.subject is not None else ("site", contact.site or "")


def contact_value(row: Any) -> Contact:
    """A contact of its row, or of an object of the session."""
    quiet = None if row.quiet_from is None or row.quiet_to is None else (row.quiet_from, row.quiet_to)
    return Contact(
        id=row.id,
        role=row.role,
        zone=row.zone,
        subject=row.owner if row.owner_kind == "subject" else None,
        site=row.owner if row.owner_kind == "site" else None,
        email=row.email,
        notify=row.notify,
        quiet=quiet,
        language=row.language,
        level=row.level,
        paused=row.paused,
        paused_until=row.paused_until,
        rules=None if row.rules is None else rules_of(row.rules),
    )
