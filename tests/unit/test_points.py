"""Points in time and windows: every form of design §4, and what is said of those that cannot be read."""

from __future__ import annotations

import pytest

from schedules.points import (
    Around,
    Between,
    Day,
    Extreme,
    Named,
    Point,
    PointError,
    Shifted,
    Window,
    names_in,
    parse_offset,
    parse_point,
    parse_target,
    parse_window,
)
from schedules.spans import Span

POINTS = "Points are 'day 4', 'd1', 'ld.last', 'd1 + 6 weeks', 'latest(a, b)'."
WINDOWS = "Windows are '±7 days', '-2..+3 days', 'day -28 .. day -1'."
SAMPLES = "Times within a visit are '-30 minutes', '+2 hours ±15 minutes'."
A, B, D1 = Named("a"), Named("b"), Named("d1")
HOURS_4 = Span(minutes=240, timed=True)


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("day 4", Day(4)),
        ("day -5", Day(-5)),
        ("day +4", Day(4)),
        ("day 0", Day(0)),
        ("d1", D1),
        ("week-6", Named("week-6")),
        ("second/d1", Named("second/d1")),
        ("second/ld.first", Named("second/ld", "first")),
        ("ld.first", Named("ld", "first")),
        ("infusion.last", Named("infusion", "last")),
        ("enrolment", Named("enrolment")),
        ("latest", Named("latest")),
        ("d1 + 6 weeks", Shifted(D1, Span(days=42))),
        ("d1 - 1 month", Shifted(D1, Span(months=-1))),
        ("d1 + 1 year", Shifted(D1, Span(months=12))),
        ("day 1 + 8 hours", Shifted(Day(1), Span(minutes=480, timed=True))),
        ("d1 + P6W", Shifted(D1, Span(days=42))),
        ("d1+6 weeks", Shifted(D1, Span(days=42))),
        ("enrolment + 28 days", Shifted(Named("enrolment"), Span(days=28))),
        ("earliest(a, b)", Extreme("earliest", (A, B))),
        ("latest(a,b)", Extreme("latest", (A, B))),
        ("latest(a)", Extreme("latest", (A,))),
        (
            "latest(d1 + 28 days, severe-crs + 15 days)",
            Extreme("latest", (Shifted(D1, Span(days=28)), Shifted(Named("severe-crs"), Span(days=15)))),
        ),
        (
            "latest(infusion.last, il2.last) + 6 months",
            Shifted(Extreme("latest", (Named("infusion", "last"), Named("il2", "last"))), Span(months=6)),
        ),
        (
            "earliest(a, latest(b, day 3) - 1 day)",
            Extreme("earliest", (A, Shifted(Extreme("latest", (B, Day(3))), Span(days=-1)))),
        ),
    ],
)
def test_every_form_of_a_point(text: str, point: Point) -> None:
    assert parse_point(text) == point
    assert parse_point(str(parse_point(text))) == point


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("d1 + 6 months + 3 months", "d1 + 9 months"),
        ("d1 + 3 months - 2 weeks", "d1 + 3 months - 14 days"),
        ("d1 - 2 weeks + 3 months", "d1 + 3 months - 14 days"),
        ("day 4 + 3 days - 1 day", "day 4 + 2 days"),
        ("d1 + 1 week + 2 hours", "d1 + 1 week + 2 hours"),
        ("d1 + 1 day + 0 hours", "d1 + 1 day + 0 hours"),
        ("d1 + 7 days", "d1 + 7 days"),
    ],
)
def test_a_chain_is_summed_and_reads_back(text: str, words: str) -> None:
    point = parse_point(text)
    assert str(point) == words
    assert parse_point(words) == point
    assert isinstance(point, Shifted)
    assert not isinstance(point.base, Shifted)


def test_the_names_in_a_point() -> None:
    found = list(names_in(parse_point("latest(ld.last + 2 days, earliest(day 4, d1)) + 1 day")))
    assert found == [Named("ld", "last"), Day(4), D1]


@pytest.mark.parametrize(
    ("text", "window", "words"),
    [
        ("±7 days", Around(Span(days=-7), Span(days=7)), "±7 days"),
        ("± 7 days", Around(Span(days=-7), Span(days=7)), "±7 days"),
        ("±1 month", Around(Span(months=-1), Span(months=1)), "±1 month"),
        ("±P1W", Around(Span(days=-7), Span(days=7)), "±1 week"),
        ("-2..+3 days", Around(Span(days=-2), Span(days=3)), "-2 days .. +3 days"),
        ("-2 .. +3 days", Around(Span(days=-2), Span(days=3)), "-2 days .. +3 days"),
        ("-7..+14 days", Around(Span(days=-7), Span(days=14)), "-7 days .. +14 days"),
        ("+0..+4 hours", Around(Span(timed=True), HOURS_4), "+0 hours .. +4 hours"),
        ("0..4 hours", Around(Span(timed=True), HOURS_4), "+0 hours .. +4 hours"),
        ("-1 day .. +4 hours", Around(Span(days=-1), HOURS_4), "-1 day .. +4 hours"),
        ("-P1W..+P2W", Around(Span(days=-7), Span(days=14)), "-1 week .. +2 weeks"),
        ("-1 month..+35 days", Around(Span(months=-1), Span(days=35)), "-1 month .. +35 days"),
        ("±0 days", Around(Span(), Span()), "±0 days"),
        ("day -28 .. day -1", Between(Day(-28), Day(-1)), "day -28 .. day -1"),
        ("day -28..day -1", Between(Day(-28), Day(-1)), "day -28 .. day -1"),
        (
            "ld.first - 28 days .. ld.first - 1 day",
            Between(Shifted(Named("ld", "first"), Span(days=-28)), Shifted(Named("ld", "first"), Span(days=-1))),
            "ld.first - 28 days .. ld.first - 1 day",
        ),
        ("a .. latest(a, b)", Between(A, Extreme("latest", (A, B))), "a .. latest(a, b)"),
    ],
)
def test_every_form_of_a_window(text: str, window: Window, words: str) -> None:
    assert parse_window(text) == window
    assert str(parse_window(text)) == words
    assert parse_window(words) == window


@pytest.mark.parametrize(
    ("text", "target", "window"),
    [
        ("d1 + 6 weeks", "d1 + 6 weeks", None),
        ("d1 + 6 months -7..+14 days", "d1 + 6 months", "-7 days .. +14 days"),
        ("d0 + 12 months ±14 days", "d0 + 12 months", "±14 days"),
        ("day -5 ±1 day", "day -5", "±1 day"),
        ("d1 + 8 hours +0..+4 hours", "d1 + 8 hours", "+0 hours .. +4 hours"),
        ("latest(a, b) -1..+1 days", "latest(a, b)", "±1 day"),
    ],
)
def test_a_member_may_have_a_window_of_its_own(text: str, target: str, window: str | None) -> None:
    point, found = parse_target(text)
    assert (str(point), None if found is None else str(found)) == (target, window)


@pytest.mark.parametrize(
    ("text", "span", "window"),
    [
        ("-30 minutes", Span(minutes=-30, timed=True), None),
        ("+2 hours ±15 minutes", Span(minutes=120, timed=True), "±15 minutes"),
        ("+2 hours -5..+15 minutes", Span(minutes=120, timed=True), "-5 minutes .. +15 minutes"),
        ("0 hours", Span(timed=True), None),
        ("-PT30M", Span(minutes=-30, timed=True), None),
        ("+1 day", Span(days=1), None),
    ],
)
def test_samples_are_timed_within_a_visit(text: str, span: Span, window: str | None) -> None:
    found, around = parse_offset(text)
    assert (found, None if around is None else str(around)) == (span, window)


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("day-1", 0, "'day-1' would read as Day -1. Write 'day -1'."),
        ("d-5 + 1 day", 0, "'d-5' would read as Day -5. Write 'day -5'."),
        ("latest(a, day-3)", 10, "'day-3' would read as Day -3. Write 'day -3'."),
        ("day - 5", 6, "Found '5' where the number of a day, written 'day 4' or 'day -5', was expected. " + POINTS),
        ("day 99999", 0, "'day 99999' is more than 200 years from the reference. Write a nearer day."),
        ("day " + "9" * 5000, 0, "is more than 200 years from the reference. Write a nearer day."),
        ("day ４", 4, "'４' cannot stand in a point in time. " + POINTS),
        ("ld.middle", 0, "'ld.middle' ends in '.middle'. Only '.first' and '.last' can follow a name."),
        ("d1 + 1 fortnight", 5, "'1 fortnight' is no length of time. Write a number and a unit"),
        ("d1 + 300 years", 5, "'300 years' is longer than 200 years. Write a shorter length of time."),
        ("d1 + 150 years + 150 years", 17, "'300 years' is longer than 200 years. Write a shorter length of time."),
        ("d1 + 6", 5, "Found '6' where a length of time such as '6 weeks' was expected. " + POINTS),
        ("d1 + ６ weeks", 5, "'６ weeks' cannot stand in a point in time. " + POINTS),
        ("d1 +", 4, "Found the end of the text where a length of time such as '6 weeks' was expected. " + POINTS),
        (
            "d1-6 weeks",
            5,
            "Found 'weeks' where the end, or ' + ' or ' - ' with spaces around it, was expected. " + POINTS,
        ),
        ("latest(a b)", 9, "Found 'b)' where ',' or ')' was expected. " + POINTS),
        ("latest(a, b", 11, "Found the end of the text where ',' or ')' was expected. " + POINTS),
        (
            "latest()",
            7,
            "Found ')' where a visit, a milestone, 'day N', 'earliest(…)' or 'latest(…)' was expected. " + POINTS,
        ),
        ("Day 4", 0, "'Day 4' cannot stand in a point in time. " + POINTS),
        ("month 3", 6, "Found '3' where the end, or ' + ' or ' - ' with spaces around it, was expected. " + POINTS),
        ("", 0, "Found the end of the text where a visit, a milestone, 'day N'"),
    ],
)
def test_what_is_said_of_a_point_that_cannot_be_read(text: str, offset: int, message: str) -> None:
    with pytest.raises(PointError) as caught:
        parse_point(text)
    assert message in str(caught.value)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("±7", 0, "'±7' cannot stand in a window. " + WINDOWS),
        ("-7..+14", 0, "Found '-7..+14' where a window with its unit was expected. " + WINDOWS),
        ("7 days", 0, "Found '7 days' where a window with its unit was expected. " + WINDOWS),
        ("±7 fortnights", 0, "'7 fortnights' is no length of time. Write a number and a unit"),
        ("±300 years", 0, "'300 years' is longer than 200 years. Write a shorter length of time."),
        ("+3..-2 days", 0, "The window '+3..-2 days' ends before it starts. Write the earlier side first."),
        ("day 1", 5, "Found the end of the text where '..' between two points was expected. " + WINDOWS),
        ("day 1 .. -1", 9, "Found '-1' where a visit, a milestone, 'day N'"),
        ("±1 day ±2 days", 7, "Found '±2 days' where the end, or ' + ' or ' - ' with spaces around it, was expected."),
        ("±７ days", 0, "'±７ days' cannot stand in a window. " + WINDOWS),
        ("day-28 .. day -1", 0, "'day-28' would read as Day -28. Write 'day -28'."),
    ],
)
def test_what_is_said_of_a_window_that_cannot_be_read(text: str, offset: int, message: str) -> None:
    with pytest.raises(PointError) as caught:
        parse_window(text)
    assert message in str(caught.value)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("d1 + 2 hours", "Found 'd1 + 2 hours' where a length of time such as '+2 hours' was expected. " + SAMPLES),
        ("30 minutes before", "Found 'before' where the end, or ' + ' or ' - ' with spaces around it, was expected. "),
        ("+2 hours ±15", "'±15' cannot stand in a time within a visit. " + SAMPLES),
        ("", "Found the end of the text where a length of time such as '+2 hours' was expected. " + SAMPLES),
    ],
)
def test_what_is_said_of_a_sample_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(PointError) as caught:
        parse_offset(text)
    assert message in str(caught.value)


def test_nesting_is_bounded() -> None:
    assert str(parse_point("latest(" * 20 + "a" + ")" * 20)) == "latest(" * 20 + "a" + ")" * 20
    with pytest.raises(PointError) as caught:
        parse_point("latest(" * 21 + "a" + ")" * 21)
    assert str(caught.value) == "Points are nested more than 20 deep. Write a simpler one."
    assert caught.value.offset == 21 * len("latest(")
    with pytest.raises(PointError, match="nested more than 20 deep"):
        parse_point("earliest(" * 20_000)


def test_a_name_may_look_like_a_day_only_where_it_cannot_be_one() -> None:
    assert parse_point("day-care") == Named("day-care")
    assert parse_point("d-1-visit") == Named("d-1-visit")
    assert parse_point("day") == Named("day")
