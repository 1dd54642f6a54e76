"""Composing: from a claimed reminder to the message that a channel passes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from calendars.entries import Level
from calendars.messages import reminder_text
from scheduler.channels import channel_name
from scheduler.desk import Desk
from scheduler.values import Contact, Message
from schedules.template import DEPARTMENTS

if TYPE_CHECKING:
    from scheduler.settings import Settings
    from scheduler.store.outbox import Item
    from scheduler.store.visits import StoredVisit
    from scheduler.store.work import Work


def compose(desk: Desk, work: Work, item: Item, visit: StoredVisit, contact: Contact, *, settings: Settings) -> Message:
    """The message of a reminder, for one contact. ``visit`` has a date."""
    assert visit.when is not None
    level = Level(contact.level)
    text = reminder_text(
        item.wanted.event,
        subject=item.subject,
        label=visit.label,
        when=visit.when,
        closes=visit.window_end,
        level=level,
        language=contact.language,
        zone=ZoneInfo(contact.zone),
        activities=_activities(desk, work, item) if level is Level.FULL else (),
    )
    return Message(
        subject=item.subject,
        visit=item.wanted.visit,
        role=item.wanted.role,
        rule=item.wanted.rule,
        channel=channel_name(contact, settings),
        key=item.key,
        text=text,
        contact=contact,
    )


def _activities(desk: Desk, work: Work, item: Item) -> Iterator[str]:
    """The labels of what is done at the visit; for a department, of its own part."""
    plan = desk.chart(work, item.subject).plan
    visit = plan.visit(item.wanted.visit)
    for name in visit.activities if visit is not None else ():
        if item.wanted.role not in DEPARTMENTS or plan.departments.get(name) == item.wanted.role:
            yield plan.activities.get(name, name)
