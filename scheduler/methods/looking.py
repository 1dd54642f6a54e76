"""Everything that is looked at, and nothing changed by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from calendars.agenda import AgendaItem
from scheduler import auditing, exporting, picturing, reading, rosters, worklists
from scheduler.methods.opened import Opened
from scheduler.moments import AnyWhen, Moment
from scheduler.values import Audit, Calendar, Patient, State
from schedules.plan import Plan

if TYPE_CHECKING:
    from calendars.deviations import Deviations
    from calendars.subjects import RecordedItem, SubjectItem
    from calendars.worklists import Worklist


class Looking(Opened):
    """Plans, worklists, calendars, pages, audits."""

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

    def deviations(
        self, *, subject: str | None = None, protocol: str | None = None, site: str | None = None
    ) -> Deviations:
        """The deviations of a subject (with its expiries and open questions), of a protocol, a site, or of all."""
        return worklists.deviations(self._desk, subject, protocol, site)

    def subjects(
        self, *, site: str | None = None, protocol: str | None = None, now: Moment = None
    ) -> tuple[SubjectItem, ...]:
        """How it stands with each subject of a site, of a protocol, or of all: what comes next, what is overdue."""
        return rosters.subjects(self._desk, site, protocol, now)

    def changes(
        self, *, site: str | None = None, protocol: str | None = None, since: Moment = None, now: Moment = None
    ) -> tuple[RecordedItem, ...]:
        """What was recorded from ``since`` on, of all subjects, or of a site's or protocol's; without it from the
        beginning of yesterday at each site."""
        return rosters.recorded(self._desk, site, protocol, since, now)

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

    def status(self, *, now: Moment = None) -> State:
        """The database at a glance."""
        return reading.status(self._desk, now)
