"""Alarms of calendar events: how they are asked for, and when they ring.

Clients differ more here than anywhere else, so an alarm is written in the one way that all of them read alike: as a
length of time before the start, in hours and minutes.

- Outlook takes the absolute value of an offset: what should ring after the start rings before it. None does here.
- Outlook takes only one alarm of an event: the first that is asked for is the one that matters.
- A whole day before an all-day event is midnight, for Apple's Calendar and Google's: a length of days rings at a time.
- A trigger that is a moment needs ``VALUE=DATE-TIME``, without which libical (Evolution's) does not read it. There is
  none here: a visit that moves takes its alarms along.
- A day is 23 to 25 hours long, or always 24, depending on the client: days are written as the hours they have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from schedules.errors import InvalidInput, shown
from schedules.record import When
from schedules.spans import Span, add_days_and_months, parse_span
from schedules.typed import parse_clock

# When an alarm counted in days rings for a visit without a time, unless it names an hour.
EVENING = time(17, 0)
MOST_ALARMS = 2
LONGEST_DAYS = 28
_FORM = re.compile(r"(?P<lead>[^@]+?)\s+before(?:\s+at\s+(?P<at>\S+))?")
_ADVICE = "Write '1 day before at 17:00', '1 day before' or '2 hours before'."


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm before a visit: ``lead`` is at least a day, or hours and minutes; only days have a time ``at``."""

    lead: Span
    at: time | None = None

    def __str__(self) -> str:
        return f"{self.lead.text()} before" + (f" at {self.at:%H:%M}" if self.at is not None else "")

    def ahead(self, start: When) -> timedelta | None:
        """How long before the start it rings, as time that elapses.

        Of a start without a time, which is midnight, an alarm in hours is None: nobody is to be woken at 22:00.
        """
        if not isinstance(start, datetime):
            return None if self.lead.timed else _of_midnight(self.lead, self.at or EVENING)
        if self.lead.timed:
            return timedelta(minutes=self.lead.minutes)
        day = add_days_and_months(start.date(), -self.lead)
        wall = datetime.combine(day, self.at or start.time(), start.tzinfo)
        return start.astimezone(UTC) - wall.astimezone(UTC)


def _of_midnight(lead: Span, at: time) -> timedelta:
    return timedelta(days=lead.days) - timedelta(hours=at.hour, minutes=at.minute)


def parse_alarms(text: str) -> tuple[Alarm, ...]:
    """Reads ``1 day before at 17:00, 2 hours before``, at most two; an empty text is none. Raises InvalidInput."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MOST_ALARMS:
        raise InvalidInput(
            f"{len(parts)} alarms are asked for, and a calendar has at most {MOST_ALARMS} a visit: several clients "
            "take only the first. Choose the ones that matter."
        )
    return tuple(_alarm(part) for part in parts)


def _alarm(text: str) -> Alarm:
    match = _FORM.fullmatch(text)
    if match is None:
        raise InvalidInput(f"{shown(text)} is no alarm. {_ADVICE}")
    lead, at = parse_span(match["lead"]), match["at"]
    if not lead or lead.months or lead.roughly_days > LONGEST_DAYS or (lead.timed and lead.days):
        raise InvalidInput(
            f"{shown(text)} is no alarm: it comes 1 to {LONGEST_DAYS} days before, or some hours or minutes. {_ADVICE}"
        )
    if lead.timed and at is not None:
        raise InvalidInput(f"{shown(text)} says both how many hours before and at what time. {_ADVICE}")
    clock = None if at is None else parse_clock(at)
    if clock == time.min:
        raise InvalidInput(f"{shown(text)} rings at midnight. Choose an hour at which people are awake.")
    return Alarm(lead=lead, at=clock)
