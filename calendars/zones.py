"""VTIMEZONE components with yearly rules, read off how a zone behaves (RFC 5545, 3.6.5).

icalendar's ``add_missing_timezones`` lists every change of a zone as an RDATE. Outlook ignores RDATEs and
shows half the year an hour off, and Google garbles Chinese titles when the block is long. So a zone that
keeps changing by a rule (the second Sunday of March at 02:00) is written with that rule. The only rules
Outlook reads name one occurrence of one weekday in a month (MS-OXCICAL, 2.1.3.1.1.19.2.2: BYDAY=2SU or -1SU,
no BYMONTHDAY beside it). Of a zone that follows no such rule (Morocco the moon, Israel the Friday before the
last Sunday) the changes are listed after all.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

from schedules.clocks import Clocks, zone_of
from schedules.onsets import LOOK_AHEAD, Onset, onsets_between

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class Yearly:
    """A change that comes every year by a rule, from its first ``onset`` on."""

    onset: Onset
    rule: dict[str, list[int | str]]


@lru_cache(maxsize=64)
def timezone_bytes(key: str, first_year: int, last_year: int, clocks: Clocks | None = None) -> bytes:
    """The VTIMEZONE of an IANA zone, right for all local times from ``first_year`` to ``last_year``; with ``clocks``
    as these go, else as the installed zone data has it.

    A zone that changes by a rule, or no more, stays right after ``last_year`` as well; of one without a rule
    the changes are listed to the end of ``last_year``. Raises ZoneInfoNotFoundError for an unknown zone.
    """
    zone = ZoneInfo(key) if clocks is None else zone_of(key, clocks)
    onsets = tuple(onsets_between(zone, first_year - 1, last_year + LOOK_AHEAD))
    steady, rules = _rules_from(onsets, first_year - 1, last_year)
    component = Timezone()
    component.add("TZID", key)
    if not rules or steady >= first_year:
        component.add_component(_observance([_standing_onset(zone, first_year - 1)]))
    for group in _alike(onset for onset in onsets if onset.wall.year < steady):
        component.add_component(_observance(group))
    for yearly in rules:
        component.add_component(_observance([yearly.onset], yearly.rule))
    return bytes(component.to_ical())


def _standing_onset(zone: ZoneInfo, year: int) -> Onset:
    start = datetime(year, 1, 1, tzinfo=zone)
    offset, name = start.utcoffset(), start.tzname()
    assert offset is not None
    return Onset(start.replace(tzinfo=None), offset, offset, name or zone.key)


def _rules_from(onsets: Sequence[Onset], first_year: int, last_year: int) -> tuple[int, tuple[Yearly, ...]]:
    """The first year from which the zone keeps to yearly rules, and these; else the year after the last."""
    for year in range(first_year, last_year + 1):
        rules = _rules([onset for onset in onsets if onset.wall.year >= year], last_year + LOOK_AHEAD - year + 1)
        if rules is not None:
            return year, rules
    return last_year + 1, ()


def _rules(onsets: Sequence[Onset], years: int) -> tuple[Yearly, ...] | None:
    """One rule for each of the changes that come every year; None where they keep to none.

    No changes are no rules.
    """
    per_year = [list(group) for _, group in groupby(onsets, key=lambda onset: onset.wall.year)]
    if not per_year:
        return ()
    if len(per_year) != years or len({len(group) for group in per_year}) != 1:
        return None
    found = [_yearly(change) for change in zip(*per_year, strict=True)]
    rules = tuple(yearly for yearly in found if yearly is not None)
    return rules if len(rules) == len(found) else None


def _yearly(onsets: Sequence[Onset]) -> Yearly | None:
    first = onsets[0]
    alike = {(o.before, o.after, o.wall.time(), o.wall.weekday(), o.wall.month) for o in onsets}
    days = [onset.wall.day for onset in onsets]
    if len(alike) != 1 or max(days) - min(days) > 6:
        return None
    rule: dict[str, list[int | str]] = {"FREQ": ["YEARLY"], "BYMONTH": [first.wall.month]}
    weekday = _WEEKDAYS[first.wall.weekday()]
    if all(onset.wall.day + 7 > calendar.monthrange(onset.wall.year, onset.wall.month)[1] for onset in onsets):
        rule["BYDAY"] = [f"-1{weekday}"]
    elif (min(days) - 1) // 7 == (max(days) - 1) // 7:
        rule["BYDAY"] = [f"{(days[0] - 1) // 7 + 1}{weekday}"]
    else:
        return None
    return Yearly(first, rule)


def _alike(onsets: Iterator[Onset]) -> list[list[Onset]]:
    groups: dict[tuple[timedelta, timedelta, str], list[Onset]] = {}
    for onset in onsets:
        groups.setdefault((onset.before, onset.after, onset.name), []).append(onset)
    return list(groups.values())


def _observance(
    onsets: Sequence[Onset], rule: dict[str, list[int | str]] | None = None
) -> TimezoneStandard | TimezoneDaylight:
    """A STANDARD or DAYLIGHT component; what puts the clocks forward is DAYLIGHT, as Outlook wants it."""
    first = onsets[0]
    component = TimezoneDaylight() if first.after > first.before else TimezoneStandard()
    component.add("DTSTART", first.wall)
    component.add("TZOFFSETFROM", first.before)
    component.add("TZOFFSETTO", first.after)
    component.add("TZNAME", first.name)
    if rule is not None:
        component.add("RRULE", rule)
    if len(onsets) > 1:
        component.add("RDATE", [onset.wall for onset in onsets[1:]])
    return component
