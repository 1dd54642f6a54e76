"""The tables. Every change of them needs a migration (``scheduler/migrations``); a test compares the two.

Moments are stored in UTC. A date or time at the site has columns of its own: ``day``, ``clock`` (wall-clock time, empty
where there is a date only) and ``zone`` (IANA), so that a later release of the zone data moves no booking (design §6).
"""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlmodel import AutoString, Field, SQLModel

# A constraint can only be changed by a later migration if it has a name that is the same in every database.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class TemplateRow(SQLModel, table=True):
    """A registered protocol version: the bytes of its file. Never changed, never deleted."""

    __tablename__ = "template"

    protocol: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    sha256: str
    source: bytes
    registered: datetime
    recorded_by: str


class SiteRow(SQLModel, table=True):
    """One revision of a site: all that the planner knows of it, as canonical JSON. Never changed, never deleted."""

    __tablename__ = "site"

    id: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    timezone: str
    snapshot: str
    sha256: str
    registered: datetime
    recorded_by: str


class ApprovalRow(SQLModel, table=True):
    """That a site may use a version of a protocol; of several for one version the last ``number`` counts. Never
    changed, never deleted."""

    __tablename__ = "approval"
    __table_args__ = (ForeignKeyConstraint(["protocol", "version"], ["template.protocol", "template.version"]),)

    site: str = Field(primary_key=True)
    protocol: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    mandatory: bool
    registered: datetime
    recorded_by: str


class SubjectRow(SQLModel, table=True):
    """Where a subject's record stands. ``revision`` counts the use cases that changed it; ``stopped`` is the event that
    ended everything, if any; up to ``queued_to`` its reminders are in the queue."""

    __tablename__ = "subject"
    __table_args__ = (
        ForeignKeyConstraint(["protocol", "version"], ["template.protocol", "template.version"]),
        ForeignKeyConstraint(["site", "site_revision"], ["site.id", "site.revision"]),
    )

    id: str = Field(primary_key=True)
    protocol: str
    version: str
    site: str = Field(index=True)
    site_revision: int
    revision: int
    salt: str
    stopped: str | None = None
    queued_to: datetime = Field(index=True)


class FactRow(SQLModel, table=True):
    """One fact of a record, chained to the one before by its hash. Only ever inserted."""

    __tablename__ = "fact"

    subject: str = Field(primary_key=True, foreign_key="subject.id")
    number: int = Field(primary_key=True)
    revision: int
    kind: str
    name: str
    day: date | None = None
    clock: time | None = None
    zone: str | None = None
    moment: datetime | None = None
    details: str
    why: str
    recorded_by: str
    recorded: datetime
    previous: str
    hash: str


class VisitRow(SQLModel, table=True):
    """The projection of one planned visit. ``revision`` is the record's when anything of it last changed; ``sequence``
    is the calendar's and rises when time, place or status change; the window is in days at the site. A visit that has
    no date any more keeps its last one here; ``served`` says that it once had a dated entry of its own in calendars."""

    __tablename__ = "visit"
    __table_args__ = (
        Index("ix_visit_day_status", "day", "status"),
        # All that tells whether the events of visits are stored as they are now: the rows themselves are wide.
        Index("ix_visit_revision", "subject", "visit", "revision", "served"),
    )

    subject: str = Field(primary_key=True, foreign_key="subject.id")
    visit: str = Field(primary_key=True)
    uid: str = Field(unique=True)
    label: str
    place: str
    status: str
    day: date | None = None
    clock: time | None = None
    zone: str | None = None
    moment: datetime | None = None
    minutes: int | None = None
    window_start: date | None = None
    window_end: date | None = None
    part_of: str | None = None
    guests: str = ""
    served: bool = False
    fingerprint: str
    revision: int
    sequence: int
    changed: datetime


class PeriodRow(SQLModel, table=True):
    """The projection of one period: its days at the site, and its entry in calendars, which may be ``off``."""

    __tablename__ = "period"

    subject: str = Field(primary_key=True, foreign_key="subject.id")
    period: str = Field(primary_key=True)
    uid: str = Field(unique=True)
    label: str
    first: date | None = None
    last: date | None = None
    show_patient: bool = False
    off: bool = False
    revision: int
    sequence: int
    changed: datetime


class LookRow(SQLModel, table=True):
    """What the plan said of a visit just before a fact about it, as JSON: by that the fact is judged. It follows from
    the facts before, and is good as long as the ``basis``, which stands for all that it follows from, is the same. Can
    be thrown away at any time."""

    __tablename__ = "look"

    subject: str = Field(primary_key=True, foreign_key="subject.id")
    fact: int = Field(primary_key=True)
    basis: str
    data: str


class VisitEventRow(SQLModel, table=True):
    """The calendar event of one visit as bytes, if it has one. Made at its first use in a ``form``, which
    names all that the bytes depend on besides the visit, and is good as long as the ``revision`` is the visit's and the
    ``site_revision`` the subject's. Can be thrown away at any time."""

    __tablename__ = "visit_event"

    subject: str = Field(primary_key=True, foreign_key="subject.id")
    visit: str = Field(primary_key=True)
    form: str = Field(primary_key=True)
    revision: int
    site_revision: int
    starts: str
    zone: str
    first: date | None = None
    last: date | None = None
    data: bytes


class ContactRow(SQLModel, table=True):
    """Somebody who gets reminders. The only table with personal details; they are in no fact, log or calendar."""

    __tablename__ = "contact"
    # Without AUTOINCREMENT, SQLite gives the number of an erased contact to the next one, and its reminders with it.
    __table_args__ = (
        UniqueConstraint("owner_kind", "owner", "role", "email", "notify"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    owner_kind: str
    owner: str
    role: str
    email: str
    notify: str
    zone: str
    quiet_from: time | None = None
    quiet_to: time | None = None
    language: str
    level: str
    paused: bool = False
    paused_until: datetime | None = None
    rules: str | None = None
    added: datetime
    recorded_by: str


class SiteRulesRow(SQLModel, table=True):
    """By which rules a role is reminded at a site, instead of the protocol's: their texts as a JSON list."""

    __tablename__ = "site_rules"

    site: str = Field(primary_key=True)
    role: str = Field(primary_key=True)
    rules: str
    changed: datetime
    recorded_by: str


class ReminderRow(SQLModel, table=True):
    """One reminder for one contact: the outbox.

    ``moment`` is when the rule asks for it. ``due`` is when it is to be sent, and while a sweep has claimed it the end
    of that sweep's lease, so that a crash needs no repair (design §8). After ``useful_to`` it is of no more use.

    ``visit`` is what it is of: a visit, a period or a milestone; ``visit_revision`` tells its states from one another.
    ``was`` is where a visit that moved was before (see ``store.codec.when_text``), ``detail`` what else is to be told.
    ``claimed`` is when it was last taken to be sent, while that counts against what a person is sent in an hour.
    ``digest`` is the row of the digest that it goes out with: a reminder itself, of the event ``digest``.
    """

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("subject", "visit", "visit_revision", "rule", "recipient"),
        Index("ix_reminder_state_due", "state", "due"),
        Index("ix_reminder_recipient_claimed", "recipient", "claimed"),
        Index("ix_reminder_digest", "digest"),
    )

    id: int | None = Field(default=None, primary_key=True)
    subject: str = Field(foreign_key="subject.id")
    visit: str
    visit_revision: int
    role: str
    rule: str
    event: str
    recipient: int
    moment: datetime
    due: datetime
    useful_to: datetime | None = None
    state: str
    reason: str = ""
    attempts: int = 0
    finished: datetime | None = None
    detail: str = ""
    was: str | None = None
    claimed: datetime | None = None
    digest: int | None = None


class ServiceRow(SQLModel, table=True):
    """When the background service last did something, by the name of what it did, and what came of it, in words."""

    __tablename__ = "service"

    name: str = Field(primary_key=True)
    moment: datetime
    detail: str | None = None


# Text is compared and sorted by its code points on both databases; the server's own language would have other orders.
TEXT = String().with_variant(String(collation="C"), "postgresql")


def _sort_text_alike() -> None:
    for table in SQLModel.metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, AutoString):
                column.type = TEXT


_sort_text_alike()
