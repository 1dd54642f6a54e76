"""Whatever a plan holds, page and timeline are drawn, and show its visits."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from xml.etree import ElementTree

from hypothesis import given as random
from hypothesis import strategies as st

from calendars.entries import Level
from calendars.page import page
from calendars.page_sheet import PageOf
from calendars.timeline import TimelineOf, timeline
from calendars.words import LANGUAGES
from schedules.plan import Conflict, Deviation, Expectation, Period, Plan, Status, Visit

DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))
TEXTS = st.text(max_size=30)
MOMENTS = st.builds(datetime.combine, DAYS, st.times(), st.just(UTC))
MAYBE = st.none() | DAYS


@st.composite
def visits(draw: st.DrawFn) -> Visit:
    status = draw(st.sampled_from(Status))
    when = draw(MAYBE | MOMENTS) if status is not Status.CONDITIONAL else None
    return Visit(
        id=draw(TEXTS),
        label=draw(TEXTS),
        epoch=draw(st.sampled_from(["one", "two", "three"])),
        place=draw(st.sampled_from(["clinic", "phone", "ward", "remote"])),
        status=status,
        planned=when,
        window_start=draw(MAYBE),
        window_end=draw(MAYBE),
        not_before=draw(MAYBE),
        not_after=draw(MAYBE),
        duration=draw(st.none() | st.timedeltas(timedelta(minutes=1), timedelta(days=3))),
        activities=tuple(draw(st.lists(TEXTS, max_size=3))),
        earlier=tuple(draw(st.lists(DAYS, max_size=2))),
    )


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(MAYBE)
    end = draw(st.none() | st.dates(start or date(1900, 1, 1), date(2199, 12, 31)))
    waiting = tuple(draw(st.lists(TEXTS, max_size=2)))
    return Period(
        id=draw(TEXTS), label=draw(TEXTS), start=start, end=end, show_patient=draw(st.booleans()), waiting_for=waiting
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    found = draw(st.lists(visits(), max_size=12, unique_by=lambda item: item.id))
    dated = sorted((item for item in found if item.date is not None), key=order)
    names = st.sampled_from([item.id for item in found] or [""])
    conflicts = st.builds(Conflict, visit=names, by=st.none(), message=TEXTS, rules=st.just(()))
    kinds = st.sampled_from(["late", "early", "gate", "missed"])
    deviations = st.builds(Deviation, visit=names, kind=kinds, by=st.none(), message=TEXTS, version=TEXTS)
    return Plan(
        protocol=draw(TEXTS),
        version="1",
        timezone="UTC",
        visits=(*dated, *(item for item in found if item.date is None)),
        periods=tuple(draw(st.lists(periods(), max_size=5))),
        conflicts=tuple(draw(st.lists(conflicts, max_size=3))),
        deviations=tuple(draw(st.lists(deviations, max_size=3))),
        milestones=draw(st.dictionaries(TEXTS, DAYS, max_size=3)),
        expected=tuple(draw(st.lists(st.builds(Expectation, milestone=TEXTS, label=TEXTS, day=DAYS), max_size=2))),
    )


def order(visit: Visit) -> tuple[date, time]:
    assert visit.date is not None
    return visit.date, visit.planned.time() if isinstance(visit.planned, datetime) else time.min


@random(plan=plans(), today=DAYS, level=st.sampled_from(Level), language=st.sampled_from(LANGUAGES))
def test_any_plan_has_a_page(plan: Plan, today: date, level: Level, language: str) -> None:
    first = date(1900, 1, 1)
    found = page(plan, today=today, of=PageOf(subject="P"), level=level, language=language, start=first)
    shown = {Status.PLANNED, Status.BOOKED, Status.DONE, Status.MISSED}
    told = re.findall(r'<time datetime="(\d{4}-\d\d-\d\d)', found)
    assert told == [str(item.date) for item in plan.visits if item.date is not None and item.status in shown]
    found.encode()


@random(plan=plans(), today=DAYS)
def test_any_plan_has_a_timeline(plan: Plan, today: date) -> None:
    root = ElementTree.fromstring(timeline(plan, today=today, of=TimelineOf(subject="P")).encode())
    signs = [item for item in root.iter() if item.get("class") == "mark"]
    dated = [item for item in plan.visits if item.date is not None and item.status is not Status.NOT_APPLICABLE]
    earlier = sum(len(item.earlier) for item in dated)
    assert len(signs) == len(dated) + earlier + len(plan.milestones) + len(plan.expected)
    for item in root.iter():
        for name in ("x", "y", "width", "height", "x1", "x2", "y1", "y2"):
            assert -10 < float(item.get(name, "0")) < 100_000  # a sign is drawn around its middle
