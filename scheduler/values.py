"""What the use cases give back: frozen values. Rows never leave the store (design §10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from schedules.course import NOTHING_EARLIER, Earlier
from schedules.diff import Diff, Move
from schedules.plan import Plan
from schedules.record import Fact, Record
from schedules.site import Site
from schedules.template import Template

if TYPE_CHECKING:
    from calendars.entries import Entry, PeriodEntry
    from calendars.rounds import Round


NOTHING_WRONG = "nothing wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A protocol version. ``registered`` is None for a shipped one that has not been used; ``new`` says that it was not
    there before this use case."""

    protocol: str
    version: str
    sha256: str
    template: Template
    registered: datetime | None = None
    by: str = ""
    new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A subject with its record and plan; ``today`` is the date at the site as of which a status is told.

    ``template`` and ``site`` are those in force, ``earlier`` what was before: with them the record gives the plan.
    """

    subject: str
    protocol: str
    version: str
    site: Site
    revision: int
    enrolled: date
    record: Record
    template: Template
    plan: Plan
    today: date
    earlier: Earlier = NOTHING_EARLIER


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a use case did to a subject's record, or with ``dry_run`` would have done.

    ``revision`` is the record's after it, ``record`` what it then holds; ``before`` is None at enrolment; ``today`` is
    the date at the site.
    """

    subject: str
    protocol: str
    version: str
    site: str
    revision: int
    facts: tuple[Fact, ...]
    record: Record
    before: Plan | None
    after: Plan
    diff: Diff
    warnings: tuple[str, ...]
    today: date
    dry_run: bool = False

    @property
    def moved(self) -> tuple[Move, ...]:
        """The visits whose date changed, with the old and the new one."""
        return self.diff.moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What an amendment did to the patients it was asked for, or with ``dry_run`` would have done.

    ``patients`` are all of them, with what became of each; ``changes`` are those of whom was amended, by subject.
    """

    protocol: str
    version: str
    patients: tuple[Round, ...]
    changes: Mapping[str, Change]
    dry_run: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many patients there are by outcome."""
        return dict(Counter(one.outcome for one in self.patients))


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What new days of a site did to its patients, or with ``dry_run`` would have done; ``before`` and ``after`` are
    the site as it was and as it is, ``new`` says that this is a new revision. ``changes`` are those of whom it
    concerned; ``clocks`` tells in sentences how the clocks of its zone go otherwise."""

    before: Site
    after: Site
    patients: tuple[Round, ...]
    changes: Mapping[str, Change]
    clocks: tuple[str, ...] = ()
    new: bool = True
    dry_run: bool = False

    @property
    def news(self) -> tuple[str, ...]:
        """What is new, in words: days, clocks, or both."""
        days = replace(self.before, revision=self.after.revision, clocks=self.after.clocks) != self.after
        return (*(("new days",) if days else ()), *(("new clocks",) if self.clocks else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A version of a protocol that a site may use: for every patient (``mandatory``), or for those who consent to it
    anew. ``new`` says that this use case recorded it."""

    site: str
    protocol: str
    version: str
    mandatory: bool
    registered: datetime
    by: str
    new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """What a calendar file is made of; ``name`` is the subject or the site."""

    name: str
    entries: tuple[Entry, ...]
    periods: tuple[PeriodEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A subject's facts, the hash of the last one, and what a verification found wrong (nothing, if none was asked)."""

    subject: str
    record: Record
    head: str
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A record that was read in, or with ``dry_run`` would have been; ``head`` is the hash of its last fact."""

    subject: str
    facts: int
    revision: int
    head: str
    warnings: tuple[str, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The database at a glance. ``database`` has its password hidden; ``reminders`` counts them by state; ``now`` is
    the moment as of which it is told. ``channels`` are those set up for messages, or ``settings_problem`` says why it
    is not known; neither tells a secret. ``health`` is what needs somebody, in words; ``night`` what the last nightly
    round found."""

    database: str
    schema: str
    protocols: int
    sites: int
    subjects: int
    visits_to_come: int
    reminders: Mapping[str, int]
    reminders_due: int
    last_sweep: datetime | None
    channels: tuple[str, ...] = ("console",)
    settings_problem: str = ""
    now: datetime = field(compare=False)
    last_night: datetime | None = None
    night: str = ""
    last_backup: datetime | None = None
    health: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody who gets reminders: of one subject, or of all subjects of a site.

    ``quiet`` are wall-clock times in ``zone`` between which nothing is sent; ``level`` is how much a message discloses.
    ``paused`` is for good, or up to ``paused_until`` (UTC). ``rules`` are its own, instead of the site's or protocol's.
    """

    id: int
    role: str
    zone: str
    subject: str | None = None
    site: str | None = None
    email: str = ""
    notify: str = ""
    quiet: tuple[time, time] | None = None
    language: str = "en"
    level: str = "private"
    paused: bool = False
    paused_until: datetime | None = None
    rules: tuple[str, ...] | None = None

    def is_paused(self, now: datetime) -> bool:
        """Whether nothing is to be sent now."""
        return self.paused and (self.paused_until is None or now < self.paused_until)

    @property
    def owner(self) -> str:
        """Whose contact it is, in words."""
        return f"subject {self.subject}" if self.subject is not None else f"site {self.site}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What was done in a night: for how many subjects the queue was filled on, the backup, and what is wrong."""

    queued: int
    backup: str = ""
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """In one line, for the status."""
        return "; ".join((*self.problems, *self.notes)) or NOTHING_WRONG


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was done when a contact was erased: how many reminders are not sent, and whether nothing of it is left in
    the database's files; it may be while another program reads them."""

    id: int
    role: str
    owner: str
    suppressed: int
    scrubbed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A reminder in the queue: of what, when it is due (UTC), for which contact, and what became of it.

    ``visit`` is the visit, period or milestone that it is of, ``event`` what of that it tells. ``why`` says for what it
    is sent, or why it was not; ``local`` is when it is due by the recipient's clock, None where nobody is there any
    more. ``rules_from`` tells whose the rule is: the protocol, the site, the contact, or dayzero's usual ones.
    """

    subject: str
    visit: str
    role: str
    rule: str
    event: str
    due: datetime
    state: str
    recipient: int
    local: datetime | None = None
    rules_from: str = ""
    why: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A reminder as it is handed to a channel. ``key`` is the same however often its transport is tried.

    :param event: what it is about, one of ``calendars.messages.EVENTS``, or ``digest`` or ``test``.
    :param text: all that it says, for channels with little room: the ``sentence``, and whom to ask.
    :param title: this, ``body`` and ``html`` are for e-mail.
    :param stop: how to get no more messages; ``body`` and ``html`` have it at their end, ``text`` has not.
    :param calendar: the visit's event as a message of its own (RFC 5546); ``method`` is REQUEST or CANCEL.
    :param message_id: follows from ``key`` and a secret, so that it tells nothing of what the key is made of.
    :param parts: the messages of which a digest is made.
    """

    subject: str
    visit: str
    role: str
    rule: str
    channel: str
    key: str
    text: str
    contact: Contact
    event: str = ""
    sentence: str = ""
    title: str = ""
    body: str = ""
    html: str = ""
    stop: str = ""
    calendar: bytes | None = None
    method: str = ""
    message_id: str = ""
    parts: tuple[Message, ...] = ()

    def document(self) -> dict[str, str]:
        """The message as ``remind --once --json`` prints it: nothing that tells whom it went to."""
        return {
            "subject": self.subject,
            "visit": self.visit,
            "role": self.role,
            "rule": self.rule,
            "channel": self.channel,
            "key": self.key,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What one sweep of the queue did, in numbers of reminders; ``messages`` are those sent."""

    sent: int = 0
    suppressed: int = 0
    missed: int = 0
    failed: int = 0
    messages: tuple[Message, ...] = field(default=())

    def document(self) -> dict[str, object]:
        """The object that ``remind --once --json`` prints."""
        return {
            "sent": self.sent,
            "suppressed": self.suppressed,
            "missed": self.missed,
            "failed": self.failed,
            "messages": [message.document() for message in self.messages],
        }
