"""Reading off how the clocks of a zone go, and telling what differs from how they went."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo

from schedules.clocks import FIRST_YEAR, LAST_YEAR, Clocks, Offset, posix_offset, zone_of
from schedules.words import when_words

_STEP = timedelta(days=7)
# In 28 years every date of a month falls on every weekday, so that "last" and "fourth" can be told apart.
LOOK_AHEAD = 28
# Israel's clocks go on the Friday before the last Sunday, which POSIX can only say as a Thursday's hour 26.
_SHIFTS = (0, -1, 1)
TOLD = 3
_PLAIN_NAME = re.compile(r"[A-Za-z]{3,}")


@dataclass(frozen=True, slots=True)
class Onset:
    """A change of offset. ``wall`` is the old wall-clock time at which it takes effect, without zone."""

    wall: datetime
    before: timedelta
    after: timedelta
    name: str


def onsets_between(zone: ZoneInfo, first_year: int, last_year: int, *, named: bool = False) -> Iterator[Onset]:
    """Every change of the zone's offset from the start of ``first_year`` to the end of ``last_year`` (UTC); if
    ``named`` also where only the name of the offset changes."""
    moment, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    before = _state(zone, moment, named)
    while moment < end:
        later = min(moment + _STEP, end)
        after = _state(zone, later, named)
        if before != after:
            yield _onset(zone, moment, later, named)
        moment, before = later, after


def _state(zone: ZoneInfo, moment: datetime, named: bool) -> tuple[timedelta | None, str | None]:
    local = moment.astimezone(zone)
    return local.utcoffset(), local.tzname() if named else None


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _onset(zone: ZoneInfo, early: datetime, late: datetime, named: bool) -> Onset:
    before, was = _offset(zone, early), _state(zone, early, named)
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        early, late = (middle, late) if _state(zone, middle, named) == was else (early, middle)
    name = late.astimezone(zone).tzname() or str(zone)
    return Onset((late + before).replace(tzinfo=None), before, _offset(zone, late), name)


# From a zone to its clocks


def installed_clocks(key: str) -> Clocks:
    """How the clocks of an IANA zone go by the release of the zone data that is installed, read anew each time.

    Raises ZoneInfoNotFoundError for an unknown zone.
    """
    zone = ZoneInfo.no_cache(key)
    onsets = tuple(onsets_between(zone, FIRST_YEAR, LAST_YEAR, named=True))
    standing = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).astimezone(zone)
    start = Offset(_seconds(_offset(zone, standing)), standing.tzname() or key)
    listed = Clocks(start=start, changes=_changes(onsets), rule=_standing_rule(start, onsets))
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        ruled = _ruled(key, start, onsets, year)
        if ruled is not None:
            return ruled
    return listed


def _ruled(key: str, start: Offset, onsets: Sequence[Onset], year: int) -> Clocks | None:
    """The clocks with a rule from a year on; None where what then follows is not what the zone does."""
    earlier = [onset for onset in onsets if onset.wall.year < year]
    later = [onset for onset in onsets if onset.wall.year >= year]
    rule = _yearly_rule(later, LAST_YEAR - year + 1) if later else _standing_rule(start, earlier)
    if rule is None:
        return None
    # A rule counts from the last change that is listed: where any is, its first year is too, so that none is made up.
    first = [onset for onset in later if onset.wall.year == year] if earlier else []
    found = Clocks(start=start, changes=_changes([*earlier, *first]), rule=rule)
    said = onsets_between(zone_of(key, found), FIRST_YEAR, LAST_YEAR, named=True)
    return found if tuple(said) == tuple(onsets) else None


def _changes(onsets: Iterable[Onset]) -> tuple[tuple[datetime, Offset], ...]:
    return tuple(
        ((onset.wall - onset.before).replace(tzinfo=UTC), Offset(_seconds(onset.after), onset.name)) for onset in onsets
    )


def _seconds(offset: timedelta) -> int:
    return offset // timedelta(seconds=1)


def _standing_rule(start: Offset, onsets: Sequence[Onset]) -> str:
    last = Offset(_seconds(onsets[-1].after), onsets[-1].name) if onsets else start
    return f"{_name(last.name)}{posix_offset(last.seconds)}"


def _name(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else f"<{name}>"


def _yearly_rule(onsets: Sequence[Onset], years: int) -> str | None:
    """The TZ text of two changes that come every year; None where they keep to no rule that it can say."""
    per_year = [list(group) for _, group in groupby(onsets, key=lambda onset: onset.wall.year)]
    if years < LOOK_AHEAD or len(per_year) != years or {len(group) for group in per_year} != {2}:
        return None
    forward, back = sorted(zip(*per_year, strict=True), key=lambda each: each[0].before - each[0].after)
    days = [_nth_weekday(each) for each in (forward, back)]
    if None in days:
        return None
    names = [f"{_name(each[0].name)}{posix_offset(_seconds(each[0].after))}" for each in (back, forward)]
    return f"{names[0]}{names[1]},{days[0]},{days[1]}"


def _nth_weekday(onsets: Sequence[Onset]) -> str | None:
    """``M3.2.0/2``: the month, which one of which weekday, and the hour; None where it is no such day."""
    alike = {(onset.before, onset.after, onset.wall.time(), onset.name) for onset in onsets}
    if len(alike) != 1:
        return None
    for shift in _SHIFTS:
        days = [onset.wall.date() + timedelta(days=shift) for onset in onsets]
        if len({(day.month, day.weekday()) for day in days}) != 1:
            continue
        numbers = {(day.day - 1) // 7 + 1 for day in days}
        if all(day.day + 7 > calendar.monthrange(day.year, day.month)[1] for day in days):
            numbers = {5}
        if len(numbers) == 1:
            weekday = (days[0].weekday() + 1) % 7
            return f"M{days[0].month}.{numbers.pop()}.{weekday}/{_hour(onsets[0].wall, shift)}"
    return None


def _hour(wall: datetime, shift: int) -> str:
    minutes = wall.hour * 60 + wall.minute - shift * 1440
    sign, minutes = ("-", -minutes) if minutes < 0 else ("", minutes)
    text = f"{sign}{minutes // 60}"
    if minutes % 60 or wall.second:
        text += f":{minutes % 60:02}"
    return text + (f":{wall.second:02}" if wall.second else "")


# What differs


@lru_cache(maxsize=64)
def _of(key: str, clocks: Clocks) -> tuple[Onset, ...]:
    return tuple(onsets_between(zone_of(key, clocks), FIRST_YEAR, LAST_YEAR))


def go_alike(key: str, one: Clocks, two: Clocks) -> bool:
    """Whether clocks go the same way, whatever that is called."""
    if one == two:
        return True
    return one.start.seconds == two.start.seconds and [*map(_bare, _of(key, one))] == [*map(_bare, _of(key, two))]


def _bare(onset: Onset) -> tuple[datetime, timedelta, timedelta]:
    return onset.wall, onset.before, onset.after


def clock_changes(key: str, before: Clocks | None, after: Clocks) -> tuple[str, ...]:
    """What differs in how clocks go, in sentences; the first few of many changes are told, and counted the rest."""
    if before is None:
        return (f"How clocks go in {key} is recorded from now on.",)
    found = []
    if before.start.seconds != after.start.seconds:
        found.append(
            f"In {key} clocks are at {_offset_words(after.start.seconds)} at the start of {FIRST_YEAR}, "
            f"and were at {_offset_words(before.start.seconds)}."
        )
    old, new = _of(key, before), _of(key, after)
    was, now = {*map(_bare, old)}, {*map(_bare, new)}
    found += _told(key, [onset for onset in new if _bare(onset) not in was], "go")
    found += _told(key, [onset for onset in old if _bare(onset) not in now], "no longer go")
    return tuple(found)


def _told(key: str, onsets: Sequence[Onset], verb: str) -> Iterator[str]:
    for onset in onsets[:TOLD]:
        offsets = [_offset_words(_seconds(offset)) for offset in (onset.before, onset.after)]
        yield f"In {key} clocks {verb} from {offsets[0]} to {offsets[1]} on {when_words(onset.wall)}."
    if len(onsets) > TOLD:
        rest, last = len(onsets) - TOLD, onsets[-1].wall.year
        yield f"So it is at {rest} more change{'' if rest == 1 else 's'} of the clocks, up to {last}."


def _offset_words(seconds: int) -> str:
    minutes, left = divmod(abs(seconds), 60)
    text = f"{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
    return text + (f":{left:02}" if left else "")
