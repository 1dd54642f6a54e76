"""Everything that goes into a subject's record, and a whole record out and in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Unpack

from scheduler import amending, changing, correcting, enrolling, moving, unscheduled
from scheduler.methods.opened import HowOnRecord, Opened
from scheduler.moments import AnyWhen, Moment
from scheduler.recording import Terms
from scheduler.values import Amendment, Change, Imported


class Records(Opened):
    """What is recorded of a subject: a fact or more, with the change that follows."""

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

    def export_record(self, subject: str) -> bytes:
        """A subject's whole record as a JSON file (``docs/record.md``); contacts are not in it."""
        from scheduler import archive

        return archive.export_record(self._desk, subject)

    def import_record(self, data: bytes, *, now: Moment = None, dry_run: bool = False) -> Imported:
        """Adds the record in such a file, verified: the same plan, UIDs and sequence numbers. Raises InvalidInput."""
        from scheduler import archive

        return archive.import_record(self._desk, data, Terms(now=now, dry_run=dry_run))
