"""What becomes of a reminder that a sweep has claimed: the other half of the outbox.

It is run for each message, so that the statements are built once and run on the connection itself, past the session.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from scheduler.store.outbox import PENDING, SENT, Item, columns_of_wanted
from scheduler.store.tables import ReminderRow, SubjectRow


class Marks:
    """The marks on claimed reminders, in one transaction, on whose connection ``connected`` puts them."""

    def __init__(self, connected: Callable[[], Connection]) -> None:
        self._connected = connected

    def hold(self, names: Collection[str]) -> None:
        """No record of these subjects changes before this transaction ends; several may hold them at once.

        Taken before rows of their reminders, so that nobody waits for one while holding the other. On SQLite whoever
        writes is alone.
        """
        connection = self._connected()
        if names and connection.dialect.name != "sqlite":
            connection.execute(_HELD, {"names": list(names)}).all()

    def finish(self, item: Item, state: str, now: datetime, reason: str = "") -> bool:
        """Records what became of a claimed reminder; False where it was re-timed meanwhile and waits anew.

        Only what was sent goes on counting against what its recipient is sent in an hour.
        """
        counts = {} if state == SENT else {"claimed": None}
        closed = {"state": state, "finished": now, "reason": reason, "due": item.wanted.moment}
        return self._if_still_claimed(item, **closed, **counts)

    def put_off(self, item: Item, due: datetime, *, attempts: int, begun: bool = False) -> bool:
        """Lets a claimed reminder wait until ``due``; ``begun`` where its message may have gone out all the same."""
        kept = {} if begun else {"claimed": None}
        return self._if_still_claimed(item, due=due, attempts=attempts, **kept)

    def note_sent(self, item: Item, now: datetime) -> None:
        """Records that a reminder was sent for a revision of its visit that was over by then."""
        connection = self._connected()
        connection.execute(_LOCKED, {"name": item.subject})
        columns = columns_of_wanted(item.wanted)
        same = {f"of_{name}": columns[name] for name in _SAME if name != "subject"}
        if connection.execute(_OF_IT, {"of_subject": item.subject, **same}).first() is None:
            outcome = {
                "state": SENT,
                "finished": now,
                "claimed": now,
                "reason": "sent while its visit was being changed",
            }
            row = {"subject": item.subject, "attempts": item.attempts, **columns, **outcome}
            connection.execute(_REMINDER.insert(), row)

    def _if_still_claimed(self, item: Item, **changes: object) -> bool:
        claim = {"number": item.id, "lease": item.wanted.due}
        return self._connected().execute(_CLAIMED, claim | changes).rowcount == 1


_REMINDER, _SUBJECT = ReminderRow.metadata.tables["reminder"], SubjectRow.metadata.tables["subject"]
_CLAIMED = _REMINDER.update().where(
    _REMINDER.c.id == bindparam("number"), _REMINDER.c.state == PENDING, _REMINDER.c.due == bindparam("lease")
)
_SAME = ("subject", "visit", "visit_revision", "rule", "recipient")
_OF_IT = select(_REMINDER.c.id).where(*(_REMINDER.c[name] == bindparam(f"of_{name}") for name in _SAME))
_LOCKED = select(_SUBJECT.c.id).where(_SUBJECT.c.id == bindparam("name")).with_for_update()
_HELD = (
    select(_SUBJECT.c.id)
    .where(_SUBJECT.c.id.in_(bindparam("names", expanding=True)))
    .order_by(_SUBJECT.c.id)
    .with_for_update(read=True)
)
