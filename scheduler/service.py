"""The scheduler: its use cases as methods, one transaction each (design §9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, time
from pathlib import Path
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypedDict, Unpack

from calendars.agenda import AgendaItem
from scheduler import (
    amending,
    approving,
    auditing,
    changing,
    correcting,
    enrolling,
    exporting,
    listing,
    moving,
    nightly,
    picturing,
    reading,
    recipients,
    registering,
    revising,
    sweeping,
    trying,
    unscheduled,
    worklists,
)
from scheduler.backups import KEPT
from scheduler.channels import Send, console
from scheduler.moments import AnyWhen, Moment
from scheduler.rationing import PER_HOUR
from scheduler.recording import Terms
from scheduler.values import (
    Amendment,
    Approved,
    Audit,
    Calendar,
    Change,
    Contact,
    Erased,
    Imported,
    Message,
    Night,
    Patient,
    Queued,
    Registered,
    Revision,
    State,
    Sweep,
)
from schedules.plan import Plan
from schedules.site import OPENING, Site
from schedules.template import Template

if TYPE_CHECKING:
    from calendars.deviations import Deviations
    from calendars.worklists import Worklist
    from scheduler.desk import Desk
    from scheduler.running import Rhythm
    from schedules.versions import VersionDiff


class How(TypedDict, total=False):
    """What every change takes besides: ``by`` whom (default: ``DAYZERO_USER``, else the login name), ``now`` (default:
    the machine's clock; without an offset it is at the site's zone), and ``dry_run``, which writes nothing."""

    by: str | None
    now: Moment
    dry_run: bool


class HowOnRecord(How, total=False):
    """For a change of a record also: ``why``, and ``seen``, the revision it was made for. An older one is refused with
    StaleRevision, which says what happened since."""

    why: str
    seen: int | None


class Scheduler:
    """A database of trials, opened with ``with``; every method is one transaction.

    Dates and moments at a site are given as ``date``, ``datetime`` or text (``2026-03-02``, ``2026-03-02T10:00``);
    without an offset they are read at the site's zone. All errors are DayzeroErrors: InvalidInput and UnknownName for
    what is given, TemplateError, StaleRevision, and StoreUnavailable where the database cannot be used.
    """

    def __init__(self, database_url: str | None = None, *, tell: Callable[[str], None] | None = None) -> None:
        """``database_url`` names the database: ``sqlite:///trial.db``, ``postgresql://user@host/trial``.

        The default is the user's own SQLite file. ``tell`` is given a sentence where a database of an older dayzero was
        brought up to date: with where it is kept as it was.
        """
        self._url, self._tell = database_url, tell
        self._opened: Desk | None = None

    def __enter__(self) -> Self:
        from scheduler.desk import Desk
        from scheduler.store.engine import default_url
        from scheduler.store.work import Store

        opened = Store(self._url or default_url())
        self._opened = Desk(opened)
        if opened.migrated and self._tell is not None:
            self._tell(opened.migrated)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._desk.store.close()
        self._opened = None

    @property
    def _desk(self) -> Desk:
        if self._opened is None:
            raise RuntimeError("The scheduler is not open. Use it as in: with Scheduler(url) as trial: …")
        return self._opened

    # Protocols and sites

    def protocols(self) -> tuple[Registered, ...]:
        """The catalogue: every shipped or registered template, by protocol and version."""
        return reading.protocols(self._desk)

    def template(self, protocol: str, version: str | None = None) -> Template:
        """A template, by default of the protocol's newest version."""
        return reading.template(self._desk, protocol, version)

    def add_protocol(self, data: bytes, file: str, **how: Unpack[How]) -> Registered:
        """Registers the template in ``data`` for good; ``file`` is its name in messages. Raises TemplateError.

        The same bytes again change nothing; other bytes under a version that is there are refused.
        """
        return registering.add_protocol(self._desk, data, file, Terms(**how))

    def sites(self) -> tuple[Site, ...]:
        """All sites, by id, each as of its newest revision."""
        return reading.sites(self._desk)

    def site(self, site: str) -> Site:
        """One site."""
        return reading.site(self._desk, site)

    def add_site(
        self,
        site: str,
        *,
        timezone: str,
        name: str = "",
        weekdays: frozenset[int] | None = None,
        holidays: str = "",
        opens: time = OPENING,
        closed: Iterable[tuple[date, str]] = (),
        **how: Unpack[How],
    ) -> Site:
        """Adds a site. ``weekdays`` are 0 (Monday) to 6, by default Monday to Friday; ``holidays`` as in ``CN`` or
        ``DE-BY``; ``closed`` are its own closures with their reasons."""
        new = registering.NewSite(
            id=site,
            timezone=timezone,
            name=name,
            weekdays=weekdays,
            holidays=holidays,
            opens=opens,
            closed=tuple(closed),
        )
        return registering.add_site(self._desk, new, Terms(**how))

    def close_site(
        self,
        site: str,
        days: Iterable[date],
        *,
        why: str,
        progress: Callable[[int, int], None] | None = None,
        **how: Unpack[How],
    ) -> Revision:
        """Closes a site on some days: a new revision of its days, which each patient's plan then follows by a fact, one
        transaction each. Bookings on these days stay, as conflicts. Run again, it goes on where it was interrupted."""
        return revising.close(self._desk, site, days, Terms(why=why, **how), progress)

    def refresh_site(
        self,
        site: str,
        *,
        why: str = "",
        progress: Callable[[int, int], None] | None = None,
        **how: Unpack[How],
    ) -> Revision:
        """Takes a site's public holidays from the release of ``holidays`` that is installed now; as
        :meth:`close_site`."""
        return revising.refresh(self._desk, site, Terms(why=why, **how), progress)

    def compare_versions(self, protocol: str, old: str, new: str) -> VersionDiff:
        """What a version of a protocol changes in another, by id."""
        from schedules.versions import compare_versions

        with self._desk.store.reading() as work:
            first, second = (self._desk.find_template(work, protocol, version).template for version in (old, new))
        return compare_versions(first, second)

    def approve_version(
        self, site: str, protocol: str, version: str, *, mandatory: bool = False, **how: Unpack[How]
    ) -> Approved:
        """Records that a site may use a version: for every patient (``mandatory``), or for whoever consents to it
        anew. New patients of a site get the newest version it approved, of one that approved none the newest there
        is."""
        return approving.approve(self._desk, site, protocol, version, mandatory=mandatory, terms=Terms(**how))

    def approvals(self, site: str) -> tuple[Approved, ...]:
        """What a site has approved, by protocol and version."""
        return approving.approvals(self._desk, site)

    # A subject's record

    def enrol(
        self,
        protocol: str,
        subject: str,
        *,
        site: str,
        version: str | None = None,
        enrolled: AnyWhen | None = None,
        dates: Mapping[str, AnyWhen] | None = None,
        groups: Mapping[str, str] | None = None,
        history: Mapping[str, str] | None = None,
        given: Iterable[tuple[str, str]] = (),
        **how: Unpack[HowOnRecord],
    ) -> Change:
        """Begins a subject's record, by default today and with the protocol's newest version.

        ``dates`` are booked by visit; ``history`` is as in :meth:`history`; ``given`` are (visit, activity) pairs.
        """
        what = enrolling.Enrolment(
            protocol=protocol,
            subject=subject,
            site=site,
            version=version,
            enrolled=enrolled,
            dates=dates or {},
            groups=groups or {},
            history=history or {},
            given=tuple(given),
        )
        return enrolling.enrol(self._desk, what, Terms(**how))

    def book(
        self,
        subject: str,
        visit: str,
        when: AnyWhen,
        *,
        given: Iterable[str] = (),
        override: bool = False,
        **how: Unpack[HowOnRecord],
    ) -> Change:
        """Books a visit, with ``given`` optional activities. A shut gate wants ``override`` and ``why``."""
        return changing.book(self._desk, subject, visit, when, given=given, override=override, terms=Terms(**how))

    def move(
        self, subject: str, visit: str, when: AnyWhen, *, shift: bool = False, **how: Unpack[HowOnRecord]
    ) -> Change:
        """Books a visit for another day, against a shut gate too; with ``shift`` also every visit that is booked later,
        by as many days."""
        return moving.move(self._desk, subject, visit, when, shift=shift, terms=Terms(**how))

    def done(
        self,
        subject: str,
        visit: str,
        when: AnyWhen,
        *,
        withheld: Iterable[str] = (),
        given: Iterable[str] = (),
        again: bool = False,
        **how: Unpack[HowOnRecord],
    ) -> Change:
        """Records that a visit was done, without the activities ``withheld`` and with optional ones ``given``; of one
        that was done before, that it was done ``again``."""
        return changing.done(
            self._desk, subject, visit, when, withheld=withheld, given=given, again=again, terms=Terms(**how)
        )

    def missed(self, subject: str, visit: str, **how: Unpack[HowOnRecord]) -> Change:
        """Records that a visit was missed."""
        return changing.missed(self._desk, subject, visit, Terms(**how))

    def cancel(self, subject: str, visit: str, **how: Unpack[HowOnRecord]) -> Change:
        """Cancels a visit for a reason (``why``), until it is booked again."""
        return unscheduled.cancel(self._desk, subject, visit, Terms(**how))

    def add(self, subject: str, label: str, when: AnyWhen, **how: Unpack[HowOnRecord]) -> Change:
        """Adds an unscheduled visit, which moves nothing: booked, or done where ``when`` is not in the future. Its id
        is that of the change's first fact: ``unscheduled-1``, ``unscheduled-2`` …"""
        return unscheduled.add(self._desk, subject, label, when, Terms(**how))

    def event(self, subject: str, milestone: str, day: AnyWhen, **how: Unpack[HowOnRecord]) -> Change:
        """Records a milestone on its day."""
        return changing.event(self._desk, subject, milestone, day, Terms(**how))

    def group(self, subject: str, groups: Mapping[str, str], **how: Unpack[HowOnRecord]) -> Change:
        """Records which groups a subject belongs to: values by group."""
        return changing.group(self._desk, subject, groups, Terms(**how))

    def history(self, subject: str, answers: Mapping[str, str], **how: Unpack[HowOnRecord]) -> Change:
        """Records answers to history items, a date or ``never``:
        ``{"systemic-therapy": "2026-02-10", "systemic-therapy.half-life": "3 days"}``."""
        return changing.history(self._desk, subject, answers, Terms(**how))

    def correct(self, subject: str, fact: int, when: AnyWhen | None = None, **how: Unpack[HowOnRecord]) -> Change:
        """Corrects the date of a fact, by its number in :meth:`audit`; without a date takes the fact back. Wants
        ``why``. The plan is then what it would have been; nothing is removed from the record."""
        return correcting.correct(self._desk, subject, fact, when, Terms(**how))

    def undo(self, subject: str, **how: Unpack[HowOnRecord]) -> Change:
        """Takes back the last use case that the same person (``by``) recorded; the next undo goes one further back."""
        return correcting.undo(self._desk, subject, Terms(**how))

    def amend(
        self,
        protocol: str,
        *,
        to: str,
        effective: AnyWhen,
        subject: str | None = None,
        site: str | None = None,
        reconsented: AnyWhen | None = None,
        progress: Callable[[int, int], None] | None = None,
        **how: Unpack[HowOnRecord],
    ) -> Amendment:
        """Moves a subject, the patients of a site, or all of a protocol to version ``to``, one transaction each.

        From the day ``effective`` on the version holds; what is dated before stays as it is. A site must have approved
        it; where that is by re-consent, each patient is moved by itself with ``reconsented``, the day of its consent.
        Who was stopped is left alone. Run again, it goes on with those not yet moved. ``progress`` is called after each
        patient with how many are done, and of how many.
        """
        asked = amending.Asked(
            protocol=protocol, to=to, effective=effective, subject=subject, site=site, reconsented=reconsented
        )
        return amending.amend(self._desk, asked, Terms(**how), progress)

    # Looking

    def show(self, subject: str, *, now: Moment = None) -> Patient:
        """A subject with its record and plan."""
        return reading.show(self._desk, subject, now)

    def plan(self, subject: str) -> Plan:
        """A subject's plan."""
        return reading.show(self._desk, subject, None).plan

    def why(self, subject: str, visit: str) -> tuple[str, ...]:
        """Where the date of a visit comes from, a line a step."""
        return reading.why(self._desk, subject, visit)

    def agenda(
        self,
        *,
        site: str | None = None,
        department: str | None = None,
        start: AnyWhen | None = None,
        days: int = 14,
        now: Moment = None,
    ) -> tuple[AgendaItem, ...]:
        """Who comes on ``days`` days from ``start`` on, by default from today at each site."""
        return reading.agenda(self._desk, site=site, department=department, start=start, days=days, now=now)

    def overdue(self, *, site: str | None = None, now: Moment = None) -> Worklist:
        """What is overdue, and what soon will be: windows, expiries, periods, gates; of a site or of all."""
        return worklists.overdue(self._desk, site, now)

    def deviations(self, *, subject: str | None = None, protocol: str | None = None) -> Deviations:
        """The deviations of a subject (with its expiries and open questions), of a protocol, or of all."""
        return worklists.deviations(self._desk, subject, protocol)

    def calendar(self, *, subject: str | None = None, site: str | None = None) -> Calendar:
        """What the calendar of a subject, or of all subjects of a site, is made of."""
        return exporting.calendar(self._desk, subject, site)

    def export(
        self,
        *,
        subject: str | None = None,
        site: str | None = None,
        department: str | None = None,
        role: str | None = None,
        level: str | None = None,
        language: str = "en",
        start: date | None = None,
        end: date | None = None,
        extras: Iterable[str] = (),
        alarms: str = "",
    ) -> bytes:
        """The calendar file of a subject or a site, from ``start`` to ``end``; ``extras``: periods, samples, windows.

        With a ``department`` only what that has to do; a ``role`` is a department, or the patient, who sees the periods
        meant for patients. ``level`` is private, for a role of staff coded, unless given. ``alarms`` are as in ``1 day
        before at 17:00, 2 hours before``.
        """
        what = exporting.Export(
            subject=subject,
            site=site,
            department=department,
            role=role,
            level=level,
            language=language,
            start=start,
            end=end,
            extras=tuple(extras),
            alarms=alarms,
        )
        return exporting.export(self._desk, what)

    def page(
        self,
        subject: str,
        *,
        level: str = "private",
        language: str = "en",
        start: date | None = None,
        end: date | None = None,
        call: str = "",
        now: Moment = None,
    ) -> str:
        """A page for the patient to print, as HTML: the visits from ``start`` (else today) to ``end``, both included.

        ``call`` is printed as whom to call; without it there is a line to write on."""
        return picturing.page(
            self._desk, subject, level=level, language=language, start=start, end=end, call=call, now=now
        )

    def timeline(self, subject: str, *, now: Moment = None) -> str:
        """A picture of a subject's plan, as SVG: for staff, since it names subject and visits."""
        return picturing.timeline(self._desk, subject, now)

    def audit(self, subject: str, *, verify: bool = False, head: str | None = None) -> Audit:
        """A subject's facts; with ``verify`` also what is wrong with them, given a ``head`` that was kept elsewhere."""
        return auditing.audit(self._desk, subject, verify, head)

    def export_record(self, subject: str) -> bytes:
        """A subject's whole record as a JSON file (``docs/record.md``); contacts are not in it."""
        from scheduler import archive

        return archive.export_record(self._desk, subject)

    def import_record(self, data: bytes, *, now: Moment = None, dry_run: bool = False) -> Imported:
        """Adds the record in such a file, verified: the same plan, UIDs and sequence numbers. Raises InvalidInput."""
        from scheduler import archive

        return archive.import_record(self._desk, data, Terms(now=now, dry_run=dry_run))

    def status(self, *, now: Moment = None) -> State:
        """The database at a glance."""
        return reading.status(self._desk, now)

    # Contacts and reminders

    def add_contact(
        self,
        *,
        role: str,
        subject: str | None = None,
        site: str | None = None,
        email: str = "",
        notify: str = "",
        zone: str | None = None,
        quiet: str | None = None,
        language: str = "en",
        level: str | None = None,
        rules: Iterable[str] | None = None,
        **how: Unpack[How],
    ) -> Contact:
        """Adds a contact: patient, caregiver, guardian of a subject, others of a site; whoever is enrolled is included.

        ``quiet`` hours are as in ``21:00-08:00``, in ``zone`` (default: the site's). ``level`` is how much a message
        tells: by default private to who is of a subject, coded to the others. ``rules`` are its own.
        """
        new = recipients.NewContact(
            role=role,
            subject=subject,
            site=site,
            email=email,
            notify=notify,
            zone=zone,
            quiet=quiet,
            language=language,
            level=level,
            rules=None if rules is None else tuple(rules),
        )
        return recipients.add_contact(self._desk, new, Terms(**how))

    def contacts(self, *, subject: str | None = None, site: str | None = None) -> tuple[Contact, ...]:
        """The contacts of a subject, of a site, or all."""
        return recipients.contacts(self._desk, subject, site)

    def change_contact(
        self,
        contact: int,
        *,
        zone: str | None = None,
        quiet: str | None = None,
        language: str | None = None,
        level: str | None = None,
        rules: Iterable[str] | None = None,
        own_rules: bool = True,
        **how: Unpack[How],
    ) -> Contact:
        """Changes a contact, by its number; what is None stays. ``quiet`` may be ``none``; ``rules`` are its own, and
        with ``own_rules`` False those of its site or protocol hold again."""
        change = recipients.ContactChange(
            zone=zone,
            quiet=quiet,
            language=language,
            level=level,
            rules=None if rules is None else tuple(rules),
            own_rules=own_rules,
        )
        return recipients.change_contact(self._desk, contact, change, Terms(**how))

    def pause_contact(self, contact: int, *, until: str | None = None, **how: Unpack[How]) -> Contact:
        """Sends a contact nothing any more, or nothing up to a day or moment at its zone."""
        return recipients.pause_contact(self._desk, contact, until, Terms(**how))

    def resume_contact(self, contact: int, **how: Unpack[How]) -> Contact:
        """Sends a paused contact what comes from now on."""
        return recipients.resume_contact(self._desk, contact, Terms(**how))

    def erase_contact(self, contact: int, **how: Unpack[How]) -> Erased:
        """Removes a contact for good, from the database's files too; what waits for it is not sent."""
        return recipients.erase_contact(self._desk, contact, Terms(**how))

    def set_site_rules(
        self, site: str, role: str, rules: Iterable[str] | None, **how: Unpack[How]
    ) -> dict[str, tuple[str, ...]]:
        """By which rules a role is reminded at a site, instead of the protocol's; None goes back to those."""
        texts = None if rules is None else tuple(rules)
        return recipients.set_site_rules(self._desk, site, role, texts, Terms(**how))

    def site_rules(self, site: str) -> dict[str, tuple[str, ...]]:
        """The rules that a site has of its own, by role."""
        return recipients.site_rules(self._desk, site)

    def try_contact(self, number: int, *, say: Send = console) -> Message:
        """Sends a test message to a contact by its channel, now; ``say`` prints it where none is set up for it."""
        return trying.try_contact(self._desk, number, say)

    def reminders(self, subject: str) -> tuple[Queued, ...]:
        """A subject's reminders in the queue and what became of them, by when they are due."""
        return listing.of_subject(self._desk, subject)

    def reminders_in_state(self, state: str, *, site: str | None = None) -> tuple[Queued, ...]:
        """The last 1,000 reminders of a state (``failed``: dead letters; ``missed`` …), at a site or at all."""
        return listing.in_state(self._desk, state, site)

    def remind_once(
        self,
        *,
        now: Moment = None,
        send: Send | None = None,
        say: Send = console,
        random: Random | None = None,
        per_hour: int = PER_HOUR,
        stopping: Callable[[], bool] = sweeping.never,
    ) -> Sweep:
        """Sends every reminder that is due, once, by the channel of its contact.

        ``send`` takes all messages instead; ``say`` prints those for which no channel is set up. ``random`` spreads
        what is tried again; a person is sent at most ``per_hour`` messages; ``stopping`` asks, before each batch,
        whether to end.
        """
        manner = sweeping.Manner(send=send, say=say, stopping=stopping, random=random or Random(), per_hour=per_hour)
        return sweeping.remind_once(self._desk, now, manner)

    def look_after(self, *, now: Moment = None, backups: Path | None = None, keep: int = KEPT) -> Night:
        """What is done every night: horizon, holidays, integrity, and a backup of a SQLite file into ``backups``
        (default: a folder beside it), of which ``keep`` stay."""
        return nightly.look_after(self._desk, now, backups, keep)

    def run(
        self, *, rhythm: Rhythm | None = None, tell: Callable[[str], None] | None = None, say: Send = console
    ) -> None:
        """Sweeps and looks after the database until SIGTERM or SIGINT; several may on one database. ``tell`` takes the
        lines of its log, by default to stderr. Only in a main thread, which gets signals."""
        from scheduler import running

        running.serve(self._desk, rhythm or running.Rhythm(), tell or running.log, say)
