"""The invented patients of a simulation: draws that can be repeated, fates, and what an evening records."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.simulation.chance import Chance
from scheduler.simulation.days import Action, Course, evening
from scheduler.simulation.fates import LONGEST_DELAY, Fate, fate
from schedules.catalogue import read, shipped
from schedules.load import load
from schedules.planner import plan
from schedules.record import Fact, Kind, Record, enrolled
from schedules.site import Site
from schedules.template import Template

TEMPLATES = {item.protocol: load(read(item), item.file, registered=True) for item in shipped()}
NOTHING = Fate(groups={}, later={}, history={}, delay=0, early={}, late={})


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_draw_is_a_share_and_the_same_each_time(seed: str, name: str) -> None:
    drawn = Chance(seed).share(name)
    assert 0 <= drawn < 1
    assert Chance(seed).share(name) == drawn


def test_draws_of_other_names_and_seeds_are_others() -> None:
    assert len({Chance(seed).share(name) for seed in "abc" for name in "xyz"}) == 9
    assert Chance("a").of("b").share("c") == Chance("a/b").share("c")


def test_a_probability_is_how_often_something_happens() -> None:
    happened = sum(Chance("seed").happens(1 / 6, number) for number in range(6000))
    assert 900 < happened < 1100


def test_waits_have_their_median_and_their_longest() -> None:
    waits = [Chance("seed").days(2, 14, number) for number in range(4000)]
    assert median(waits) == 2
    assert (min(waits), max(waits)) == (1, 14)


def test_whole_numbers_are_between_both_ends() -> None:
    assert {Chance("seed").between(3, 5, number) for number in range(200)} == {3, 4, 5}


@pytest.mark.parametrize("protocol", TEMPLATES)
def test_a_fate_names_what_its_protocol_knows(protocol: str) -> None:
    template = TEMPLATES[protocol]
    fates = [fate(template, Chance("1").of(number)) for number in range(200)]
    for drawn in fates:
        assert set(drawn.groups) | set(drawn.later) == set(template.groups)
        assert {name.partition(".")[0] for name in drawn.history} == set(template.history)
        assert set(drawn.late) <= set(template.milestones) | {"death"}
        assert 0 <= drawn.delay <= LONGEST_DELAY
    assert any(drawn.late.get("progression") for drawn in fates)
    assert any("screen-failure" in drawn.early for drawn in fates)


def test_as_many_infusions_are_delayed_as_in_the_published_series() -> None:
    delays = [fate(TEMPLATES["NEUK203-13"], Chance("series").of(number)).delay for number in range(2400)]
    delayed = [days for days in delays if days]
    assert 340 < len(delayed) < 460  # 40 of 240
    assert median(delayed) == 2
    assert max(delayed) == 14


# An evening


DAY_1 = date(2026, 3, 2)


def course(drawn: Fate, *facts: Fact, seed: str = "quiet") -> tuple[Course, Record]:
    template: Template = TEMPLATES["NEUK203-13"]
    record = enrolled("SIM", date(2026, 2, 2)).with_facts(Fact(kind=Kind.BOOKED, name="d1", when=DAY_1), *facts)
    return (
        Course(
            subject="SIM",
            template=template,
            fate=drawn,
            chance=Chance(seed),
            enrolled=date(2026, 2, 2),
            plan=plan(template, record, Site()),
        ),
        record,
    )


def recorded(found: Course, today: date) -> list[Action]:
    return list(evening(found, today))


def test_a_delayed_infusion_is_moved_on_its_day_and_once() -> None:
    found, _ = course(replace(NOTHING, delay=3))
    moves = [action for action in recorded(found, DAY_1) if action.what == "move"]
    assert moves == [Action(what="move", name="d1", when=DAY_1 + timedelta(days=3), why="infection")]
    assert not [action for action in recorded(found, DAY_1) if action.what == "move"]


def test_events_come_on_their_day_counted_from_the_infusion() -> None:
    drawn = replace(NOTHING, late={"progression": 30})
    waiting, _ = course(drawn)
    assert not [action for action in recorded(waiting, DAY_1 + timedelta(days=31)) if action.name == "progression"]
    infused, _ = course(drawn, Fact(kind=Kind.DONE, name="d1", when=DAY_1))
    assert not [action for action in recorded(infused, DAY_1 + timedelta(days=29)) if action.name == "progression"]
    day = DAY_1 + timedelta(days=30)
    assert Action(what="event", name="progression", when=day) in recorded(infused, day)


def test_gates_are_opened_before_what_waits_for_them() -> None:
    found, _ = course(NOTHING)
    first = date(2026, 2, 25)
    assert {action.name for action in recorded(found, first - timedelta(days=2)) if action.what == "event"} == {
        "eligible",
        "product-on-site",
    }
    assert not [action for action in recorded(found, first - timedelta(days=3)) if action.what == "event"]


def test_a_visit_of_the_day_is_done_on_it() -> None:
    found, _ = course(NOTHING)
    done = [action for action in recorded(found, DAY_1) if action.what == "done"]
    assert Action(what="done", name="d1", when=DAY_1) in done


def test_bookings_have_a_time_and_are_made_once() -> None:
    found, _ = course(NOTHING, Fact(kind=Kind.DONE, name="d1", when=DAY_1))
    days = [DAY_1 + timedelta(days=number) for number in range(30)]
    booked = [action for day in days for action in recorded(found, day) if action.what == "book"]
    assert booked
    assert len({action.name for action in booked}) == len(booked)
    assert all(isinstance(action.when, datetime) and 8 <= action.when.hour <= 15 for action in booked)


def test_nothing_is_recorded_of_somebody_who_has_died() -> None:
    drawn = replace(NOTHING, late={"death": 3, "progression": 5})
    day = DAY_1 + timedelta(days=10)
    found, record = course(drawn, Fact(kind=Kind.DONE, name="d1", when=DAY_1))
    told = evening(found, day)
    assert next(told) == Action(what="event", name="death", when=day)
    found.plan = plan(found.template, record.with_facts(Fact(kind=Kind.EVENT, name="death", when=day)), Site())
    assert found.over
    assert list(told) == []
