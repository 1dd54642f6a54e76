"""The words of reminders: neutral at level ``private``, subject and visit for staff, activities at level ``full``.

A message tells no more than a calendar of the same level does (design §1, guarantee 5; §7).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from calendars.entries import Level
from calendars.layout import clean
from calendars.phrases import KINDS, Phrases, phrases
from calendars.words import day_in_words, day_of, time_in_words
from schedules.record import When

EVENTS = ("before", *KINDS)
# What a private message says instead; of the others it says that there is an appointment.
_PRIVATE = {
    "overdue": "unheard",
    "moved": "has_moved",
    "cancelled": "is_cancelled",
    "period": "part_ends",
    **dict.fromkeys(("expires", "gate", "conflict", "expected", "stopped"), "to_check"),
}
_TITLES = {
    "appointment": "title",
    "unheard": "title_unheard",
    "has_moved": "title_moved",
    "is_cancelled": "title_cancelled",
    "part_ends": "title_part_ends",
    "to_check": "title_to_check",
}
LONGEST_TITLE, LONGEST_DETAIL = 120, 1000


def reminder_text(
    event: str,
    *,
    subject: str,
    label: str,
    when: When,
    closes: date | None = None,
    level: Level,
    language: str = "en",
    zone: ZoneInfo | None = None,
    activities: Iterable[str] = (),
    before: When | None = None,
    detail: str = "",
) -> str:
    """One reminder of a visit, a period or a milestone, or that a subject is followed no longer, in one line.

    :param event: what it is about, one of EVENTS.
    :param label: the visit's, the period's or the milestone's, such as the one that ended the following.
    :param when: the visit's date or moment (of one that was cancelled, the one it had), the period's last day, the day
        on which the milestone is expected, or since when a subject is followed no longer.
    :param closes: the last day of the visit's window, or that the rule which runs out allows; else the visit's own day.
    :param zone: the recipient's. Times are the site's; where clocks differ, the message names the site's zone.
    :param activities: labels, told at level ``full`` only.
    :param before: the old date or moment of what has moved.
    :param detail: the rule that runs out, which gates are shut, or the words of a conflict; not told at level
        ``private``.
    Raises UnknownName for a language that is not among LANGUAGES.
    """
    words = phrases(language)
    times = {"when": _when(words, when, language, zone)}
    times["before"] = times["when"] if before is None else _when(words, before, language, zone)
    times["end"] = day_in_words(closes or day_of(when), language)
    if level is Level.PRIVATE:
        return _sentence(words, _PRIVATE.get(event, "appointment")).format(**times)
    told = {"subject": subject, "label": clean(label), "detail": _bounded(clean(detail), LONGEST_DETAIL)}
    text = _sentence(words, event).format(**times, **told).rstrip()
    names = [clean(name) for name in activities] if level is Level.FULL else []
    return f"{text} {words.activities.format(activities=words.comma.join(names))}" if names else text


def title_text(event: str, *, subject: str, label: str, when: When, level: Level, language: str = "en") -> str:
    """The title of an e-mail: neutral at level ``private``, else subject, visit and what it is about."""
    words = phrases(language)
    day = day_in_words(day_of(when), language, short=True)
    if level is Level.PRIVATE:
        return _sentence(words, _TITLES[_PRIVATE.get(event, "appointment")]).format(day=day)
    kind = words.kinds.get(event, "")
    what = f"{subject}: {_bounded(clean(label), LONGEST_TITLE)}"
    return f"{what} ({kind}), {day}" if kind else f"{what}, {day}"


def digest_text(lines: Sequence[str], language: str = "en") -> str:
    """Several reminders as one message: how many, and each in a line of its own."""
    words = phrases(language)
    return "\n".join((words.several.format(count=len(lines)), *(f"{words.bullet}{line}" for line in lines)))


def digest_title(count: int, language: str = "en") -> str:
    """The title of a message that is several reminders in one; it is neutral at every level."""
    return phrases(language).title_several.format(count=count)


def questions_text(line: str, language: str = "en") -> str:
    """Whom to ask: ``Questions: …``. ``line`` is the site's own."""
    return phrases(language).questions.format(line=clean(line))


def stop_text(address: str, language: str = "en") -> str:
    """How to get no more messages: by writing to ``address``, or where there is none by saying so."""
    words = phrases(language)
    return words.stop_by_mail.format(address=clean(address)) if address else words.stop_by_asking


def probe_text(language: str = "en") -> str:
    """A message to try a channel with."""
    return phrases(language).test


def probe_title(language: str = "en") -> str:
    """The title of a message to try a channel with."""
    return phrases(language).test_title


def _sentence(words: Phrases, name: str) -> str:
    sentence: str = getattr(words, name)
    return sentence


def _bounded(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _when(words: Phrases, when: When, language: str, zone: ZoneInfo | None) -> str:
    day = day_in_words(day_of(when), language)
    if not isinstance(when, datetime):
        return day
    text = words.at.format(day=day, time=time_in_words(when))
    abroad = zone is not None and when.astimezone(zone).utcoffset() != when.utcoffset()
    return f"{text} ({when.tzinfo})" if abroad else text
