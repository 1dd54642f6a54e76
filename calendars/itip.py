"""Invitations and cancellations: one event as a message between two people (RFC 5546), for e-mail (RFC 6047).

UID, SEQUENCE and DTSTAMP are those of the same visit in a file or feed, so that a client takes the three for one. The
MIME part that carries a message names the same method: ``text/calendar; charset=utf-8; method=REQUEST``. Outlook shows
a part whose ``method`` differs from METHOD, or is missing, as a file to be opened. A message has no NAME, from which
Apple's Calendar would make a new calendar, and no alarm: the reminder that carries it is one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from icalendar import Parameters, vCalAddress

from calendars.components import calendar_component, event_component, property_line
from calendars.entries import Entry, Level
from calendars.events import visit_event
from calendars.words import words
from schedules.errors import InvalidInput

Method = Literal["REQUEST", "CANCEL"]
METHODS: tuple[Method, ...] = ("REQUEST", "CANCEL")
LONGEST_ADDRESS = 254
_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f<>()\[\]\\,;:\"@]+@[^\s\x00-\x1f\x7f<>()\[\]\\,;:\"@]+")
# RFC 6068, 2: all but these is percent-encoded, byte by byte.
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9@!$'*+._~-]")


def itip_message(entry: Entry, *, method: Method, organizer: str, attendee: str, level: Level, language: str) -> bytes:
    """A calendar with a METHOD and one VEVENT, with its VTIMEZONE if it is timed.

    :param organizer: the e-mail address from which the message comes; ``attendee`` is the one it goes to. Neither
        is ever quoted in an error.
    :param level: how much the event tells, as in a file.
    :raises InvalidInput: for a visit without a date, a REQUEST for a visit that does not take place or is part of
        another's entry, an address that is none.
    :raises UnknownName: for a language that has no words here.
    """
    if method not in METHODS:
        raise ValueError(f"a message is a REQUEST or a CANCEL, not a {method}")
    if entry.part_of is not None and method == "REQUEST":
        raise InvalidInput(
            f"Visit {entry.visit.id} is part of the calendar entry of {entry.part_of}. Send a REQUEST for that one."
        )
    organizing, attending = _address("organizer", organizer), _address("attendee", attendee)
    event = visit_event(entry, level, words(language))
    if event is None:
        raise InvalidInput(
            f"Visit {entry.visit.id} has no date, so it can neither be announced nor called off. Set its date first."
        )
    if method == "REQUEST" and event.status == "CANCELLED":
        raise InvalidInput(f"Visit {entry.visit.id} is {entry.visit.status}. Send a CANCEL for it, not a REQUEST.")
    if method == "CANCEL":
        event = replace(event, status="CANCELLED", busy=False)
    people = (
        property_line("ORGANIZER", organizing),
        property_line("ATTENDEE", attending, _parameters(method)),
    )
    first, last = event.days
    zones = {} if event.zone is None else {event.zone: (first.year, last.year)}
    clocks = {entry.timezone: entry.clocks}
    return calendar_component([("METHOD", method)], zones, [event_component(event, more=people)], clocks)


def _parameters(method: Method) -> Parameters:
    """An answer is not asked for: nobody reads it, and what is booked is agreed on by telephone or at the desk."""
    asked = {"PARTSTAT": "NEEDS-ACTION", "ROLE": "REQ-PARTICIPANT", "RSVP": "FALSE"}
    return Parameters(asked if method == "REQUEST" else {})


def _address(role: str, address: str) -> vCalAddress:
    """The address as a ``mailto:`` URI (RFC 6068), in which what has a meaning in URIs or parameters is quoted."""
    if len(address) > LONGEST_ADDRESS or _ADDRESS.fullmatch(address) is None:
        raise InvalidInput(
            f"The {role} of a calendar message has no single plain e-mail address, such as visits@example.org. "
            "Mend it where it was given."
        )
    quoted = _NOT_PLAIN.sub(lambda found: f"%{ord(found.group()):02X}", address.encode("utf-8").decode("latin-1"))
    return vCalAddress(f"mailto:{quoted}")
