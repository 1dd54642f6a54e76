"""Composing: from a claimed reminder to the message that a channel passes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from calendars.entries import Entry, Level, derived_uid
from calendars.messages import (
    digest_text,
    digest_title,
    probe_text,
    probe_title,
    questions_text,
    reminder_text,
    stop_text,
    title_text,
)
from scheduler.channels import EMAIL, channel_name
from scheduler.desk import Chart, Desk
from scheduler.values import Contact, Message
from schedules.errors import InvalidInput
from schedules.plan import Plan
from schedules.record import When
from schedules.template import DEPARTMENTS

if TYPE_CHECKING:
    from calendars.itip import Method
    from scheduler.settings import Settings
    from scheduler.store.outbox import Item
    from scheduler.store.visits import StoredVisit
    from scheduler.store.work import Work

# What changes the reader's calendar, and how; other messages are about the work, and leave it alone.
_METHODS: dict[str, Method] = {"before": "REQUEST", "moved": "REQUEST", "cancelled": "CANCEL"}
DIGEST, PROBE = "digest", "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a reminder tells of, where its visit alone does not say it (see :func:`calendars.messages.reminder_text`).

    Without a visit, ``label`` and ``when`` are the period's or the milestone's.
    """

    label: str = ""
    when: When | None = None
    closes: date | None = None
    before: When | None = None
    detail: str = ""


def compose(
    desk: Desk,
    work: Work,
    item: Item,
    visit: StoredVisit | None,
    contact: Contact,
    *,
    settings: Settings,
    about: About | None = None,
) -> Message:
    """The message of a reminder, for one contact.

    :param visit: as it is stored now, with a date; None for a reminder of a period or a milestone.
    :param about: what to tell beside what the visit says, or instead of it.
    """
    found = _filled(about or About(), visit, item.wanted.event)
    channel = channel_name(contact, settings)
    invites = channel == EMAIL and item.wanted.event in _METHODS
    chart = desk.chart(work, item.subject) if contact.level == Level.FULL or invites else None
    subject = desk.find_subject(work, item.subject)
    sentence = _sentence(item, contact, found, () if chart is None else _activities(chart.plan, item))
    message = Message(
        subject=item.subject,
        visit=item.wanted.visit,
        role=item.wanted.role,
        rule=item.wanted.rule,
        channel=channel,
        key=item.key,
        text=sentence,
        contact=contact,
        event=item.wanted.event,
        sentence=sentence,
        title=_title(item, contact, found),
        message_id=derived_uid(subject.salt, f"message:{item.key}"),
    )
    if invites and chart is not None:
        message = _with_event(message, work, chart, settings)
    return _finished(message, (sentence,), (), settings, subject.site)


def _sentence(item: Item, contact: Contact, about: About, activities: Iterable[str]) -> str:
    assert about.when is not None
    return reminder_text(
        item.wanted.event,
        subject=item.subject,
        label=about.label,
        when=about.when,
        closes=about.closes,
        level=Level(contact.level),
        language=contact.language,
        zone=ZoneInfo(contact.zone),
        activities=activities,
        before=about.before,
        detail=about.detail,
    )


def _title(item: Item, contact: Contact, about: About) -> str:
    assert about.when is not None
    return title_text(
        item.wanted.event,
        subject=item.subject,
        label=about.label,
        when=about.when,
        level=Level(contact.level),
        language=contact.language,
    )


def compose_digest(messages: Sequence[Message], *, key: str, settings: Settings, site: str = "") -> Message:
    """Several messages to one contact as one, in their order. ``key`` is the digest's own, kept over a crash.

    What the messages say is told in lines, and an e-mail has their events as files. ``site`` says whom to ask.
    """
    first = messages[0]
    contact = first.contact
    lines = [message.sentence for message in messages]
    text = digest_text(lines, contact.language)
    digest = replace(
        first,
        visit="",
        rule=DIGEST,
        key=key,
        text=text,
        event=DIGEST,
        sentence=text,
        title=digest_title(len(messages), contact.language),
        calendar=None,
        method="",
        message_id=derived_uid(key, "message"),
        parts=tuple(messages),
    )
    return _finished(digest, (text.partition("\n")[0],), lines, settings, site)


def compose_probe(contact: Contact, *, key: str, settings: Settings, site: str = "") -> Message:
    """A message that says it is a test, to try the channel to a contact."""
    text = probe_text(contact.language)
    probe = Message(
        subject=contact.subject or "",
        visit="",
        role=contact.role,
        rule=PROBE,
        channel=channel_name(contact, settings),
        key=key,
        text=text,
        contact=contact,
        event=PROBE,
        sentence=text,
        title=probe_title(contact.language),
        message_id=derived_uid(key, "message"),
    )
    return _finished(probe, (text,), (), settings, site)


def _filled(about: About, visit: StoredVisit | None, event: str) -> About:
    if visit is None:
        return about
    # A visit that was cancelled may have no time any more; the one that it was told to have is called off.
    when = about.before if event == "cancelled" and about.before is not None else visit.when
    return replace(
        about,
        label=about.label or visit.label,
        when=when if about.when is None else about.when,
        closes=visit.window_end if about.closes is None else about.closes,
    )


def _finished(message: Message, lines: Sequence[str], items: Sequence[str], settings: Settings, site: str) -> Message:
    """The message with whom to ask in its text, and as a letter where it goes by e-mail."""
    from calendars.letters import letter_html, letter_text

    language = message.contact.language
    line = settings.questions_of(site, language)
    questions = questions_text(line, language) if line else ""
    stop = stop_text(settings.stop_to, language)
    text = f"{message.text}{chr(10) if items else ' '}{questions}" if questions else message.text
    message = replace(message, text=text, stop=stop)
    if message.channel != EMAIL:
        return message
    ends = {"questions": questions, "stop": stop, "language": language}
    return replace(
        message,
        body=letter_text(lines, items=items, **ends),
        html=letter_html(message.title, lines, items=items, **ends),
    )


def _activities(plan: Plan, item: Item) -> Iterator[str]:
    """The labels of what is done at the visit; for a department, of its own part."""
    visit = plan.visit(item.wanted.visit)
    for name in visit.activities if visit is not None else ():
        if item.wanted.role not in DEPARTMENTS or plan.departments.get(name) == item.wanted.role:
            yield plan.activities.get(name, name)


def _with_event(message: Message, work: Work, chart: Chart, settings: Settings) -> Message:
    """The message with the event that its visit is in, where it goes by e-mail and changes the reader's calendar."""
    from calendars.itip import itip_message
    from scheduler.channels.addresses import mailbox
    from scheduler.exporting import entry_of

    method = _METHODS[message.event]
    entry = entry_of(work, chart, message.visit)
    if entry is None or (method == "CANCEL" and entry.visit.id != message.visit):
        # What shares the entry of another visit cannot call that one off.
        return message
    try:
        calendar = itip_message(
            _for_role(entry, chart, message.role),
            method=method,
            organizer=mailbox(settings.mail_from).addr_spec,
            attendee=mailbox(message.contact.email).addr_spec,
            level=Level(message.contact.level),
            language=message.contact.language,
        )
    except (ValueError, InvalidInput):
        # Of an address that is none the channel will tell; and a reminder without its event is better than none.
        return message
    return replace(message, calendar=calendar, method=method)


def _for_role(entry: Entry, chart: Chart, role: str) -> Entry:
    """The entry as a role may have it: a department sees its own part."""
    from scheduler.exporting import narrowed

    if role not in DEPARTMENTS:
        return entry
    own, *guests = (narrowed(visit, chart, role) for visit in (entry.visit, *entry.guests))
    return replace(entry, visit=own, guests=tuple(guests))
