"""Dates in the English words of messages and rules; what readers see in their language is made in ``calendars``."""

from __future__ import annotations

from datetime import date, datetime

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def in_a_sentence(label: str) -> str:
    """A label within a sentence: ``Disease progression`` begins small, ``CAR-T infusion`` and ``T cells`` do not."""
    first = label.partition(" ")[0]
    return f"{label[:1].lower()}{label[1:]}" if first[1:] and first[1:].islower() else label


def weekday(day: date) -> str:
    """``Monday``, whatever the locale of the machine."""
    return WEEKDAY_NAMES[day.weekday()]


def day_words(day: date) -> str:
    """``2 March 2026``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def when_words(when: date | datetime) -> str:
    """``2 March 2026``, or ``2 March 2026 at 10:00`` where there is a time."""
    return f"{day_words(when)} at {when:%H:%M}" if isinstance(when, datetime) else day_words(when)


def days_words(days: int) -> str:
    """``1 day``, ``3 days``; of a negative number the size."""
    return f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
