"""Loading a template: the design's own example, the shipped templates, and what the language makes of its forms."""

from __future__ import annotations

import hashlib
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from schedules.catalogue import Shipped, read, shipped
from schedules.errors import TemplateError
from schedules.load import load
from schedules.plan import Status
from schedules.planner import plan
from schedules.points import parse_point, parse_window
from schedules.record import Fact, Kind, enrolled
from schedules.site import Site
from schedules.spans import Span
from schedules.template import Clearance, ReminderRule, Template

EXAMPLE_FILE = Path(__file__).with_name("design_example.yaml")
EXAMPLE = load(EXAMPLE_FILE.read_bytes(), EXAMPLE_FILE.name)
HEAD = """\
protocol: X
version: "1"
title: A study
reference: {visit: d1, day: 1}
visits:
  d1: {epoch: treatment, at: enrolment + 28 days}
"""


def loaded(text: str) -> Template:
    return load((HEAD + text).encode(), "x.yaml")


# The example of design §4


def test_the_example_loads_without_a_warning() -> None:
    assert EXAMPLE.warnings == ()
    assert (EXAMPLE.protocol, EXAMPLE.version, EXAMPLE.registry) == ("NEUK203-13", "1.0", "NCT07366658")
    assert EXAMPLE.sha256 == hashlib.sha256(EXAMPLE_FILE.read_bytes()).hexdigest()
    assert (EXAMPLE.reference_visit, EXAMPLE.reference_day, EXAMPLE.timezone) == ("d1", 1, "Asia/Shanghai")


def test_the_visits_of_the_example() -> None:
    assert [rule.id for rule in EXAMPLE.visits] == [
        *["consent", "labs", "ld-1", "ld-2", "ld-3", "d1", "d4", "d7", "d10", "d28"],
        *["response-week-6", "response-month-3", "response-month-6"],
        *[f"survival-call-{n}" for n in range(1, 9)],
        *[f"ltfu-{n}" for n in range(1, 6)],
        *[f"ltfu-call-{n}" for n in range(6, 16)],
    ]
    rules = {rule.id: rule for rule in EXAMPLE.visits}
    assert rules["ld-2"].at == parse_point("ld-1 + 1 day")
    assert rules["ld-2"].label == "Lymphodepletion, day 2"
    assert rules["response-month-6"].window == parse_window("-7..+14 days")
    assert rules["response-month-3"].window == parse_window("±7 days")
    assert rules["response-week-6"].label == "Response assessment, week 6"
    assert rules["ltfu-call-6"].at == parse_point("infusion.last + 6 years")
    assert rules["ltfu-call-6"].label == "Ltfu call 6"
    assert rules["survival-call-8"].at == parse_point("progression + 24 months")
    assert rules["d1"].duration == timedelta(hours=4)
    assert rules["d1"].no_later_than == (parse_point("ld.first + 14 days"), parse_point("labs + 7 days"))
    assert (rules["ld-1"].place, rules["ltfu-call-6"].place, rules["d28"].place) == ("ward", "phone", "clinic")
    assert rules["ld-1"].requires == ("eligible", "product-on-site")


def test_the_rest_of_the_example() -> None:
    assert EXAMPLE.activities["pk"].visits == (
        "d1", "d4", "d7", "d10", "d28", "response-week-6", "response-month-3", "response-month-6",
    )  # fmt: skip
    assert [str(window) for _, window in EXAMPLE.activities["pk"].samples["d1"]] == ["None", "±15 minutes"]
    assert EXAMPLE.activities["fludarabine"].visits == ("ld-1", "ld-2", "ld-3")
    assert EXAMPLE.history["systemic-therapy"].which == "shorter"
    assert EXAMPLE.history["systemic-therapy"].clear == (
        Clearance(span=Span(days=28)),
        Clearance(factor=5, asks="half-life"),
    )
    assert EXAMPLE.groups["ltfu"].default == "out"
    assert EXAMPLE.milestones["progression"].stop == ("imaging", "infusion", "il2")
    assert EXAMPLE.reminders["coordinator"][1] == ReminderRule(
        text="2 days before window closes", event="closes", lead=Span(days=2)
    )
    assert EXAMPLE.reminders["patient"][0].at == time(9)
    periods = {rule.id: rule for rule in EXAMPLE.periods}
    assert periods["contraception"].end == parse_point("latest(infusion.last, il2.last) + 6 months")
    assert (periods["near-site"].after_each, periods["near-site"].length) == ("infusion", Span(days=14))
    assert periods["dlt"].until_done == ("d28",)
    assert {statement.where for statement in EXAMPLE.quotes} >= {"history.systemic-therapy", "activities.il2"}
    assert ("groups.ltfu", "the record names none") in {(item.where, item.text) for item in EXAMPLE.assumptions}
    assert ("visits.labs", "window") in {(item.where, item.what) for item in EXAMPLE.assumptions}


def test_the_example_plans_around_its_worked_dates() -> None:
    record = enrolled("P-001", date(2026, 2, 2)).with_facts(
        Fact(kind=Kind.BOOKED, name="d1", when=date(2026, 3, 2)),
        Fact(kind=Kind.GROUP, name="dose_level", values={"value": "DL1"}),
        Fact(kind=Kind.GROUP, name="ltfu", values={"value": "in"}),
    )
    found = plan(EXAMPLE, record, Site(timezone="Asia/Shanghai"))
    dates = {visit.id: visit.planned for visit in found.visits if visit.planned is not None}
    assert found.conflicts == ()
    assert {name: dates[name] for name in ("labs", "ld-1", "ld-2", "ld-3", "d1", "d4", "d7", "d10", "d28")} == {
        "labs": date(2026, 2, 24),
        "ld-1": date(2026, 2, 25),
        "ld-2": date(2026, 2, 26),
        "ld-3": date(2026, 2, 27),
        "d1": date(2026, 3, 2),
        "d4": date(2026, 3, 5),
        "d7": date(2026, 3, 8),
        "d10": date(2026, 3, 11),
        "d28": date(2026, 3, 29),
    }
    assert dates["response-week-6"] == date(2026, 4, 13)
    assert dates["response-month-6"] == date(2026, 9, 2)
    assert dates["ltfu-1"] == date(2027, 3, 8)
    assert dates["ltfu-call-15"] == date(2041, 3, 8)
    statuses = {visit.id: visit.status for visit in found.visits}
    assert statuses["survival-call-1"] is Status.CONDITIONAL
    contraception = next(period for period in found.periods if period.id == "contraception")
    assert (contraception.start, contraception.end) == (date(2026, 2, 25), date(2026, 9, 11))


# The shipped templates


@pytest.mark.parametrize("template", shipped(), ids=lambda item: item.file)
def test_a_shipped_template_loads_without_a_warning(template: Shipped) -> None:
    found = load(read(template), template.file)
    assert found.warnings == ()
    assert (found.protocol, found.version) == (template.protocol, template.version)
    assert f"{found.protocol}_{found.version}.yaml" == template.file


@pytest.mark.parametrize("template", shipped(), ids=lambda item: item.file)
def test_a_registered_template_is_the_same_without_the_search(template: Shipped) -> None:
    first, second = (load(read(template), template.file, registered=known) for known in (False, True))
    assert (first.visits, first.activities, first.sha256) == (second.visits, second.activities, second.sha256)


# Forms of the language


def test_values_that_other_readers_of_yaml_would_change_stay_as_they_are_written() -> None:
    text = HEAD.replace("protocol: X", "protocol: 0x10").replace('"1"', "1.10").replace("A study", "no")
    found = load(text.encode(), "x.yaml")
    assert (found.protocol, found.version, found.title) == ("0x10", "1.10", "no")
    arms = loaded("groups: {arm: {on: On, off: Off, 2026-03-02: A date, 1.0: One}}\n")
    assert list(arms.groups["arm"].values) == ["on", "off", "2026-03-02", "1.0"]


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ("[day 1, day 8, day 15]", {"s-1": "day 1", "s-2": "day 8", "s-3": "day 15"}),
        ("{every: 1 week, first: day 1, times: 2}", {"s-1": "day 1", "s-2": "day 1 + 1 week"}),
        ("{every: 1 week, from: d1, times: 2}", {"s-1": "d1 + 1 week", "s-2": "d1 + 2 weeks"}),
        (
            "{every: 3 months, first: d1 + 9 months, times: 3}",
            {"s-1": "d1 + 9 months", "s-2": "d1 + 1 year", "s-3": "d1 + 15 months"},
        ),
        ("{every: 1 year, from: d1, numbers: 6..7}", {"s-6": "d1 + 6 years", "s-7": "d1 + 7 years"}),
        (
            "{every: 8 hours, first: d1 + 8 hours, times: 3, from_previous: true}",
            {"s-1": "d1 + 8 hours", "s-2": "s-1 + 8 hours", "s-3": "s-2 + 8 hours"},
        ),
        ("{week-2: day 15, end: d1 + 1 year}", {"s-week-2": "day 15", "s-end": "d1 + 1 year"}),
    ],
)
def test_every_form_of_a_series(at: str, found: dict[str, str]) -> None:
    template = loaded(f"  s: {{epoch: treatment, at: {at}}}\n")
    assert {rule.id: rule.at for rule in template.visits if rule.series} == {
        name: parse_point(text) for name, text in found.items()
    }
    assert template.series == {"s": tuple(found)}


def test_epochs_share_and_visits_say_otherwise() -> None:
    text = """\
  d2: {epoch: ward-days, at: day 2}
  d3: {epoch: ward-days, at: day 3, place: phone, window: ±3 days}
  d4: {epoch: later, at: day 4}
epochs: {ward-days: {place: ward, window: ±1 day}}
"""
    rules = {rule.id: rule for rule in loaded(text).visits}
    assert (rules["d2"].place, str(rules["d2"].window)) == ("ward", "±1 day")
    assert (rules["d3"].place, str(rules["d3"].window)) == ("phone", "±3 days")
    assert (rules["d4"].place, rules["d4"].window) == ("clinic", None)


def test_an_undeclared_epoch_follows_in_the_order_of_first_use() -> None:
    template = loaded("  d2: {epoch: second, at: day 2}\n  d3: {epoch: third, at: day 3}\nepochs: {treatment: {}}\n")
    assert list(template.epochs) == ["treatment", "second", "third"]
    assert template.epochs["second"].label == "Second"


@pytest.mark.parametrize(
    ("visits", "found"),
    [
        ("d1", ("d1",)),
        ("[d1, s]", ("d1", "s-1", "s-2")),
        ("[late]", ("s-1", "s-2", "d9")),
        ("[d1 .. s]", ("d1", "s-1", "s-2")),
        ("[s .. d9]", ("s-1", "s-2", "d9")),
        ("[d1..d9]", ("d1", "s-1", "s-2", "d9")),
        ("[d9, d1, s-2]", ("d1", "s-2", "d9")),
    ],
)
def test_where_visits_are_asked_for_series_epochs_and_ranges_stand_for_all(visits: str, found: tuple[str, ...]) -> None:
    text = "  s: {epoch: late, at: [day 3, day 5]}\n  d9: {epoch: late, at: day 9}\n"
    assert loaded(f"{text}activities: {{x: {{visits: {visits}}}}}\n").activities["x"].visits == found


def test_only_for_is_and_between_keys_and_or_within_one() -> None:
    groups = "groups: {arm: {A: Arm A, B: Arm B}, stratum: {x: X, y: Y}}\n"
    text = "  d2: {epoch: treatment, at: day 2, only_for: {arm: [A, B], stratum: x}}\n"
    text += "  d3: {epoch: treatment, at: day 3, only_for: {stratum: y}}\n"
    rules = {rule.id: rule for rule in loaded(text + groups).visits}
    assert rules["d2"].only_for == (("arm", ("A", "B")), ("stratum", ("x",)))


def test_notes_as_a_map_or_a_list() -> None:
    assert loaded("notes: {cohorts: 3 + 3, other: none}\n").notes == (("cohorts", "3 + 3"), ("other", "none"))
    assert loaded("notes: [one, two]\n").notes == (("", "one"), ("", "two"))


def test_statements_stand_on_anything_whole_or_by_field() -> None:
    text = """\
  s:
    epoch: treatment
    at: {a: day 3, b: day 4, assumed: {b: the record names only the first}}
    assumed: {window: none is given, at: usual}
groups: {arm: {A: Arm A, quote: one arm}}
"""
    template = loaded(text)
    assert {(item.where, item.what, item.text) for item in template.assumptions} == {
        ("visits.s.at", "b", "the record names only the first"),
        ("visits.s", "window", "none is given"),
        ("visits.s", "at", "usual"),
    }
    assert {(item.where, item.text) for item in template.quotes} == {("groups.arm", "one arm")}
    assert list(template.groups["arm"].values) == ["A"]
    assert template.series == {"s": ("s-a", "s-b")}


def test_a_thousand_members_load() -> None:
    template = loaded("  s: {epoch: treatment, at: {every: 1 day, first: day 2, times: 1000}}\n")
    assert len(template.series["s"]) == 1000
    assert template.warnings == ()


def test_a_chain_longer_than_the_call_stack_loads_in_either_order() -> None:
    forwards = "".join(f"  v{n}: {{epoch: t, at: {f'v{n - 1}' if n else 'd1'} + 1 day}}\n" for n in range(1200))
    backwards = "".join(
        f"  v{n}: {{epoch: t, at: {f'v{n - 1}' if n else 'd1'} + 1 day}}\n" for n in reversed(range(1200))
    )
    for text in (forwards, backwards):
        assert len(loaded(text).visits) == 1201


def test_an_error_is_an_exception_that_holds_every_problem() -> None:
    with pytest.raises(TemplateError) as caught:
        loaded("  d2: {epoch: treatment, at: day 0}\n  d3: {epoch: treatment, at: nowhere}\n")
    error = caught.value
    assert error.file == "x.yaml"
    assert error.exit_code == 2
    assert [(problem.line, problem.column, problem.warning) for problem in error.problems] == [
        (7, 30, False),
        (8, 30, False),
    ]
    assert str(error).split("\n")[0].startswith("x.yaml:7:30: error: There is no Day 0")
