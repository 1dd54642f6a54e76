"""A country's working days as a snapshot for a site, read from the ``holidays`` package once per site and range
(rule 5).

The package is asked whether a day is a working day, so that weekends worked instead of a holiday count as such;
never whether it
is a weekday and no holiday.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from schedules.errors import InvalidInput, UnknownName
from schedules.site import Site

if TYPE_CHECKING:
    from holidays import HolidayBase

# How many years back working weekends are looked for, to tell whether a country decrees them each year.
YEARS_BACK = 4
_AMERICAN_DATE = re.compile(r"\b([0-9]{2})/([0-9]{2})/([0-9]{4})\b")


def parse_holidays(text: str) -> tuple[str, str | None]:
    """``CN`` or ``DE-BY`` as country and subdivision. Raises UnknownName or InvalidInput for one that is not
    supported."""
    from holidays import list_supported_countries

    country, dash, subdivision = text.strip().partition("-")
    country, supported = country.upper(), list_supported_countries()
    if country not in supported:
        raise UnknownName(
            "country", text, sorted(supported), advice="Write its ISO 3166 code, such as CN, US or DE-BY."
        )
    if not dash:
        return country, None
    known = {name.upper(): name for name in supported[country]}
    if subdivision.upper() not in known:
        advice = "" if known else f"Its holidays are the same everywhere: write {country}."
        raise UnknownName(f"subdivision of {country}", subdivision, sorted(supported[country]), advice=advice)
    return country, known[subdivision.upper()]


def with_holidays(site: Site, holidays: str, first_year: int, last_year: int) -> Site:
    """The site with the public holidays and working weekends of ``first_year`` to ``last_year`` (both included)."""
    if not holidays:
        return site
    from holidays import country_holidays

    country, subdivision = parse_holidays(holidays)
    if last_year < first_year:
        raise InvalidInput(f"The years {first_year} to {last_year} run backwards. Give the earlier year first.")
    calendar = country_holidays(
        country, subdiv=subdivision, years=range(first_year - YEARS_BACK, last_year + 1), language="en_US"
    )
    return replace(
        site,
        holidays=f"{country}-{subdivision}" if subdivision else country,
        closed=tuple(
            sorted((day, _named(name)) for day, name in calendar.items() if first_year <= day.year <= last_year)
        ),
        working=_working_weekends(calendar, first_year, last_year),
        announced_to=_announced_to(calendar),
    )


def _named(name: str) -> str:
    """A holiday's name, with a date in it (month/day/year) written the way that cannot be misread."""
    return _AMERICAN_DATE.sub(r"\3-\1-\2", name)


def _working_weekends(calendar: HolidayBase, first_year: int, last_year: int) -> frozenset[date]:
    day, end = date(first_year, 1, 1), date(last_year, 12, 31)
    found = []
    while day <= end:
        if day.weekday() in calendar.weekend and calendar.is_working_day(day):
            found.append(day)
        day += timedelta(days=1)
    return frozenset(found)


def _announced_to(calendar: HolidayBase) -> int | None:
    """The last year whose working weekends are decreed; None where a country has none, and its holidays follow from
    the law."""
    worked = [day.year for day in getattr(calendar, "weekend_workdays", ())]
    return max(worked, default=None)
