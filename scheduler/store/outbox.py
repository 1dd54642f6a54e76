"""The outbox: reminders waiting to be sent and what became of them (design §8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, insert, literal_column, select, update

from scheduler.store.codec import canonical, columns_of, digest
from scheduler.store.tables import ReminderRow, SubjectRow

PENDING, SENT, SUPPRESSED, MISSED, FAILED = STATES = ("pending", "sent", "suppressed", "missed", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A reminder that a plan calls for, for one contact; all moments are in UTC.

    ``event`` is what the rule is about (before, opens, closes, overdue), ``moment`` when it asks for it, ``due`` when
    it is to be sent (after quiet hours); past ``useful_to`` it is of no more use.
    """

    visit: str
    visit_revision: int
    role: str
    rule: str
    event: str
    recipient: int
    moment: datetime
    due: datetime
    useful_to: datetime | None

    @property
    def slot(self) -> tuple[str, str, int]:
        """What there is at most one waiting reminder of: visit, rule and recipient."""
        return self.visit, self.rule, self.recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A reminder in the outbox. While a sweep has claimed it, ``wanted.due`` is the end of that sweep's lease."""

    id: int
    subject: str
    wanted: Wanted
    state: str
    attempts: int

    @property
    def key(self) -> str:
        """The idempotency key of its transport: one for each subject, visit revision, rule and recipient."""
        wanted = self.wanted
        return digest(canonical([self.subject, wanted.visit, wanted.visit_revision, wanted.rule, wanted.recipient]))[
            :32
        ]


_WANTED = tuple(Wanted.__dataclass_fields__)


class Outbox:
    """The outbox, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of_subject(self, subject: str) -> tuple[Item, ...]:
        """All reminders of a subject, whatever their state, by when they are due."""
        statement = select(ReminderRow).where(ReminderRow.subject == subject)
        return tuple(
            _item(row) for row in self._session.exec(statement.order_by(col(ReminderRow.due), col(ReminderRow.id)))
        )

    def relevant(self, subject: str, since: datetime) -> tuple[Item, ...]:
        """Those of a subject that wait, and those closed that a reminder asked for after ``since`` could repeat.

        No sweep claims them before this transaction ends.
        """
        # A change of a recipient's zone moves a reminder by a day at most.
        recent = col(ReminderRow.moment) > since - timedelta(days=2)
        statement = select(ReminderRow).where(ReminderRow.subject == subject).with_for_update()
        return tuple(
            _item(row) for row in self._session.exec(statement.where(recent | (col(ReminderRow.state) == PENDING)))
        )

    def add(self, subject: str, wanted: Iterable[Wanted]) -> None:
        """Queues new reminders."""
        rows = [
            {"subject": subject, "state": PENDING, "reason": "", "attempts": 0, **columns_of(item)} for item in wanted
        ]
        if rows:
            self._session.exec(insert(ReminderRow), params=rows)

    def retime(self, changes: Iterable[tuple[int, Wanted]]) -> None:
        """Makes reminders wait for another moment, or for another revision of their visit."""
        rows = [
            {"id": number, "state": PENDING, "reason": "", "finished": None, **columns_of(wanted)}
            for number, wanted in changes
        ]
        if rows:
            self._session.exec(update(ReminderRow), params=rows)

    def suppress(self, numbers: Iterable[int], now: datetime, reason: str) -> None:
        """Takes reminders that wait out of the queue; ``reason`` names no person."""
        rows = [{"id": number, "state": SUPPRESSED, "reason": reason, "finished": now} for number in numbers]
        if rows:
            self._session.exec(update(ReminderRow), params=rows)

    def claim(
        self, now: datetime, lease: datetime, limit: int, sites: Collection[str] | None = None
    ) -> tuple[Item, ...]:
        """Takes at most ``limit`` reminders that are due, in one statement; until ``lease`` no other sweep takes them.

        With ``sites`` only those of subjects there.
        """
        due = select(ReminderRow.id).where(ReminderRow.state == PENDING, ReminderRow.due <= now)
        if sites is not None:
            due = due.join(SubjectRow, col(SubjectRow.id) == ReminderRow.subject).where(col(SubjectRow.site).in_(sites))
        # Written out, for PostgreSQL plans a statement it has seen before without looking at its parameters.
        due = due.order_by(col(ReminderRow.due), col(ReminderRow.id)).limit(literal_column(str(int(limit))))
        # In a CTE it is carried out once. In the UPDATE itself PostgreSQL may repeat it, and lock more than the limit.
        batch = due.with_for_update(skip_locked=True, of=ReminderRow).cte("batch")
        claimed = update(ReminderRow).where(col(ReminderRow.id).in_(select(batch.c.id)))
        claimed = claimed.values(due=lease).returning(ReminderRow)
        rows = self._session.exec(claimed, execution_options={"synchronize_session": False}).scalars()
        return tuple(sorted((_item(row) for row in rows), key=lambda item: (item.wanted.moment, item.id)))

    def finish(self, item: Item, state: str, now: datetime, reason: str = "") -> bool:
        """Records what became of a claimed reminder; False where it was re-timed meanwhile and waits anew."""
        return self._if_still_claimed(item, state=state, finished=now, reason=reason, due=item.wanted.due)

    def note_sent(self, item: Item, now: datetime) -> None:
        """Records that a reminder was sent for a revision of its visit that was over by then."""
        self._session.exec(select(SubjectRow.id).where(SubjectRow.id == item.subject).with_for_update())
        of_it = select(ReminderRow.id).where(
            ReminderRow.subject == item.subject,
            ReminderRow.visit == item.wanted.visit,
            ReminderRow.visit_revision == item.wanted.visit_revision,
            ReminderRow.rule == item.wanted.rule,
            ReminderRow.recipient == item.wanted.recipient,
        )
        if self._session.exec(of_it).first() is None:
            outcome = {"state": SENT, "finished": now, "reason": "sent while its visit was being changed"}
            row = {"subject": item.subject, "attempts": item.attempts, **columns_of(item.wanted), **outcome}
            self._session.exec(insert(ReminderRow), params=[row])

    def put_off(self, item: Item, due: datetime, *, attempts: int) -> bool:
        """Lets a claimed reminder wait until ``due``."""
        return self._if_still_claimed(item, due=due, attempts=attempts)

    def _if_still_claimed(self, item: Item, **changes: object) -> bool:
        claimed = update(ReminderRow).where(
            col(ReminderRow.id) == item.id,
            col(ReminderRow.state) == PENDING,
            col(ReminderRow.due) == item.wanted.due,
        )
        result = self._session.exec(claimed.values(**changes))
        return result.rowcount == 1

    def counts(self) -> dict[str, int]:
        """How many reminders there are in each state."""
        found = dict(self._session.exec(select(ReminderRow.state, func.count()).group_by(ReminderRow.state)).all())
        return {state: found.get(state, 0) for state in STATES}

    def count_due(self, now: datetime) -> int:
        """How many reminders wait to be sent by now."""
        statement = (
            select(func.count()).select_from(ReminderRow).where(ReminderRow.state == PENDING, ReminderRow.due <= now)
        )
        return self._session.exec(statement).one()


def _item(row: ReminderRow) -> Item:
    assert row.id is not None
    return Item(
        id=row.id,
        subject=row.subject,
        wanted=Wanted(**{name: getattr(row, name) for name in _WANTED}),
        state=row.state,
        attempts=row.attempts,
    )
