"""The use cases that draw a subject's plan: a page for the patient, a timeline for the coordinator."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from scheduler import reading
from scheduler.moments import Moment
from schedules.errors import InvalidInput

if TYPE_CHECKING:
    from scheduler.desk import Desk

LONGEST_CALL = 200


def page(
    desk: Desk,
    subject: str,
    *,
    level: str,
    language: str,
    start: date | None,
    end: date | None,
    call: str,
    now: Moment,
) -> str:
    """The page of a subject's visits, as HTML. Raises InvalidInput and UnknownName."""
    from calendars.entries import parse_level
    from calendars.page import page as page_of
    from calendars.page_sheet import PageOf

    if len(call) > LONGEST_CALL:
        raise InvalidInput(
            f"Whom to call takes {LONGEST_CALL} characters, and these are {len(call)}. Write it shorter."
        )
    if start is not None and end is not None and end < start:
        raise InvalidInput(f"The last day, {end}, is before the first, {start}. Name them the other way round.")
    found = parse_level(level)
    patient = reading.show(desk, subject, now)
    of = PageOf(
        subject=patient.subject, site=patient.site.name or patient.site.id, call=call, revision=patient.revision
    )
    return page_of(patient.plan, today=patient.today, of=of, level=found, language=language, start=start, end=end)


def timeline(desk: Desk, subject: str, now: Moment) -> str:
    """The timeline of a subject's plan, as SVG. Raises UnknownName."""
    from calendars.timeline import TimelineOf
    from calendars.timeline import timeline as timeline_of

    patient = reading.show(desk, subject, now)
    template = patient.template
    of = TimelineOf(
        subject=patient.subject,
        site=patient.site.id,
        epochs={name: epoch.label for name, epoch in template.epochs.items()},
        events={name: template.event_label(name.rpartition("/")[2]) for name in patient.plan.milestones},
    )
    return timeline_of(patient.plan, today=patient.today, of=of)
