"""The use cases behind ``overdue`` and ``deviations``: each looks at all patients concerned, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from calendars.deviations import DeviationItem, Deviations, deviation_items
from calendars.worklists import Case, Undelivered, Worklist, worklist
from scheduler.desk import Chart, Desk
from scheduler.moments import Moment, moment_at
from scheduler.rosters import check_scope
from schedules.errors import InvalidInput
from schedules.expiries import expiries

if TYPE_CHECKING:
    from scheduler.store.work import Work


def overdue(desk: Desk, site: str | None, now: Moment) -> Worklist:
    """What is overdue and what soon will be, at a site or at all, as of today there. Raises UnknownName."""
    replayed: list[Chart] = []
    with desk.store.reading() as work:
        names = [desk.find_site(work, site).id] if site is not None else work.sites.names()
        today = {name: _today(desk, work, name, now) for name in names}
        charts = _noting(replayed, (chart for name in names for chart in _going_on(desk, work, name)))
        found = worklist(today, (_case(chart, today[chart.subject.site]) for chart in charts))
        found = replace(found, undelivered=tuple(_undelivered(work, names)))
    desk.keep_looks(replayed)
    return found


def _noting(replayed: list[Chart], charts: Iterable[Chart]) -> Iterator[Chart]:
    """The charts, one by one; those that had to be replayed are noted."""
    for chart in charts:
        if chart.is_replayed:
            replayed.append(chart)
        yield chart


def _undelivered(work: Work, sites: Collection[str]) -> Iterator[Undelivered]:
    for item in work.outbox.in_state("failed", sites):
        wanted = item.wanted
        yield Undelivered(subject=item.subject, visit=wanted.visit, role=wanted.role, due=wanted.due, why=item.reason)


def _today(desk: Desk, work: Work, site: str, now: Moment) -> date:
    zone = desk.find_site(work, site).zone
    return moment_at(now, zone).astimezone(zone).date()


def _going_on(desk: Desk, work: Work, site: str) -> Iterator[Chart]:
    for name in work.subjects.names(site=site):
        # Who was stopped is on no list, and needs no planning.
        if desk.find_subject(work, name).stopped is None:
            yield desk.chart(work, name)


def _case(chart: Chart, today: date) -> Case:
    subject = chart.subject
    found = expiries(chart.template, chart.plan)
    return Case(site=subject.site, subject=subject.id, plan=chart.plan, expiries=found, today=today)


def deviations(desk: Desk, subject: str | None, protocol: str | None, site: str | None) -> Deviations:
    """The deviations of a subject, of a protocol, of a site, or of all. Raises UnknownName, and InvalidInput for a
    subject with any of the others."""
    if subject is not None and (protocol is not None or site is not None):
        raise InvalidInput("Deviations are of one subject, or of a protocol or site. Name the one or the other.")
    replayed: list[Chart] = []
    with desk.store.reading() as work:
        if subject is not None:
            return _of_subject(desk.chart(work, subject))
        check_scope(desk, work, site, protocol)
        names = work.subjects.names(site=site, protocol=protocol)
        charts = _noting(replayed, (desk.chart(work, name) for name in names))
        items = [item for chart in charts for item in _items(chart)]
    desk.keep_looks(replayed)
    return Deviations(items=tuple(sorted(items, key=lambda item: (item.protocol, item.site, item.subject))))


def _of_subject(chart: Chart) -> Deviations:
    return Deviations(
        items=tuple(_items(chart)),
        subject=chart.subject.id,
        expiries=expiries(chart.template, chart.plan) if chart.plan.stopped is None else (),
        questions=chart.plan.questions,
    )


def _items(chart: Chart) -> Iterator[DeviationItem]:
    return deviation_items(chart.plan, chart.record.effective(), subject=chart.subject.id, site=chart.subject.site)
