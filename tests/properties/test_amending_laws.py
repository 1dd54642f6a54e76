"""Laws of amendments (design §6): whatever was recorded, and whatever the new version says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schedules.course import Earlier, course_of
from schedules.plan import Plan, Status
from schedules.planner import Prepared, plan_of, prepare
from schedules.record import Fact, Kind
from schedules.site import WORKING_WEEK, Site
from schedules.template import Template
from tests.amendments import amended, planned, revised, version
from tests.support import booked, done, event, group, missed, record, visit

FIRST = version("1.0")
VISITS = ("labs", "d1", "d4", "d8", "d15", "d22", "month-1")
START = date(2026, 1, 5)
DAYS = st.integers(0, 150).map(lambda days: str(START + timedelta(days=days)))


@st.composite
def facts(draw: st.DrawFn) -> tuple[Fact, ...]:
    """What may be recorded of a patient, in any order of dates."""
    found: list[Fact] = []
    for name in draw(st.lists(st.sampled_from(VISITS), max_size=6)):
        kind = draw(st.sampled_from(["booked", "done", "missed"]))
        found.append(missed(name) if kind == "missed" else (booked if kind == "booked" else done)(name, draw(DAYS)))
    if draw(st.booleans()):
        found.append(event(draw(st.sampled_from(["progression", "withdrawal-follow-up", "death"])), draw(DAYS)))
    return tuple(found)


@st.composite
def versions(draw: st.DrawFn) -> Template:
    """A second version: visits moved, dropped and added, activities and a window changed."""
    changes = [
        ("at: day 4}", f"at: day {draw(st.integers(2, 12))}}}"),
        ("at: day 15}", f"at: day {draw(st.integers(9, 30))}}}"),
        (
            "at: d1 + 3 weeks",
            f"at: {draw(st.sampled_from(['d1 + 21 days', 'd8 + 2 weeks', 'infusion.last + 16 days']))}",
        ),
        ("follow-up: {window: ±2 days}", f"follow-up: {{window: ±{draw(st.integers(1, 6))} days}}"),
        ("times: 3}", f"times: {draw(st.integers(1, 5))}}}"),
    ]
    if draw(st.booleans()):
        changes.append(("  d22: {", f"  extra: {{epoch: treatment, at: day {draw(st.integers(2, 40))}}}\n  d22: {{"))
    if draw(st.booleans()):
        changes.append(("visits: [d1, d4, d15, d22]}", "visits: [d1, d22]}"))
    return version("2.0", *changes)


def after(second: Template, before: tuple[Fact, ...], on: str, then: tuple[Fact, ...] = ()) -> Plan:
    return planned(*before, amended("2.0", on), *then, versions=(FIRST, second))


@given(facts(), DAYS, facts())
def test_the_same_rules_under_another_version_move_nothing(
    before: tuple[Fact, ...], on: str, then: tuple[Fact, ...]
) -> None:
    changed = after(version("2.0"), before, on, then)
    same = planned(*before, *then, versions=(FIRST,))
    assert (changed.visits, changed.periods) == (same.visits, same.periods)
    assert (changed.conflicts, changed.questions) == (same.conflicts, same.questions)
    assert [replace(item, version="1.0") for item in changed.deviations] == list(same.deviations)


@given(facts(), versions(), DAYS)
def test_nothing_that_happened_is_touched(before: tuple[Fact, ...], second: Template, on: str) -> None:
    earlier, changed = planned(*before, versions=(FIRST,)), after(second, before, on)
    for one in earlier.visits:
        if one.status in (Status.DONE, Status.MISSED):
            assert visit(changed, one.id) == one
    assert changed.deviations == earlier.deviations


@given(facts(), versions(), DAYS)
def test_nothing_to_come_is_put_before_the_day(before: tuple[Fact, ...], second: Template, on: str) -> None:
    earlier, changed = planned(*before, versions=(FIRST,)), after(second, before, on)
    known = {one.id: one for one in earlier.visits}
    for one in changed.visits:
        if one.status is Status.PLANNED and one.date is not None and one.date < date.fromisoformat(on):
            then = known[one.id]
            assert then.status is Status.PLANNED
            assert then.date is not None
            assert then.date < date.fromisoformat(on)


@given(versions(), facts())
def test_amended_before_anything_happened_is_as_enrolled_on_the_new_version(
    second: Template, then: tuple[Fact, ...]
) -> None:
    changed = after(second, (), "2025-11-01", then)
    enrolled = planned(*then, versions=(second,))
    assert (changed.visits, changed.periods) == (enrolled.visits, enrolled.periods)
    assert (changed.conflicts, changed.deviations) == (enrolled.conflicts, enrolled.deviations)


SITES = (Site(revision=0), Site(revision=1, weekdays=frozenset({0, 2, 4})), Site(revision=2, weekdays=WORKING_WEEK))


def made(facts: tuple[Fact, ...], second: Template, known: Prepared | None = None) -> Prepared:
    """A record as it is laid out, under the version and the days that its facts put in force."""
    told = record(*facts)
    course = course_of(told)
    templates = [FIRST, second][: len(course.versions)]
    earlier = Earlier(
        templates={template.version: template for template in templates[:-1]},
        sites={number: SITES[number] for number in course.revisions[:-1]},
    )
    return prepare(templates[-1], told, SITES[course.revisions[-1]], earlier, known=known)


@given(st.tuples(facts(), facts(), facts()), versions(), DAYS, st.data())
def test_a_record_that_goes_on_is_planned_as_one_that_is_read_anew(
    parts: tuple[tuple[Fact, ...], ...], second: Template, on: str, data: st.DataObject
) -> None:
    """What was seen before the facts so far is taken over, also past amendments, new days, groups and corrections."""
    first, then, last = parts
    told = [*first, revised(1, 0), *then, amended("2.0", on), *last, revised(2, 1), *first]
    told.insert(data.draw(st.integers(0, len(told))), group("arm", "A"))
    if data.draw(st.booleans()):
        number = data.draw(st.integers(2, len(told)))
        told.append(Fact(kind=Kind.CORRECTED, name=str(number), values={"corrects": str(number)}))
    known: Prepared | None = None
    for count in range(len(told) + 1):
        known = made(tuple(told[:count]), second, known)
        assert plan_of(known) == plan_of(made(tuple(told[:count]), second))
