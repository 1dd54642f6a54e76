"""Calendar files that Outlook, Google, Apple and Thunderbird read the same way (design §7, RFC 5545).

What keeps them alike, each from a client that does it otherwise (of alarms see :mod:`calendars.alarms`):

- Outlook takes a file with a METHOD for an invitation, and Google for messages to be answered: a file has none.
- vdirsyncer takes another UID of the calendar for another calendar, and icalendar's ``new`` makes a random one; some
  clients then merge all events into the one they know: a calendar has no UID, each event one that is fixed for life.
- Outlook shows half the year an hour off where a VTIMEZONE lists RDATEs, and Google garbles Chinese titles when such a
  block is long: zones have rules (:mod:`calendars.zones`).
- Outlook and Apple's Calendar know zones by their IANA names only: a fixed offset is never a TZID.
- Apple's Calendar and Google's end an all-day event the day before DTEND, and draw one that ends as it starts not at
  all: DTEND is the day after, and comes with ``VALUE=DATE`` as DTSTART does.
- ``REFRESH-INTERVAL`` has no value type of its own (RFC 7986, 5.7), and Home Assistant refuses a whole feed for one
  that is written wrong: there is none, since how often a feed is fetched is for HTTP to say.
- Thunderbird (ical.js) takes a local time that comes twice for the second, where RFC 5545 means the first: such a time
  is written in UTC, and none is one that the clocks skip.
- Radicale and Home Assistant refuse a file in which a line is cut inside a character, and Google shows two question
  marks: lines are cut between characters, at 75 octets, and never between a backslash and what it escapes.
- All clients read a backslash before an N as a line break, and so does icalendar's own escaping, where RFC 5545 wants
  a backslash of the text escaped itself: it is.
- Home Assistant refuses a whole file for one control character: there are none, and no bare line feed.
- RFC 5545 allows no calendar without a component, and Google imports none: one without events has the zone UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from calendars.alarms import Alarm
from calendars.components import Years, calendar_component, event_component
from calendars.entries import Entry, Level, PeriodEntry
from calendars.events import Event, line, period_events, sample_events, visit_event, window_events
from calendars.words import Words, words
from schedules.clocks import Clocks

# Of the way events are written: it is raised with every change of the bytes of the same event, and stored ones are then
# made anew (a test holds the two in step).
FORM = 1
# A calendar without any component is not valid (RFC 5545, 3.6); a VTIMEZONE is one, and says nothing.
_NO_EVENT = {"UTC": (2000, 2000)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A VEVENT as bytes, with what a file must know of it: its zone, if it needs one, and its first and last day."""

    data: bytes
    zone: str
    first: date
    last: date

    def touches(self, start: date | None, end: date | None) -> bool:
        """Whether any of it is between two days, both included; an open side is None."""
        return (end is None or self.first <= end) and (start is None or self.last >= start)


def form_of(level: Level, language: str, alarms: tuple[Alarm, ...] = ()) -> str:
    """What the bytes of a visit's event depend on besides the visit: the name under which they are stored."""
    return " ".join((str(FORM), level, language, ",".join(map(str, alarms)))).rstrip()


def calendar_file(
    entries: Iterable[Entry],
    *,
    level: Level = Level.PRIVATE,
    language: str = "en",
    name: str = "",
    start: date | None = None,
    end: date | None = None,
    extras: Collection[str] = (),
    periods: Iterable[PeriodEntry] = (),
    alarms: tuple[Alarm, ...] = (),
    clocks: Mapping[str, Clocks | None] | None = None,
) -> bytes:
    """An iCalendar file of the visits that have a date, in the order given.

    :param name: whose calendar it is (subject or site); left out at level ``private``.
    :param start: with ``end`` the first and last day, both included, at the site; what touches them is in the
        file.
    :param extras: what else is in it, of ``EXTRAS``: as all-day events the window of each dated visit and the
        ``periods``, at level ``private`` only those meant for the patient; and the samples of visits.
    :param alarms: ring before each visit that is still to come.
    :param clocks: how those of each zone go, for its VTIMEZONE; by default as the last of its entries has it.
    :raises UnknownName: for a language that has no words here.
    """
    listed = tuple(entries)
    made = [visit_written(entry, level, language, alarms) for entry in listed]
    found = [written for written in made if written is not None]
    found += extras_written(listed, periods, extras, level, language)
    shown = [written for written in found if written.touches(start, end)]
    zones = zones_of((written.zone, written.first.year, written.last.year) for written in shown)
    clocks = {entry.timezone: entry.clocks for entry in listed} if clocks is None else clocks
    return file_of((each.data for each in shown), zones, level=level, language=language, name=name, clocks=clocks)


def file_of(
    events: Iterable[bytes],
    zones: Mapping[str, Years],
    *,
    level: Level,
    language: str,
    name: str = "",
    clocks: Mapping[str, Clocks | None] = MappingProxyType({}),
) -> bytes:
    """A calendar file of events that are written, with the zones they need, whose ``clocks`` go as given; of none where
    ``zones`` and ``events`` are empty. Raises UnknownName for a language that has no words here."""
    listed = tuple(events)
    title = _title(words(language), level, name)
    return calendar_component(
        [("NAME", title), ("X-WR-CALNAME", title)], zones if listed else _NO_EVENT, listed, clocks
    )


def _title(texts: Words, level: Level, name: str) -> str:
    return texts.visits if level is Level.PRIVATE or not name else f"{texts.visits} {line(name)}"


def visit_written(entry: Entry, level: Level, language: str, alarms: tuple[Alarm, ...] = ()) -> Written | None:
    """One visit's VEVENT, for storing under :func:`form_of`; None for a visit without a date."""
    texts = words(language)
    event = visit_event(entry, level, texts)
    return None if event is None else _written(event, texts, alarms)


def extras_written(
    entries: Iterable[Entry],
    periods: Iterable[PeriodEntry],
    extras: Collection[str],
    level: Level,
    language: str,
) -> list[Written]:
    """The VEVENTs of windows, periods and samples, as far as ``extras`` names them."""
    texts = words(language)
    return [_written(event, texts) for event in _extra_events(tuple(entries), periods, extras, level, texts)]


def _extra_events(
    entries: tuple[Entry, ...], periods: Iterable[PeriodEntry], extras: Collection[str], level: Level, texts: Words
) -> Iterator[Event]:
    for name, make in (("windows", window_events), ("samples", sample_events)):
        if name in extras:
            for entry in entries:
                yield from make(entry, level, texts)
    if "periods" in extras:
        for period in periods:
            yield from period_events(period, level, texts)


def _written(event: Event, texts: Words, alarms: tuple[Alarm, ...] = ()) -> Written:
    first, last = event.days
    return Written(data=event_component(event, alarms, texts.visit), zone=event.zone or "", first=first, last=last)


def zones_of(spans: Iterable[tuple[str, int, int]]) -> dict[str, Years]:
    """The zones that events need, each with the first and the last year in which it does: from the zone and the first
    and last year of each event, those without a zone left out."""
    zones: dict[str, Years] = {}
    for zone, first, last in spans:
        if zone:
            known = zones.get(zone, (first, last))
            zones[zone] = (min(known[0], first), max(known[1], last))
    return zones
