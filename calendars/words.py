"""The fixed words of calendars in English, Chinese, German and Spanish; dates and lengths in words (Babel's).

Nothing here comes from the machine's locale: the same plan gives the same text everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from schedules.errors import UnknownName
from schedules.plan import TO_COME, Status, Visit
from schedules.points import Around
from schedules.record import When
from schedules.spans import Span
from schedules.words import counted

LANGUAGES = ("en", "zh", "de", "es")
_ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# Long and short forms of dates in the patterns of the CLDR, for the languages that Babel writes.
_PATTERNS = {
    "de": ("EEEE, d. MMMM y", "ccc d.M.y"),
    "es": ("EEEE, d 'de' MMMM 'de' y", "EEE d MMM y"),
    "zh": ("y年M月d日EEEE", "y年M月d日EEE"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What never changes in a calendar, in one language.

    ``visit``, ``window``, ``period`` and ``sample`` tell nothing of the study.
    """

    language: str
    visit: str
    visits: str
    window: str
    period: str
    sample: str
    activities: str
    due: str
    overdue: str
    before: str
    after: str
    start: str
    between: str
    status: Mapping[Status, str]
    place: Mapping[str, str]

    def counted(self, offset: Span) -> str:
        """A moment counted from the start of a visit: ``30 minutes before the visit begins``."""
        if not offset:
            return self.start
        return (self.before if offset.roughly_days < 0 else self.after).format(_length(offset, self.language))

    def around(self, tolerance: Around) -> str:
        """How much sooner or later: ``±15 minutes``, ``−5 minutes/+15 minutes``."""
        early, late = _length(tolerance.start, self.language), _length(tolerance.end, self.language)
        return f"±{late}" if tolerance.start == -tolerance.end else f"−{early}/+{late}"


def _length(span: Span, language: str) -> str:
    """A length without its sign, in the reader's language: ``2 Stunden 30 Minuten``."""
    from babel.units import format_unit

    hours, minutes = divmod(abs(span.minutes), 60)
    parts = ((abs(span.months), "month"), (abs(span.days), "day"), (hours, "hour"), (minutes, "minute"))
    # Babel knows no long units of Chinese, whose short ones are as long.
    form: Literal["short", "long"] = "short" if language == "zh" else "long"
    told = [format_unit(number, f"duration-{unit}", form, locale=language) for number, unit in parts if number]
    return " ".join(told) or format_unit(0, "duration-minute", form, locale=language)


def _statuses(*names: str) -> dict[Status, str]:
    return dict(zip(Status, names, strict=True))


def _places(*names: str) -> dict[str, str]:
    return dict(zip(("clinic", "phone", "ward", "remote"), names, strict=True))


_WORDS = {
    "en": Words(
        language="en",
        visit="Visit",
        visits="Visits",
        window="Visit window",
        period="Period",
        sample="Time point",
        activities="Activities",
        due="due",
        overdue="overdue",
        before="{} before the visit begins",
        after="{} after the visit begins",
        start="When the visit begins",
        between="Between {} and {}",
        status=_statuses(*Status),
        place=_places("Clinic", "Telephone", "Ward", "Remote"),
    ),
    "zh": Words(
        language="zh",
        visit="就诊",
        visits="就诊安排",
        window="就诊时间窗",
        period="时段",
        sample="时间点",
        activities="项目",
        due="应就诊",
        overdue="逾期",
        before="就诊开始前{}",
        after="就诊开始后{}",
        start="就诊开始时",
        between="{}至{}之间",
        status=_statuses("计划", "已预约", "已完成", "缺席", "已取消", "待定", "不适用"),
        place=_places("门诊", "电话", "病房", "远程"),
    ),
    "de": Words(
        language="de",
        visit="Termin",
        visits="Termine",
        window="Terminfenster",
        period="Zeitraum",
        sample="Zeitpunkt",
        activities="Maßnahmen",
        due="fällig",
        overdue="überfällig",
        before="{} vor Beginn des Termins",
        after="{} nach Beginn des Termins",
        start="zu Beginn des Termins",
        between="zwischen {} und {}",
        status=_statuses("geplant", "gebucht", "erfolgt", "versäumt", "abgesagt", "bedingt", "entfällt"),
        place=_places("Ambulanz", "Telefon", "Station", "aus der Ferne"),
    ),
    "es": Words(
        language="es",
        visit="Visita",
        visits="Visitas",
        window="Ventana de visita",
        period="Período",
        sample="Momento",
        activities="Actividades",
        due="pendiente",
        overdue="atrasada",
        before="{} antes del inicio de la visita",
        after="{} después del inicio de la visita",
        start="al inicio de la visita",
        between="entre las {} y las {}",
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
    if language == "en":
        return _english(day, short)
    if language not in _PATTERNS:
        raise _unknown(language)
    # English is what every table is made of, and needs no Babel, which takes longer to load than a table.
    from babel.dates import format_date

    return format_date(day, _PATTERNS[language][short], locale=language)


def _english(day: date, short: bool) -> str:
    weekday, month = _ENGLISH_DAYS[day.weekday()], _ENGLISH_MONTHS[day.month - 1]
    return f"{weekday[:3]} {day.day} {month[:3]} {day.year}" if short else f"{weekday} {day.day} {month} {day.year}"


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
    return " ".join(counted(number, unit) for number, unit in parts if number) or "0 days"


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
