"""The fixed words of calendars in English, Chinese, German and Spanish; dates and lengths in words.

Nothing here comes from the machine's locale: the same plan gives the same text everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from schedules.errors import UnknownName
from schedules.plan import TO_COME, Status, Visit
from schedules.record import When

LANGUAGES = ("en", "zh", "de", "es")
_ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_GERMAN_DAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
_GERMAN_MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli"),
    *("August", "September", "Oktober", "November", "Dezember"),
)
_SPANISH_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
_SPANISH_MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio"),
    *("agosto", "septiembre", "octubre", "noviembre", "diciembre"),
)
_CHINESE_DAYS = "一二三四五六日"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What never changes in a calendar, in one language.

    ``visit``, ``window`` and ``period`` tell nothing of the study.
    """

    visit: str
    visits: str
    window: str
    period: str
    activities: str
    due: str
    overdue: str
    status: Mapping[Status, str]
    place: Mapping[str, str]


def _statuses(*names: str) -> dict[Status, str]:
    return dict(zip(Status, names, strict=True))


def _places(*names: str) -> dict[str, str]:
    return dict(zip(("clinic", "phone", "ward", "remote"), names, strict=True))


_WORDS = {
    "en": Words(
        visit="Visit",
        visits="Visits",
        window="Visit window",
        period="Period",
        activities="Activities",
        due="due",
        overdue="overdue",
        status=_statuses(*Status),
        place=_places("Clinic", "Telephone", "Ward", "Remote"),
    ),
    "zh": Words(
        visit="就诊",
        visits="就诊安排",
        window="就诊时间窗",
        period="时段",
        activities="项目",
        due="应就诊",
        overdue="逾期",
        status=_statuses("计划", "已预约", "已完成", "缺席", "已取消", "待定", "不适用"),
        place=_places("门诊", "电话", "病房", "远程"),
    ),
    "de": Words(
        visit="Termin",
        visits="Termine",
        window="Terminfenster",
        period="Zeitraum",
        activities="Maßnahmen",
        due="fällig",
        overdue="überfällig",
        status=_statuses("geplant", "gebucht", "erfolgt", "versäumt", "abgesagt", "bedingt", "entfällt"),
        place=_places("Ambulanz", "Telefon", "Station", "aus der Ferne"),
    ),
    "es": Words(
        visit="Visita",
        visits="Visitas",
        window="Ventana de visita",
        period="Período",
        activities="Actividades",
        due="pendiente",
        overdue="atrasada",
        status=_statuses(
            "prevista", "reservada", "realizada", "no realizada", "cancelada", "condicional", "no procede"
        ),
        place=_places("Consulta", "Teléfono", "Planta", "A distancia"),
    ),
}


def words(language: str) -> Words:
    """The fixed words of a language. Raises UnknownName for one that is not among LANGUAGES."""
    if language not in _WORDS:
        raise _unknown(language)
    return _WORDS[language]


def _unknown(language: str) -> UnknownName:
    return UnknownName("language", language, LANGUAGES, advice=f"Choose one of {', '.join(LANGUAGES)}.")


def day_in_words(day: date, language: str = "en", *, short: bool = False) -> str:
    """``Tuesday 3 March 2026``, or ``Tue 3 Mar 2026``; in the reader's language and order."""
    weekday, month = day.weekday(), day.month - 1
    match language:
        case "en":
            return _spaced(_ENGLISH_DAYS[weekday], day.day, _ENGLISH_MONTHS[month], day.year, short)
        case "de" if short:
            return f"{_GERMAN_DAYS[weekday][:2]} {day.day}.{day.month}.{day.year}"
        case "de":
            return f"{_GERMAN_DAYS[weekday]}, {day.day}. {_GERMAN_MONTHS[month]} {day.year}"
        case "es" if short:
            return _spaced(_SPANISH_DAYS[weekday], day.day, _SPANISH_MONTHS[month], day.year, short)
        case "es":
            return f"{_SPANISH_DAYS[weekday]}, {day.day} de {_SPANISH_MONTHS[month]} de {day.year}"
        case "zh":
            name = ("周" if short else "星期") + _CHINESE_DAYS[weekday]
            return f"{day.year}年{day.month}月{day.day}日{'' if short else ' '}{name}"
        case _:
            raise _unknown(language)


def _spaced(weekday: str, day: int, month: str, year: int, short: bool) -> str:
    return f"{weekday[:3]} {day} {month[:3]} {year}" if short else f"{weekday} {day} {month} {year}"


def time_in_words(moment: time | datetime) -> str:
    """The wall-clock time on a 24-hour clock, ``10:00``, which all four languages read."""
    return f"{moment.hour:02}:{moment.minute:02}"


def when_in_words(when: When, language: str = "en", *, short: bool = False) -> str:
    """A date, or a date and its wall-clock time: ``Tuesday 3 March 2026, 10:00``."""
    day = day_in_words(day_of(when), language, short=short)
    return f"{day}, {time_in_words(when)}" if isinstance(when, datetime) else day


def day_of(when: When) -> date:
    """The date of a date or of a moment, in the moment's own zone."""
    return when.date() if isinstance(when, datetime) else when


def window_in_words(start: When | None, end: When | None) -> str:
    """A span of days in short: ``3 Mar``, ``23–24 Feb``, ``28 Feb–6 Mar``, ``10 Mar 08:00–12:00``.

    An open side gives ``from 3 Mar`` or ``to 6 Mar``, two open sides nothing. Years are told only of a span
    of a year or more.
    """
    if start is None or end is None:
        return f"from {_brief(start)}" if start is not None else f"to {_brief(end)}" if end is not None else ""
    first, last = day_of(start), day_of(end)
    if isinstance(start, datetime) or isinstance(end, datetime):
        closing = time_in_words(end) if isinstance(end, datetime) and first == last else _brief(end)
        return f"{_brief(start)}–{closing}"
    if first == last:
        return _brief(first)
    if (last - first).days > 365:
        return f"{_brief(first)} {first.year}–{_brief(last)} {last.year}"
    same_month = (first.year, first.month) == (last.year, last.month)
    return f"{first.day if same_month else _brief(first)}–{_brief(last)}"


def _brief(when: When) -> str:
    day = f"{when.day} {_ENGLISH_MONTHS[when.month - 1][:3]}"
    return f"{day} {time_in_words(when)}" if isinstance(when, datetime) else day


def length_in_words(length: timedelta) -> str:
    """A length without its sign: ``2 days``, ``6 hours 30 minutes``; less than a minute is ``0 days``."""
    minutes = round(abs(length).total_seconds() / 60)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = ((days, "day"), (hours, "hour"), (minutes, "minute"))
    return " ".join(f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in parts if number) or "0 days"


def change_between(before: When, after: When) -> timedelta:
    """How much later ``after`` is: in whole days unless both are moments, then in elapsed time."""
    if isinstance(before, datetime) and isinstance(after, datetime):
        if before.time() == after.time():
            return after.date() - before.date()
        return after.astimezone(UTC) - before.astimezone(UTC)
    return day_of(after) - day_of(before)


def change_in_words(before: When, after: When) -> str:
    """How far it moved: ``+2 days``, ``-1 day``, ``+6 hours``; ``same day`` if only a time came or went."""
    change = change_between(before, after)
    if not change:
        return "same day"
    return ("-" if change < timedelta() else "+") + length_in_words(change)


def standing(visit: Visit, today: date, language: str = "en") -> str:
    """A visit's status for people as of a date at the site: its own, or *due* and *overdue* (design §3).

    A planned visit is due once its window is open, and overdue once that has closed or the bounds leave no
    day; without either, its planned date is all it has. A booked one is overdue when its day has gone by with
    nothing recorded.
    """
    own = words(language)
    if visit.date is None or visit.status not in TO_COME:
        return own.status[visit.status]
    closing = closes(visit)
    if closing is not None and today > closing:
        return own.overdue
    if visit.status is Status.BOOKED:
        return own.status[visit.status]
    opens = visit.date if visit.window_start is None else min(visit.date, day_of(visit.window_start))
    return own.due if today >= opens else own.status[visit.status]


def closes(visit: Visit) -> date | None:
    """The last day on which a visit still to come is not overdue, at the site; None for one without a date.

    Of a booked one it is its day; else the last of its window and of what the bounds leave, or its planned day.
    """
    planned = visit.date
    if planned is None or visit.status is Status.BOOKED:
        return planned
    ends = [day_of(end) for end in (visit.window_end, visit.not_after) if end is not None]
    return max(planned, min(ends)) if ends else planned
