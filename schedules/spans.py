"""Lengths of time as protocols write them, and how they are counted from a date (design §5, rules 1 and 2).

Days, weeks, months and years are calendar units: they keep the wall-clock time at the site. Hours and minutes
are elapsed time. Months and years are summed, counted from the anchor, and clamped to the month's end, so that
31 January + 1 month is 28 or 29 February; nothing is ever added and then subtracted.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from schedules.errors import InvalidInput, shown

UNITS = ("minute", "hour", "day", "week", "month", "year")
LONGEST_YEARS = 200
LONGEST_DAYS = LONGEST_YEARS * 366
# Digits are spelt out: \d would take those of every script.
_WORDS = re.compile(r"([0-9]{1,9})\s*(minute|hour|day|week|month|year)s?")
_ISO = re.compile(
    r"P(?:([0-9]{1,9})Y)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?)?"
)


@dataclass(frozen=True, slots=True)
class Span:
    """A signed length of time: calendar months and days, and elapsed minutes. ``timed`` asks for a moment, not a day.

    ``written`` is how the template put it, so that a rule is quoted in its own words; it is no part of the value.
    """

    months: int = 0
    days: int = 0
    minutes: int = 0
    timed: bool = False
    written: str = field(default="", compare=False)

    def __add__(self, other: Span) -> Span:
        return Span(
            self.months + other.months,
            self.days + other.days,
            self.minutes + other.minutes,
            self.timed or other.timed,
        )

    def __neg__(self) -> Span:
        return Span(-self.months, -self.days, -self.minutes, self.timed, self.written)

    def __mul__(self, factor: int) -> Span:
        return Span(self.months * factor, self.days * factor, self.minutes * factor, self.timed)

    def __bool__(self) -> bool:
        return bool(self.months or self.days or self.minutes)

    @property
    def roughly_days(self) -> float:
        """The length in days for comparing spans of different units; a month counts 30.4375 days."""
        return self.months * 30.4375 + self.days + self.minutes / 1440

    def parts(self) -> tuple[tuple[bool, str], ...]:
        """The span as lengths of one unit each, in words, with whether each is counted backwards."""
        if self.written:
            return ((self.roughly_days < 0, self.written),)
        months, days, minutes = abs(self.months), abs(self.days), abs(self.minutes)
        found = []
        if months:
            found.append((self.months, _counted(*((months, "month") if months % 12 else (months // 12, "year")))))
        if days:
            whole_weeks = days % 7 == 0 and not months
            found.append((self.days, _counted(*((days // 7, "week") if whole_weeks else (days, "day")))))
        if minutes or self.timed:
            found.append((self.minutes, _counted(*((minutes, "minute") if minutes % 60 else (minutes // 60, "hour")))))
        return tuple((number < 0, words) for number, words in found) or ((False, "0 days"),)

    def text(self) -> str:
        """The span in words: ``2 weeks``, ``3 months``, ``-1 day``; an empty span is ``0 days``."""
        parts = self.parts()
        back = parts[0][0]
        if len({sign for sign, _ in parts}) == 1:
            return ("-" if back else "") + " and ".join(words for _, words in parts)
        return (
            ("-" if back else "") + parts[0][1] + "".join(f" {'-' if sign else '+'} {text}" for sign, text in parts[1:])
        )


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def parse_span(text: str) -> Span:
    """Reads ``6 weeks`` or ISO 8601 ``P6W``. Raises InvalidInput on anything else, and above 200 years."""
    words = text.strip()
    if match := _WORDS.fullmatch(words):
        return bounded(span_of(int(match[1]), match[2]), words)
    iso = _ISO.fullmatch(words)
    if iso is None or words in ("P", "PT") or words.endswith("T"):
        raise InvalidInput(
            f"{shown(text)} is no length of time. Write a number and a unit ('6 weeks', '3 months', '8 hours') "
            "or ISO 8601 ('P6W')."
        )
    years, months, weeks, days, hours, minutes = (int(group or 0) for group in iso.groups())
    timed = iso[5] is not None or iso[6] is not None
    return bounded(Span(years * 12 + months, weeks * 7 + days, hours * 60 + minutes, timed), words)


def span_of(number: int, unit: str) -> Span:
    """``number`` of a unit named in the singular."""
    written = _counted(number, unit)
    match unit:
        case "year":
            return Span(months=12 * number, written=written)
        case "month":
            return Span(months=number, written=written)
        case "week":
            return Span(days=7 * number, written=written)
        case "day":
            return Span(days=number, written=written)
        case "hour":
            return Span(minutes=60 * number, timed=True, written=written)
        case _:
            return Span(minutes=number, timed=True, written=written)


def bounded(span: Span, text: str) -> Span:
    """The span itself; raises InvalidInput, quoting ``text``, where it is longer than 200 years."""
    if abs(span.roughly_days) > LONGEST_DAYS:
        raise InvalidInput(f"{shown(text)} is longer than {LONGEST_YEARS} years. Write a shorter length of time.")
    return span


def add_months(day: date, months: int) -> date:
    """The same day of the month ``months`` later (or earlier), clamped to the month's end. ISO 8601 proleptic
    calendar."""
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    return date(year, month, day.day if day.day <= 28 else min(day.day, calendar.monthrange(year, month)[1]))


def add_days_and_months(day: date, span: Span) -> date:
    """The calendar part of ``span`` counted from ``day``: months first, then days. Minutes are left out.

    Raises InvalidInput where that leaves the calendar (years 1 to 9999).
    """
    try:
        shifted = add_months(day, span.months) if span.months else day
        return shifted + timedelta(days=span.days) if span.days else shifted
    except (ValueError, OverflowError):
        raise InvalidInput(f"{day} and {span.text()} lead out of the calendar. Use a shorter length of time.") from None


def add(moment: datetime, span: Span) -> datetime:
    """``span`` counted from an aware moment: the calendar part keeps the wall clock, the minutes elapse.

    A wall-clock time that a daylight-saving change skips becomes the same instant read after the change; of one
    that comes twice the first is meant (PEP 495, fold=0).
    """
    zone = moment.tzinfo
    day = add_days_and_months(moment.date(), span)
    if day != moment.date():
        wall = datetime.combine(day, moment.time().replace(fold=0), zone)
        moment = wall.astimezone(UTC).astimezone(zone)
    if span.minutes:
        moment = (moment.astimezone(UTC) + timedelta(minutes=span.minutes)).astimezone(zone)
    return moment


def between(earlier: datetime, later: datetime) -> timedelta:
    """The time that elapses between two moments; negative where ``later`` comes first.

    Python subtracts and compares two moments of one zone by wall clock, which is an hour off across a clock change.
    """
    return later.astimezone(UTC) - earlier.astimezone(UTC)


def is_same_time(one: date | datetime, two: date | datetime) -> bool:
    """Whether two dates or moments are the same to who looks at the clock there: also where the zone's clocks went
    otherwise when one of them was planned. Of an hour that comes twice the first is not the second."""
    if not isinstance(one, datetime) or not isinstance(two, datetime):
        return one == two
    if one.replace(tzinfo=None) != two.replace(tzinfo=None) or str(one.tzinfo) != str(two.tzinfo):
        return False
    return one.tzinfo is not two.tzinfo or one.utcoffset() == two.utcoffset()


def iso_duration(delta: timedelta) -> str:
    """A difference as an ISO 8601 duration (``P3D``, ``PT6H30M``); a negative one begins with ``-``."""
    minutes = round(abs(delta).total_seconds() / 60)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    body = (f"{days}D" if days else "") + (f"T{time}" if time else "")
    return ("-" if delta < timedelta() else "") + "P" + (body or "0D")
