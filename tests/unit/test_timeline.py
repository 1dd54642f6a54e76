"""The timeline: what is drawn, that it is valid and told by shape, and where things go."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given as random
from hypothesis import strategies as st

from calendars.timeline import MOST_VISITS, TimelineOf, timeline
from calendars.timeline_drawing import WIDTH
from calendars.timeline_labels import Wish, lanes, placed, shortened, text_width
from calendars.timeline_marks import ADDED, EVENTS, SIGNS
from calendars.timeline_scale import LEFT, RIGHT, Panel, panels
from calendars.timeline_style import SIZE, STYLE
from calendars.words import standing
from schedules.catalogue import shipped
from schedules.plan import Conflict, Plan, Status, Visit
from schedules.record import Fact
from tests.support import again, booked, day, done, event, group, missed, planned, protocol, template

SVG = "{http://www.w3.org/2000/svg}"
TODAY = day("2026-03-06")
PROTOCOLS = [item.protocol for item in shipped()]
DAYS = st.dates(date(2020, 1, 1), date(2045, 12, 31))


def drawn(of: Plan, **options: Any) -> ElementTree.Element:
    return ElementTree.fromstring(source(of, **options).encode())


def source(of: Plan, *, today: date = TODAY, **whose: object) -> str:
    values = {"subject": "P-001", "epochs": {"treatment": "Treatment"}, **whose}
    return timeline(of, today=today, of=TimelineOf(**values))  # type: ignore[arg-type]


def titles(root: ElementTree.Element) -> list[str]:
    """What the signs of visits and events say."""
    marks = [item for item in root.iter(f"{SVG}g") if item.get("class") == "mark"]
    return [item.findtext(f"{SVG}title") or "" for item in marks]


def texts(root: ElementTree.Element) -> list[str]:
    return [item.text or "" for item in root.iter(f"{SVG}text")]


def plan_of(*visits: Visit, **more: object) -> Plan:
    return Plan(protocol="TEST", version="1", timezone="UTC", visits=visits, **more)  # type: ignore[arg-type]


def a_visit(name: str, when: date | None, status: Status = Status.PLANNED) -> Visit:
    return Visit(id=name, label=name.title(), epoch="treatment", place="clinic", status=status, planned=when)


def course(name: str, *facts: Fact) -> Plan:
    of = protocol(name)
    groups = [group("ltfu", "in")] if "ltfu" in of.groups else []
    return planned(of, *groups, booked(of.reference_visit, "2026-03-02"), *facts)


COURSES = {
    **{f"{name} enrolled": course(name) for name in PROTOCOLS},
    **{f"{name} late": course(name, done("ld-1", "2026-02-28"), missed("ld-2")) for name in PROTOCOLS},
    **{f"{name} died": course(name, event("death", "2026-03-05")) for name in PROTOCOLS},
}


# What is drawn


@pytest.mark.parametrize("name", COURSES)
def test_every_visit_with_a_date_has_one_sign_that_says_how_it_stands(name: str) -> None:
    of = COURSES[name]
    found = Counter(title.split(": ")[0] + ": " + title.split(": ")[1].split(",")[0] for title in titles(drawn(of)))
    dated = [item for item in of.visits if item.date is not None and item.status is not Status.NOT_APPLICABLE]
    wanted = Counter(f"{item.id}, {item.label}: {standing(item, TODAY)}" for item in dated)
    assert wanted <= found
    events = [*of.milestones, *of.expected]
    assert sum((found - wanted).values()) == len(events)
    assert len(dated) > 20


def test_signs_tell_late_missed_conflicts_and_what_was_done_before() -> None:
    of = planned(
        template(
            """
visits:
  d1: {epoch: treatment, at: enrolment + 7 days}
  d3: {epoch: treatment, at: day 3, window: ±1 day}
  d9: {epoch: treatment, at: day 9, no_later_than: d3 + 4 days}
"""
        ),
        *(booked("d1", "2026-03-02"), done("d1", "2026-03-02"), done("d3", "2026-03-05"), again("d3", "2026-03-06")),
        booked("d9", "2026-03-12"),
    )
    root = drawn(of)
    said = titles(root)
    assert said[0] == "d1, Day 1: done, Mon 2 Mar 2026"
    assert "d3, Day 3: done before, Thu 5 Mar 2026" in said
    (late,) = (title for title in said if title.startswith("d3, Day 3: done, Fri 6 Mar 2026"))
    assert "window 3–5 Mar" in late
    assert "deviation: d3 was done" in late
    (torn,) = (title for title in said if title.startswith("d9"))
    assert "; conflict: d9 is booked for" in torn
    rings = [item for item in root.iter(f"{SVG}path") if item.get("class") == "ring"]
    assert len(rings) == 2  # the visit's, and the legend's
    assert texts(root).count("Conflicts") == 1
    assert "1 conflict" in texts(root)[1]


def test_what_has_no_date_is_told_in_words() -> None:
    told = texts(drawn(COURSES["NEUK203-13 enrolled"]))
    listed = told[told.index("Without a date") + 1 :]
    assert "survival-call (8 visits): waits for progression, new-therapy" in listed
    alike = [replace(a_visit(f"v{number}", None, Status.CONDITIONAL), waiting_for=("x",)) for number in range(30)]
    assert texts(drawn(plan_of(*alike)))[-1] == "v0 to v29 (30 visits): waits for x"
    many = [replace(item, waiting_for=(item.id,)) for item in alike]
    assert texts(drawn(plan_of(*many)))[-1] == "and 22 more"


def test_today_is_on_it_unless_it_is_far_away() -> None:
    of = plan_of(a_visit("a", day("2026-03-02")), a_visit("b", day("2026-03-20")))
    lines = [item for item in drawn(of).iter(f"{SVG}line") if item.get("class") == "today"]
    assert len(lines) == 1
    assert "today, Fri 6 Mar 2026" in texts(drawn(of))
    assert "today, Sun 12 Apr 2026" in texts(drawn(of, today=day("2026-04-12")))
    assert "today, Sun 12 Apr 2037" not in texts(drawn(of, today=day("2037-04-12")))
    assert "As of Sunday 12 April 2037." in texts(drawn(of, today=day("2037-04-12")))[1]


def test_a_plan_without_any_date_is_still_a_picture() -> None:
    told = texts(drawn(plan_of()))
    assert told[:2] == ["P-001 · TEST 1", "As of Friday 6 March 2026. 0 visits with a date: none."]
    assert "Stopped: death." in texts(drawn(COURSES["NEUK203-13 died"]))[1]


def test_two_epochs_of_one_name_are_two_rows() -> None:
    of = plan_of(a_visit("a", day("2026-03-02")), replace(a_visit("b", day("2026-03-03")), epoch="other"))
    root = drawn(of, epochs={"treatment": "Same", "other": "Same"})
    assert len(titles(root)) == 2
    assert [item.get("aria-label") for item in root.iter(f"{SVG}g")].count("Same") == 2


# Valid, bounded, readable without colours


@pytest.mark.parametrize("name", COURSES)
def test_it_is_a_document_that_loads_and_runs_nothing(name: str) -> None:
    root = drawn(COURSES[name])
    assert root.tag == f"{SVG}svg"
    used = {item.tag.removeprefix(SVG) for item in root.iter()}
    assert used == {"svg", "title", "desc", "style", "rect", "g", "text", "line", "circle", "path"}
    attributes = {name for item in root.iter() for name in item.keys()}  # noqa: SIM118
    assert not [name for name in attributes if name.startswith("on") or "href" in name or name == "style"]
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    named = {item.get("id"): item for item in root.iter() if item.get("id")}
    assert named[root.get("aria-labelledby")].text == root.findtext(f"{SVG}title")
    assert "visits with a date" in (named[root.get("aria-describedby")].text or "")
    assert all(item.find(f"{SVG}title") is not None for item in root.iter(f"{SVG}g") if item.get("class") == "mark")


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "]]>&lt;\"'", "\u202eesrever \u0000\u001b \ufffe \ud800", "</svg><b>"]
)
def test_whatever_a_label_holds_it_is_text(hostile: str) -> None:
    visit = replace(a_visit("a", day("2026-03-02")), label=hostile, epoch=hostile)
    of = plan_of(visit, conflicts=(Conflict(visit="a", by=None, message=hostile, rules=()),), milestones={"x": TODAY})
    root = drawn(of, subject=hostile, site=hostile, epochs={hostile: hostile}, events={"x": hostile})
    plain = drawn(plan_of(a_visit("a", day("2026-03-02")), milestones={"x": TODAY}))
    assert {item.tag for item in root.iter()} == {item.tag for item in plain.iter()}
    shown = re.sub("[\u202e\u0000\u001b\ufffe\ud800]", "�", hostile)
    assert f"a, {shown}: " in " ".join(titles(root))


def test_the_same_plan_gives_the_same_picture() -> None:
    of = COURSES["NEUK203-13 late"]
    assert source(of) == source(replace(of))
    assert source(of) != source(of, today=TODAY + timedelta(days=1))


def test_a_picture_has_a_size_that_bounds_and_says_what_it_leaves_out() -> None:
    many = [a_visit(f"v{number}", day("2026-03-02") + timedelta(days=number)) for number in range(MOST_VISITS + 5)]
    large = source(plan_of(*(replace(item, label="Long " * 200) for item in many)))
    assert len(large) < 2_000_000
    root = ElementTree.fromstring(large.encode())
    assert len(titles(root)) == MOST_VISITS
    assert "2005 visits with a date: 2000 planned, 4 overdue, 1 due." in texts(root)[1]
    assert "The last 5 are not drawn." in " ".join(texts(root)[:3])
    for name, of in COURSES.items():
        assert len(source(of)) < 60_000, name


def test_signs_differ_by_shape_and_not_by_colour_alone() -> None:
    drawings = {
        name: [(shape.tag, sorted((key, value) for key, value in shape.items() if key != "class")) for shape in draw()]
        for name, (_, draw) in {**SIGNS, **EVENTS, **ADDED}.items()
    }
    # Filled or not and dashed or not are shapes too, and are told by the class.
    style = {
        name: {part for shape in draw() for part in (shape.get("class") or "").split()} & {"hollow", "dashed"}
        for name, (_, draw) in {**SIGNS, **EVENTS, **ADDED}.items()
    }
    for one, other in combinations(drawings, 2):
        assert (drawings[one], style[one]) != (drawings[other], style[other]), (one, other)
    assert SIGNS.keys() == {
        *map(str, (Status.PLANNED, Status.BOOKED, Status.DONE, Status.MISSED, Status.CANCELLED)),
        "due",
        "overdue",
    }


# Labels


def boxes(root: ElementTree.Element) -> list[tuple[float, float, float, str]]:
    """Where labels in the rows are: from, to, base line; by widths that are no estimate of ours: 0.55 em a letter."""
    found = []
    for item in root.iter(f"{SVG}text"):
        classes = (item.get("class") or "").split()
        if item.get("aria-hidden") and "middle" in classes:
            x, half = float(item.get("x", "")), len(item.text or "") * 0.55 * SIZE / 2
            found.append((x - half, x + half, float(item.get("y", "")), item.text or ""))
    return found


@pytest.mark.parametrize("name", COURSES)
def test_no_label_covers_another_or_leaves_the_picture(name: str) -> None:
    for one, other in combinations(boxes(drawn(COURSES[name])), 2):
        assert abs(one[2] - other[2]) >= SIZE or one[1] <= other[0] or other[1] <= one[0], (one, other)
    assert all(start >= 0 and end <= WIDTH for start, end, _, _ in boxes(drawn(COURSES[name])))


@random(st.lists(st.tuples(st.floats(LEFT, RIGHT), st.integers(1, 20), st.integers(0, 3)), max_size=40))
def test_labels_never_overlap_and_their_lines_cross_none(wishes: list[tuple[float, int, int]]) -> None:
    wanted = [Wish(text="n" * length, x=x, weight=weight) for x, length, weight in wishes]
    found = placed(wanted, SIZE)
    spans = [
        (place.x - text_width(wish.text, SIZE) / 2, place.x + text_width(wish.text, SIZE) / 2, place.row, wish.x)
        for wish, place in zip(wanted, found, strict=True)
        if place is not None
    ]
    assert bool(spans) == bool(wanted)
    for one, other in combinations(spans, 2):
        if one[2] == other[2]:
            assert one[1] < other[0] or other[1] < one[0]
        upper, lower = (one, other) if one[2] > other[2] else (other, one)
        if upper[2] > lower[2]:
            assert not lower[0] < upper[3] < lower[1]


def test_labels_of_what_needs_somebody_come_first() -> None:
    crowd = [Wish(text="n" * 30, x=600.0 + number, weight=int(number == 4)) for number in range(6)]
    found = placed(crowd, SIZE)
    assert found[4] is not None
    assert found[4].row == 0
    assert sum(place is not None for place in found) < len(crowd)


def test_a_text_is_shortened_to_its_room() -> None:
    assert shortened("Follow-up", 200, SIZE) == "Follow-up"
    short = shortened("Collection and preparation of everything", 100, SIZE)
    assert short.endswith("…")
    assert text_width(short, SIZE) <= 100
    assert text_width("就诊", SIZE) > 2 * SIZE


@random(st.lists(st.floats(0, 300), max_size=60))
def test_signs_in_one_lane_do_not_touch(xs: list[float]) -> None:
    spans = [(x, x + 13) for x in sorted(xs)]
    found = lanes(spans, 100)
    for lane in set(found):
        mine = [span for span, own in zip(spans, found, strict=True) if own == lane]
        assert all(before[1] <= after[0] for before, after in pairwise(mine))


# The scale


@random(st.lists(st.lists(DAYS, max_size=30), max_size=6))
def test_panels_cover_every_day_once_and_keep_the_order(rows: list[list[date]]) -> None:
    found = panels(rows)
    days = sorted({item for row in rows for item in row})
    assert bool(found) == bool(days)
    assert len(found) <= 3
    for before, after in pairwise(found):
        assert after.first == before.last + timedelta(days=1)
    for item in days:
        assert sum(panel.shows(item) for panel in found) == 1
    for panel in found:
        inside = [panel.x(item) for item in days if panel.shows(item)]
        assert inside == sorted(inside)
        assert all(LEFT < x < RIGHT for x in inside)


def test_a_dense_part_and_a_long_one_get_panels_of_their_own() -> None:
    dense = [day("2026-03-02") + timedelta(days=number) for number in range(14)]
    yearly = [date(year, 3, 2) for year in range(2027, 2042)]
    short, long = panels([dense, yearly])
    assert (short.first, short.last) == (dense[0], dense[-1])
    assert (long.first, long.last) == (day("2026-03-16"), yearly[-1])
    assert short.caption() == "Mon 2 Mar 2026 to Sun 15 Mar 2026 · a line every Monday"
    assert long.caption() == "Mon 16 Mar 2026 to Sat 2 Mar 2041 · a line every year"
    assert [tick.label for tick in short.ticks()] == ["2 Mar", "9 Mar"]
    assert [tick.label for tick in long.ticks() if tick.label] == [str(year) for year in range(2027, 2042)]
    assert panels([dense]) == (short,)


@pytest.mark.parametrize(
    ("days", "step", "labels"),
    [
        (60, "Monday", ["2 Mar", "9 Mar"]),
        (300, "month", ["Mar 2026", "Apr 2026"]),
        (900, "three months", ["Apr 2026", "Jul 2026"]),
        (5000, "year", ["2027", "2028"]),
        (40000, "ten years", ["2030", "2040"]),
    ],
)
def test_a_scale_says_what_its_lines_are(days: int, step: str, labels: list[str]) -> None:
    first = day("2026-02-26")
    panel = Panel(first=first, last=first + timedelta(days=days))
    assert panel.caption().endswith(f"a line every {step}")
    ticks = sorted((tick for tick in panel.ticks() if tick.label), key=lambda tick: tick.x)
    assert [tick.label for tick in ticks][:2] == labels
    steps = [after.x - before.x for before, after in pairwise(ticks)]
    assert min(steps) > 30
    assert all(LEFT < tick.x < RIGHT for tick in panel.ticks())


def test_a_line_stands_where_its_day_is() -> None:
    panel = Panel(first=day("2026-03-01"), last=day("2026-12-31"))
    at = {tick.label: tick.x for tick in panel.ticks() if tick.label}
    assert at["Jun 2026"] == panel.x(day("2026-06-01"))
    assert panel.x(day("2020-01-01")) == LEFT
    assert panel.x(day("2030-01-01")) == RIGHT
