"""The words of the printed page in English, Chinese, German and Spanish; its dates and lengths.

The page shows dates without their year where a heading has told it. Weeks begin on Monday in all four (ISO 8601).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from calendars.layout import NO_BREAK
from calendars.words import words


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """What never changes on the page. None of it tells anything of a study.

    ``tag`` is the language's name in HTML (BCP 47). ``month_title``, ``plain``, ``long`` and ``month`` are patterns of
    dates (CLDR), and ``with_year`` makes one with a year of one without. ``short_phone`` fits into a day of the grid.
    """

    tag: str
    month_title: str
    plain: str
    long: str
    with_year: str
    at: str
    between: str
    between_in_month: str
    span: str
    about: str
    as_of: str
    version: str
    replaces: str
    whose: str
    call: str
    how_to_read: str
    booked: str
    planned: str
    done: str
    missed: str
    phone: str
    short_phone: str
    unrecorded: str
    unsettled: str
    unsure: str
    mind: str
    open_end: str
    until_told: str
    later: str
    no_visits: str
    nothing_in: str
    nothing_between: str
    takes: str
    may_move: str
    local_times: str
    comma: str = ", "
    month: str = "MMMM"


_PAGE_WORDS: Mapping[str, PageWords] = {
    "en": PageWords(
        tag="en",
        month_title="MMMM y",
        plain="d MMMM",
        long="EEEE d MMMM",
        with_year="{pattern} y",
        at="{day}, {time}",
        between="between {first} and {last}",
        between_in_month="between {first} and {last} {month}",
        span="{first} to {last}",
        about="about {day}",
        as_of="As of {day}.",
        version=" Version {number}.",
        replaces=" This page replaces all earlier ones.",
        whose="For",
        call="Whom to call",
        how_to_read="How to read this page",
        booked="booked",
        planned="not booked yet",
        done="done",
        missed="missed",
        phone="Call",
        short_phone="Call",
        unrecorded="nothing recorded yet",
        unsettled="Please ask about these earlier visits",
        unsure="Please ask before you rely on this day.",
        mind="To keep in mind",
        open_end="from {first}; your care team tells you when it ends",
        until_told="{first} to {last}, and until your care team tells you",
        later="Later",
        no_visits="No visits are planned.",
        nothing_in="No visits in {first}.",
        nothing_between="No visits from {first} to {last}.",
        takes="takes about {length}",
        may_move="Days that are not booked yet may still move, and what counts from them.",
        local_times="All times are local to the place of the visit.",
    ),
    "zh": PageWords(
        tag="zh-Hans",
        month_title="y年M月",
        plain="M月d日",
        long="M月d日EEEE",
        with_year="y年{pattern}",
        at="{day} {time}",
        between="{first}至{last}之间",
        between_in_month="{month}{first}日至{last}日之间",
        month="M月",
        span="{first}至{last}",
        about="约{day}",
        as_of="截至{day}。",
        version="第{number}版。",
        replaces="本页取代之前的所有版本。",
        whose="姓名",
        call="联系人和电话",
        how_to_read="图例",
        booked="已预约",
        planned="尚未预约",
        done="已完成",
        missed="缺席",
        phone="电话",
        short_phone="电话",
        unrecorded="尚无记录",
        unsettled="请询问以下较早的就诊",
        unsure="日期尚待确认，请先询问。",
        mind="注意事项",
        open_end="{first}起；结束时间由医护团队告知",
        until_told="{first}至{last}，并直到医护团队告知为止",
        later="以后",
        no_visits="没有就诊安排。",
        nothing_in="{first}没有就诊。",
        nothing_between="{first}至{last}没有就诊。",
        takes="约需{length}",
        may_move="尚未预约的日期以及由其推算的日期仍可能变动。",
        local_times="所有时间均为就诊地点的当地时间。",
        comma="，",
    ),
    "de": PageWords(
        tag="de",
        month_title="MMMM y",
        plain="d. MMMM",
        long="EEEE, d. MMMM",
        with_year="{pattern} y",
        at="{day}, {time} Uhr",
        between="zwischen {first} und {last}",
        between_in_month="zwischen {first}. und {last}. {month}",
        span="{first} bis {last}",
        about="etwa {day}",
        as_of="Stand: {day}.",
        version=" Fassung {number}.",
        replaces=" Diese Seite ersetzt alle früheren.",
        whose="Für",
        call="Bei Fragen anrufen",
        how_to_read="So lesen Sie diese Seite",
        booked="gebucht",
        planned="noch nicht gebucht",
        done="erfolgt",
        missed="versäumt",
        phone="Anruf",
        short_phone="Anruf",
        unrecorded="noch nichts eingetragen",
        unsettled="Bitte fragen Sie nach diesen früheren Terminen",
        unsure="Bitte fragen Sie nach, bevor Sie mit diesem Tag rechnen.",
        mind="Bitte beachten",
        open_end="ab {first}; das Ende teilt Ihr Behandlungsteam mit",
        until_told="{first} bis {last}, und bis Ihr Behandlungsteam es beendet",
        later="Später",
        no_visits="Es sind keine Termine geplant.",
        nothing_in="Keine Termine im {first}.",
        nothing_between="Keine Termine von {first} bis {last}.",
        takes="dauert etwa {length}",
        may_move="Noch nicht gebuchte Tage können sich verschieben, und mit ihnen, was davon abhängt.",
        local_times="Alle Uhrzeiten gelten am Ort des Termins.",
    ),
    "es": PageWords(
        tag="es",
        month_title="MMMM 'de' y",
        plain="d 'de' MMMM",
        long="EEEE d 'de' MMMM",
        with_year="{pattern} 'de' y",
        at="{day}, {time}",
        between="entre el {first} y el {last}",
        between_in_month="entre el {first} y el {last} de {month}",
        span="{first} a {last}",
        about="hacia el {day}",
        as_of="A fecha de {day}.",
        version=" Versión {number}.",
        replaces=" Esta página sustituye a todas las anteriores.",
        whose="Para",
        call="A quién llamar",
        how_to_read="Cómo leer esta página",
        booked="reservada",
        planned="aún sin reservar",
        done="realizada",
        missed="no realizada",
        phone="Llamada",
        short_phone="Tel.",
        unrecorded="aún sin registrar",
        unsettled="Pregunte, por favor, por estas visitas anteriores",
        unsure="Pregunte antes de contar con este día.",
        mind="Tenga en cuenta",
        open_end="desde el {first}; su equipo médico le dirá cuándo termina",
        until_told="{first} a {last}, y hasta que se lo diga su equipo médico",
        later="Más adelante",
        no_visits="No hay visitas previstas.",
        nothing_in="No hay visitas en {first}.",
        nothing_between="No hay visitas de {first} a {last}.",
        takes="dura aproximadamente {length}",
        may_move="Los días aún sin reservar pueden cambiar, y con ellos lo que depende de ellos.",
        local_times="Todas las horas son las del lugar de la visita.",
    ),
}


def page_words(language: str) -> PageWords:
    """The words of the page in a language. Raises UnknownName for one that is not among LANGUAGES."""
    words(language)
    return _PAGE_WORDS[language]


def month_in_words(first: date, own: PageWords) -> str:
    """The month of a day: ``March 2026``, ``2026年3月``."""
    return _formatted(first, own.month_title, own)


def date_in_words(day: date, own: PageWords, *, long: bool = False, year: bool = False) -> str:
    """A day without or with its year: ``9 May``; ``long`` with its weekday: ``Saturday 9 May 2026``."""
    pattern = own.long if long else own.plain
    return _formatted(day, own.with_year.format(pattern=pattern) if year else pattern, own)


def weekday_in_words(day: date, own: PageWords, *, short: bool = False) -> str:
    """The weekday of a day: ``Monday``, ``Mon``."""
    return _formatted(day, "ccc" if short else "EEEE", own)


def _formatted(day: date, pattern: str, own: PageWords) -> str:
    from babel.dates import format_date

    return format_date(day, pattern, locale=own.tag.replace("-", "_"))


def time_at_site(moment: datetime) -> str:
    """The wall-clock time: ``10:00``; one that comes twice as clocks go back has its offset: ``02:30 (+01:00)``."""
    text = f"{moment:%H:%M}"
    twice = moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()
    return f"{text} ({moment.isoformat(timespec='minutes')[-6:]})" if twice else text


def between_in_words(first: date, last: date, own: PageWords, *, year: int) -> str:
    """``between 9 and 15 May``; the years where they are not ``year``."""
    if (first.year, first.month) == (last.year, last.month) and first.year == year:
        return own.between_in_month.format(first=first.day, last=last.day, month=_formatted(first, own.month, own))
    days = (date_in_words(day, own, year=day.year != year or first.year != last.year) for day in (first, last))
    return own.between.format(**dict(zip(("first", "last"), days, strict=True)))


def length_of_visit(length: timedelta, own: PageWords) -> str:
    """``4 hours``, ``1 hour 30 minutes``; rounded up to a minute."""
    from babel.units import format_unit

    minutes = -(-length // timedelta(minutes=1))
    days, rest = divmod(minutes, 1440)
    # Babel knows no long units of Chinese, whose short ones are as long.
    form: Literal["short", "long"] = "short" if own.tag == "zh-Hans" else "long"
    told = [
        format_unit(number, f"duration-{unit}", form, locale=own.tag.replace("-", "_"))
        for number, unit in ((days, "day"), (rest // 60, "hour"), (rest % 60, "minute"))
        if number
    ]
    return " ".join(told).replace(" ", NO_BREAK)


def sentence(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]
