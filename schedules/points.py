"""Points in time and windows, as a template writes them (design §4): their values and their reader.

``day 4`` · ``d1`` · ``ld.first`` · ``progression`` · ``d1 + 6 weeks`` · ``latest(d1 + 28 days, severe-crs + 15 days)``;
windows ``±7 days``, ``-2..+3 days`` and ``day -28 .. day -1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schedules.errors import InvalidInput, shown
from schedules.spans import LONGEST_DAYS, Span, bounded, parse_span

DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Day:
    """``day N`` of the protocol's own numbering, counted from its reference visit, or from that of a cycle."""

    number: int
    reference: str = ""

    def __str__(self) -> str:
        return f"day {self.number}"


@dataclass(frozen=True, slots=True)
class Named:
    """A visit or a milestone; or the ``first`` or ``last`` visit of a series or of an activity."""

    name: str
    which: str = ""

    def __str__(self) -> str:
        # Scopes are written into names: "*/" over all cycles, "#2" the second of a repeated event.
        name = self.name.removeprefix("*/").partition("#")[0]
        return f"{name}.{self.which}" if self.which else name


@dataclass(frozen=True, slots=True)
class Shifted:
    """A point and the span counted from it."""

    base: Point
    span: Span

    def __str__(self) -> str:
        return str(self.base) + "".join(f" {'-' if back else '+'} {words}" for back, words in self.span.parts())


@dataclass(frozen=True, slots=True)
class Extreme:
    """The ``earliest`` or the ``latest`` of several points."""

    which: str
    points: tuple[Point, ...]

    def __str__(self) -> str:
        return f"{self.which}({', '.join(map(str, self.points))})"


Point = Day | Named | Shifted | Extreme


@dataclass(frozen=True, slots=True)
class Around:
    """A window relative to the target, both ends included: ``start`` is zero or negative for days before it."""

    start: Span
    end: Span

    def __str__(self) -> str:
        if self.start == -self.end:
            return f"±{self.end.text()}"
        return f"{_signed(self.start)} .. {_signed(self.end)}"


@dataclass(frozen=True, slots=True)
class Between:
    """A window between two points, both ends included."""

    start: Point
    end: Point

    def __str__(self) -> str:
        return f"{self.start} .. {self.end}"


Window = Around | Between


def _signed(span: Span) -> str:
    text = span.text()
    return text if text.startswith("-") else f"+{text}"


def shifted(point: Point, span: Span) -> Point:
    """``point + span``, with the spans of a chain summed, so that months are counted once from the anchor (rule 2)."""
    if isinstance(point, Shifted):
        return Shifted(point.base, point.span + span)
    return Shifted(point, span)


def names_in(point: Point) -> Iterator[Named | Day]:
    """Every visit, milestone, series or activity edge, and protocol day that a point names."""
    match point:
        case Day() | Named():
            yield point
        case Shifted():
            yield from names_in(point.base)
        case Extreme():
            for operand in point.points:
                yield from names_in(operand)


def rescoped(point: Point, names: Mapping[str, str], reference: str = "") -> Point:
    """A point with its names replaced, and its protocol days counted from another reference visit."""
    match point:
        case Day(number):
            return Day(number, reference)
        case Named(name, which):
            return Named(names.get(name, name), which)
        case Shifted(base, span):
            return Shifted(rescoped(base, names, reference), span)
        case Extreme(which, points):
            return Extreme(which, tuple(rescoped(operand, names, reference) for operand in points))


def rescoped_window(window: Window | None, names: Mapping[str, str], reference: str = "") -> Window | None:
    """A window with the names of its points replaced."""
    match window:
        case Between(start, end):
            return Between(rescoped(start, names, reference), rescoped(end, names, reference))
        case Around() | None:
            return window


_NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_SIDE = r"(?:[0-9]+\s*[a-z]+|P[0-9A-Z]+)"
# Digits are spelt out: \d would take those of every script.
_TOKEN = re.compile(
    rf"""(?P<day>day\s+[+-]?[0-9]+(?![\w-]))
    |(?P<window>±\s*{_SIDE}|[+-]?(?:{_SIDE}|[0-9]+)\s*\.\.\s*[+-]?{_SIDE})
    |(?P<span>[0-9]+\s+[a-z]+|P[0-9A-Z]+)
    |(?P<name>{_NAME}(?:/{_NAME})?(?:\.[a-z]+)?)
    |(?P<range>\.\.)
    |(?P<sign>[+-])
    |(?P<mark>[(),])""",
    re.VERBOSE,
)
_BARE_SIDE = re.compile(r"[+-]?\s*[0-9]+")
_UNIT = re.compile(r"[a-z]+$")
_PROPER_DAY = re.compile(r"(?:day|d)-[0-9]+")
POINTS = "Points are 'day 4', 'd1', 'ld.last', 'd1 + 6 weeks', 'latest(a, b)'."
WINDOWS = "Windows are '±7 days', '-2..+3 days', 'day -28 .. day -1'."
SAMPLES = "Times within a visit are '-30 minutes', '+2 hours ±15 minutes'."


class PointError(InvalidInput):
    """A point or window that cannot be read; ``offset`` is the 0-based place in the text where it went wrong."""

    def __init__(self, message: str, offset: int) -> None:
        self.offset = offset
        super().__init__(message)


class _Reader:
    """Reads one expression from left to right; ``forms`` are what could have stood there."""

    def __init__(self, text: str, what: str = "a point in time", forms: str = POINTS) -> None:
        self.text = text
        self.what = what
        self.forms = forms
        self.tokens = list(self._scan())
        self.place = 0

    def _scan(self) -> Iterator[tuple[str, str, int]]:
        position = 0
        while position < len(self.text):
            if self.text[position].isspace():
                position += 1
                continue
            match = _TOKEN.match(self.text, position)
            if match is None:
                raise PointError(f"{shown(self.text[position:])} cannot stand in {self.what}. {self.forms}", position)
            assert match.lastgroup is not None
            yield match.lastgroup, match[0], position
            position = match.end()

    @property
    def kind(self) -> str:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else "end"

    @property
    def word(self) -> str:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    @property
    def offset(self) -> int:
        return self.tokens[self.place][2] if self.place < len(self.tokens) else len(self.text)

    def take(self) -> str:
        word = self.word
        self.place += 1
        return word

    def fail(self, expected: str) -> PointError:
        found = shown(self.text[self.offset :]) if self.word else "the end of the text"
        return PointError(f"Found {found} where {expected} was expected. {self.forms}", self.offset)

    def point(self, depth: int = 0) -> Point:
        if depth > DEEPEST:
            raise PointError(f"Points are nested more than {DEEPEST} deep. Write a simpler one.", self.offset)
        point = self._term(depth)
        while self.kind == "sign":
            minus = self.take() == "-"
            if self.kind != "span":
                raise self.fail(self._after_sign(point))
            offset = self.offset
            span = _located(self.take(), offset)
            point = shifted(point, -span if minus else span)
            if isinstance(point, Shifted):
                _located_bound(point.span, offset)
        return point

    @staticmethod
    def _after_sign(point: Point) -> str:
        if point == Named("day"):
            return "the number of a day, written 'day 4' or 'day -5',"
        return "a length of time such as '6 weeks'"

    def _term(self, depth: int) -> Point:
        if self.kind == "day":
            return self._day()
        if self.kind != "name":
            raise self.fail("a visit, a milestone, 'day N', 'earliest(…)' or 'latest(…)'")
        offset, word = self.offset, self.take()
        if word in ("earliest", "latest") and self.word == "(":
            return Extreme(word, self._operands(depth))
        return _named(word, offset)

    def _day(self) -> Day:
        offset, word = self.offset, self.take()
        number = word[3:].strip()
        if len(number) > 7 or abs(int(number)) > LONGEST_DAYS:
            raise PointError(f"{shown(word)} is more than 200 years from the reference. Write a nearer day.", offset)
        return Day(int(number))

    def _operands(self, depth: int) -> tuple[Point, ...]:
        self.take()
        points = [self.point(depth + 1)]
        while self.word == ",":
            self.take()
            points.append(self.point(depth + 1))
        if self.word != ")":
            raise self.fail("',' or ')'")
        self.take()
        return tuple(points)

    def end(self) -> None:
        if self.kind != "end":
            raise self.fail("the end, or ' + ' or ' - ' with spaces around it,")


def _named(word: str, offset: int) -> Named:
    name, _, which = word.partition(".")
    if which not in ("", "first", "last"):
        raise PointError(f"{shown(word)} ends in '.{which}'. Only '.first' and '.last' can follow a name.", offset)
    if _PROPER_DAY.fullmatch(name):
        raise PointError(
            f"'{name}' would read as Day -{name.split('-')[1]}. Write 'day -{name.split('-')[1]}'.", offset
        )
    return Named(name, which)


def _located(text: str, offset: int) -> Span:
    try:
        return parse_span(text)
    except InvalidInput as error:
        raise PointError(str(error), offset) from error


def _located_bound(span: Span, offset: int) -> None:
    try:
        bounded(span, span.text())
    except InvalidInput as error:
        raise PointError(str(error), offset) from error


def parse_point(text: str) -> Point:
    """Reads one point in time. Raises PointError with the place where it went wrong."""
    reader = _Reader(text)
    point = reader.point()
    reader.end()
    return point


def parse_target(text: str) -> tuple[Point, Window | None]:
    """Reads a point and the window of its own that may follow it: ``d1 + 6 months -7..+14 days``."""
    reader = _Reader(text)
    point = reader.point()
    window = None
    if reader.kind == "window":
        offset = reader.offset
        window = _around(reader.take(), offset)
    reader.end()
    return point, window


def parse_window(text: str) -> Window:
    """Reads a window relative to the target, or between two points."""
    reader = _Reader(text, "a window", WINDOWS)
    if reader.kind == "window":
        offset = reader.offset
        window: Window = _around(reader.take(), offset)
    else:
        if reader.kind not in ("day", "name"):
            raise reader.fail("a window with its unit")
        start = reader.point()
        if reader.kind != "range":
            raise reader.fail("'..' between two points")
        reader.take()
        window = Between(start, reader.point())
    reader.end()
    return window


def parse_offset(text: str) -> tuple[Span, Around | None]:
    """Reads a sample's offset from its visit: ``-30 minutes``, ``+2 hours ±15 minutes``, ``0 hours``."""
    reader = _Reader(text, "a time within a visit", SAMPLES)
    minus = reader.kind == "sign" and reader.take() == "-"
    if reader.kind != "span":
        raise reader.fail("a length of time such as '+2 hours'")
    offset = reader.offset
    span = _located(reader.take(), offset)
    window = None
    if reader.kind == "window":
        offset = reader.offset
        window = _around(reader.take(), offset)
    reader.end()
    return -span if minus else span, window


def _around(text: str, offset: int) -> Around:
    if text.startswith("±"):
        reach = _side(text[1:], offset)
        return Around(-reach, reach)
    start_text, end_text = (part.strip() for part in text.split(".."))
    end = _side(end_text, offset)
    # '-2..+3 days' names the unit once, for both sides.
    unit = _UNIT.search(end_text)
    bare = _BARE_SIDE.fullmatch(start_text)
    start = _side(f"{start_text} {unit[0] if unit else 'days'}" if bare else start_text, offset)
    if start.roughly_days > end.roughly_days:
        raise PointError(f"The window {shown(text)} ends before it starts. Write the earlier side first.", offset)
    return Around(start, end)


def _side(text: str, offset: int) -> Span:
    span = _located(text.lstrip("+-").strip(), offset)
    return -span if text.startswith("-") else span
