"""What is wrong with a calendar that parsers let pass, and clients stumble over. Shares no code with either.

It is written for what this program makes: RFC 5545 allows more.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

TEXTS = frozenset({"SUMMARY", "DESCRIPTION", "LOCATION", "NAME", "X-WR-CALNAME"})
ONCE = ("UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "STATUS", "SUMMARY", "TRANSP")
STATUSES = frozenset({"TENTATIVE", "CONFIRMED", "CANCELLED"})
MOST_ALARMS = 2
_LINE = re.compile(r"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:\"[^\"]*\"|[^\";:,]*))*):(.*)", re.DOTALL)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TRIGGER = re.compile(r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


@dataclass(slots=True)
class Line:
    """A content line, unfolded."""

    name: str
    parameters: dict[str, str]
    value: str


@dataclass(slots=True)
class Component:
    """A component: its own lines, and what is in it."""

    name: str
    lines: list[Line] = field(default_factory=list)
    parts: list[Component] = field(default_factory=list)

    def all(self, name: str) -> list[Line]:
        """Its lines of a name."""
        return [line for line in self.lines if line.name == name]

    def value(self, name: str) -> str:
        """The value of its first line of a name, or nothing."""
        return next((line.value for line in self.all(name)), "")

    def named(self, name: str) -> list[Component]:
        """What is in it, of a name."""
        return [part for part in self.parts if part.name == name]


def problems(data: bytes, *, method: str | None = None) -> list[str]:
    """Everything that is wrong with a calendar file, or with a message of a ``method``."""
    found = list(_octets(data))
    if found:
        return found
    try:
        calendar = _tree(data)
    except ValueError as error:
        return [str(error)]
    return [*_calendar(calendar, method), *_zones(calendar), *_events(calendar, method)]


def _octets(data: bytes) -> Iterator[str]:
    if data.startswith(b"\xef\xbb\xbf"):
        yield "a byte order mark"
    if not data.endswith(b"\r\n"):
        yield "no line end at the end"
    if re.search(rb"(?<!\r)\n|\r(?!\n)", data):
        yield "a bare line feed or carriage return"
    lines = data.removesuffix(b"\r\n").split(b"\r\n")
    for number, line in enumerate(lines, start=1):
        yield from _physical(number, line, continued=number < len(lines) and lines[number][:1] in (b" ", b"\t"))


def _physical(number: int, line: bytes, *, continued: bool) -> Iterator[str]:
    if len(line) > 75:
        yield f"line {number} has {len(line)} octets"
    if not line.strip():
        yield f"line {number} is empty"
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        yield f"line {number} is cut inside a character"
        return
    if any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in text):
        yield f"line {number} has a control character"
    if continued and (len(line) - len(line.rstrip(b"\\"))) % 2:
        yield f"line {number} is cut inside an escape"


def _tree(data: bytes) -> Component:
    root, stack = Component(""), [Component("")]
    stack[0] = root
    for text in data.decode("utf-8").replace("\r\n ", "").removesuffix("\r\n").split("\r\n"):
        line = _line(text)
        if line.name == "BEGIN":
            stack.append(Component(line.value))
            stack[-2].parts.append(stack[-1])
        elif line.name == "END":
            if len(stack) < 2 or stack.pop().name != line.value:
                raise ValueError(f"END:{line.value} ends nothing")
        else:
            stack[-1].lines.append(line)
    if len(stack) != 1 or [part.name for part in root.parts] != ["VCALENDAR"] or root.lines:
        raise ValueError("it is not one whole VCALENDAR")
    return root.parts[0]


def _line(text: str) -> Line:
    match = _LINE.fullmatch(text)
    if match is None:
        raise ValueError(f"no content line: {text[:40]}")
    parameters = dict(part.split("=", 1) for part in match[2].split(";")[1:])
    return Line(match[1].upper(), {name.upper(): value for name, value in parameters.items()}, match[3])


def _calendar(calendar: Component, method: str | None) -> Iterator[str]:
    for name, value in (("VERSION", "2.0"), ("CALSCALE", "GREGORIAN")):
        if [line.value for line in calendar.all(name)] != [value]:
            yield f"{name} is not {value}, once"
    if len(calendar.all("PRODID")) != 1:
        yield "no PRODID"
    if [line.value for line in calendar.all("METHOD")] != ([] if method is None else [method]):
        yield "METHOD in a file, or another one than its message has"
    for name in ("UID", "X-WR-RELCALID", "LAST-MODIFIED"):
        if calendar.all(name):
            yield f"the calendar has {name}, which differs from export to export"
    if any(line.parameters.get("VALUE") != "DURATION" for line in calendar.all("REFRESH-INTERVAL")):
        yield "REFRESH-INTERVAL without VALUE=DURATION"
    if not calendar.parts:
        yield "a calendar without a component"
    yield from _texts(calendar)


def _texts(component: Component) -> Iterator[str]:
    for line in component.lines:
        if line.name not in TEXTS:
            continue
        if re.search(r"(?<!\\)(?:\\\\)*\\[^\\;,n]", line.value) or re.search(r"(?<!\\)(?:\\\\)*\\$", line.value):
            yield f"{line.name} has an escape that clients do not read alike"
        if re.search(r"(?<!\\)(?:\\\\)*[;,]", line.value):
            yield f"{line.name} has a comma or semicolon that is not escaped"


def _zones(calendar: Component) -> Iterator[str]:
    names = Counter(zone.value("TZID") for zone in calendar.named("VTIMEZONE"))
    for name, number in names.items():
        if number > 1:
            yield f"VTIMEZONE {name} comes {number} times"
        if name not in available_timezones():
            yield f"{name or 'nothing'} is no IANA zone"
    for zone in calendar.named("VTIMEZONE"):
        yield from _zone(zone)
    used = {
        line.parameters["TZID"]
        for event in calendar.named("VEVENT")
        for line in event.lines
        if "TZID" in line.parameters
    }
    yield from (f"there is no VTIMEZONE {name}" for name in sorted(used - set(names)))


def _zone(zone: Component) -> Iterator[str]:
    if not zone.parts:
        yield "a VTIMEZONE without a part"
    for part in zone.parts:
        if not all(part.all(name) for name in ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO")):
            yield "a part of a VTIMEZONE without its start or offsets"
    changes = any(part.value("TZOFFSETFROM") != part.value("TZOFFSETTO") for part in zone.parts)
    ruled = any(part.all("RRULE") for part in zone.parts)
    listed = any(part.all("RDATE") for part in zone.parts)
    if changes and listed and not ruled and _keeps_a_rule(zone.value("TZID")):
        yield "a VTIMEZONE of dates where there is a rule, which Outlook does not read"


def _keeps_a_rule(name: str) -> bool:
    """Whether a zone changes its clocks as Europe or the United States do: on a Sunday of March and one of autumn."""
    if name not in available_timezones():
        return False
    zone = ZoneInfo(name)
    offsets = {datetime(year, month, 15, 12, tzinfo=zone).utcoffset() for year in (2026, 2027) for month in (1, 7)}
    return len(offsets) == 2 and name.split("/", maxsplit=1)[0] in ("Europe", "America", "US")


def _events(calendar: Component, method: str | None) -> Iterator[str]:
    events = calendar.named("VEVENT")
    uids = Counter(event.value("UID") for event in events)
    yield from (f"UID {uid} comes {number} times" for uid, number in uids.items() if number > 1)
    if method is not None and len(events) != 1:
        yield f"a message with {len(events)} events"
    for event in events:
        yield from _event(event)
        yield from _people(event, method)


def _event(event: Component) -> Iterator[str]:
    for name in ONCE:
        if len(event.all(name)) != 1:
            yield f"{name} comes {len(event.all(name))} times"
    if not _UUID.fullmatch(event.value("UID")):
        yield "UID is no UUID"
    for name in ("DTSTAMP", "LAST-MODIFIED"):
        if not re.fullmatch(r"\d{8}T\d{6}Z", event.value(name)):
            yield f"{name} is not in UTC"
    if not re.fullmatch(r"\d{1,9}", event.value("SEQUENCE")):
        yield "SEQUENCE is no number"
    if event.value("STATUS") not in STATUSES:
        yield "STATUS is none of an event"
    if event.value("TRANSP") not in ("OPAQUE", "TRANSPARENT"):
        yield "TRANSP is neither"
    if event.value("STATUS") == "CANCELLED" and event.value("TRANSP") == "OPAQUE":
        yield "what is cancelled takes time"
    yield from _texts(event)
    yield from _span(event)
    alarms = event.named("VALARM")
    if len(alarms) > MOST_ALARMS:
        yield f"{len(alarms)} alarms"
    for alarm in alarms:
        yield from _alarm(alarm, all_day=len(event.value("DTSTART")) == 8)


def _span(event: Component) -> Iterator[str]:
    ends = []
    for name in ("DTSTART", "DTEND"):
        for line in event.all(name):
            try:
                ends.append(_when(line))
            except ValueError as error:
                yield f"{name}: {error}"
    if len(ends) != 2:
        return
    start, end = ends
    if isinstance(start, datetime) != isinstance(end, datetime):
        yield "DTSTART and DTEND are not of one kind"
    elif end <= start:
        yield "DTEND is not after DTSTART"


def _when(line: Line) -> date:
    kind, zone = line.parameters.get("VALUE", "DATE-TIME"), line.parameters.get("TZID")
    if re.fullmatch(r"\d{8}", line.value):
        if kind != "DATE":
            raise ValueError("a date without VALUE=DATE")
        if zone is not None:
            raise ValueError("a date with a zone")
        return date.fromisoformat(line.value)
    match = re.fullmatch(r"(\d{8}T\d{6})(Z?)", line.value)
    if match is None or kind != "DATE-TIME":
        raise ValueError(f"'{line.value}' is no {kind}")
    if (zone is not None) == bool(match[2]):
        raise ValueError("a time without a zone, or with two")
    wall = datetime.fromisoformat(match[1])
    if zone is None:
        return wall.replace(tzinfo=UTC)
    if zone not in available_timezones():
        raise ValueError(f"{zone} is no IANA zone")
    moment = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall:
        raise ValueError("a time that the clocks skip")
    return moment


def _alarm(alarm: Component, *, all_day: bool) -> Iterator[str]:
    for name in ("ACTION", "TRIGGER", "DESCRIPTION"):
        if len(alarm.all(name)) != 1:
            yield f"an alarm whose {name} comes {len(alarm.all(name))} times"
    yield from _texts(alarm)
    for line in alarm.all("TRIGGER"):
        if re.fullmatch(r"\d{8}T\d{6}Z", line.value):
            if line.parameters.get("VALUE") != "DATE-TIME":
                yield "an absolute trigger without VALUE=DATE-TIME"
            continue
        match = _TRIGGER.fullmatch(line.value)
        if match is None or not any(match.groups()[1:]):
            yield f"'{line.value}' is no trigger"
            continue
        yield from _relative(match, line, all_day=all_day)


def _relative(match: re.Match[str], line: Line, *, all_day: bool) -> Iterator[str]:
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    ahead = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if match[1] != "-":
        yield "an alarm after the start, which Outlook rings as long before it"
    if line.parameters.get("RELATED", "START") != "START":
        yield "an alarm counted from the end"
    if all_day and not ahead % timedelta(days=1):
        yield "an alarm that rings at midnight"


def _people(event: Component, method: str | None) -> Iterator[str]:
    for name in ("ORGANIZER", "ATTENDEE"):
        lines = event.all(name)
        if (len(lines) != 1) if method is not None else lines:
            yield f"{name} comes {len(lines)} times"
        if any(not re.fullmatch(r"mailto:[^\s:@]+@[^\s:@]+", line.value) for line in lines):
            yield f"{name} is no mailto:"
    if method == "CANCEL" and event.value("STATUS") != "CANCELLED":
        yield "a CANCEL of what takes place"
