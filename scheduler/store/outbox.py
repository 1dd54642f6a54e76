"""The outbox: reminders waiting to be sent and what became of them (design §8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_
from sqlmodel import Session, col, func, insert, literal_column, select, update

from scheduler.store.codec import canonical, columns_of, digest, when_of_text, when_text
from scheduler.store.tables import ReminderRow, SubjectRow
from schedules.record import When

PENDING, SENT, SUPPRESSED, MISSED, FAILED = STATES = ("pending", "sent", "suppressed", "missed", "failed")
# The event of a row that stands for several reminders, which go out as one message.
DIGEST = "digest"
LONGEST_LIST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A reminder that a plan calls for, for one contact; all moments are in UTC.

    ``visit`` is what it is of (a visit, a period, a milestone), and ``visit_revision`` the state of that. ``event`` is
    what the rule is about (before, opens, moved …), ``moment`` when it asks for it, ``due`` when it is to be sent
    (after quiet hours); past ``useful_to`` it is of no more use. ``was`` is where a visit that moved or was cancelled
    was before, at the site; ``detail`` is what else is to be told: shut gates, the rule that runs out, a conflict.
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
    detail: str = ""
    was: When | None = None

    @property
    def slot(self) -> tuple[str, str, int]:
        """What there is at most one waiting reminder of: visit, rule and recipient."""
        return self.visit, self.rule, self.recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A reminder in the outbox. While a sweep has claimed it, ``wanted.due`` is the end of that sweep's lease.

    ``begun`` says that its message may have gone out: a sweep that had claimed it to be sent was killed, or lost the
    connection after it had handed the message over. ``members`` are the reminders of a digest that still wait, once a
    sweep has claimed it.
    """

    id: int
    subject: str
    wanted: Wanted
    state: str
    attempts: int
    reason: str = ""
    finished: datetime | None = None
    begun: bool = False
    members: tuple[Item, ...] = ()

    @property
    def key(self) -> str:
        """The idempotency key of its transport: one for each subject, visit revision, rule and recipient."""
        wanted = self.wanted
        return digest(canonical([self.subject, wanted.visit, wanted.visit_revision, wanted.rule, wanted.recipient]))[
            :32
        ]


@dataclass(frozen=True, slots=True)
class Use:
    """How many messages a recipient was sent of late, and when the first of them was taken."""

    number: int
    first: datetime


class Outbox:
    """The outbox, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # Looking

    def of_subject(self, subject: str) -> tuple[Item, ...]:
        """All reminders of a subject, whatever their state, by when they are due."""
        statement = select(ReminderRow).where(ReminderRow.subject == subject, ReminderRow.event != DIGEST)
        return tuple(
            _item(row) for row in self._session.exec(statement.order_by(col(ReminderRow.due), col(ReminderRow.id)))
        )

    def relevant(self, subject: str, since: datetime) -> tuple[Item, ...]:
        """Those of a subject that wait, and those closed that a reminder asked for after ``since`` could repeat.

        No sweep claims them before this transaction ends.
        """
        # A change of a recipient's zone moves a reminder by a day at most.
        wanted = {"of_subject": subject, "after": since - timedelta(days=2)}
        return tuple(_item(row) for row in self._session.connection().execute(_RELEVANT, wanted))

    def last_told(self, subject: str, visit: str, recipient: int) -> str | None:
        """The event of what a recipient was last sent of a visit, or None."""
        statement = select(ReminderRow.event).where(
            ReminderRow.subject == subject,
            ReminderRow.visit == visit,
            ReminderRow.recipient == recipient,
            ReminderRow.state == SENT,
        )
        return self._session.exec(statement.order_by(col(ReminderRow.finished).desc()).limit(1)).first()

    def in_state(self, state: str, sites: Collection[str] | None = None) -> tuple[Item, ...]:
        """The last reminders of a state, at most 1,000, the latest first; with ``sites`` only of subjects there."""
        statement = select(ReminderRow).where(ReminderRow.state == state, ReminderRow.event != DIGEST)
        if sites is not None:
            statement = statement.join(SubjectRow, col(SubjectRow.id) == ReminderRow.subject)
            statement = statement.where(col(SubjectRow.site).in_(sites))
        newest = statement.order_by(col(ReminderRow.finished).desc(), col(ReminderRow.id)).limit(LONGEST_LIST)
        return tuple(_item(row) for row in self._session.exec(newest))

    def counts(self) -> dict[str, int]:
        """How many reminders there are in each state. A digest is none: the reminders in it are."""
        statement = select(ReminderRow.state, func.count()).where(ReminderRow.event != DIGEST)
        found = dict(self._session.exec(statement.group_by(ReminderRow.state)).all())
        return {state: found.get(state, 0) for state in STATES}

    def count_due(self, now: datetime) -> int:
        """How many reminders wait to be sent by now."""
        statement = select(func.count()).select_from(ReminderRow)
        due = statement.where(ReminderRow.state == PENDING, ReminderRow.due <= now, ReminderRow.event != DIGEST)
        return self._session.exec(due).one()

    def states(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """The states of reminders."""
        wanted = list(numbers)
        found = select(ReminderRow.state).where(col(ReminderRow.id).in_(wanted))
        return tuple(self._session.exec(found)) if wanted else ()

    def message_keys(self) -> set[str]:
        """The keys of all messages that were sent: of a reminder in a digest, the digest's."""
        sent = select(ReminderRow).where(ReminderRow.state == SENT)
        alone = sent.where(col(ReminderRow.digest).is_(None) | (ReminderRow.event == DIGEST))
        return {_item(row).key for row in self._session.exec(alone)}

    # What follows from plans

    def add(self, subject: str, wanted: Iterable[Wanted]) -> None:
        """Queues new reminders."""
        rows = [
            {"subject": subject, "state": PENDING, "reason": "", "attempts": 0, **columns_of_wanted(item)}
            for item in wanted
        ]
        if rows:
            self._session.exec(insert(ReminderRow), params=rows)

    def retime(self, changes: Iterable[tuple[int, Wanted]]) -> None:
        """Makes reminders wait for another moment, or for another revision of their visit; by themselves."""
        anew = {"state": PENDING, "reason": "", "finished": None, "claimed": None, "digest": None}
        self._write_over([{"number": number, **anew, **columns_of_wanted(wanted)} for number, wanted in changes])

    def suppress(self, reasons: Iterable[tuple[int, str]], now: datetime) -> None:
        """Takes reminders that wait out of the queue, each for a reason, which names no person."""
        closed = {"state": SUPPRESSED, "finished": now, "claimed": None, "digest": None}
        self._write_over([{"number": number, "reason": reason, **closed} for number, reason in reasons])

    def _write_over(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._session.connection().execute(_BY_NUMBER, rows)

    def suppress_for(self, recipient: int, now: datetime, reason: str) -> int:
        """Takes all that waits for a recipient out of the queue, and gives how many reminders that were."""
        waiting = update(ReminderRow).where(col(ReminderRow.recipient) == recipient, col(ReminderRow.state) == PENDING)
        closed = waiting.values(state=SUPPRESSED, reason=reason, finished=now, claimed=None, digest=None)
        events = self._session.exec(
            closed.returning(col(ReminderRow.event)), execution_options=_NO_SYNCHRONIZATION
        ).scalars()
        return sum(event != DIGEST for event in events)

    # What a sweep does

    def claim(
        self, now: datetime, lease: datetime, limit: int, sites: Collection[str] | None = None
    ) -> tuple[Item, ...]:
        """Takes at most ``limit`` reminders that are due, in one statement; until ``lease`` no other sweep takes them.

        With ``sites`` only those of subjects there. What is in a digest is taken with that.
        """
        return self._claim(now, lease, limit, None if sites is None else col(SubjectRow.site).in_(sites))

    def claim_for(self, recipient: int, now: datetime, lease: datetime, limit: int) -> tuple[Item, ...]:
        """Takes what else is due for one recipient."""
        return self._claim(now, lease, limit, col(ReminderRow.recipient) == recipient)

    def _claim(self, now: datetime, lease: datetime, limit: int, only: Any) -> tuple[Item, ...]:
        due = select(ReminderRow.id).where(
            ReminderRow.state == PENDING, ReminderRow.due <= now, col(ReminderRow.digest).is_(None)
        )
        if only is not None:
            due = due.join(SubjectRow, col(SubjectRow.id) == ReminderRow.subject).where(only)
        # Written out, for PostgreSQL plans a statement it has seen before without looking at its parameters.
        due = due.order_by(col(ReminderRow.due), col(ReminderRow.id)).limit(literal_column(str(int(limit))))
        # In a CTE it is carried out once. In the UPDATE itself PostgreSQL may repeat it, and lock more than the limit.
        batch = due.with_for_update(skip_locked=True, of=ReminderRow).cte("batch")
        claimed = _TABLE.update().where(_TABLE.c.id.in_(select(batch.c.id)))
        claimed = claimed.values(due=lease).returning(*_TABLE.columns)
        rows = self._session.connection().execute(claimed)
        items = sorted((_item(row) for row in rows), key=lambda item: (item.wanted.moment, item.id))
        return tuple(self._with_members(item) if item.wanted.event == DIGEST else item for item in items)

    def begin(self, numbers: Collection[int], now: datetime) -> None:
        """Notes that the messages of claimed reminders are about to be sent, each by itself."""
        if numbers:
            self._session.connection().execute(_BEGUN, {"numbers": list(numbers), "claimed": now})

    def _with_members(self, item: Item) -> Item:
        statement = select(ReminderRow).where(ReminderRow.digest == item.id, ReminderRow.state == PENDING)
        rows = self._session.exec(statement.order_by(col(ReminderRow.moment), col(ReminderRow.id)))
        return replace(item, members=tuple(_item(row) for row in rows))

    def uses(self, recipients: Collection[int], since: datetime, but: Collection[int]) -> Mapping[int, Use]:
        """How many messages each recipient was sent, or is being sent, that were taken after ``since``.

        ``but`` are rows that do not count. What went out in a digest counts as that digest.
        """
        wanted = {"recipients": list(recipients), "since": since, "but": list(but)}
        found = self._session.connection().execute(_USES, wanted)
        return {recipient: Use(number, first) for recipient, number, first in found if first is not None}

    def make_digest(self, members: Collection[Item], now: datetime, lease: datetime) -> Item:
        """One message of reminders of one recipient, claimed until ``lease``. They wait, and are sent, with it."""
        first = next(iter(members))
        recipient, role = first.wanted.recipient, first.wanted.role
        earlier = select(func.max(ReminderRow.visit_revision)).where(
            ReminderRow.recipient == recipient, ReminderRow.event == DIGEST
        )
        wanted = Wanted(
            visit="",
            visit_revision=(self._session.exec(earlier).one() or 0) + 1,
            role=role,
            rule=DIGEST,
            event=DIGEST,
            recipient=recipient,
            moment=now,
            due=lease,
            useful_to=None,
        )
        row = {"subject": first.subject, "state": PENDING, "reason": "", "attempts": 0, "claimed": now}
        made = insert(ReminderRow).values(**row, **columns_of_wanted(wanted)).returning(col(ReminderRow.id))
        number = self._session.exec(made).scalar_one()
        joined = update(ReminderRow).where(col(ReminderRow.id).in_([member.id for member in members]))
        self._session.exec(joined.values(digest=number, claimed=None, due=lease))
        return Item(id=number, subject=first.subject, wanted=wanted, state=PENDING, attempts=0, members=tuple(members))


_NO_SYNCHRONIZATION = {"synchronize_session": False}
# What every change of a record runs is built once, and gives rows instead of objects of the session (see ``Facts``).
_TABLE = ReminderRow.metadata.tables["reminder"]
_RELEVANT = (
    _TABLE.select()
    .where(_TABLE.c.subject == bindparam("of_subject"), _TABLE.c.event != DIGEST)
    .where(or_(_TABLE.c.moment > bindparam("after"), _TABLE.c.state == PENDING))
    .with_for_update()
)
_BEGUN = _TABLE.update().where(_TABLE.c.id.in_(bindparam("numbers", expanding=True)))
_USES = (
    select(_TABLE.c.recipient, func.count(), func.min(_TABLE.c.claimed))
    .where(_TABLE.c.recipient.in_(bindparam("recipients", expanding=True)))
    .where(_TABLE.c.claimed > bindparam("since"), _TABLE.c.id.not_in(bindparam("but", expanding=True)))
    .group_by(_TABLE.c.recipient)
)
_BY_NUMBER = _TABLE.update().where(_TABLE.c.id == bindparam("number"))
_WANTED = tuple(name for name in Wanted.__dataclass_fields__ if name != "was")


def columns_of_wanted(wanted: Wanted) -> dict[str, Any]:
    """The columns of a reminder that say what it is."""
    return columns_of(wanted) | {"was": when_text(wanted.was)}


def _item(row: Any) -> Item:
    """The item of a row, or of an object of the session."""
    return Item(
        id=row.id,
        subject=row.subject,
        wanted=Wanted(**{name: getattr(row, name) for name in _WANTED}, was=when_of_text(row.was)),
        state=row.state,
        attempts=row.attempts,
        reason=row.reason,
        finished=row.finished,
        begun=row.claimed is not None,
    )
