"""Calendar files that Outlook, Google, Apple and Thunderbird read the same way (design §7, RFC 5545).

The same entries give the same bytes: DTSTAMP and LAST-MODIFIED are the moment of the last change, UIDs are
derived. A file has no METHOD: with one, Outlook takes it for an invitation.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from calendars.components import Text, joined, new_calendar, serialised, zones_of
from calendars.entries import Entry, Level, PeriodEntry
from calendars.events import line, period_events, visit_event, window_events
from calendars.words import words

# A calendar without any component is not valid (RFC 5545, 3.6); a VTIMEZONE is one, and says nothing.
_NO_EVENT = {"UTC": (2000, 2000)}


def calendar_file(
    entries: Iterable[Entry],
    *,
    level: Level = Level.PRIVATE,
    language: str = "en",
    name: str = "",
    start: date | None = None,
    end: date | None = None,
    windows: bool = False,
    periods: Iterable[PeriodEntry] = (),
) -> bytes:
    """An iCalendar file of the visits that have a date, in the order given.

    :param name: whose calendar it is (subject or site); left out at level ``private``.
    :param start: with ``end`` the first and last day, both included, at the site; what touches them is in the
        file.
    :param windows: adds the window of each dated visit as an all-day event.
    :param periods: are added as all-day events, at level ``private`` only those meant for the patient.
    :raises UnknownName: for a language that has no words here.
    """
    listed = tuple(entries)
    texts = words(language)
    events = [event for event in (visit_event(entry, level, texts) for entry in listed) if event is not None]
    if windows:
        events += [event for entry in listed for event in window_events(entry, level, texts)]
    events += [event for entry in periods for event in period_events(entry, level, texts)]
    shown = [event for event in events if event.touches(start, end)]
    title = texts.visits if level is Level.PRIVATE or not name else f"{texts.visits} {line(name)}"
    calendar = new_calendar()
    calendar.add("NAME", Text(title))
    calendar.add("X-WR-CALNAME", Text(title))
    return joined(calendar, zones_of(shown) if shown else _NO_EVENT, map(serialised, shown))


def event_bytes(entry: Entry, level: Level, language: str) -> bytes | None:
    """One visit's VEVENT, for storing by (revision, level, language); None for a visit without a date."""
    event = visit_event(entry, level, words(language))
    return None if event is None else serialised(event)
