"""The patient's page: what is on it, how much it tells, and that browsers and screen readers can make sense of it."""

from __future__ import annotations

import calendar
import re
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as random
from hypothesis import strategies as st

from calendars.entries import Level
from calendars.page_items import Keeping, Month, contents_of
from calendars.page_words import between_in_words, length_of_visit, page_words, time_at_site
from calendars.words import LANGUAGES
from schedules.plan import Conflict, Plan, Status
from schedules.site import Site
from tests.pages import COURSES, PROTOCOLS, TODAY, Tree, a_period, a_visit, made, plan_of, text
from tests.support import booked, day, planned, template, visit

BERLIN = ZoneInfo("Europe/Berlin")
GOING_ON = [name for name, of in COURSES.items() if not of.stopped]


@pytest.fixture(params=GOING_ON)
def course(request: pytest.FixtureRequest) -> Plan:
    return COURSES[request.param]


# What is on it


def expected(of: Plan, first: date, last: date) -> Counter[str]:
    """The entries of a range by what their date is in HTML: told from the plan alone."""
    shown = {Status.PLANNED, Status.BOOKED, Status.DONE, Status.MISSED}
    return Counter(
        item.planned.isoformat(timespec="minutes") if isinstance(item.planned, datetime) else str(item.planned)
        for item in of.visits
        if item.status in shown and item.date is not None and first <= item.date <= last
        if item.shares_entry_with is None
    )


def shown(tree: Tree) -> Counter[str]:
    return Counter(item["datetime"] for item in tree.all("time"))


@pytest.mark.parametrize("level", Level)
def test_every_dated_visit_is_there_once(course: Plan, level: Level) -> None:
    first, last = day("2026-01-01"), day("2060-01-01")
    tree = made(course, level=level, start=first, end=last)
    assert shown(tree) == expected(course, first, last)
    assert sum(expected(course, first, last).values()) > 20
    assert all("ol li h3" in item["inside"] for item in tree.all("time"))
    if level is Level.CODED:
        named = [label for item in tree.texts("strong") for label in item.split(" + ")]
        assert Counter(named) == Counter(item.label for item in course.visits if item.date is not None)
    in_grids = [item for item in tree.all("span", "mark") if item["inside"].endswith("td")]
    months = [item["id"].removeprefix("month-") for item in tree.all("h2") if "id" in item]
    assert len(in_grids) == sum(number for when, number in shown(tree).items() if when[:7] in months)


@random(
    name=st.sampled_from(GOING_ON),
    start=st.dates(day("2026-01-01"), day("2042-01-01")),
    days=st.integers(0, 6000),
)
def test_every_range_has_its_visits_once(name: str, start: date, days: int) -> None:
    end = start + timedelta(days=days)
    assert shown(made(COURSES[name], start=start, end=end)) == expected(COURSES[name], start, end)


def test_without_a_first_day_it_begins_today_and_names_what_nobody_recorded() -> None:
    of = plan_of(
        a_visit("done", day("2026-02-18"), Status.DONE),
        a_visit("gone", day("2026-02-19")),
        a_visit("today", TODAY, Status.BOOKED),
    )
    tree = made(of)
    assert tree.texts("h2") == ["Please ask about these earlier visits", "How to read this page", "February 2026"]
    assert tree.texts("li", "open") == ["Thursday 19 February 2026 Visit Nothing recorded yet"]
    assert tree.texts("li", "booked") == ["Friday 20 February Visit · Booked"]
    assert tree.texts("li", "done") == []
    from_a_day = made(of, start=day("2026-02-18"))
    assert from_a_day.texts("h2") == ["How to read this page", "February 2026"]
    assert [item["datetime"] for item in from_a_day.all("time")] == ["2026-02-18", "2026-02-19", "2026-02-20"]


def test_nothing_of_the_future_of_the_dead() -> None:
    for name, of in COURSES.items():
        if of.stopped:
            tree = made(of, level=Level.FULL, today=day("2026-03-12"))
            assert tree.texts("h2") == [], name
            assert tree.texts("p", "gap") == ["No visits are planned."]
            assert tree.all("time") == []
            past = made(of, level=Level.FULL, today=day("2026-03-12"), start=day("2026-01-01"))
            assert [item["datetime"] for item in past.all("time")] == ["2026-03-02"]
            assert past.all("ul", "keeping") == []


def test_what_is_done_together_is_one_visit_as_firm_as_its_firmest_part() -> None:
    host = a_visit("host", day("2026-03-02"), window_start=day("2026-03-01"), window_end=day("2026-03-09"))
    within = {"window_start": day("2026-02-25"), "window_end": day("2026-03-04"), "duration": timedelta(hours=1)}
    guest = a_visit("guest", day("2026-03-02"), shares_entry_with="host", activities=("x",), **within)
    (told,) = made(plan_of(host, guest), level=Level.FULL).texts("li", "visit")
    assert told == (
        "About Monday 2 March Label of host + Label of guest · Not booked yet, between 1 and 4 March · Clinic · "
        "takes about 1 hour x"
    )
    at_ten = replace(guest, status=Status.BOOKED, planned=datetime(2026, 3, 2, 10, tzinfo=BERLIN))
    (told,) = made(plan_of(host, at_ten)).texts("li", "visit")
    assert told == "Monday 2 March, 10:00 Visit · Booked · takes about 1 hour"
    half = made(plan_of(replace(host, status=Status.DONE), guest), today=day("2026-03-02"))
    assert len(half.all("li", "planned")) == 1
    assert made(plan_of(guest)).texts("li", "visit") == [
        "About Monday 2 March Visit · Not booked yet, between 25 February and 4 March · takes about 1 hour"
    ]


def test_cancelled_visits_and_those_without_a_date_are_left_out() -> None:
    of = plan_of(
        a_visit("kept", day("2026-03-02")),
        a_visit("off", day("2026-03-03"), Status.CANCELLED),
        replace(a_visit("later", TODAY), planned=None, status=Status.CONDITIONAL),
    )
    assert [item["datetime"] for item in made(of, level=Level.CODED).all("time")] == ["2026-03-02"]


# How firm a day is


def test_a_day_that_is_not_booked_says_between_which_days_it_can_be() -> None:
    within = {"window_start": day("2026-05-09"), "window_end": day("2026-05-15")}
    of = plan_of(a_visit("a", day("2026-05-12"), **within))
    assert made(of).texts("li", "planned") == [
        "About Tuesday 12 May Visit · Not booked yet, between 9 and 15 May",
    ]
    bound = plan_of(a_visit("a", day("2026-05-12"), not_after=day("2026-05-13"), **within))
    assert "between 9 and 13 May" in made(bound).texts("li", "planned")[0]
    fixed = plan_of(a_visit("a", day("2026-05-12"), Status.BOOKED, **within))
    assert made(fixed).texts("li", "booked") == ["Tuesday 12 May Visit · Booked"]
    alone = plan_of(a_visit("a", day("2026-05-12"), not_before=day("2026-05-10")))
    assert made(alone).texts("li", "planned") == ["Tuesday 12 May Visit · Not booked yet"]


def test_booked_and_not_booked_differ_in_words_and_signs() -> None:
    of = plan_of(
        a_visit("d", day("2026-02-20"), Status.DONE),
        a_visit("e", day("2026-02-21"), Status.MISSED),
        a_visit("a", datetime(2026, 3, 2, 10, tzinfo=BERLIN), Status.BOOKED),
        a_visit("b", day("2026-03-03")),
        a_visit("c", day("2026-03-04"), place="phone"),
    )
    tree = made(of)
    assert tree.texts("li", "booked") == ["Monday 2 March, 10:00 Visit · Booked"]
    marks = [item["text"] for item in tree.all("span", "mark") if item["inside"].endswith("td")]
    assert marks == ["✓ done", "× missed", "10:00 booked", "Visit? not booked yet", "Call? not booked yet"]
    legend = tree.texts("ul", "legend")[0]
    assert legend == "Visit booked Visit? not booked yet ✓ done × missed"


def test_a_conflict_is_never_printed_as_if_it_were_certain() -> None:
    conflict = Conflict(visit="a", by=None, message="secret reasons", rules=())
    of = plan_of(a_visit("a", day("2026-03-02"), Status.BOOKED), conflicts=(conflict,))
    assert made(of).texts("p", "warning") == ["Please ask before you rely on this day."]
    assert "secret" not in text(of, level=Level.FULL)


def test_a_time_that_comes_twice_tells_which() -> None:
    assert time_at_site(datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)) == "02:30 (+02:00)"
    assert time_at_site(datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN)) == "02:30 (+01:00)"
    assert time_at_site(datetime(2026, 10, 25, 3, 30, tzinfo=BERLIN)) == "03:30"


@pytest.mark.parametrize(
    ("language", "when", "what"),
    [
        (
            "en",
            "About Tuesday 12 May",
            "Call · Not booked yet, between 28 April and 3 June · Telephone · takes about 1 hour",
        ),
        ("zh", "约5月12日星期二", "电话 · 尚未预约，4月28日至6月3日之间 · 电话 · 约需1小时"),
        (
            "de",
            "Etwa Dienstag, 12. Mai",
            "Anruf · Noch nicht gebucht, zwischen 28. April und 3. Juni · Telefon · dauert etwa 1 Stunde",
        ),
        (
            "es",
            "Hacia el martes 12 de mayo",
            "Llamada · Aún sin reservar, entre el 28 de abril y el 3 de junio · Teléfono · dura aproximadamente 1 hora",
        ),
    ],
)
def test_each_language_says_it_in_its_own_way(language: str, when: str, what: str) -> None:
    within = {"window_start": day("2026-04-28"), "window_end": day("2026-06-03")}
    of = plan_of(a_visit("a", day("2026-05-12"), place="phone", duration=timedelta(hours=1), **within))
    tree = made(of, language=language)
    assert tree.texts("li", "planned") == [f"{when} {what}"]
    assert tree.all("html")[0]["lang"] == page_words(language).tag
    assert page_words(language).tag.startswith(language)


def test_lengths_and_spans_in_words() -> None:
    own = page_words("en")
    assert [
        between_in_words(day("2026-05-09"), day("2026-05-15"), page_words(language), year=2026)
        for language in LANGUAGES
    ] == ["between 9 and 15 May", "5月9日至15日之间", "zwischen 9. und 15. Mai", "entre el 9 y el 15 de mayo"]
    assert length_of_visit(timedelta(hours=1, minutes=30), own).replace("\u00a0", " ") == "1 hour 30 minutes"
    assert length_of_visit(timedelta(days=2, seconds=1), own).replace("\u00a0", " ") == "2 days 1 minute"
    new_year = between_in_words(day("2026-12-20"), day("2027-01-05"), own, year=2026)
    assert new_year == "between 20 December 2026 and 5 January 2027"
    assert between_in_words(day("2027-01-04"), day("2027-01-05"), own, year=2026) == (
        "between 4 January 2027 and 5 January 2027"
    )


# Months


@random(st.dates(date(1900, 1, 1), date(2199, 12, 1)))
def test_a_grid_is_the_calendar_of_its_month(day: date) -> None:
    weeks = Month(first=day.replace(day=1), items=()).weeks
    numbers = [[item.day if item else 0 for item in week] for week in weeks]
    assert numbers == calendar.Calendar(calendar.MONDAY).monthdayscalendar(day.year, day.month)


def test_weekends_are_shaded() -> None:
    tree = made(plan_of(a_visit("a", day("2026-03-02"))))
    assert tree.texts("td", "weekend") == ["1", "7", "8", "14", "15", "21", "22", "28", "29"]
    assert tree.texts("td", "marked") == ["2 Visit? not booked yet"]


def test_months_without_visits_are_told_and_those_after_a_year_are_a_list() -> None:
    days = ("2026-03-02", "2026-05-02", "2026-09-02", "2027-02-28", "2027-03-01", "2041-03-02")
    tree = made(plan_of(*(a_visit(f"v{number}", day(when)) for number, when in enumerate(days))))
    assert tree.texts("h2")[1:] == ["March 2026", "May 2026", "September 2026", "February 2027", "Later"]
    assert tree.texts("p", "gap") == [
        "No visits in April 2026.",
        "No visits from June 2026 to August 2026.",
        "No visits from October 2026 to January 2027.",
    ]
    assert tree.texts("li", "visit")[-2:] == [
        "Monday 1 March 2027 Visit · Not booked yet",
        "Saturday 2 March 2041 Visit · Not booked yet",
    ]
    assert len(tree.all("table")) == 4
    assert made(plan_of()).texts("p", "gap") == ["No visits are planned."]


# What to keep in mind


def test_spans_for_the_patient_are_named_and_those_for_staff_are_not() -> None:
    periods = (
        a_period("No driving-1", "2026-03-02", "2026-03-16"),
        a_period("No driving-2", "2026-03-05", "2026-03-19"),
        a_period("No driving-3", "2026-06-01", "2026-06-15"),
        a_period("Contraception", "2026-02-25", "2026-09-11"),
        a_period("Isolation", "2026-03-10", None),
        a_period("Monitoring", "2026-03-02", "2026-03-03", waiting_for=("d28",)),
        a_period("DLT observation", "2026-03-02", "2026-03-29", show_patient=False),
        a_period("Over", "2026-01-02", "2026-01-29"),
    )
    of = plan_of(a_visit("a", day("2026-03-02")), periods=periods)
    tree = made(of, level=Level.CODED)
    assert tree.texts("li")[:5] == [
        "• Contraception 25 February 2026 to 11 September 2026",
        "A Monitoring 2 March 2026 to 3 March 2026, and until your care team tells you",
        "B No driving 2 March 2026 to 19 March 2026",
        "• Isolation from 10 March 2026; your care team tells you when it ends",
        "C No driving 1 June 2026 to 15 June 2026",
    ]
    letters = [item["text"].split()[0] for item in tree.all("td") if re.search(r"\bB\b", item["text"])]
    assert letters == [str(number) for number in range(2, 20)]
    assert "DLT" not in text(of, level=Level.FULL)


def test_what_holds_on_which_day() -> None:
    span = Keeping(label="x", start=day("2026-03-02"), end=day("2026-03-03"))
    assert [span.covers(day(f"2026-03-0{number}")) for number in (1, 2, 3, 4)] == [False, True, True, False]
    assert replace(span, end=None).covers(day("2030-01-01"))


# What browsers and screen readers make of it


def test_it_has_a_structure_that_can_be_read_in_order(course: Plan) -> None:
    tree = made(course, level=Level.FULL, start=day("2026-01-01"))
    levels = [int(item["tag"][1]) for item in tree.elements if re.fullmatch(r"h\d", item["tag"])]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(tree.all("main")) == 1
    names = [item["id"] for item in tree.elements if "id" in item]
    assert len(names) == len(set(names))
    for table in tree.all("table"):
        assert table["aria-labelledby"] in names
    heads = tree.all("th")
    assert {head["scope"] for head in heads} <= {"col"}
    assert [head["abbr"] for head in heads[:7]] == [*calendar.day_name][:7] if heads else True
    assert all(item["inside"].endswith("ol") or item["inside"].endswith("ul") for item in tree.all("li"))
    viewport = next(item for item in tree.all("meta") if item.get("name") == "viewport")
    assert "maximum" not in viewport["content"]
    assert "no" not in viewport["content"]


def test_it_loads_nothing_and_runs_nothing(course: Plan) -> None:
    source = text(course, level=Level.FULL, start=day("2026-01-01"))
    tree = Tree(source)
    used = {item["tag"] for item in tree.elements}
    assert used & {"script", "link", "img", "iframe", "object", "embed", "form", "a", "button"} == set()
    attributes = {name for item in tree.elements for name in item}
    assert not [name for name in attributes if name.startswith("on") or name in {"src", "href", "style", "tabindex"}]
    assert "url(" not in tree.style
    assert "@import" not in tree.style
    digest = b64encode(sha256(tree.style.encode()).digest()).decode()
    (policy,) = (item["content"] for item in tree.all("meta") if item.get("http-equiv") == "Content-Security-Policy")
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert source.startswith("<!DOCTYPE html>\n<html lang=")
    assert len(source) < 100_000


def test_the_same_plan_gives_the_same_text_and_another_day_another() -> None:
    of = COURSES[f"{PROTOCOLS[0]} enrolled"]
    assert text(of) == text(replace(of))
    assert text(of) != text(of, today=day("2026-02-21"))
    assert "As of Friday 20 February 2026. Version 3." in text(of)


# From a template to the page


def test_a_planned_course_from_its_template() -> None:
    of = template(
        """
visits:
  d1: {epoch: treatment, label: Infusion of cells, at: enrolment + 28 days, duration: 4 hours, place: ward}
  d10: {epoch: treatment, at: day 10, window: ±1 day}
periods:
  no-driving: {label: No driving, after_each: cells, for: 2 weeks, show: patient}
activities:
  cells: {label: The cells, visits: [d1]}
"""
    )
    plan = planned(of, booked("d1", "2026-03-02T10:00+00:00"), site=Site(timezone="UTC"))
    assert visit(plan, "d1").status is Status.BOOKED
    tree = made(plan, level=Level.CODED)
    assert tree.texts("li", "visit") == [
        "Monday 2 March, 10:00 Infusion of cells · Booked · Ward · takes about 4 hours",
        "About Wednesday 11 March Day 10 · Not booked yet, between 10 and 12 March · Clinic",
    ]
    contents = contents_of(plan, today=TODAY, start=None, end=None)
    assert [(item.label, str(item.start), str(item.end)) for item in contents.keeping] == [
        ("No driving", "2026-03-02", "2026-03-16")
    ]
