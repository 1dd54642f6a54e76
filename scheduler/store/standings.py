"""What a claimed reminder is held against just before it is sent, read at once (design §1, guarantee 4)."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, select

from scheduler.store.contacts import contact_value
from scheduler.store.outbox import PENDING, Item
from scheduler.store.tables import ReminderRow
from scheduler.store.visits import StoredVisit, visit_value
from scheduler.values import Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand: whether the reminder is still claimed as it was, the event that ended the subject's record, if
    any, the subject's site and salt, and the visit and contact, where there are such."""

    claimed: bool
    stopped: str | None = None
    site: str = ""
    salt: str = ""
    visit: StoredVisit | None = None
    contact: Contact | None = None


class Standings:
    """How things stand for reminders, in one transaction, on whose connection ``connected`` reads them."""

    def __init__(self, connected: Callable[[], Connection]) -> None:
        self._connected = connected

    def of(self, item: Item) -> Standing:
        """How things stand for a reminder that a sweep has claimed."""
        found = self._connected().execute(_STANDING, {"number": item.id}).first()
        if found is None or found[:_CLAIM] != _claim(item):
            return Standing(claimed=False)
        stopped, site, salt = found[_CLAIM:_VISIT]
        # Outer joins: without a visit or a contact all of its columns are empty.
        visit, contact = _VisitColumns(*found[_VISIT:_CONTACT]), _ContactColumns(*found[_CONTACT:])
        return Standing(
            claimed=True,
            stopped=stopped,
            site=site,
            salt=salt,
            visit=None if visit.visit is None else visit_value(visit),
            contact=None if contact.id is None else contact_value(contact),
        )


def _claim(item: Item) -> tuple[str, datetime, int]:
    """What a change of plans changes of a reminder, and another sweep."""
    return PENDING, item.wanted.due, item.wanted.visit_revision


# What is read for every message is built once, and gives rows instead of objects of the session (see ``Facts``).
_REMINDER, _SUBJECT, _VISITS, _CONTACTS = (
    ReminderRow.metadata.tables[name] for name in ("reminder", "subject", "visit", "contact")
)


def _columns(table: Table) -> Any:
    return namedtuple("_Columns", table.columns.keys())


_VisitColumns, _ContactColumns = _columns(_VISITS), _columns(_CONTACTS)
_CLAIM, _VISIT = 3, 6
_CONTACT = _VISIT + len(_VISITS.columns)
_STANDING = (
    select(
        *(_REMINDER.c.state, _REMINDER.c.due, _REMINDER.c.visit_revision),
        *(_SUBJECT.c.stopped, _SUBJECT.c.site, _SUBJECT.c.salt),
        *_VISITS.columns,
        *_CONTACTS.columns,
    )
    .select_from(_REMINDER)
    .join(_SUBJECT, _SUBJECT.c.id == _REMINDER.c.subject)
    .outerjoin(_VISITS, and_(_VISITS.c.subject == _REMINDER.c.subject, _VISITS.c.visit == _REMINDER.c.visit))
    .outerjoin(_CONTACTS, _CONTACTS.c.id == _REMINDER.c.recipient)
    .where(_REMINDER.c.id == bindparam("number"))
)
