"""The use cases that only look: each in one transaction that sees one state of the database throughout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from calendars.agenda import AgendaItem, agenda_items
from scheduler.desk import Chart, Desk
from scheduler.exporting import check_department
from scheduler.moments import AnyWhen, Moment, day_at, moment_at, moment_here
from scheduler.values import NOTHING_WRONG, Patient, Registered, State
from schedules.errors import InvalidInput
from schedules.site import Site
from schedules.template import Template
from schedules.why import why as why_of

if TYPE_CHECKING:
    from scheduler.store.work import Work

LONGEST_AGENDA = 3660
_ONE_DAY = timedelta(days=1)
# Longer than some sweeps of a service that has much to send.
UNSWEPT = timedelta(minutes=15)


def protocols(desk: Desk) -> tuple[Registered, ...]:
    """All templates, shipped or registered, by protocol and version."""
    with desk.store.reading() as work:
        return tuple(desk.template_of(work, protocol, version) for protocol, version in desk.versions(work))


def show(desk: Desk, subject: str, now: Moment) -> Patient:
    """A subject with its record and plan. Raises UnknownName."""
    with desk.store.reading() as work:
        return _patient(desk.chart(work, subject), now)


def _patient(chart: Chart, now: Moment) -> Patient:
    day = chart.record.effective().enrolment.day
    assert day is not None
    return Patient(
        subject=chart.subject.id,
        protocol=chart.subject.protocol,
        version=chart.subject.version,
        site=chart.site,
        revision=chart.subject.revision,
        enrolled=day,
        record=chart.record,
        template=chart.basis.template,
        earlier=chart.basis.earlier,
        plan=chart.plan,
        today=moment_at(now, chart.site.zone).astimezone(chart.site.zone).date(),
    )


def why(desk: Desk, subject: str, visit: str) -> tuple[str, ...]:
    """Where the date of a visit comes from, a line a step. Raises UnknownName."""
    with desk.store.reading() as work:
        chart = desk.chart(work, subject)
        basis = chart.basis
        return why_of(basis.template, chart.record, basis.site, visit, basis.earlier)


def agenda(
    desk: Desk, *, site: str | None, department: str | None, start: AnyWhen | None, days: int, now: Moment
) -> tuple[AgendaItem, ...]:
    """Who comes on ``days`` days from ``start`` on, by default from today on at each site.

    Raises InvalidInput and UnknownName.
    """
    if not 1 <= days <= LONGEST_AGENDA:
        raise InvalidInput(f"An agenda has 1 to {LONGEST_AGENDA} days, and {days} were asked for.")
    with desk.store.reading() as work:
        sites = [desk.find_site(work, site).id] if site is not None else work.sites.names()
        found = [
            item
            for name in sites
            for item in _agenda_at(desk, work, name, department=department, start=start, days=days, now=now)
        ]
        if not found and department is not None:
            check_department(desk, work, department)
        return tuple(sorted(found, key=lambda item: item.order))


def _agenda_at(
    desk: Desk, work: Work, name: str, *, department: str | None, start: AnyWhen | None, days: int, now: Moment
) -> Iterator[AgendaItem]:
    zone = desk.find_site(work, name).zone
    today = moment_at(now, zone).astimezone(zone).date()
    first = today if start is None else day_at(start, zone)
    last = first + timedelta(days=days) - _ONE_DAY
    for subject in work.subjects.with_visits(first, last, site=name):
        plan = desk.chart(work, subject).plan
        yield from agenda_items(
            plan, subject=subject, site=name, start=first, end=last, today=today, department=department
        )


def status(desk: Desk, now: Moment) -> State:
    """The database at a glance."""
    from scheduler.store.schema import HEAD
    from scheduler.store.state import BACKUP, LAST_SWEEP, NIGHTLY

    present = moment_here(now)
    channels, problem = _channels()
    with desk.store.reading() as work:
        state = State(
            database=desk.store.name,
            schema=HEAD,
            protocols=len(work.templates.names()),
            sites=len(work.sites.names()),
            subjects=len(work.subjects.names()),
            visits_to_come=work.visits.count_to_come(),
            reminders=work.outbox.counts(),
            reminders_due=work.outbox.count_due(present),
            last_sweep=work.state.moment(LAST_SWEEP),
            channels=channels,
            settings_problem=problem,
            now=present,
            last_night=work.state.moment(NIGHTLY),
            night=work.state.detail(NIGHTLY),
            last_backup=work.state.moment(BACKUP),
        )
    return replace(state, health=tuple(_health(state)))


def _health(state: State) -> Iterator[str]:
    """What needs somebody."""
    waited = state.last_sweep is None or state.now - state.last_sweep > UNSWEPT
    if state.reminders_due and waited:
        yield f"{state.reminders_due} reminders are due and nothing sends them. Start 'dayzero run'."
    if state.reminders["failed"]:
        yield f"{state.reminders['failed']} could not be delivered. See them with 'dayzero remind list --dead'."
    if state.night != NOTHING_WRONG and state.night:
        yield f"The nightly round found: {state.night}."
    if state.settings_problem:
        yield f"The settings of messages cannot be read: {state.settings_problem}"


def _channels() -> tuple[tuple[str, ...], str]:
    """The channels that are set up, and what is wrong with the settings where that cannot be told."""
    from scheduler.settings_file import load_settings

    try:
        return load_settings().channels, ""
    except InvalidInput as error:
        return (), str(error)


def template(desk: Desk, protocol: str, version: str | None) -> Template:
    """A template, by default of the protocol's newest version. Raises UnknownName."""
    with desk.store.reading() as work:
        return desk.find_template(work, protocol, version).template


def sites(desk: Desk) -> tuple[Site, ...]:
    """All sites by id, each as of its newest revision."""
    with desk.store.reading() as work:
        return tuple(desk.find_site(work, name) for name in work.sites.names())


def site(desk: Desk, name: str) -> Site:
    """One site. Raises UnknownName."""
    with desk.store.reading() as work:
        return desk.find_site(work, name)
