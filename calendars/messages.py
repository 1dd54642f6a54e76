"""The words of reminders: neutral at level ``private``, subject and visit for staff, activities at level ``full``.

A message tells no more than a calendar of the same level does (design §1, guarantee 5; §7).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from calendars.entries import Level
from calendars.layout import clean
from calendars.words import LANGUAGES, day_in_words, day_of, time_in_words
from schedules.errors import UnknownName
from schedules.record import When


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phrases:
    """Sentences by what a rule is about. ``at`` joins a day and a time; ``{when}`` is the visit's, ``{end}`` a day."""

    at: str
    appointment: str
    unheard: str
    before: str
    opens: str
    closes: str
    overdue: str
    activities: str
    comma: str = ", "


_PHRASES = {
    "en": _Phrases(
        at="{day} at {time}",
        appointment="You have an appointment on {when}.",
        unheard="Please call your care team about your appointment on {when}.",
        before="{subject}: {label} on {when}.",
        opens="{subject}: {label}, planned for {when}. Its window is open, to {end}.",
        closes="{subject}: {label}, planned for {when}. Its window closes on {end}.",
        overdue="{subject}: {label} was due by {end}. Nothing is recorded.",
        activities="To do: {activities}.",
    ),
    "zh": _Phrases(
        at="{day} {time}",
        appointment="您的预约时间是{when}。",
        unheard="请就{when}的预约联系您的医护团队。",
        before="{subject}:{label},{when}。",
        opens="{subject}:{label},计划于{when}。时间窗已开始,至{end}。",
        closes="{subject}:{label},计划于{when}。时间窗于{end}结束。",
        overdue="{subject}:{label}应于{end}前完成,尚无记录。",
        activities="项目:{activities}。",
        comma="、",
    ),
    "de": _Phrases(
        at="{day} um {time} Uhr",
        appointment="Sie haben einen Termin am {when}.",
        unheard="Bitte melden Sie sich wegen Ihres Termins am {when} bei Ihrem Behandlungsteam.",
        before="{subject}: {label} am {when}.",
        opens="{subject}: {label}, geplant am {when}. Das Terminfenster ist offen, bis {end}.",
        closes="{subject}: {label}, geplant am {when}. Das Terminfenster endet am {end}.",
        overdue="{subject}: {label} war bis {end} fällig. Es ist nichts eingetragen.",
        activities="Vorgesehen: {activities}.",
    ),
    "es": _Phrases(
        at="{day} a las {time}",
        appointment="Tiene una cita el {when}.",
        unheard="Llame a su equipo médico sobre su cita del {when}.",
        before="{subject}: {label} el {when}.",
        opens="{subject}: {label}, prevista para el {when}. Su ventana está abierta, hasta el {end}.",
        closes="{subject}: {label}, prevista para el {when}. Su ventana se cierra el {end}.",
        overdue="{subject}: {label} debía hacerse hasta el {end}. No hay nada registrado.",
        activities="Previsto: {activities}.",
    ),
}


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
) -> str:
    """One reminder of a visit, in one line.

    :param event: what its rule is about: ``before``, ``opens``, ``closes`` or ``overdue``.
    :param when: the visit's date or moment, and ``closes`` the last day of its window, at the site.
    :param zone: the recipient's. Times are the site's; where clocks differ, the message names the site's zone.
    :param activities: labels, told at level ``full`` only.
    Raises UnknownName for a language that is not among LANGUAGES.
    """
    phrases = _PHRASES.get(language)
    if phrases is None:
        raise UnknownName("language", language, LANGUAGES)
    shown = _when(phrases, when, language, zone)
    if level is Level.PRIVATE:
        return (phrases.unheard if event == "overdue" else phrases.appointment).format(when=shown)
    sentence: str = getattr(phrases, event)
    end = day_in_words(closes or day_of(when), language)
    text = sentence.format(subject=subject, label=clean(label), when=shown, end=end)
    told = [clean(name) for name in activities] if level is Level.FULL else []
    return f"{text} {phrases.activities.format(activities=phrases.comma.join(told))}" if told else text


def _when(phrases: _Phrases, when: When, language: str, zone: ZoneInfo | None) -> str:
    day = day_in_words(day_of(when), language)
    if not isinstance(when, datetime):
        return day
    text = phrases.at.format(day=day, time=time_in_words(when))
    abroad = zone is not None and when.astimezone(zone).utcoffset() != when.utcoffset()
    return f"{text} ({when.tzinfo})" if abroad else text
