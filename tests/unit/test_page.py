"""The patient's page: what is on it, how much it tells, and that browsers and screen readers can make sense of it."""

from __future__ import annotations

import calendar
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as random
from hypothesis import strategies as st

from calendars.entries import Level
from calendars.page import page
from calendars.page_items import Keeping, Month, contents_of
from calendars.page_sheet import PageOf
from calendars.page_style import DARK, LIGHT, SEEN_ON, STYLE, TEXT_ON
from calendars.page_words import PageWords, between_in_words, date_in_words, length_of_visit, page_words, time_at_site
from calendars.words import LANGUAGES, words
from schedules.catalogue import read, shipped
from schedules.errors import UnknownName
from schedules.plan import Conflict, Period, Plan, Status, Visit
from schedules.site import Site
from tests.support import booked, day, done, event, group, missed, planned, protocol, template, visit

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = day("2026-02-20")
OF = PageOf(subject="P-001", site="Clinic of the Seven Hills", revision=3)
PROTOCOLS = [item.protocol for item in shipped()]
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Tree(HTMLParser):
    """Elements in order, each with its attributes, its ancestors' tags and classes, and the text inside it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[dict[str, str]] = []
        self.open: list[int] = []
        self.style = ""
        self.feed(text)
        self.close()
        assert not self.open, "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inside = " ".join(self.elements[index]["tag"] for index in self.open)
        element = {"tag": tag, "inside": inside, "text": "", **{name: value or "" for name, value in attrs}}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open.pop()]["tag"] == tag, "elements are closed in order"

    def handle_data(self, data: str) -> None:
        if self.open and self.elements[self.open[-1]]["tag"] == "style":
            self.style += data
            return
        for index in self.open:
            self.elements[index]["text"] += data

    def all(self, tag: str, class_: str = "") -> list[dict[str, str]]:
        return [
            item
            for item in self.elements
            if item["tag"] == tag and (not class_ or class_ in item.get("class", "").split())
        ]

    def texts(self, tag: str, class_: str = "") -> list[str]:
        return [" ".join(item["text"].split()) for item in self.all(tag, class_)]


def made(plan: Plan, **options: object) -> Tree:
    return Tree(text(plan, **options))


def text(plan: Plan, **options: object) -> str:
    return page(plan, **{"today": TODAY, "of": OF, **options})  # type: ignore[arg-type]


def plan_of(*visits: Visit, periods: tuple[Period, ...] = (), **more: object) -> Plan:
    """The visits are given in order of their dates, as those of a plan are."""
    values = {"protocol": "TEST", "version": "1", "timezone": "UTC", "visits": visits, "periods": periods, **more}
    return Plan(**values)  # type: ignore[arg-type]


def a_visit(name: str, when: date | datetime, status: object = Status.PLANNED, **more: object) -> Visit:
    values = {"id": name, "label": f"Label of {name}", "epoch": "one", "place": "clinic", "status": status}
    actual = when if status is Status.DONE else None
    return Visit(**{**values, "planned": when, "target": when, "actual": actual, **more})  # type: ignore[arg-type]


def courses() -> Iterator[tuple[str, Plan]]:
    """Every shipped protocol at moments of a course: enrolled, treated, delayed, stopped."""
    for name in PROTOCOLS:
        of = protocol(name)
        first = of.reference_visit
        groups = [group("ltfu", "in")] if "ltfu" in of.groups else []
        start = [*groups, booked(first, "2026-03-02")]
        yield f"{name} enrolled", planned(of, *start)
        yield (
            f"{name} treated",
            planned(of, *start, done("ld-1", "2026-02-25"), done(first, "2026-03-02"), missed("d3")),
        )
        yield f"{name} delayed", planned(of, *start, done("ld-1", "2026-02-28"))
        yield f"{name} died", planned(of, *start, done(first, "2026-03-02"), event("death", "2026-03-09"))


COURSES = dict(courses())
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


def a_period(name: str, start: str, end: str | None, **more: object) -> Period:
    values = {"id": name, "label": name.rstrip("-0123456789"), "start": day(start), "show_patient": True}
    return Period(**{**values, "end": end and day(end), **more})  # type: ignore[arg-type]


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


# How much it tells


def tokens(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{3,}", text.casefold()))


def unstyled(source: str) -> str:
    return re.sub(r"<style>.*</style>", "", source, flags=re.DOTALL)


def vocabulary(language: str) -> set[str]:
    """The page's own words, and those of HTML."""
    own = page_words(language)
    told = [str(getattr(own, item.name)) for item in fields(PageWords)]
    texts = words(language)
    told += [texts.visit, texts.visits, texts.place["phone"], texts.place["remote"]]
    told += [date_in_words(date(2026, month, month), own, long=True) for month in range(1, 13)]
    told += [length_of_visit(timedelta(hours=hours), own) for hours in (1, 2)]
    markup = page(plan_of(), today=TODAY, of=PageOf(), language=language)
    classes = "month-2026 side-by-side grid blank weekend marked number unseen when visits visit planned booked done"
    tags = "section table thead tbody th td span strong bdi div ul ol li h3 time"
    attributes = "datetime scope col abbr aria-labelledby aria-hidden true missed open later"
    return tokens(" ".join([*told, unstyled(markup), classes, tags, attributes]))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PROTOCOLS)
def test_private_tells_no_word_of_template_or_record(name: str, language: str) -> None:
    source = read(next(item for item in shipped() if item.protocol == name)).decode()
    told = tokens(f"{source} {OF.subject} {OF.site} BJ01 fever") - vocabulary(language)
    assert len(told) > 300
    for course, of in COURSES.items():
        if course.startswith(name):
            options = {"start": day("2026-01-01"), "language": language}
            private = unstyled(text(of, **options))
            assert told & tokens(private) == set()
            assert OF.subject not in private
            assert told & tokens(unstyled(text(of, level=Level.CODED, **options))) or of.stopped


def test_private_has_lines_to_write_on_and_coded_and_full_tell() -> None:
    activities = {"cells": "Cells, dose level 1"}
    of = plan_of(
        a_visit("a", day("2026-03-02"), place="ward", activities=("cells", "unknown")),
        periods=(a_period("No driving", "2026-03-02", "2026-03-16"),),
        activities=activities,
    )
    private = made(of)
    assert (private.texts("h1"), private.texts("title")) == (["Visits"], ["Visits"])
    assert len(private.all("span", "write")) == 3
    assert private.texts("li", "visit") == ["Monday 2 March Visit · Not booked yet"]
    coded = made(of, level=Level.CODED)
    assert coded.texts("h1") == ["Visits · P-001"]
    assert coded.texts("dd") == ["P-001", "Clinic of the Seven Hills"]
    assert len(coded.all("span", "write")) == 1
    assert coded.texts("li", "visit") == ["Monday 2 March Label of a · Not booked yet · Ward"]
    assert "Cells" not in text(of, level=Level.CODED)
    full = made(of, level=Level.FULL, of=replace(OF, call="Study nurse, 555 0100"))
    assert full.texts("li", "visit") == [
        "Monday 2 March Label of a · Not booked yet · Ward Cells, dose level 1 unknown"
    ]
    assert full.texts("dd")[1] == "Clinic of the Seven Hills Study nurse, 555 0100"
    assert full.all("span", "write") == []


def test_private_still_says_what_is_a_call() -> None:
    of = plan_of(a_visit("a", day("2026-03-02"), place="phone"), a_visit("b", day("2026-03-03"), place="remote"))
    assert [item.partition(" · ")[0] + item[-9:] for item in made(of).texts("li", "visit")] == [
        "Monday 2 March CallTelephone",
        "Tuesday 3 March Visit · Remote",
    ]


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


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title><b>&amp;&lt;'",
    "Tumour & \u202eesrever \u0000\u001b[2J \ufffe \ud800",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_a_label_holds_it_is_text(hostile: str) -> None:
    of = plan_of(
        replace(a_visit("a", day("2026-03-02"), activities=("x",)), label=hostile),
        periods=(replace(a_period("x", "2026-03-02", "2026-03-05"), label=hostile),),
        activities={"x": hostile},
    )
    source = page(of, today=TODAY, of=PageOf(subject=hostile, site=hostile, call=hostile), level=Level.FULL)
    source.encode("utf-8")
    tree = Tree(source)
    harmless = made(plan_of(a_visit("a", day("2026-03-02"), activities=("x",)), periods=of.periods), level=Level.FULL)
    allowed = {item["tag"] for item in harmless.elements} | {"bdi"}
    assert {item["tag"] for item in tree.elements} <= allowed
    clean = re.sub("[\u202e\u0000\u001b\ufffe\ud800]", "�", hostile)
    assert tree.texts("bdi") == [clean] * 6
    assert {item["lang"] for item in tree.all("bdi")} == {""}  # unknown, which " " would not say
    assert not re.search("[\u202e\u0000-\u0008\u000b-\u001f\ufffe]", source)


# Colours


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_signs_stand_out_from_their_ground(palette: dict[str, str]) -> None:
    weak = [pair for pair in TEXT_ON if contrast(palette[pair[0]], palette[pair[1]]) < 4.5]
    unseen = [pair for pair in SEEN_ON if contrast(palette[pair[0]], palette[pair[1]]) < 3]
    assert (weak, unseen) == ([], [])


def test_the_style_uses_the_palettes_colours_in_the_pairs_that_are_tested() -> None:
    assert LIGHT.keys() == DARK.keys()
    rules = re.sub(r"--[\w-]+: #[0-9a-f]{6};", "", STYLE)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb|hsl", rules) == []
    assert set(re.findall(r"var\(--([\w-]+)\)", rules)) <= LIGHT.keys()
    grounds = {"on-accent": "accent"}
    for block in re.findall(r"\{([^{}]*)\}", rules):
        colour = re.search(r"(?<![\w-])color: var\(--([\w-]+)\)", block)
        ground = re.search(r"background: var\(--([\w-]+)\)", block)
        if colour:
            below = ground[1] if ground else grounds.get(colour[1], "paper")
            assert (colour[1], below) in TEXT_ON


# Words


def test_every_language_has_every_word_with_the_same_blanks() -> None:
    def blanks(value: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(value) if name}

    optional = {"long", "plain", "month_title", "with_year"}
    for item in fields(PageWords):
        values = [getattr(page_words(language), item.name) for language in LANGUAGES]
        assert all(values), item.name
        if isinstance(values[0], str):
            assert len({frozenset(blanks(value)) for value in values}) == 1 or item.name in optional, item.name
        else:
            assert len({len(value) for value in values}) == 1, item.name


def test_chinese_has_the_punctuation_of_chinese() -> None:
    told = [str(getattr(page_words("zh"), item.name)) for item in fields(PageWords)]
    assert [value for value in told if re.search("[,.;:?!]", value)] == []


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UnknownName, match=r"There is no language 'fr'. Choose one of en, zh, de, es."):
        text(plan_of(), language="fr")


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
