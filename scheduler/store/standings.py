"""What a claimed reminder is held against just before it is sent, read at once (design §1, guarantee 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlmodel import Session, and_, col, select

from scheduler.store.contacts import contact_value
from scheduler.store.outbox import PENDING, Item
from scheduler.store.tables import ContactRow, ReminderRow, SubjectRow, VisitRow
from scheduler.store.visits import StoredVisit, visit_value
from scheduler.values import Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand: whether the reminder is still claimed as it was, the event that ended the subject's record, if
    any, and the visit and contact, where there are such."""

    claimed: bool
    stopped: str | None
    visit: StoredVisit | None
    contact: Contact | None


class Standings:
    """How things stand for reminders, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, item: Item) -> Standing:
        """How things stand for a reminder that a sweep has claimed."""
        statement = (
            select(ReminderRow, SubjectRow.stopped, VisitRow, ContactRow)
            .join(SubjectRow, col(SubjectRow.id) == ReminderRow.subject)
            .outerjoin(
                VisitRow, and_(col(VisitRow.subject) == ReminderRow.subject, col(VisitRow.visit) == ReminderRow.visit)
            )
            .outerjoin(ContactRow, col(ContactRow.id) == ReminderRow.recipient)
            .where(ReminderRow.id == item.id)
        )
        found = self._session.exec(statement).first()
        if found is None:
            return Standing(claimed=False, stopped=None, visit=None, contact=None)
        row, stopped, *others = found
        # Outer joins: either may be missing, which their types do not say.
        visit, contact = cast("tuple[VisitRow | None, ContactRow | None]", tuple(others))
        return Standing(
            claimed=_state(row) == (PENDING, item.wanted.due, item.wanted.visit_revision),
            stopped=stopped,
            visit=None if visit is None else visit_value(visit),
            contact=None if contact is None else contact_value(contact),
        )


def _state(row: ReminderRow) -> tuple[str, datetime, int]:
    """What a change of plans changes of a reminder, and another sweep."""
    return row.state, row.due, row.visit_revision
