"""How much a page tells at each level, and that whatever a label holds stays text."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import date, timedelta

import pytest

from calendars.entries import Level
from calendars.page import page
from calendars.page_sheet import PageOf
from calendars.page_words import PageWords, date_in_words, length_of_visit, page_words
from calendars.words import LANGUAGES, words
from schedules.catalogue import read, shipped
from tests.pages import COURSES, OF, PROTOCOLS, TODAY, Tree, a_period, a_visit, made, plan_of, text
from tests.support import day

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
