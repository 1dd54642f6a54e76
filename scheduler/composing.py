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
    from scheduler.store.standings import Standing
    from scheduler.store.visits import StoredVisit
    from scheduler.store.work import Step, Work

# What changes the reader's calendar, and how; other messages are about the work, and leave it alone.
_METHODS: dict[str, Method] = {"before": "REQUEST", "moved": "REQUEST", "cancelled": "CANCEL"}
DIGEST, PROBE = "digest", "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a reminder tells of, where its visit alone does not say it (see :func:`calendars.messages.reminder_text`).

    Without a visit, ``label`` and ``when`` are the period's or the milestone's. ``visits`` are those that it tells of
    together, where they are several.
    """

    label: str = ""
    when: When | None = None
    closes: date | None = None
    before: When | None = None
    detail: str = ""
    visits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Ends:
    """What a message ends with: whom to ask, and how to get no more of them; each may be nothing."""

    questions: str
    stop: str


def compose(
    desk: Desk,
    step: Step,
    item: Item,
    standing: Standing,
    *,
    settings: Settings,
    about: About | None = None,
) -> Message:
    """The message of a reminder, for the contact of its ``standing``.

    The visit there has a date; there is none for a reminder of a period or a milestone.

    :param about: what to tell beside what the visit says, or instead of it.
    """
    contact = standing.contact
    assert contact is not None
    found = _filled(about or About(), standing.visit, item.wanted.event)
    channel = channel_name(contact, settings)
    invites = channel == EMAIL and item.wanted.event in _METHODS
    chart = desk.chart(step.work, item.subject) if contact.level == Level.FULL or invites else None
    sentence = _sentence(item, contact, found, () if chart is None else _activities(chart.plan, item, found))
    ends, key = _ends(contact.language, settings, standing.site), item.key
    message = Message(
        subject=item.subject,
        visit=item.wanted.visit,
        role=item.wanted.role,
        rule=item.wanted.rule,
        channel=channel,
        key=key,
        text=_asking(sentence, ends, " "),
        contact=contact,
        event=item.wanted.event,
        sentence=sentence,
        title=_title(item, contact, found),
        stop=ends.stop,
        message_id=_message_id(standing.salt, key),
    )
    if invites and chart is not None:
        message = _with_event(message, step.work, chart, settings)
    return _as_letter(message, (sentence,), (), ends)


def _message_id(salt: str, key: str) -> str:
    """The same whenever it is made; the salt keeps what the key is made of from being found by trying."""
    return derived_uid(salt, f"message:{key}")


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


def compose_digest(messages: Sequence[Message], *, key: str, salt: str, settings: Settings, site: str = "") -> Message:
    """Several messages to one contact as one, in their order. ``key`` is the digest's own, kept over a crash.

    What the messages say is told in lines, and an e-mail has their events as files. ``site`` says whom to ask.
    """
    first = messages[0]
    contact = first.contact
    lines = [message.sentence for message in messages]
    text = digest_text(lines, contact.language)
    ends = _ends(contact.language, settings, site)
    digest = replace(
        first,
        visit="",
        rule=DIGEST,
        key=key,
        text=_asking(text, ends, "\n"),
        event=DIGEST,
        sentence=text,
        title=digest_title(len(messages), contact.language),
        calendar=None,
        method="",
        message_id=_message_id(salt, key),
        parts=tuple(messages),
    )
    return _as_letter(digest, (text.partition("\n")[0],), lines, ends)


def compose_probe(contact: Contact, *, key: str, settings: Settings, site: str = "") -> Message:
    """A message that says it is a test, to try the channel to a contact."""
    text = probe_text(contact.language)
    ends = _ends(contact.language, settings, site)
    probe = Message(
        subject=contact.subject or "",
        visit="",
        role=contact.role,
        rule=PROBE,
        channel=channel_name(contact, settings),
        key=key,
        text=_asking(text, ends, " "),
        contact=contact,
        event=PROBE,
        sentence=text,
        title=probe_title(contact.language),
        stop=ends.stop,
        message_id=derived_uid(key, "message"),
    )
    return _as_letter(probe, (text,), (), ends)


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


def _ends(language: str, settings: Settings, site: str) -> _Ends:
    line = settings.questions_of(site, language)
    return _Ends(questions_text(line, language) if line else "", stop_text(settings.stop_to, language))


def _asking(text: str, ends: _Ends, space: str) -> str:
    return f"{text}{space}{ends.questions}" if ends.questions else text


def _as_letter(message: Message, lines: Sequence[str], items: Sequence[str], ends: _Ends) -> Message:
    """The message as a letter, where it goes by e-mail."""
    from calendars.letters import letter_html, letter_text

    if message.channel != EMAIL:
        return message
    told = {"questions": ends.questions, "stop": ends.stop, "language": message.contact.language}
    return replace(
        message,
        body=letter_text(lines, items=items, **told),
        html=letter_html(message.title, lines, items=items, **told),
    )


def _activities(plan: Plan, item: Item, about: About) -> Iterator[str]:
    """The labels of what is done at the visits told of; for a department, of its own part."""
    visits = [plan.visit(name) for name in about.visits or (item.wanted.visit,)]
    for name in dict.fromkeys(name for visit in visits if visit is not None for name in visit.activities):
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
