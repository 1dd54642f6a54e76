"""Laws of the template language: what is written reads back, and no bytes whatever make the reader fail otherwise."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.catalogue import read, shipped
from schedules.errors import InvalidInput, Problem, TemplateError
from schedules.load import load
from schedules.points import (
    Around,
    Between,
    Day,
    Extreme,
    Named,
    Point,
    PointError,
    Window,
    parse_offset,
    parse_point,
    parse_target,
    parse_window,
    shifted,
)
from schedules.spans import UNITS, Span, parse_span, span_of
from schedules.typed import parse_clock, parse_day, parse_days, parse_weekdays, parse_when, parse_zone

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = (ROOT / "unit" / "design_example.yaml").read_bytes()
TEMPLATES = [EXAMPLE, *(read(item) for item in shipped())]

names = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,4}){0,2}", fullmatch=True).filter(
    lambda name: not name.startswith(("d-", "day-")) and name != "day"
)
spans = st.one_of(
    st.builds(span_of, st.integers(0, 150), st.sampled_from(UNITS)),
    st.builds(Span, st.integers(-600, 600), st.integers(-9000, 9000), st.integers(-9000, 9000), st.just(True)),
    st.builds(Span, st.integers(-600, 600), st.integers(-9000, 9000)),
)
signed = st.builds(lambda span, back: -span if back else span, spans, st.booleans())
simple = st.one_of(
    st.builds(Day, st.integers(-70_000, 70_000)),
    st.builds(Named, names, st.sampled_from(["", "first", "last"])),
)


def of_points(inner: st.SearchStrategy[Point]) -> st.SearchStrategy[Point]:
    extremes = st.builds(
        Extreme, st.sampled_from(["earliest", "latest"]), st.lists(inner, min_size=1, max_size=3).map(tuple)
    )
    return st.one_of(extremes, st.builds(shifted, inner, signed))


points: st.SearchStrategy[Point] = st.recursive(simple, of_points, max_leaves=6).filter(
    lambda point: _longest(point) < 73_000
)
sides = st.builds(span_of, st.integers(0, 500), st.sampled_from(["minute", "hour", "day", "week"]))
windows: st.SearchStrategy[Window] = st.one_of(
    st.builds(lambda side: Around(-side, side), sides),
    st.builds(lambda start, end: Around(-start, end), sides, sides),
    st.builds(Between, points, points),
)
scraps = st.sampled_from(
    ["day ", "d1", "ld", ".first", ".last", " + ", " - ", "6 weeks", "P6W", "±", "..", "7", "latest(", "earliest(", ")",
     ", ", "-2", "+3 days", "1 hour", "-", "/", "９", "\t", "200 years"]
)  # fmt: skip


def _longest(point: Point) -> float:
    match point:
        case Extreme(_, operands):
            return max(map(_longest, operands))
        case Day() | Named():
            return 0
        case _:
            return abs(point.span.roughly_days) + _longest(point.base)


@settings(max_examples=300)
@given(points)
def test_a_point_reads_back_from_its_words(point: Point) -> None:
    assert parse_point(str(point)) == point


@settings(max_examples=200)
@given(windows)
def test_a_window_reads_back_from_its_words(window: Window) -> None:
    assert parse_window(str(window)) == window


@given(points, st.builds(lambda start, end: Around(-start, end), sides, sides))
def test_a_target_with_a_window_reads_back(point: Point, window: Around) -> None:
    assert parse_target(f"{point} {window}") == (point, window)


@given(st.one_of(st.text(max_size=80), st.lists(scraps, max_size=12).map("".join)))
def test_junk_is_no_point_and_fails_in_one_way(text: str) -> None:
    for parse in (parse_point, parse_target, parse_window, parse_offset):
        found: PointError | None = None
        try:
            parse(text)
        except PointError as error:
            found = error
        if found is not None:
            assert 0 <= found.offset <= len(text)
            assert str(found).endswith(".")
            assert "\n" not in str(found)
            assert len(str(found)) < 400


@given(st.one_of(st.text(max_size=40), st.from_regex(r"\A[0-9+:TZ. \-]{0,30}\Z")))
def test_junk_is_nothing_a_person_may_type(text: str) -> None:
    from zoneinfo import ZoneInfo

    at_site = partial(parse_when, zone=ZoneInfo("Australia/Lord_Howe"))
    for parse in (parse_day, parse_clock, parse_days, parse_weekdays, parse_zone, parse_span, at_site):
        message = ""
        try:
            parse(text)
        except InvalidInput as error:
            message = str(error)
        assert not message or message.endswith((".", "?"))


def assert_loaded_or_refused(data: bytes) -> None:
    """Loads, or fails as a template should: with places inside the file, and messages that are sentences."""
    problems: tuple[Problem, ...] = ()
    try:
        load(data, "x.yaml")
    except TemplateError as error:
        problems = error.problems
    lines = data.count(b"\n") + data.count(b"\r") + 2
    for problem in problems:
        assert 1 <= problem.line <= lines
        assert problem.column >= 1
        assert problem.message.isprintable()
        assert problem.message.endswith((".", "?"))


@given(
    st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
)
def test_any_bytes_are_a_template_or_a_template_error(data: bytes) -> None:
    assert_loaded_or_refused(data)


fragments = st.sampled_from(
    [b"day 0", b"day -1", b"{", b"}", b"[", b"]", b", ", b": ", b"- ", b'"', b"'", b"\n", b"  ", b"&a ", b"*a",
     b"!!int ", b"99999", b"200 years", b".last", b"latest(", b")", b"\xff", b"\x00", b"|", b"#", b"? ", b"\t", b"d1",
     b"ld", b"1000", b"every: 1 day", b"infusion.last", b"quote", b"assumed", b"null", "±".encode(), "９".encode()]
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A template with some of its bytes cut out, or with something put among them."""
    data = bytearray(draw(st.sampled_from(TEMPLATES)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(data) - 1))
        cut = draw(st.integers(0, 12))
        data[place : place + cut] = draw(st.one_of(st.just(b""), fragments))
    return bytes(data)


@st.composite
def reordered(draw: st.DrawFn) -> bytes:
    """A template with lines removed, doubled, or with the values of others."""
    lines = draw(st.sampled_from(TEMPLATES)).split(b"\n")
    for _ in range(draw(st.integers(1, 4))):
        one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        match draw(st.integers(0, 2)):
            case 0 if len(lines) > 2:
                del lines[one]
            case 1:
                lines.insert(one, lines[other])
            case _:
                lines[one] = lines[one].split(b":")[0] + b":" + lines[other].partition(b":")[2]
    return b"\n".join(lines)


@settings(max_examples=60)
@given(st.one_of(mutated(), reordered()))
def test_a_mutated_template_loads_or_is_refused(data: bytes) -> None:
    assert_loaded_or_refused(data)


@pytest.mark.parametrize(
    "line",
    [
        "s: {epoch: t, at: {every: 1 day, first: s.last, times: 1000}}",
        "s: {epoch: t, at: {every: 1 day, first: day 2, times: 1000}, no_earlier_than: s.first + 1 day}",
        "s: {epoch: t, at: {every: 1 day, first: day 2, times: 1000}, window: day 1 .. day 5000}",
        "s: {epoch: t, at: {every: 1 day, first: day 2, times: 1000}, window: ±9 days, no_earlier_than: d1 + 999 days}",
        "\n  ".join(f"v{n}: {{epoch: t, at: d1, no_earlier_than: v{(n + 1) % 200} + 1 day}}" for n in range(200)),
        "\n  ".join(f"v{n}: {{epoch: t, at: v{(n + 1) % 2900} + 1 day}}" for n in range(2900)),
        "\n  ".join(f"v{n}: {{epoch: t, at: w{n}}}" for n in range(2900)),
        "x: {epoch: t, at: 'latest(" + ", ".join(["d1 + 1 day"] * 5000) + ")'}",
        "x: {epoch: t, at: day 1, window: '" + "1 " * 100_000 + "'}",
        "x: {epoch: t, at: '" + "a-" * 100_000 + "'}",
    ],
    ids=["ring", "edges", "windows", "bounds", "contradiction", "long ring", "unknown", "latest", "numbers", "dashes"],
)
def test_a_template_made_to_be_slow_comes_to_an_end(line: str) -> None:
    head = 'protocol: X\nversion: "1"\ntitle: t\nreference: {visit: d1, day: 1}\nvisits:\n'
    assert_loaded_or_refused(f"{head}  d1: {{epoch: t, at: enrolment}}\n  {line}\n".encode())
